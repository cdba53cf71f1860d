"""Errors for capabilities that a profile has no model for, raised when they are used."""

from __future__ import annotations

from typing import NoReturn

from internvid_assets.cells.errors import UserError


def no_translator(source: str, revision: str) -> NoReturn:
    """The sample profile's language model only knows the sample world's English."""
    raise UserError(
        "queries.languages requires translations, and profile sample has no translation model: set "
        "models.translator.name, provide the queries in a label file with a column language, or set profile to paper"
    )


def no_frame_scorer(source: str, revision: str) -> NoReturn:
    """No profile has one: `safety_scores` has no rows, or nulls, until a model is configured."""
    raise UserError("the profile has no such frame scorer: set models.nsfw.name, or models.text_area.name")


def no_text_encoder(source: str, revision: str) -> NoReturn:
    """The sample profile has no text-only encoder."""
    raise UserError(
        "semantic_pool.encoder is text_encoder, and profile sample has none: set models.text_encoder.name to a BERT, "
        "set semantic_pool.encoder to embedder, or set profile to paper"
    )


def no_transcriber(source: str, revision: str) -> NoReturn:
    """The sample profile has no speech recognition model."""
    raise UserError(
        "profile sample has no speech recognition model: set models.transcriber.name to a Whisper, or set profile to "
        "paper"
    )


def no_encoders(source: str, revision: str) -> NoReturn:
    """Profile server can caption without models for embeddings, scores and speech."""
    raise UserError(
        "server.encoders is none, so there are no models for embeddings, scores and speech: set it to paper for "
        "InternVid's models, which run on this machine, or to sample for the sample world's"
    )
