-- One row per clip whose video or caption vector is not of length 1, or whose two vectors differ in dimension.
-- severity: error
with measured as (
    select
        clip_id,
        len(video_embedding) as video_dimensions,
        len(caption_embedding) as caption_dimensions,
        sqrt(list_sum(list_transform(video_embedding, lambda x: x::double * x))) as video_length,
        sqrt(list_sum(list_transform(caption_embedding, lambda x: x::double * x))) as caption_length
    from clip_embeddings
    where error is null
)

select *
from measured
where coalesce(video_dimensions != caption_dimensions, true)
    -- Not "> 0.001": that would let a NaN pass.
    or not coalesce(abs(video_length - 1) <= 0.001, false)
    or not coalesce(abs(caption_length - 1) <= 0.001, false)
    or isnan(video_length)
    or isnan(caption_length)
