-- One row per subset: its clips, the videos and categories they come from, their hours and mean scores.
-- The outer join gives a subset that chose nothing its row, too.
select
    subset,
    count(chosen_clips.clip_id) as clips,
    count(distinct chosen_clips.video_id) as videos,
    count(distinct chosen_clips.category) as categories,
    coalesce(sum(captioned_clips.end_seconds - captioned_clips.start_seconds), 0) / 3600 as hours,
    avg(chosen_clips.umt_score) as mean_umt_score,
    avg(chosen_clips.aesthetic_score) as mean_aesthetic_score
from subsets
left join chosen_clips using (subset)
left join captioned_clips using (clip_id, category)
group by subset
order by subset
