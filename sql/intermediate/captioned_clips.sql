-- One row per kept clip with a caption: everything that subsets select by.
--
-- Subsets and statistics read this instead of joining six tables: at 234 million clips a join by text keys
-- takes minutes; this is made per category, and only if something changed. A video's clips are adjacent.
-- `caption_words` counts words split at white space, once for all statistics.
-- `draw` is the random number for sampling: 52 bits of an MD5 of the clip_id, a function that never changes.
select
    clips.clip_id,
    clips.video_id,
    clips.category,
    coalesce(clips.content_hash, clips.video_id) as content,
    clips.start_seconds,
    clips.end_seconds,
    fused_captions.caption,
    len(regexp_extract_all(fused_captions.caption, '\S+'))::integer as caption_words,
    fused_captions.flaw,
    caption_languages.language,
    umt_scores.umt_score,
    clip_scores.clip_score,
    aesthetic_scores.aesthetic_score,
    safety_scores.nsfw,
    safety_scores.text_area,
    (('0x' || left(md5(clips.clip_id), 13))::bigint + 0.5) / 4503599627370496 as draw
from clips
inner join fused_captions using (clip_id, category)
left join caption_languages using (clip_id, category)
left join umt_scores using (clip_id, category)
left join clip_scores using (clip_id, category)
left join aesthetic_scores using (clip_id, category)
left join safety_scores using (clip_id, category)
where clips.rejection_reason is null
    and clips.error is null
    and fused_captions.caption is not null
order by clips.video_id, clips.start_seconds, clips.clip_id
