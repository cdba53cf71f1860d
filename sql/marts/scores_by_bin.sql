-- One row per score and bin of InternVid's figure 4: 0.1 of UMT-SIM, 1 of aesthetic score. Half-open ranges.
with counted as (
    select 'umt_score' as score, floor(umt_score * 10) as bin, 10 as bins_per_unit, count(*) as clips
    from captioned_clips
    where umt_score is not null
    group by bin
    union all
    select 'aesthetic_score', floor(aesthetic_score) as bin, 1, count(*)
    from captioned_clips
    where aesthetic_score is not null
    group by bin
)

select
    score,
    bin / bins_per_unit as score_from,
    (bin + 1) / bins_per_unit as score_to,
    clips,
    clips / sum(clips) over (partition by score) as share
from counted
order by score, score_from
