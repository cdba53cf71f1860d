-- One row per language of eligible videos (InternVid's figure 3); `und` if unknown.
with counted as (
    select
        coalesce(language, 'und') as language,
        count(*) as videos,
        round(sum(duration_seconds) / 3600, 6) as hours
    from videos
    where rejection_reason is null
        and error is null
    group by all
)

select
    language,
    videos,
    hours,
    videos / sum(videos) over () as share
from counted
order by videos desc, language
