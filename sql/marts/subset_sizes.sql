-- One row per subset: its clips, the videos and categories they come from, their hours and mean scores.
-- The outer join gives a subset that chose nothing its row, too.
-- A sum's last digits depend on the order in which threads add: without them, equal stays equal.
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
