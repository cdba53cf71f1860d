-- One row per clip of InternVid-200M: captioned clips, drawn uniformly.
-- $size = 200000000: "uniformly sampled" (InternVid section 4)
-- $seed = 42: another one draws other clips
-- $decontaminate = True: whether videos that benchmarks test on, and their copies, are left out
-- $collapse_duplicates = False: whether one clip stands for those that look like it; the paper keeps them all
-- steps: captioned_clips, pool, drawn
with pool as (
    select *
    from captioned_clips
    anti join (
        select video_id, category from withheld_videos where reason != 'benchmark' or $decontaminate
    ) using (video_id, category)
    anti join (
        select clip_id from duplicate_groups where $collapse_duplicates and clip_id != representative_clip_id
    ) using (clip_id)
),

-- The golden ratio turns the draw: every seed has an order of its own, as even as the draw itself.
drawn as (
    select clip_id, category, fmod(draw + $seed * 0.6180339887498949, 1) as sampling_key
    from pool
    order by sampling_key, clip_id
    limit $size
)

select
    clip_id,
    video_id,
    category,
    row_number() over (order by sampling_key, clip_id) as rank,
    sampling_key,
    'drawn uniformly' as reason,
    caption,
    umt_score,
    aesthetic_score
from drawn
inner join captioned_clips using (clip_id, category)
order by rank
