"""The schema of every table: what one row is, its key, and its columns with their units."""

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
"""YouTube's fifteen categories and `other` (InternVid 3.1): the partitions of every per-category table."""

INTERLEAVED_FORMATS = ("captioned", "captioned_with_speech", "paired")
"""Clips and captions; the same with speech after each caption; two videos joined (InternVid 3.4, appendix D)."""


class Called(dy.Schema):
    """Columns shared by all tables of stored calls: they describe the call that produced the row."""

    error = dy.String(nullable=True, description="Error code of a failed call; null if it succeeded.")
    error_message = dy.String(nullable=True, description="Human-readable message, one line.")
    attempts = dy.Int16(min=1, description="Number of attempts; greater than 1 only after failures.")
    recipe = dy.String(description="Hash of the recipe that produced the row (see `internvid recipes`).")
    input_hash = dy.String(description="Hash of the upstream values that the call read.")


class CorpusCaptions(dy.Schema):
    """One row per distinct caption of the corpora listed in `queries.caption_files`."""

    caption = dy.String(primary_key=True, description="The caption as written, without surrounding white space.")
    source = dy.String(description="The first file that contains it, as named in the settings.")
    line = dy.Int64(description="Line or record number in that file.")
    rejection_reason = dy.String(nullable=True, description="Why no phrases are extracted from it; null if they are.")


class CaptionPhrases(Called):
    """One row per phrase extracted from a caption, with the reason if it was dropped (InternVid 3.1)."""

    caption = dy.String(primary_key=True, description="As in `corpus_captions`.")
    position = dy.Int16(primary_key=True, description="Position in the model's answer, from 0.")
    source = dy.String(description="As in `corpus_captions`.")
    phrase = dy.String(nullable=True, description="Verb and object, such as `throw a ball`.")
    rejection_reason = dy.String(nullable=True, description="First rule that the phrase violates; null: it is kept.")


class ActionQueries(dy.Schema):
    """One row per action and language: a search query, merged from labels and phrases (InternVid 3.1)."""

    lemma_key = dy.String(
        primary_key=True,
        description="The action in base forms, such as `brush tooth`; the raw line if rejected.",
    )
    language = dy.String(primary_key=True, description="Language of the query, as an ISO 639-1 code.")
    query = dy.String(nullable=True, description="The words to search for; null if rejected.")
    kind = dy.String(description="`label` if a list contains it, `phrase` if only captions do.")
    sources = dy.List(dy.String(), description="`starter` and the files that contain it, in the order of the settings.")
    missing_languages = dy.List(
        dy.String(), description="Configured languages that no source covers; see `query_translations`."
    )
    rejection_reason = dy.String(nullable=True, description="Why the line is not a query; null if it is.")


class QueryTranslations(Called):
    """One row per query and configured language that no source covers: a machine translation."""

    lemma_key = dy.String(primary_key=True, description="As in `action_queries`.")
    language = dy.String(primary_key=True, description="Target language, as an ISO 639-1 code.")
    original = dy.String(description="The query before translation.")
    query = dy.String(nullable=True, description="The translated query.")


class KnownVideos(dy.Schema):
    """One row per video, dataset and purpose: videos that public datasets already contain (InternVid 3.1)."""

    dataset = dy.String(primary_key=True, description="Name of the dataset, from the settings.")
    purpose = dy.String(
        primary_key=True,
        description="`exclude`: the video is rejected; `benchmark`: it is excluded from the training subsets.",
    )
    video_id = dy.String(primary_key=True, description="The source's own id; the raw text if rejected.")
    file = dy.String(description="The first file that lists it, as named in the settings.")
    line = dy.Int64(description="Line or record number in that file.")
    mentions = dy.Int64(min=1, description="Number of lines in the dataset's files that list it.")
    rejection_reason = dy.String(nullable=True, description="Why the line does not identify a video; null if it does.")


class Takedowns(dy.Schema):
    """One row per video, and hash of its content, to be removed: no table keeps it, and no source adds it again."""

    video_id = dy.String(primary_key=True, description="The source's own id, or the one in `videos`.")
    content_hash = dy.String(
        primary_key=True,
        description="Hash of its bytes: files with equal bytes are removed too. Empty: unknown.",
    )
    reason = dy.String(description="Reason, in the requester's words.")
    requested_at = dy.String(description="Time of registration, UTC.")


class CandidateVideos(dy.Schema):
    """One row per candidate video, as listed by its source."""

    video_id = dy.String(primary_key=True, description="The source's own id, or else a hash of `source_uri`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    source_uri = dy.String(description="Location: a file:// URI, a URL or an object-store path.")
    source = dy.String(description="The folder, list, prefix, channel or search of `sources.toml` that lists it.")
    file_size_bytes = dy.Int64(nullable=True, description="Size at the source; null if unknown.")
    modified_nanoseconds = dy.Int64(nullable=True, description="Modification time at the source, since the Unix epoch.")
    title = dy.String(nullable=True, description="Title from the sidecar or the list.")
    description = dy.String(nullable=True, description="Description from the sidecar or the list.")
    tags = dy.List(dy.String(), nullable=True, description="Tags from the sidecar or the list.")
    language = dy.String(nullable=True, description="Language from the sidecar or the list, as an ISO 639-1 code.")
    query = dy.String(nullable=True, description="The search query that found it, if any.")
    licence = dy.String(nullable=True, description="Licence from the sidecar or the list, verbatim.")
    sidecar_uris = dy.List(dy.String(), nullable=True, description="Subtitle files next to a local video.")
    sidecars_modified_nanoseconds = dy.Int64(nullable=True, description="Latest modification time of the sidecars.")
    listing_error = dy.String(nullable=True, description="Why a line or listing yields no video; null if it does.")
    listing_error_message = dy.String(nullable=True, description="Human-readable message, one line.")
    known_dataset = dy.String(
        nullable=True, description="A dataset in `known_videos` with purpose `exclude` that contains it."
    )
    rejection_reason = dy.String(
        nullable=True,
        description="`taken_down`, or `known_dataset` to save the download; null: the file is acquired.",
    )


class AcquiredVideos(Called):
    """One row per candidate: where its media file is on this machine, and the metadata of its page (InternVid 3.1)."""

    video_id = dy.String(primary_key=True, description="As in `candidate_videos`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    source_uri = dy.String(description="As in `candidate_videos`.")
    media_uri = dy.String(nullable=True, description="Media: a file:// URI, or a path below the home (`media/…`).")
    media_size_bytes = dy.Int64(nullable=True, description="Size of the media file.")
    media_modified_nanoseconds = dy.Int64(nullable=True, description="Modification time of the media file.")
    audio_uri = dy.String(nullable=True, description="The audio, if it is a separate file.")
    subtitle_uris = dy.List(dy.String(), nullable=True, description="Subtitle files, found next to it or downloaded.")
    subtitle_languages = dy.List(
        dy.String(), nullable=True, description="Language tag of each, from its file name; `und` if it has none."
    )
    subtitle_hashes = dy.List(dy.String(), nullable=True, description="Hash of each subtitle file's bytes.")
    title = dy.String(nullable=True, description="Title from its web page.")
    description = dy.String(nullable=True, description="Description from its web page.")
    tags = dy.List(dy.String(), nullable=True, description="Tags from its web page.")
    language = dy.String(nullable=True, description="Language from its web page, as an ISO 639-1 code.")
    licence = dy.String(nullable=True, description="Licence from its web page, verbatim.")
    channel = dy.String(nullable=True, description="Uploader.")
    uploaded_on = dy.Date(nullable=True, description="Upload date.")
    view_count = dy.Int64(nullable=True, description="View count at the time of acquisition.")


class Videos(Called):
    """One row per candidate: its measured properties, and the reason if it was rejected."""

    video_id = dy.String(primary_key=True, description="As in `candidate_videos`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    source_uri = dy.String(description="As in `candidate_videos`.")
    media_uri = dy.String(nullable=True, description="As in `acquired_videos`.")
    title = dy.String(nullable=True, description="Title from sidecar or list, or else from its web page.")
    language = dy.String(nullable=True, description="Language from sidecar or list, or else from its web page.")
    query = dy.String(nullable=True, description="The search query that found it, if any.")
    known_dataset = dy.String(nullable=True, description="As in `candidate_videos`.")
    licence = dy.String(nullable=True, description="Licence from sidecar or list, or else from its web page.")
    content_hash = dy.String(nullable=True, description="Hash of the file's bytes; equal files share their calls.")
    container = dy.String(nullable=True, description="Demuxer name, such as `mov,mp4,m4a,3gp,3g2,mj2`.")
    video_codec = dy.String(nullable=True, description="Codec name, such as `h264`.")
    duration_seconds = dy.Float64(nullable=True, min=0, description="From packet times if the headers disagree.")
    width_pixels = dy.Int32(nullable=True, description="Display width, after rotation.")
    height_pixels = dy.Int32(nullable=True, description="Display height, after rotation.")
    frame_rate_fps = dy.Float64(nullable=True, description="Average frame rate.")
    frame_count = dy.Int64(nullable=True, description="Number of video packets in the file.")
    has_variable_frame_rate = dy.Bool(nullable=True, description="Whether frame intervals differ by more than 10 %.")
    has_audio = dy.Bool(nullable=True, description="Whether there is an audio stream.")
    rejection_reason = dy.String(
        nullable=True, description="The error code, or else the first rule that the video violates; null: eligible."
    )


class Clips(Called):
    """One row per clip, a half-open span between two cuts, or per video that could not be split."""

    clip_id = dy.String(
        primary_key=True, description="`<video_id>_<start_pts>_<end_pts>`; only the video_id if the call failed."
    )
    video_id = dy.String(description="As in `videos`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    content_hash = dy.String(nullable=True, description="Hash of the video's bytes.")
    start_pts = dy.Int64(nullable=True, description="Time of the first frame, in units of `time_base`.")
    end_pts = dy.Int64(nullable=True, description="End of the last frame (exclusive), in units of `time_base`.")
    time_base = dy.String(nullable=True, description="Seconds per tick as a fraction, such as `1/15360`.")
    start_seconds = dy.Float64(nullable=True, min=0, description="Start, relative to the video's first frame.")
    end_seconds = dy.Float64(nullable=True, description="End, relative to the video's first frame.")
    duration_seconds = dy.Float64(nullable=True, description="end_seconds - start_seconds.")
    frame_count = dy.Int64(nullable=True, description="Number of frames.")
    motion_mean = dy.Float64(nullable=True, description="Mean absolute grey-level change per frame, 0 to 255.")
    motion_max = dy.Float64(nullable=True, description="Largest grey-level change per frame, 0 to 255.")
    flow_mean = dy.Float64(nullable=True, description="Mean optical flow, in percent of the longer side per second.")
    brightness_mean = dy.Float64(nullable=True, description="Mean grey level, 0 to 255.")
    black_spans_seconds = dy.List(
        dy.Float64(), nullable=True, description="Spans of black frames: start, end, start, end …."
    )
    white_spans_seconds = dy.List(dy.Float64(), nullable=True, description="Spans of white frames, likewise.")
    frozen_spans_seconds = dy.List(dy.Float64(), nullable=True, description="Spans of frozen frames, likewise.")
    content_box = dy.List(
        dy.Float64(),
        nullable=True,
        description="Left, top, right, bottom within black bars, as fractions of the frame; null: all black.",
    )
    rejection_reason = dy.String(nullable=True, description="First rule that the clip violates; null: kept.")


class ClipFrames(Called):
    """One row per sampled frame of a clip; the image is in the frame store under `frame_hash`."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    pts = dy.Int64(
        primary_key=True, description="Time of the frame, in ticks of the video; the clip's start if the call failed."
    )
    video_id = dy.String(description="As in `videos`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    timestamp_seconds = dy.Float64(nullable=True, description="Time, relative to the video's first frame.")
    frame_hash = dy.String(nullable=True, description="Hash of the stored JPEG: its key in the frame store.")
    is_center = dy.Bool(nullable=True, description="Whether this is the clip's centre frame.")
    second = dy.Int32(nullable=True, description="Index among the 1 fps frames; null: not one of them.")
    uniform_4 = dy.Int8(nullable=True, description="Index among the 4 uniform frames; null: not one of them.")
    uniform_8 = dy.Int8(nullable=True, description="Index among the 8 uniform frames; null: not one of them.")


class Cues(Called):
    """Columns shared by both tables of cues. `text` is the concatenation of `words` without the leading space."""

    video_id = dy.String(primary_key=True, description="As in `videos`.")
    cue = dy.Int32(primary_key=True, description="Index among the cues, from 0; 0 if the call failed.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    start_seconds = dy.Float64(nullable=True, min=0, description="Start, relative to the video's first frame.")
    end_seconds = dy.Float64(nullable=True, description="End, relative to the video's first frame.")
    text = dy.String(nullable=True, description="The text of the cue.")
    words = dy.List(
        dy.String(), nullable=True, description="Words with leading spaces; single characters in Chinese and Japanese."
    )
    word_starts_seconds = dy.List(dy.Float64(), nullable=True, description="Start of each word.")
    word_ends_seconds = dy.List(dy.Float64(), nullable=True, description="End of each word.")
    origin = dy.String(
        nullable=True, description="Source of the text: `subtitle`, `automatic_subtitle` or `speech_recognition`."
    )


class SubtitleCues(Cues):
    """One row per cue of a video's subtitles, in the language of its transcript and in English."""

    language = dy.String(
        primary_key=True, description="ISO 639 code from the file name, or else the video's, or else `und`."
    )
    is_transcript = dy.Bool(description="Whether the transcript is made from this file.")


class SpeechCues(Cues):
    """One row per cue recognised by a speech model in a video without readable subtitles."""

    language = dy.String(nullable=True, description="ISO 639-1 code of the recognised language.")


class Transcripts(Called):
    """One row per kept clip: what is said during it; null if nothing is."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    video_id = dy.String(description="As in `videos`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    text = dy.String(nullable=True, description="The words whose midpoint is inside the clip.")
    language = dy.String(nullable=True, description="ISO 639 code of the text's language; `und` if unknown.")
    origin = dy.String(
        nullable=True, description="Source of the text: `subtitle`, `automatic_subtitle` or `speech_recognition`."
    )
    text_english = dy.String(
        nullable=True, description="The text in English: the original, the English subtitles, or a machine translation."
    )
    subtitle_languages = dy.List(dy.String(), description="Languages of the video's subtitle files.")


class Captions(Called):
    """Columns shared by all tables of captions."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    caption = dy.String(nullable=True, description="The generated caption.")
    log_probability = dy.Float64(nullable=True, description="Mean log-probability of the caption's tokens.")
    prompt_tokens = dy.Int64(nullable=True, description="Prompt tokens that a server reported; null: local model.")
    answer_tokens = dy.Int64(nullable=True, description="Completion tokens reported by the server.")
    cost_dollars = dy.Float64(nullable=True, description="Their price at the time; equal rows share a call.")
    flaw = dy.String(nullable=True, description="First quality rule that the caption violates; null: none.")


class CenterCaptions(Captions):
    """One row per kept clip: the caption of its centre frame (InternVid 3.2, coarse level)."""


class FrameCaptions(Captions):
    """One row per 1 fps frame of a kept clip: its caption (InternVid 3.2, fine level)."""

    second = dy.Int32(primary_key=True, description="Index among the clip's 1 fps frames.")
    tags = dy.List(dy.String(), nullable=True, description="Tags recognised by Tag2Text; null for other models.")


class FusedCaptions(Captions):
    """One row per kept clip: its centre and frame captions, fused by a language model (InternVid 3.2)."""


class Keyframes(Called):
    """One row per keyframe of a kept clip: a frame that differs from the previous keyframe (ShareGPT4Video)."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    keyframe = dy.Int32(primary_key=True, description="Index among the clip's keyframes; 0 if the call failed.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    frame = dy.Int32(nullable=True, description="Index among the clip's 1 fps frames.")
    pts = dy.Int64(nullable=True, description="Time of the frame, in ticks of the video.")
    timestamp_seconds = dy.Float64(nullable=True, description="Time, relative to the video's first frame.")
    into_clip_seconds = dy.Float64(nullable=True, description="Time, relative to the clip's start.")
    frame_hash = dy.String(nullable=True, description="Hash of the stored JPEG: its key in the frame store.")
    similarity = dy.Float64(
        nullable=True, min=-1.001, max=1.001, description="Cosine with the previous keyframe; null for the first."
    )


class KeyframeCaptions(Captions):
    """One row per keyframe: its differential caption, which describes what changed since the previous one."""

    keyframe = dy.Int32(primary_key=True, description="As in `keyframes`; 0 if the call, one per clip, failed.")
    into_clip_seconds = dy.Float64(nullable=True, description="As in `keyframes`.")


class DenseCaptions(Captions):
    """One row per kept clip: its long caption, which describes the events in temporal order (ShareGPT4Video)."""


class ClipEmbeddings(Called):
    """One row per captioned clip: the unit-length embeddings of its video and its caption, in one space."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    video_embedding = dy.List(
        dy.Float32(), nullable=True, description="Of the 8 uniform frames; for image models, the mean of theirs."
    )
    caption_embedding = dy.List(dy.Float32(), nullable=True, description="Embedding of the fused caption.")
    model = dy.String(nullable=True, description="The model of both; embeddings of two models are not comparable.")
    revision = dy.String(nullable=True, description="Revision of the model's weights.")


class NearDuplicates(dy.Schema):
    """One row per pair of similar clips from different videos, found with the index."""

    clip_id = dy.String(primary_key=True, description="As in `clips`; the smaller id of the two.")
    video_id = dy.String(description="The clip's video.")
    category = dy.String(description="Its category.")
    other_clip_id = dy.String(primary_key=True, description="The similar clip.")
    other_video_id = dy.String(description="The similar clip's video.")
    other_category = dy.String(description="The similar clip's category.")
    cosine = dy.Float64(description="Cosine of the two video embeddings; at least `near_duplicates.min_cosine`.")


class DuplicateGroups(dy.Schema):
    """One row per clip in a group of near-duplicates: the representative of its group."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    representative_clip_id = dy.String(description="A near-duplicate of the clip, or the clip itself.")
    cosine = dy.Float64(description="Cosine with the representative's video embedding; 1 for the representative.")


class SemanticPool(dy.Schema):
    """One row per captioned clip: whether its caption differs from all earlier ones in the pool (ShareGPT4Video)."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="The clip's category.")
    is_kept = dy.Bool(description="Whether it is in the pool.")
    nearest_clip_id = dy.String(
        nullable=True, description="The most similar earlier clip in the pool; null for the first."
    )
    cosine = dy.Float64(nullable=True, description="Cosine of the two captions.")


class AestheticScores(Called):
    """One row per kept clip: the best aesthetic score of its 4 uniform frames (InternVid 3.3)."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    aesthetic_score = dy.Float64(nullable=True, description="Maximum over the frames; the scale depends on the model.")
    frame_scores = dy.List(dy.Float64(), nullable=True, description="Score of each uniform frame, in temporal order.")
    model = dy.String(nullable=True, description="Name and revision of the model; thresholds depend on it.")


class UmtScores(Called):
    """One row per captioned clip: video-caption similarity (UMT-SIM, InternVid 3.3, or another model's cosine)."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    umt_score = dy.Float64(
        nullable=True,
        min=-1.001,
        max=1.001,
        description="Cosine of video and caption; for image models, the mean over frames.",
    )
    frame_scores = dy.List(
        dy.Float64(), nullable=True, description="Cosine of each frame with the caption; one value for video models."
    )
    reference_mean = dy.Float64(nullable=True, description="Mean score with the profile's reference captions.")
    reference_deviation = dy.Float64(nullable=True, description="Standard deviation of those scores.")
    model = dy.String(nullable=True, description="Name and revision of the model; thresholds depend on it.")


class ClipScores(Called):
    """One row per captioned clip: the CLIP similarity of its caption and one random frame."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    clip_score = dy.Float64(nullable=True, min=-1.001, max=1.001, description="Cosine of frame and caption.")
    model = dy.String(nullable=True, description="Name and revision of the model; thresholds depend on it.")


class ShuffledScores(Called):
    """One row per sampled clip, at most 64 per category: its score with its own and with another clip's caption."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    own_score = dy.Float64(nullable=True, min=-1.001, max=1.001, description="As `umt_score` in `umt_scores`.")
    shuffled_score = dy.Float64(nullable=True, min=-1.001, max=1.001, description="With the other clip's caption.")
    model = dy.String(nullable=True, description="Name and revision of the model; thresholds depend on it.")


class SafetyScores(Called):
    """One row per kept clip: its NSFW probability and text area; no rows unless a model for either is configured."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    nsfw = dy.Float64(nullable=True, min=0, max=1.001, description="NSFW probability: maximum over the frames.")
    nsfw_of_frames = dy.List(dy.Float64(), nullable=True, description="Of each uniform frame, in temporal order.")
    text_area = dy.Float64(nullable=True, min=0, max=1, description="Fraction of the frame covered by text: maximum.")
    text_area_of_frames = dy.List(dy.Float64(), nullable=True, description="Of each uniform frame, in temporal order.")


class CaptionLanguages(Called):
    """One row per fused caption: its language."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    language = dy.String(nullable=True, description="ISO 639-1 code; `und` for a caption without letters.")
    probability = dy.Float64(nullable=True, min=0, max=1.001, description="Of that language; low for short captions.")


class CaptionVerbs(Called):
    """One row per fused caption: its verbs, found by NLTK's part-of-speech tagger (InternVid 3.3)."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    verbs = dy.List(dy.String(), nullable=True, description="Lower-case verbs, in caption order.")


class VerbUses(dy.Schema):
    """One row per category and verb: how often the captions use it."""

    category = dy.String(primary_key=True, description="Partition: one of the sixteen categories.")
    verb = dy.String(primary_key=True, description="As in `caption_verbs`.")
    uses = dy.Int64(min=1, description="Number of occurrences in the captions.")
    captions_with_verbs = dy.Int64(min=1, description="Number of captions of the category with at least one verb.")


class CaptionedClips(dy.Schema):
    """One row per kept clip with a caption: everything that subsets select by."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    video_id = dy.String(description="As in `videos`.")
    category = dy.String(description="Partition: one of the sixteen categories.")
    content = dy.String(description="Hash of the video's bytes, or else its video_id; equal values are copies.")
    start_seconds = dy.Float64(description="As in `clips`.")
    end_seconds = dy.Float64(description="As in `clips`.")
    caption = dy.String(description="The clip's fused caption.")
    caption_words = dy.Int32(min=0, description="Number of words of the caption, split at white space.")
    flaw = dy.String(nullable=True, description="As in `fused_captions`.")
    language = dy.String(nullable=True, description="As in `caption_languages`.")
    umt_score = dy.Float64(nullable=True, description="As in `umt_scores`.")
    clip_score = dy.Float64(nullable=True, description="As in `clip_scores`.")
    aesthetic_score = dy.Float64(nullable=True, description="As in `aesthetic_scores`.")
    nsfw = dy.Float64(nullable=True, description="As in `safety_scores`.")
    text_area = dy.Float64(nullable=True, description="As in `safety_scores`.")
    draw = dy.Float64(min=0, max=1, description="Uniform random number for sampling: a hash of the clip_id.")


class WithheldVideos(dy.Schema):
    """One row per video with captioned clips that subsets exclude, and why."""

    video_id = dy.String(primary_key=True, description="As in `videos`.")
    category = dy.String(primary_key=True, description="Its category.")
    reason = dy.String(description="`takedown`; `copy` of another video; or `benchmark`: it is in an evaluation set.")


class ChosenClips(dy.Schema):
    """One row per clip selected by a subset, and why."""

    clip_id = dy.String(primary_key=True, description="As in `clips`.")
    video_id = dy.String(description="As in `videos`.")
    category = dy.String(description="The clip's category.")
    start_seconds = dy.Float64(description="As in `clips`.")
    end_seconds = dy.Float64(description="As in `clips`.")
    rank = dy.Int64(description="Position in the subset's order of selection, from 1.")
    sampling_key = dy.Float64(nullable=True, description="The value that determines the order.")
    reason = dy.String(description="Why it was selected: thresholds met, sampling weight.")
    caption = dy.String(description="The clip's fused caption.")
    umt_score = dy.Float64(nullable=True, description="As in `umt_scores`.")
    aesthetic_score = dy.Float64(nullable=True, description="As in `aesthetic_scores`.")


class ImportedClips(dy.Schema):
    """One row per clip of an imported dataset, as read by `internvid import`, or per line without one."""

    dataset = dy.String(primary_key=True, description="The name given at import.")
    line = dy.Int64(primary_key=True, description="Line or record number in the file, from 1.")
    position = dy.Int32(primary_key=True, description="Index among the clips of the line, from 0.")
    clip_id = dy.String(nullable=True, description="The clip's name, if the dataset has one.")
    video_id = dy.String(nullable=True, description="The video's id in the dataset.")
    video_path = dy.String(nullable=True, description="The video's file in the dataset.")
    archive = dy.String(nullable=True, description="The archive that contains it (ShareGPT4Video's `zip_folder`).")
    start_seconds = dy.Float64(nullable=True, description="Start in the video; null: the whole file.")
    end_seconds = dy.Float64(nullable=True, description="End in the video.")
    caption = dy.String(nullable=True, description="Short caption.")
    more_captions = dy.List(dy.String(), nullable=True, description="Further short captions (VILD).")
    long_captions = dy.List(
        dy.String(), nullable=True, description="Long captions: one, or (LVDR) the true one, then ever more false ones."
    )
    keyframe_captions = dy.List(
        dy.String(), nullable=True, description="Captions of its keyframes, in order (ShareGPT4Video)."
    )
    aesthetic_score = dy.Float64(nullable=True, description="As in the dataset; the scale depends on its model.")
    umt_score = dy.Float64(nullable=True, description="UMT-SIM in the dataset.")
    matching_score = dy.Float64(nullable=True, description="Caption-clip matching score (Panda-70M).")
    language = dy.String(nullable=True, description="The video's language in the dataset.")
    category = dy.String(nullable=True, description="The video's category in the dataset.")
    rejection_reason = dy.String(nullable=True, description="Why the line is not a clip with a caption; null if it is.")
    line_text = dy.String(nullable=True, description="The raw line if rejected, at most 2,000 characters.")


class RelatedVideos(dy.Schema):
    """One row per video and similar video, by mean embeddings; empty unless `paired` pairs by embedding."""

    video_id = dy.String(primary_key=True, description="As in `videos`.")
    other_video_id = dy.String(primary_key=True, description="A similar video, never the video itself.")
    rank = dy.Int16(min=1, description="1: the most similar.")
    cosine = dy.Float64(min=-1.001, max=1.001, description="Cosine of the mean video embeddings of their clips.")


class InterleavedSequences(dy.Schema):
    """One row per interleaved sequence of clips and texts, in temporal order (InternVid-ICL, 3.4)."""

    format = dy.String(primary_key=True, description="Partition: `captioned`, `captioned_with_speech` or `paired`.")
    sequence_id = dy.String(primary_key=True, description="Its video ids and `place`, joined by `+`.")
    place = dy.Int32(min=0, description="Index among the sequences of its videos, from 0.")
    video_ids = dy.List(dy.String(), description="Its videos, in order: one, or two if `paired`.")
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
        description="In order: a `clip` with its frames, or its `caption` or `speech` with a text.",
    )
    clip_count = dy.Int32(min=0, description="Number of clips.")
    image_count = dy.Int32(min=0, description="Number of frames of these clips.")
    word_count = dy.Int32(min=1, description="Number of words in all texts.")
    token_count = dy.Int32(min=1, description="Estimate: 3/4 of a word or 4 bytes each, whichever gives more.")
    max_images = dy.Int32(description="The image budget in force.")
    max_tokens = dy.Int32(description="The token budget in force.")
    left_out_clips = dy.Int32(min=0, description="Clips of its videos that are in no sequence; only set at `place` 0.")


class EvaluationVideos(dy.Schema):
    """One row per video and text that models are evaluated on, with the reason if it is excluded."""

    task = dy.String(primary_key=True, description="`actions` or `retrieval`.")
    line = dy.Int64(primary_key=True, description="Position in the csv or folder, from 1.")
    path = dy.String(description="Path of the video file.")
    text = dy.String(nullable=True, description="Its action or caption.")
    split = dy.String(
        nullable=True, description="`train`, `validation` or `test` for linear probes, from the csv; null: random."
    )
    frame_hashes = dy.List(
        dy.String(), nullable=True, description="Its uniform frames, in order, in the store `frames/evaluation`."
    )
    rejection_reason = dy.String(nullable=True, description="Why it is excluded; null: it is evaluated.")
    message = dy.String(nullable=True, description="Human-readable message, one line.")


class ZeroShotActions(dy.Schema):
    """One row per checkpoint, measure and action (or all): zero-shot action recognition (InternVid 4.2)."""

    subset = dy.String(primary_key=True, description="Partition: the training subset.")
    checkpoint = dy.String(primary_key=True, description="Asset of the weights; `clip`: the initial weights.")
    measure = dy.String(primary_key=True, description="`top_1`, `top_5`, or the `average` of both.")
    action = dy.String(primary_key=True, description="The action whose videos are counted, or `all actions`.")
    value = dy.Float64(min=0, max=100, description="Percentage of the videos.")
    videos = dy.Int64(min=1, description="Number of videos.")
    actions = dy.Int64(min=2, description="Number of candidate actions.")
    weights = dy.String(description="Hash of the weights.")


class LinearProbe(dy.Schema):
    """One row per checkpoint, measure and action (or all): linear-probe accuracy on the test videos."""

    subset = dy.String(primary_key=True, description="Partition: the training subset.")
    checkpoint = dy.String(primary_key=True, description="Asset of the weights; `clip`: the initial weights.")
    measure = dy.String(primary_key=True, description="`top_1`, `top_5`, or the `average` of both.")
    action = dy.String(primary_key=True, description="The action whose videos are counted, or `all actions`.")
    value = dy.Float64(min=0, max=100, description="Percentage of the videos.")
    videos = dy.Int64(min=1, description="Number of test videos; none is used for training.")
    actions = dy.Int64(min=2, description="Number of candidate actions.")
    l2 = dy.Float64(min=0, description="Weight of the L2 penalty, selected on the validation videos.")
    validation_top_1 = dy.Float64(min=0, max=100, description="Percentage of the validation videos, with that penalty.")
    training_videos = dy.Int64(min=2, description="Videos the probe was trained on, including validation.")
    weights = dy.String(description="Hash of the weights.")


class VideoTextRetrieval(dy.Schema):
    """One row per checkpoint, direction, ranking and measure: video-text retrieval in both directions."""

    subset = dy.String(primary_key=True, description="Partition: the training subset.")
    checkpoint = dy.String(primary_key=True, description="Asset of the weights; `clip`: the initial weights.")
    direction = dy.String(primary_key=True, description="`text_to_video` or `video_to_text`.")
    ranking = dy.String(primary_key=True, description="`plain` cosines, or `dual_softmax` over all queries.")
    measure = dy.String(
        primary_key=True, description="`recall_at_1`, `_5`, `_10`: percentage of the queries; `median_rank`, from 1."
    )
    value = dy.Float64(min=0)
    queries = dy.Int64(min=1, description="Number of query texts or videos.")
    candidates = dy.Int64(min=1, description="Number of candidate videos or texts.")
    weights = dy.String(description="Hash of the weights.")


class PublishedResults(dy.Schema):
    """One row per figure in InternVid's tables of zero-shot results: the same model trained on different clips."""

    training_data = dy.String(primary_key=True, description="Name in the paper; `none`: CLIP without further training.")
    benchmark = dy.String(primary_key=True, description="Name of the benchmark in the paper.")
    measure = dy.String(
        primary_key=True, description="`top_1`, `average`, `text_to_video_recall_at_1`, `video_to_text_recall_at_1`."
    )
    value = dy.Float64(min=0, max=100, description="Percentage.")
    subset = dy.String(nullable=True, description="The subset of this project with the same definition, if any.")
    source = dy.String(description="Paper and section.")


class PublishedStatistics(dy.Schema):
    """One row per published statistic of a dataset, for comparison with this one."""

    dataset = dy.String(primary_key=True, description="Name of the dataset, as in table 1 of InternVid.")
    measure = dy.String(primary_key=True, description="A column of `dataset_totals`, or the mart that has its buckets.")
    bucket = dy.String(primary_key=True, description="The bucket, or `all` for the whole dataset.")
    value = dy.Float64(description="The published value; shares are fractions of 1.")
    source = dy.String(description="Paper and section, table or figure.")
    note = dy.String(nullable=True, description="Caveats.")


class RecipeCosts(dy.Schema):
    """One row per table and recipe with stored calls: what the calls cost."""

    table_name = dy.String(primary_key=True, description="The table of the calls.")
    recipe = dy.String(primary_key=True, description="Hash of the recipe of the calls (see `internvid recipes`).")
    is_current = dy.Bool(description="Whether the table currently has rows of this recipe.")
    calls = dy.Int64(description="Number of stored calls, counting every attempt.")
    failed_calls = dy.Int64(description="Number of these calls that failed.")
    rows = dy.Int64(description="Number of rows that the others returned; equal inputs share them.")
    seconds = dy.Float64(description="Elapsed time of the calls, made one after another.")
    calls_per_second = dy.Float64(nullable=True, description="Throughput; null: too fast to measure.")
    prompt_tokens = dy.Int64(nullable=True, description="Prompt tokens reported by servers; null: local models.")
    answer_tokens = dy.Int64(nullable=True, description="Completion tokens reported by the server.")
    cost_dollars = dy.Float64(nullable=True, description="Their price at the time; null: no price configured.")
    first_called_on = dy.Date(description="Date of the first call, UTC.")
    last_called_on = dy.Date(description="Date of the last call, UTC.")


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
"""Tables with a single file, not partitioned by category."""

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
"""Tables with one file per category, in graph order. Subsets and marts have one file each."""

PER_FORMAT: dict[str, type[dy.Schema]] = {"internvid_icl": InterleavedSequences}
"""Tables with one file per format of interleaved sequences."""

WHEN_ASKED: dict[str, type[dy.Schema]] = {"evaluation_videos": EvaluationVideos}
"""Tables with a single file, materialized only if explicitly selected; releases do not require them."""

PER_SUBSET: dict[str, type[dy.Schema]] = {
    "zero_shot_actions": ZeroShotActions,
    "linear_probe": LinearProbe,
    "video_text_retrieval": VideoTextRetrieval,
}
"""Tables with one file per subset that a model was trained on; also materialized only if explicitly selected."""

IMPORTED: dict[str, type[dy.Schema]] = {"imported_clips": ImportedClips}
"""Tables of imported datasets: one file per dataset, written by a command and not by the graph."""

GRAPH: dict[str, type[dy.Schema]] = {**OVER_ALL, **PER_CATEGORY, **PER_FORMAT, **WHEN_ASKED, **PER_SUBSET}

LISTED: dict[str, type[dy.Schema]] = {**IMPORTED, **PER_SUBSET}
"""Tables whose partitions are whatever files exist, since subsets and imports are not listed here."""


def schema_class(table: str) -> type[dy.Schema] | None:
    """The schema of a table of the graph or of imports; None for a subset, a mart, or an unknown name."""
    groups = (OVER_ALL, PER_CATEGORY, PER_FORMAT, WHEN_ASKED, PER_SUBSET, IMPORTED)
    return next((group[table] for group in groups if table in group), None)


def partition_column(table: str) -> str | None:
    """The column that determines which file of the table a row is in; None if there is a single file."""
    columns = {"category": PER_CATEGORY, "format": PER_FORMAT, "dataset": IMPORTED, "subset": PER_SUBSET}
    return next((column for column, parted in columns.items() if table in parted), None)


def partitions(table: str) -> tuple[str | None, ...]:
    """The partitions of a table that is not `LISTED`: categories or formats, or a single None."""
    return {"category": CATEGORIES, "format": INTERLEAVED_FORMATS, None: (None,)}[partition_column(table)]
