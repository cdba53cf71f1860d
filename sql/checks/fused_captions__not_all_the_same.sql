-- One row per caption that makes up over half of a category's captions (20 or more): the model is stuck.
-- severity: warn
with counted as (
    select
        caption,
        count(*) as captions,
        sum(count(*)) over () as all_captions
    from fused_captions
    where caption is not null
    group by caption
)

select caption, captions, all_captions
from counted
where all_captions >= 20
    and captions > all_captions / 2
