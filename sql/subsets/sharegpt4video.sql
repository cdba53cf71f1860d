-- One row per clip selected as by ShareGPT4Video: short, aesthetic, and with a caption that says something new.
-- $size = 40145: clips of the released set (ShareGPT4Video, Penguin-Recap-V's card)
-- $max_duration_seconds = 120.0: "within two minutes" (ShareGPT4Video, appendix)
-- $min_aesthetic_score = 4.0: ours; the paper relies on sites with aesthetic videos and gives no threshold
-- $decontaminate = True: whether to exclude benchmark videos and their copies
-- $collapse_duplicates = True: whether to keep one clip per group of near-duplicates; diversity is the aim
-- steps: captioned_clips, pool, short, fair, new, best
--
-- Semantic filtering is done by the table semantic_pool: a clip is kept if no earlier one has a caption as
-- similar.
with pool as (
    select *
    from captioned_clips
    anti join (
        select video_id, category from withheld_videos where reason != 'benchmark' or $decontaminate
    ) using (video_id, category)
    anti join (
        select clip_id from duplicate_groups where $collapse_duplicates and clip_id != representative_clip_id
    ) using (clip_id)
),

short as (
    select * from pool where end_seconds - start_seconds <= $max_duration_seconds
),

fair as (
    select * from short where aesthetic_score >= $min_aesthetic_score
),

new as (
    select *
    from fair
    semi join (select clip_id, category from semantic_pool where is_kept) using (clip_id, category)
),

best as (
    select *, aesthetic_score as sampling_key
    from new
    order by sampling_key desc, clip_id
    limit $size
)

select
    clip_id,
    video_id,
    category,
    start_seconds,
    end_seconds,
    row_number() over () as rank,
    sampling_key,
    format('new in {:.1f} s, aesthetic_score {:.4f}', end_seconds - start_seconds, sampling_key) as reason,
    caption,
    umt_score,
    aesthetic_score
from best
