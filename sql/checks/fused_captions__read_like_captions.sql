-- One row per fused caption that is blank, over 120 words long, contains a special token, or stutters.
-- severity: warn
with worded as (
    select
        clip_id,
        caption,
        string_split_regex(lower(trim(caption)), '\s+') as words
    from fused_captions
    where caption is not null
)

select clip_id, caption
from worded
where trim(caption) = ''
    or len(words) > 120
    or regexp_matches(caption, '<[^<>\s]+>|\[(PAD|CLS|SEP|UNK|MASK)\]|\x{FFFD}')
    or len(list_filter(range(1, len(words) - 2), lambda i: len(list_distinct(words[i:i + 3])) = 1)) > 0
