-- One row per subset: its clips, the videos and categories they come from, their hours and mean scores.
with members as (
    select 'internvid_10m_div' as subset, * from internvid_10m_div
    union all
    select 'internvid_10m_flt', * from internvid_10m_flt
    union all
    select 'internvid_aesthetics_18m', * from internvid_aesthetics_18m
),

subsets as (
    select unnest(['internvid_10m_div', 'internvid_10m_flt', 'internvid_aesthetics_18m']) as subset
),

timed as (
    select members.*, clips.duration_seconds
    from members
    left join clips using (clip_id, category)
)

select
    subset,
    count(timed.clip_id) as clips,
    count(distinct timed.video_id) as videos,
    count(distinct timed.category) as categories,
    coalesce(sum(timed.duration_seconds), 0) / 3600 as hours,
    avg(timed.umt_score) as mean_umt_score,
    avg(timed.aesthetic_score) as mean_aesthetic_score
from subsets
left join timed using (subset)
group by subset
order by subset
