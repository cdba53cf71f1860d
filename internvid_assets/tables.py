"""The nouns: one schema per table, its key, its columns with their units, and what one row is."""

from __future__ import annotations

import dataframely as dy

CATEGORIES = (
    "film_and_animation",
    "autos_and_vehicles",
    "music",
    "pets_and_animals",
    "sports",
    "travel_and_events",
    "gaming",
    "people_and_blogs",
    "comedy",
    "entertainment",
    "news_and_politics",
    "howto_and_style",
    "education",
    "science_and_technology",
    "nonprofits_and_activism",
    "other",
)
"""YouTube's fifteen categories and the rest (InternVid 3.1): the partitions of every per-category table."""

INTERLEAVED_FORMATS = ("captioned", "captioned_with_speech", "paired")
"""Clips and captions; what is said after each caption, too; two of the first joined (InternVid 3.4, appendix D)."""


class Called(dy.Schema):
    """What every table of remembered calls says about the call behind a row."""

    error = dy.String(nullable=True, description="Code of the call's failure; null when it succeeded.")
    error_message = dy.String(nullable=True, description="One line about the failure, for a human.")
    attempts = dy.Int16(min=1, description="How often the call was made: more than once only after failures.")
    recipe = dy.String(description="Recipe that made the row (see `internvid recipes`).")
    input_hash = dy.String(description="Hash of the upstream values the call read.")


class CorpusCaptions(dy.Schema):
    """One row per distinct caption of the corpora that `queries.caption_files` names."""

    caption = dy.String(primary_key=True, description="The caption as written, without space around it.")
    source = dy.String(description="The first file that has it, as the settings name it.")
    line = dy.Int64(description="Line, or number of the record, in that file.")
    rejection_reason = dy.String(nullable=True, description="Why no phrases are looked for in it; null: they are.")


class CaptionPhrases(Called):
    """One row per phrase found in a caption, and why it was dropped (null: it becomes a query) (InternVid 3.1)."""

    caption = dy.String(primary_key=True, description="As in `corpus_captions`.")
    position = dy.Int16(primary_key=True, description="Place in the answer, from 0.")
    source = dy.String(description="As in `corpus_captions`.")
    phrase = dy.String(nullable=True, description="A verb and its object, such as `throw a ball`.")
    rejection_reason = dy.String(nullable=True, description="First rule the phrase broke; null: kept.")


class ActionQueries(dy.Schema):
    """One row per action and language: what to search for, merged from labels and phrases (InternVid 3.1)."""

    lemma_key = dy.String(
        primary_key=True,
        description="The action in base forms, such as `brush tooth`; the line as it stands if rejected.",
    )
    language = dy.String(primary_key=True, description="Language of the query, as an ISO 639-1 code.")
    query = dy.String(nullable=True, description="The words to search for; null if rejected.")
    kind = dy.String(description="`label` if a list has it, `phrase` if only captions do.")
    sources = dy.List(dy.String(), description="`starter` and the files that have it, in the settings' order.")
    missing_languages = dy.List(
        dy.String(), description="Wanted languages in which no source words it: `query_translations` does."
    )
    rejection_reason = dy.String(nullable=True, description="Why the line is no query; null: it is one.")


class QueryTranslations(Called):
    """One row per query and wanted language in which no source words it: a model's translation."""

    lemma_key = dy.String(primary_key=True, description="As in `action_queries`.")
    language = dy.String(primary_key=True, description="Language it is translated into, as an ISO 639-1 code.")
    original = dy.String(description="The query that is translated.")
    query = dy.String(nullable=True, description="The words to search for.")


class KnownVideos(dy.Schema):
    """One row per video, dataset and purpose: the videos that public datasets already hold (InternVid 3.1)."""

    dataset = dy.String(primary_key=True, description="The dataset's name, as the settings give it.")
    purpose = dy.String(
        primary_key=True,
        description="`exclude`: rejected as a video; `benchmark`: kept out of the subsets that models are trained on.",
    )
    video_id = dy.String(primary_key=True, description="The source's own id; what stands there if rejected.")
    file = dy.String(description="The first file that names it, as the settings name it.")
    line = dy.Int64(description="Line, or number of the record, in that file.")
    mentions = dy.Int64(min=1, description="How many lines of the dataset's files name it.")
    rejection_reason = dy.String(nullable=True, description="Why the line names no video; null: it does.")


class Takedowns(dy.Schema):
    """One row per video, and content of it, that somebody wants to be gone: no table keeps it, no source brings it."""

    video_id = dy.String(primary_key=True, description="The source's own id, or that of `videos`.")
    content_hash = dy.String(
        primary_key=True,
        description="Hash of its bytes: equal ones are gone, too, whatever their name. Empty: unknown.",
    )
    reason = dy.String(description="Why, in the words of who asked.")
    requested_at = dy.String(description="When it was registered, in UTC.")


class CandidateVideos(dy.Schema):
    """One row per video somebody offered, as found at its source."""

    video_id = dy.String(primary_key=True, description="The source's own id, else a hash of `source_uri`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    source_uri = dy.String(description="Where it was found: a file:// URI, a URL or an object-store path.")
    source = dy.String(description="What offered it: a folder, list, prefix, channel or search of `sources.toml`.")
    file_size_bytes = dy.Int64(nullable=True, description="Size at the source; null when unknown.")
    modified_nanoseconds = dy.Int64(nullable=True, description="Modification time at the source, since 1970.")
    title = dy.String(nullable=True, description="Title from the sidecar or the list.")
    description = dy.String(nullable=True, description="Description from the sidecar or the list.")
    tags = dy.List(dy.String(), nullable=True, description="Tags from the sidecar or the list.")
    language = dy.String(nullable=True, description="Language from the sidecar or the list, as an ISO 639-1 code.")
    query = dy.String(nullable=True, description="The search query that found it, if any.")
    licence = dy.String(nullable=True, description="Licence from the sidecar or the list, as worded there.")
    sidecar_uris = dy.List(dy.String(), nullable=True, description="Subtitle files beside a local video.")
    sidecars_modified_nanoseconds = dy.Int64(nullable=True, description="Latest modification time of those.")
    listing_error = dy.String(nullable=True, description="Why a line or listing names no video; null: it does.")
    listing_error_message = dy.String(nullable=True, description="One line about that, for a human.")
    known_dataset = dy.String(
        nullable=True, description="A dataset of purpose `exclude` in `known_videos` that has it."
    )
    rejection_reason = dy.String(
        nullable=True,
        description="`taken_down`, or `known_dataset` where that spares the download; null: its bytes are wanted.",
    )


class AcquiredVideos(Called):
    """One row per candidate: where its bytes lie on this machine, and what was learnt on the way (InternVid 3.1)."""

    video_id = dy.String(primary_key=True, description="As in `candidate_videos`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    source_uri = dy.String(description="Where it was found.")
    media_uri = dy.String(nullable=True, description="The bytes: a file:// URI, or a path below the home (`media/…`).")
    media_size_bytes = dy.Int64(nullable=True, description="Size of the media file.")
    media_modified_nanoseconds = dy.Int64(nullable=True, description="Modification time of the media file.")
    audio_uri = dy.String(nullable=True, description="Its sound, where that came as a file of its own.")
    subtitle_uris = dy.List(dy.String(), nullable=True, description="Subtitle files, found beside it or fetched.")
    subtitle_languages = dy.List(
        dy.String(), nullable=True, description="Language tag of each, as in its name; `und` where it has none."
    )
    subtitle_hashes = dy.List(dy.String(), nullable=True, description="Hash of each subtitle file's bytes.")
    title = dy.String(nullable=True, description="Title, as its page tells it.")
    description = dy.String(nullable=True, description="Description, as its page tells it.")
    tags = dy.List(dy.String(), nullable=True, description="Tags, as its page tells them.")
    language = dy.String(nullable=True, description="Language, as its page tells it: an ISO 639-1 code.")
    licence = dy.String(nullable=True, description="Licence, as its page words it.")
    channel = dy.String(nullable=True, description="Who uploaded it.")
    uploaded_on = dy.Date(nullable=True, description="Day of the upload.")
    view_count = dy.Int64(nullable=True, description="Views when it was acquired.")


class Videos(Called):
    """One row per candidate: probed and judged, with the reason it was rejected (null: eligible)."""

    video_id = dy.String(primary_key=True, description="As in `candidate_videos`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    source_uri = dy.String(description="Where it was found.")
    media_uri = dy.String(nullable=True, description="Where its bytes lie: as in `acquired_videos`.")
    title = dy.String(nullable=True, description="Title: from sidecar or list, else from its page.")
    language = dy.String(nullable=True, description="Language: from sidecar or list, else from its page.")
    query = dy.String(nullable=True, description="The search query that found it, if any.")
    known_dataset = dy.String(nullable=True, description="As in `candidate_videos`.")
    licence = dy.String(nullable=True, description="Licence: from sidecar or list, else from its page.")
    content_hash = dy.String(nullable=True, description="Hash of the file's bytes: equal files share their calls.")
    container = dy.String(nullable=True, description="Demuxer name, such as `mov,mp4,m4a,3gp,3g2,mj2`.")
    video_codec = dy.String(nullable=True, description="Codec name, such as `h264`.")
    duration_seconds = dy.Float64(nullable=True, min=0, description="From packet times where headers disagree.")
    width_pixels = dy.Int32(nullable=True, description="Display width, after rotation.")
    height_pixels = dy.Int32(nullable=True, description="Display height, after rotation.")
    frame_rate_fps = dy.Float64(nullable=True, description="Average frame rate.")
    frame_count = dy.Int64(nullable=True, description="Video packets in the file.")
    has_variable_frame_rate = dy.Bool(nullable=True, description="Whether frame intervals differ by over 10 %.")
    has_audio = dy.Bool(nullable=True, description="Whether there is an audio stream.")
    rejection_reason = dy.String(
        nullable=True, description="The error's code, else the first rule the video broke; null: eligible."
    )


class Clips(Called):
    """One row per span between cuts, half open, judged by its motion (null: kept); one row for a failed video."""

    clip_id = dy.String(
        primary_key=True, description="`<video_id>_<start_pts>_<end_pts>`; the video_id alone where the call failed."
    )
    video_id = dy.String(description="As in `videos`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    content_hash = dy.String(nullable=True, description="Hash of the video's bytes.")
    start_pts = dy.Int64(nullable=True, description="First frame's time, in units of `time_base`.")
    end_pts = dy.Int64(nullable=True, description="Time just after the last frame, in units of `time_base`.")
    time_base = dy.String(nullable=True, description="Seconds per tick as a fraction, such as `1/15360`.")
    start_seconds = dy.Float64(nullable=True, min=0, description="Start, from the video's first frame.")
    end_seconds = dy.Float64(nullable=True, description="End, from the video's first frame.")
    duration_seconds = dy.Float64(nullable=True, description="end_seconds - start_seconds.")
    frame_count = dy.Int64(nullable=True, description="Frames in the span.")
    motion_mean = dy.Float64(nullable=True, description="Mean change of grey per frame inside the clip, 0 to 255.")
    motion_max = dy.Float64(nullable=True, description="Largest change of grey per frame, 0 to 255.")
    flow_mean = dy.Float64(nullable=True, description="Mean displacement, in percent of the long side per second.")
    brightness_mean = dy.Float64(nullable=True, description="Mean grey level, 0 to 255.")
    black_spans_seconds = dy.List(
        dy.Float64(), nullable=True, description="Start, end, start, end … of black pictures."
    )
    white_spans_seconds = dy.List(dy.Float64(), nullable=True, description="The same of white pictures.")
    frozen_spans_seconds = dy.List(dy.Float64(), nullable=True, description="The same of pictures that do not change.")
    content_box = dy.List(
        dy.Float64(),
        nullable=True,
        description="Left, top, right, bottom inside black bars, as shares of the picture; null: all black.",
    )
    rejection_reason = dy.String(nullable=True, description="First rule the clip broke; null: kept.")


class ClipFrames(Called):
    """One row per sampled frame of a clip; its picture lies in the frame store under `frame_hash`."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    pts = dy.Int64(
        primary_key=True, description="Time of the frame in the video's ticks; the clip's start where the call failed."
    )
    video_id = dy.String(description="As in `videos`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    timestamp_seconds = dy.Float64(nullable=True, description="Time from the video's first frame.")
    frame_hash = dy.String(nullable=True, description="Hash of the stored JPEG: the key into the frame store.")
    is_center = dy.Bool(nullable=True, description="Whether this is the clip's centre frame.")
    second = dy.Int32(nullable=True, description="Position among the 1 fps frames; null: not one of them.")
    uniform_4 = dy.Int8(nullable=True, description="Position among the 4 uniform frames; null: not one of them.")
    uniform_8 = dy.Int8(nullable=True, description="Position among the 8 uniform frames; null: not one of them.")


class Cues(Called):
    """What two tables of cues have in common. `words` joined, without the space at its start, is the text."""

    video_id = dy.String(primary_key=True, description="As in `videos`.")
    cue = dy.Int32(primary_key=True, description="Position among the cues, from 0; 0 where the call failed.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    start_seconds = dy.Float64(nullable=True, min=0, description="Start, from the video's first frame.")
    end_seconds = dy.Float64(nullable=True, description="End, from the video's first frame.")
    text = dy.String(nullable=True, description="What is said.")
    words = dy.List(
        dy.String(), nullable=True, description="Words, each with the space before it; Chinese and Japanese signs."
    )
    word_starts_seconds = dy.List(dy.Float64(), nullable=True, description="When each word begins.")
    word_ends_seconds = dy.List(dy.Float64(), nullable=True, description="When each word ends.")
    origin = dy.String(
        nullable=True, description="`subtitle`, `automatic_subtitle` or `speech_recognition`: who wrote it down."
    )


class SubtitleCues(Cues):
    """One row per cue of a video's subtitles: in the language of its transcript, and in English."""

    language = dy.String(
        primary_key=True, description="ISO 639 code from the file's name, else the video's own, else `und`."
    )
    is_transcript = dy.Bool(description="Whether the video's transcript is made of this file.")


class SpeechCues(Cues):
    """One row per cue that speech recognition heard in a video without readable subtitles."""

    language = dy.String(nullable=True, description="ISO 639-1 code of the language it heard.")


class Transcripts(Called):
    """One row per kept clip: what is said during it; null where nothing is."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    video_id = dy.String(description="As in `videos`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    text = dy.String(nullable=True, description="The words whose middle lies in the clip.")
    language = dy.String(nullable=True, description="ISO 639 code of the text's language; `und`: not known.")
    origin = dy.String(
        nullable=True, description="`subtitle`, `automatic_subtitle` or `speech_recognition`: who wrote it down."
    )
    text_english = dy.String(
        nullable=True, description="The text in English: itself, the English subtitles, or a model's translation."
    )
    subtitle_languages = dy.List(dy.String(), description="Languages the video has subtitle files in.")


class Captions(Called):
    """What the tables of captions have in common."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    caption = dy.String(nullable=True, description="What the model said, of what the table's sentence names.")
    log_probability = dy.Float64(nullable=True, description="Mean log-probability of the caption's tokens.")
    prompt_tokens = dy.Int64(nullable=True, description="Tokens that a server read for the call; null: it is local.")
    answer_tokens = dy.Int64(nullable=True, description="Tokens that a server wrote.")
    cost_dollars = dy.Float64(nullable=True, description="Price of those tokens when asked; equal rows share a call.")
    flaw = dy.String(nullable=True, description="First rule of hygiene the caption breaks; null: none.")


class CenterCaptions(Captions):
    """One row per kept clip: the caption of its centre frame (InternVid 3.2, coarse scale)."""


class FrameCaptions(Captions):
    """One row per 1 fps frame of a kept clip: its caption (InternVid 3.2, fine scale)."""

    second = dy.Int32(primary_key=True, description="Position among the clip's 1 fps frames.")
    tags = dy.List(dy.String(), nullable=True, description="What Tag2Text recognised; null: another model captioned.")


class FusedCaptions(Captions):
    """One row per kept clip: centre and frame captions fused into one by a language model (InternVid 3.2)."""


class Keyframes(Called):
    """One row per keyframe of a kept clip: a frame that looks unlike the keyframe before it (ShareGPT4Video)."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    keyframe = dy.Int32(primary_key=True, description="Position among the clip's keyframes; 0 where the call failed.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    frame = dy.Int32(nullable=True, description="Position among the clip's 1 fps frames.")
    pts = dy.Int64(nullable=True, description="Time of the frame in the video's ticks.")
    timestamp_seconds = dy.Float64(nullable=True, description="Time from the video's first frame.")
    into_clip_seconds = dy.Float64(nullable=True, description="Time from the clip's start.")
    frame_hash = dy.String(nullable=True, description="Hash of the stored JPEG: the key into the frame store.")
    similarity = dy.Float64(
        nullable=True, min=-1.001, max=1.001, description="Cosine with the keyframe before it; null: the first."
    )


class KeyframeCaptions(Captions):
    """One row per keyframe: its differential caption, which says what changed since the one before it."""

    keyframe = dy.Int32(primary_key=True, description="As in `keyframes`; 0 where the call failed, which is a clip's.")
    into_clip_seconds = dy.Float64(nullable=True, description="As in `keyframes`.")


class DenseCaptions(Captions):
    """One row per kept clip: its long caption, which tells what happens in the order of time (ShareGPT4Video)."""


class ClipEmbeddings(Called):
    """One row per captioned clip: its video and caption vectors, of unit length, in one space."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    video_embedding = dy.List(
        dy.Float32(), nullable=True, description="Of the 8 uniform frames; by a CLIP, their mean."
    )
    caption_embedding = dy.List(dy.Float32(), nullable=True, description="Vector of the fused caption.")
    model = dy.String(nullable=True, description="The model that made both: vectors of two models do not compare.")
    revision = dy.String(nullable=True, description="Revision of its weights.")


class NearDuplicates(dy.Schema):
    """One row per pair of clips of different videos that look alike, found through the index."""

    clip_id = dy.String(primary_key=True, description="As in `clips`: the smaller of the two.")
    video_id = dy.String(description="Its video.")
    category = dy.String(description="Its category.")
    other_clip_id = dy.String(primary_key=True, description="The clip that looks like it.")
    other_video_id = dy.String(description="That clip's video.")
    other_category = dy.String(description="That clip's category.")
    cosine = dy.Float64(description="Of the two video vectors; at least `near_duplicates.min_cosine`.")


class DuplicateGroups(dy.Schema):
    """One row per clip with near-duplicates: the clip that stands for it where one of them is enough."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    representative_clip_id = dy.String(description="A near-duplicate of it, or itself: one for the whole group.")
    cosine = dy.Float64(description="With the representative's video vector; 1 for the representative itself.")


class SemanticPool(dy.Schema):
    """One row per captioned clip: whether its caption says what no clip before it in the pool says (ShareGPT4Video)."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="The clip's category.")
    is_kept = dy.Bool(description="Whether it is in the pool.")
    nearest_clip_id = dy.String(
        nullable=True, description="The clip in the pool that is most like it, of those before it; null: the first."
    )
    cosine = dy.Float64(nullable=True, description="With that clip's caption.")


class AestheticScores(Called):
    """One row per kept clip: the best aesthetic score of its 4 uniform frames (InternVid 3.3)."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    aesthetic_score = dy.Float64(nullable=True, description="Maximum over the frames; the scale is the model's.")
    frame_scores = dy.List(dy.Float64(), nullable=True, description="The score of each uniform frame, in time order.")
    model = dy.String(nullable=True, description="Name and revision of the model: a threshold belongs to one.")


class UmtScores(Called):
    """One row per captioned clip: how well video and caption agree (UMT-SIM, InternVid 3.3, or another's cosine)."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    umt_score = dy.Float64(
        nullable=True,
        min=-1.001,
        max=1.001,
        description="Cosine with the caption; mean over frames, if they were seen alone.",
    )
    frame_scores = dy.List(
        dy.Float64(), nullable=True, description="Cosine of each frame with the caption; ViCLIP has one."
    )
    reference_mean = dy.Float64(nullable=True, description="Mean score with the profile's reference captions instead.")
    reference_deviation = dy.Float64(nullable=True, description="Standard deviation of those scores.")
    model = dy.String(nullable=True, description="Name and revision of the model: a threshold belongs to one.")


class ClipScores(Called):
    """One row per captioned clip: how well its caption fits one frame of it, drawn at random, by CLIP."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    clip_score = dy.Float64(nullable=True, min=-1.001, max=1.001, description="Cosine of the frame and the caption.")
    model = dy.String(nullable=True, description="Name and revision of the model: a threshold belongs to one.")


class ShuffledScores(Called):
    """One row per drawn clip, 64 a category at most: its score with its own and with another clip's caption."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    own_score = dy.Float64(nullable=True, min=-1.001, max=1.001, description="As `umt_score` in `umt_scores`.")
    shuffled_score = dy.Float64(nullable=True, min=-1.001, max=1.001, description="The same with the other's caption.")
    model = dy.String(nullable=True, description="Name and revision of the model: a threshold belongs to one.")


class SafetyScores(Called):
    """One row per kept clip: how unsafe it may be, and how much of it is text; no rows without a model for either."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    nsfw = dy.Float64(
        nullable=True, min=0, max=1.001, description="Probability that it is unsafe: largest of the frames'."
    )
    nsfw_of_frames = dy.List(dy.Float64(), nullable=True, description="Of each uniform frame, in time order.")
    text_area = dy.Float64(nullable=True, min=0, max=1, description="Share of the picture that is text: the largest.")
    text_area_of_frames = dy.List(dy.Float64(), nullable=True, description="Of each uniform frame, in time order.")


class CaptionLanguages(Called):
    """One row per fused caption: the language it is in."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    language = dy.String(nullable=True, description="ISO 639-1 code; `und` for a caption without letters.")
    probability = dy.Float64(nullable=True, min=0, max=1.001, description="Of that language: low for a short caption.")


class CaptionVerbs(Called):
    """One row per fused caption: the verbs in it, as NLTK's part-of-speech tagger finds them (InternVid 3.3)."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    verbs = dy.List(dy.String(), nullable=True, description="Lower-case verbs, in caption order.")


class VerbUses(dy.Schema):
    """One row per category and verb of its captions, and how often it is used."""

    category = dy.String(primary_key=True, description="Partition: one of the sixteen categories.")
    verb = dy.String(primary_key=True, description="As in `caption_verbs`.")
    uses = dy.Int64(min=1, description="How often the captions use it.")
    captions_with_verbs = dy.Int64(min=1, description="Captions of the category that use any verb.")


class CaptionedClips(dy.Schema):
    """One row per kept clip with a caption: all that subsets decide by, side by side."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    video_id = dy.String(description="As in `videos`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    content = dy.String(description="Hash of the video's bytes, else its video_id: equal ones are copies.")
    start_seconds = dy.Float64(description="As in `clips`.")
    end_seconds = dy.Float64(description="As in `clips`.")
    caption = dy.String(description="The clip's fused caption.")
    caption_words = dy.Int32(min=0, description="Words of the caption, as white space parts them.")
    flaw = dy.String(nullable=True, description="As in `fused_captions`.")
    language = dy.String(nullable=True, description="As in `caption_languages`.")
    umt_score = dy.Float64(nullable=True, description="As in `umt_scores`.")
    clip_score = dy.Float64(nullable=True, description="As in `clip_scores`.")
    aesthetic_score = dy.Float64(nullable=True, description="As in `aesthetic_scores`.")
    nsfw = dy.Float64(nullable=True, description="As in `safety_scores`.")
    text_area = dy.Float64(nullable=True, description="As in `safety_scores`.")
    draw = dy.Float64(min=0, max=1, description="What random choices are made of: a number made of the clip's name.")


class WithheldVideos(dy.Schema):
    """One row per video with captioned clips that subsets leave out, and why."""

    video_id = dy.String(primary_key=True, description="As in `videos`.")
    category = dy.String(primary_key=True, description="Its category.")
    reason = dy.String(description="`takedown`; `copy` of another video; or `benchmark`: evaluation sets hold it.")


class ChosenClips(dy.Schema):
    """One row per clip a subset chose, and why."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    video_id = dy.String(description="As in `videos`.")
    category = dy.String(description="The clip's category.")
    start_seconds = dy.Float64(description="As in `clips`.")
    end_seconds = dy.Float64(description="As in `clips`.")
    rank = dy.Int64(description="Position in the subset's order of choice, from 1.")
    sampling_key = dy.Float64(nullable=True, description="The number the order was made of.")
    reason = dy.String(description="Why it was chosen: thresholds met, weight drawn by.")
    caption = dy.String(description="The clip's fused caption.")
    umt_score = dy.Float64(nullable=True, description="As in `umt_scores`.")
    aesthetic_score = dy.Float64(nullable=True, description="As in `aesthetic_scores`.")


class ImportedClips(dy.Schema):
    """One row per clip of other people's annotations, as `internvid import` read them, or per line that names none."""

    dataset = dy.String(primary_key=True, description="The name it was imported under.")
    line = dy.Int64(primary_key=True, description="Line, or number of the record, in the file, from 1.")
    position = dy.Int32(primary_key=True, description="Place among the clips of the line, from 0.")
    clip_id = dy.String(nullable=True, description="The clip's name, where the dataset gives it one.")
    video_id = dy.String(nullable=True, description="The video's id, as the dataset has it.")
    video_path = dy.String(nullable=True, description="The video's file, as the dataset has it.")
    archive = dy.String(nullable=True, description="The archive that holds it (ShareGPT4Video's `zip_folder`).")
    start_seconds = dy.Float64(nullable=True, description="Start in the video; null: it is the whole file.")
    end_seconds = dy.Float64(nullable=True, description="End in the video.")
    caption = dy.String(nullable=True, description="What is said of it in a sentence or so.")
    more_captions = dy.List(dy.String(), nullable=True, description="Further short captions (VILD).")
    long_captions = dy.List(
        dy.String(), nullable=True, description="Long captions: one, or the true one before ever falser ones (LVDR)."
    )
    keyframe_captions = dy.List(
        dy.String(), nullable=True, description="Captions of its keyframes, in order (ShareGPT4Video)."
    )
    aesthetic_score = dy.Float64(nullable=True, description="As the dataset has it: the scale is its model's.")
    umt_score = dy.Float64(nullable=True, description="UMT-SIM, as the dataset has it.")
    matching_score = dy.Float64(nullable=True, description="How well caption and clip agree (Panda-70M).")
    language = dy.String(nullable=True, description="The video's language, as the dataset has it.")
    category = dy.String(nullable=True, description="The video's category, as the dataset has it.")
    rejection_reason = dy.String(nullable=True, description="Why the line is no clip with a caption; null: it is.")
    line_text = dy.String(nullable=True, description="What stands there, 2,000 characters at most, if rejected.")


class RelatedVideos(dy.Schema):
    """One row per video and other video like it, by mean vectors; no rows unless `paired` relates by embedding."""

    video_id = dy.String(primary_key=True, description="As in `videos`.")
    other_video_id = dy.String(primary_key=True, description="A video that looks like it, never itself.")
    rank = dy.Int16(min=1, description="1: the most alike.")
    cosine = dy.Float64(min=-1.001, max=1.001, description="Of the means of their clips' video vectors.")


class InterleavedSequences(dy.Schema):
    """One row per sequence of clips and texts in turn, as they follow in their videos (InternVid-ICL, 3.4)."""

    format = dy.String(primary_key=True, description="Partition: `captioned`, `captioned_with_speech` or `paired`.")
    sequence_id = dy.String(primary_key=True, description="Its videos and `place`, joined by `+`.")
    place = dy.Int32(min=0, description="Position among the sequences of its videos, from 0.")
    video_ids = dy.List(dy.String(), description="Its videos in order: one, or two if `paired`.")
    items = dy.List(
        dy.Struct(
            {
                "kind": dy.String(),
                "clip_id": dy.String(),
                "video_id": dy.String(),
                "category": dy.String(),
                "start_seconds": dy.Float64(),
                "end_seconds": dy.Float64(),
                "text": dy.String(nullable=True),
                "frame_hashes": dy.List(dy.String(), nullable=True),
            }
        ),
        description="In order, each a `clip` with its pictures, or its `caption` or `speech` with its text.",
    )
    clip_count = dy.Int32(min=0, description="Items that are clips.")
    image_count = dy.Int32(min=0, description="Pictures of those clips.")
    word_count = dy.Int32(min=1, description="Words of all texts.")
    token_count = dy.Int32(min=1, description="Estimate: three quarters of a word or four bytes, whichever makes more.")
    max_images = dy.Int32(description="The budget of pictures it was cut by.")
    max_tokens = dy.Int32(description="The budget of tokens.")
    left_out_clips = dy.Int32(min=0, description="Clips of its videos that are in no sequence; told at `place` 0.")


class EvaluationVideos(dy.Schema):
    """One row per video and text that models are evaluated on, and why it does not count (null: it does)."""

    task = dy.String(primary_key=True, description="`actions` or `retrieval`.")
    line = dy.Int64(primary_key=True, description="Place in the csv or folder that names it, from 1.")
    path = dy.String(description="The video's file.")
    text = dy.String(nullable=True, description="Its action, or its caption.")
    split = dy.String(
        nullable=True, description="`train`, `validation` or `test` of linear probes, if its csv tells; null: drawn."
    )
    frame_hashes = dy.List(
        dy.String(), nullable=True, description="Its uniform frames in order, in the store `frames/evaluation`."
    )
    rejection_reason = dy.String(nullable=True, description="Why it does not count; null: it does.")
    message = dy.String(nullable=True, description="One line about that, for a human.")


class ZeroShotActions(dy.Schema):
    """One row per checkpoint and measure, of all videos and of each action's: actions nobody trained for (4.2)."""

    subset = dy.String(primary_key=True, description="Partition: the subset that was trained on.")
    checkpoint = dy.String(primary_key=True, description="Asset of the weights; `clip`: what training began with.")
    measure = dy.String(primary_key=True, description="`top_1`, `top_5`, or `average` of both.")
    action = dy.String(primary_key=True, description="Of the videos of this one; `all actions`: of all videos.")
    value = dy.Float64(min=0, max=100, description="Percent of the videos.")
    videos = dy.Int64(min=1, description="How many those are.")
    actions = dy.Int64(min=2, description="How many actions there were to choose from.")
    weights = dy.String(description="Hash of the weights.")


class LinearProbe(dy.Schema):
    """One row per checkpoint and measure, of all test videos and of each action's: actions that features tell apart."""

    subset = dy.String(primary_key=True, description="Partition: the subset that was trained on.")
    checkpoint = dy.String(primary_key=True, description="Asset of the weights; `clip`: what training began with.")
    measure = dy.String(primary_key=True, description="`top_1`, `top_5`, or `average` of both.")
    action = dy.String(primary_key=True, description="Of the videos of this one; `all actions`: of all videos.")
    value = dy.Float64(min=0, max=100, description="Percent of the videos.")
    videos = dy.Int64(min=1, description="How many those are; none of them was trained on.")
    actions = dy.Int64(min=2, description="How many actions there were to choose from.")
    l2 = dy.Float64(min=0, description="Weight of the penalty that validation chose.")
    validation_top_1 = dy.Float64(min=0, max=100, description="Percent of the validation videos, with that penalty.")
    training_videos = dy.Int64(min=2, description="Videos that the probe was trained on, validation included.")
    weights = dy.String(description="Hash of the weights.")


class VideoTextRetrieval(dy.Schema):
    """One row per checkpoint, direction, ranking and measure: whether a video finds its text, and a text its video."""

    subset = dy.String(primary_key=True, description="Partition: the subset that was trained on.")
    checkpoint = dy.String(primary_key=True, description="Asset of the weights; `clip`: what training began with.")
    direction = dy.String(primary_key=True, description="`text_to_video` or `video_to_text`.")
    ranking = dy.String(primary_key=True, description="By `plain` cosines, or by `dual_softmax` over all queries.")
    measure = dy.String(
        primary_key=True, description="`recall_at_1`, `_5`, `_10`: percent of the queries; `median_rank`, from 1."
    )
    value = dy.Float64(min=0)
    queries = dy.Int64(min=1, description="Texts or videos that ask.")
    candidates = dy.Int64(min=1, description="Videos or texts to choose from.")
    weights = dy.String(description="Hash of the weights.")


class PublishedResults(dy.Schema):
    """One row per figure of InternVid's tables of zero-shot results: what the same model learnt from which clips."""

    training_data = dy.String(primary_key=True, description="As the paper names it; `none`: CLIP alone.")
    benchmark = dy.String(primary_key=True, description="The benchmark, as the paper names it.")
    measure = dy.String(
        primary_key=True, description="`top_1`, `average`, `text_to_video_recall_at_1`, `video_to_text_recall_at_1`."
    )
    value = dy.Float64(min=0, max=100, description="Percent.")
    subset = dy.String(nullable=True, description="Our subset of the same rule, if any.")
    source = dy.String(description="Paper and section.")


class PublishedStatistics(dy.Schema):
    """One row per figure that a paper gives for a dataset: what ours can be set beside."""

    dataset = dy.String(primary_key=True, description="The dataset's name, as in table 1 of InternVid.")
    measure = dy.String(primary_key=True, description="A column of `dataset_totals`, or the mart with its buckets.")
    bucket = dy.String(primary_key=True, description="The bucket whose share it is; `all`: of the whole dataset.")
    value = dy.Float64(description="The figure; a share is a fraction of 1.")
    source = dy.String(description="Paper and section, table or figure.")
    note = dy.String(nullable=True, description="What is not certain about it.")


class RecipeCosts(dy.Schema):
    """One row per table and recipe with remembered calls: what they took."""

    table_name = dy.String(primary_key=True, description="The table whose calls these are.")
    recipe = dy.String(primary_key=True, description="Recipe under which they were made (see `internvid recipes`).")
    is_current = dy.Bool(description="Whether the table holds rows of this recipe now.")
    calls = dy.Int64(description="Calls that are remembered; one that was repeated after a failure counts each time.")
    failed_calls = dy.Int64(description="Those of them that failed.")
    rows = dy.Int64(description="Rows that the others returned; equal inputs of a table share them.")
    seconds = dy.Float64(description="Time that passed while they were made, one after another.")
    calls_per_second = dy.Float64(nullable=True, description="Throughput; null: too fast to be measured.")
    prompt_tokens = dy.Int64(nullable=True, description="Tokens that a server read; null: no call asked one.")
    answer_tokens = dy.Int64(nullable=True, description="Tokens that a server wrote.")
    cost_dollars = dy.Float64(nullable=True, description="Price of those tokens when asked; null: none was told.")
    first_called_on = dy.Date(description="Day of the first call, UTC.")
    last_called_on = dy.Date(description="Day of the last call, UTC.")


OVER_ALL: dict[str, type[dy.Schema]] = {
    "corpus_captions": CorpusCaptions,
    "caption_phrases": CaptionPhrases,
    "action_queries": ActionQueries,
    "query_translations": QueryTranslations,
    "known_videos": KnownVideos,
    "takedowns": Takedowns,
    "near_duplicates": NearDuplicates,
    "duplicate_groups": DuplicateGroups,
    "semantic_pool": SemanticPool,
    "withheld_videos": WithheldVideos,
    "related_videos": RelatedVideos,
    "published_statistics": PublishedStatistics,
    "published_results": PublishedResults,
    "recipe_costs": RecipeCosts,
}
"""Tables with a single file, since categories do not divide them."""

PER_CATEGORY: dict[str, type[dy.Schema]] = {
    "candidate_videos": CandidateVideos,
    "acquired_videos": AcquiredVideos,
    "videos": Videos,
    "clips": Clips,
    "clip_frames": ClipFrames,
    "subtitle_cues": SubtitleCues,
    "speech_cues": SpeechCues,
    "transcripts": Transcripts,
    "center_captions": CenterCaptions,
    "frame_captions": FrameCaptions,
    "fused_captions": FusedCaptions,
    "keyframes": Keyframes,
    "keyframe_captions": KeyframeCaptions,
    "dense_captions": DenseCaptions,
    "clip_embeddings": ClipEmbeddings,
    "aesthetic_scores": AestheticScores,
    "umt_scores": UmtScores,
    "clip_scores": ClipScores,
    "shuffled_scores": ShuffledScores,
    "safety_scores": SafetyScores,
    "caption_languages": CaptionLanguages,
    "captioned_clips": CaptionedClips,
    "caption_verbs": CaptionVerbs,
    "verb_uses": VerbUses,
}
"""Tables with one file per category, in the order of the graph. Subsets and marts have one file each."""

PER_FORMAT: dict[str, type[dy.Schema]] = {"internvid_icl": InterleavedSequences}
"""Tables with one file per format of interleaved sequences."""

WHEN_ASKED: dict[str, type[dy.Schema]] = {"evaluation_videos": EvaluationVideos}
"""Tables with a single file that are made only where a selection names them: no release waits for them."""

PER_SUBSET: dict[str, type[dy.Schema]] = {
    "zero_shot_actions": ZeroShotActions,
    "linear_probe": LinearProbe,
    "video_text_retrieval": VideoTextRetrieval,
}
"""Tables with one file per subset that a model was trained on; only when asked for, too."""

IMPORTED: dict[str, type[dy.Schema]] = {"imported_clips": ImportedClips}
"""Tables of what others made: a file per dataset, which a command writes and no run of the graph."""

GRAPH: dict[str, type[dy.Schema]] = {**OVER_ALL, **PER_CATEGORY, **PER_FORMAT, **WHEN_ASKED, **PER_SUBSET}

LISTED: dict[str, type[dy.Schema]] = {**IMPORTED, **PER_SUBSET}
"""Tables whose files are those that lie there: what may be trained on or imported stands elsewhere."""


def schema_class(table: str) -> type[dy.Schema] | None:
    """The schema of a table of the graph or of imports; None for a subset, a mart, or no table."""
    groups = (OVER_ALL, PER_CATEGORY, PER_FORMAT, WHEN_ASKED, PER_SUBSET, IMPORTED)
    return next((group[table] for group in groups if table in group), None)


def partition_column(table: str) -> str | None:
    """The column that says which file of its table a row lies in; None where there is a single file."""
    columns = {"category": PER_CATEGORY, "format": PER_FORMAT, "dataset": IMPORTED, "subset": PER_SUBSET}
    return next((column for column, parted in columns.items() if table in parted), None)


def partitions(table: str) -> tuple[str | None, ...]:
    """What a table has a file for: each category or format, or None for all of it; not of one that is `LISTED`."""
    return {"category": CATEGORIES, "format": INTERLEAVED_FORMATS, None: (None,)}[partition_column(table)]
