-- One row per score and bin of InternVid's figure 4: 0.1 of UMT-SIM, 1 of aesthetic score. Half-open ranges.
with binned as (
    select 'umt_score' as score, floor(umt_score * 10) as bin, 10 as bins_per_unit
    from captioned_clips
    where umt_score is not null
    union all
    select 'aesthetic_score', floor(aesthetic_score), 1
    from captioned_clips
    where aesthetic_score is not null
),

counted as (
    select score, bin, bins_per_unit, count(*) as clips
    from binned
    group by all
)

select
    score,
    bin / bins_per_unit as score_from,
    (bin + 1) / bins_per_unit as score_to,
    clips,
    clips / sum(clips) over (partition by score) as share
from counted
order by score, score_from
