-- One row per transcript whose text, language and origin are not null together, or whose English is not itself.
-- severity: error
select clip_id, text, language, origin, text_english
from transcripts
where error is null
    and (
        (text is null) != (language is null)
        or (text is null) != (origin is null)
        or (language = 'en' and text_english is distinct from text)
    )
