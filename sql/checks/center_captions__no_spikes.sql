-- One row per centre caption that makes up over a tenth of a category's captions (1,000 or more).
-- severity: warn
with counted as (
    select
        caption,
        count(*) as captions,
        sum(count(*)) over () as all_captions
    from center_captions
    where caption is not null
    group by caption
)

select caption, captions, all_captions
from counted
where all_captions >= 1000
    and captions > all_captions / 10
