-- One row per bucket of the shorter side in pixels: the eligible videos (InternVid's table 1).
with bucketed as (
    select
        least(width_pixels, height_pixels) as short_side_pixels,
        case
            when least(width_pixels, height_pixels) < 360 then '<360'
            when least(width_pixels, height_pixels) < 720 then '360-719'
            when least(width_pixels, height_pixels) = 720 then '720'
            else '>720'
        end as pixels
    from videos
    where rejection_reason is null
        and error is null
)

select
    pixels,
    count(*) as videos,
    count(*) / sum(count(*)) over () as share
from bucketed
group by pixels
order by min(short_side_pixels)
