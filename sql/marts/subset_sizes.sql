-- One row per subset: its clips, their videos and categories, total hours and mean scores.
-- The outer join keeps empty subsets.
-- Rounded, because the last digits of a sum depend on the order in which threads add.
select
    subset,
    count(clip_id) as clips,
    count(distinct video_id) as videos,
    count(distinct category) as categories,
    coalesce(round(sum(end_seconds - start_seconds) / 3600, 6), 0) as hours,
    round(avg(umt_score), 9) as mean_umt_score,
    round(avg(aesthetic_score), 9) as mean_aesthetic_score
from subsets
left join chosen_clips using (subset)
group by subset
order by subset
