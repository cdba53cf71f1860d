-- One row per transcript with only some of text, language and origin, or English but with another text_english.
-- severity: error
select clip_id, text, language, origin, text_english
from transcripts
where error is null
    and (
        (text is null) != (language is null)
        or (text is null) != (origin is null)
        or (language = 'en' and text_english is distinct from text)
    )
