-- One row per subset: its clips, the videos and categories they come from, their hours and mean scores.
-- The outer joins give a subset that chose nothing its row, too.
with members as (
    select 'internvid_10m_div' as subset, chosen.*
    from (select 1) left join internvid_10m_div as chosen on true
    union all
    select 'internvid_10m_flt', chosen.*
    from (select 1) left join internvid_10m_flt as chosen on true
    union all
    select 'internvid_aesthetics_18m', chosen.*
    from (select 1) left join internvid_aesthetics_18m as chosen on true
)

select
    subset,
    count(members.clip_id) as clips,
    count(distinct members.video_id) as videos,
    count(distinct members.category) as categories,
    coalesce(sum(clips.duration_seconds), 0) / 3600 as hours,
    avg(members.umt_score) as mean_umt_score,
    avg(members.aesthetic_score) as mean_aesthetic_score
from members
left join clips using (clip_id, category)
group by subset
order by subset
