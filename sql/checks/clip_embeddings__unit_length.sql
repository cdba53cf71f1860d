-- One row per clip whose embeddings are not of unit length or differ in dimension.
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
    or coalesce(not isfinite(video_length) or abs(video_length - 1) > 0.001, true)
    or coalesce(not isfinite(caption_length) or abs(caption_length - 1) > 0.001, true)
