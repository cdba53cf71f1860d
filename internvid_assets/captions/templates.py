"""Prompt templates: files of the package, or the user's files instead."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path
from string import Formatter

from internvid_assets.cells.errors import UserError
from internvid_assets.settings import Settings, beside_settings

SHIPPED = Path(__file__).parent / "prompts"


def chosen_template(settings: Settings, setting: str, shipped: str, places: Set[str]) -> str:
    """The text of the file named by `setting` ("section.key"), or of the `shipped` one.

    Raises UserError if the file is not a template with exactly these placeholders.
    """
    section, key = setting.split(".")
    chosen = getattr(settings.parameters(section), key)
    if not chosen:
        return (SHIPPED / shipped).read_text("utf-8").strip()
    try:
        return checked_template(beside_settings(Path(chosen)).read_text(encoding="utf-8").strip(), places)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{setting} = {chosen!r}: expected a text file with a prompt template ({reason})") from None


def checked_template(text: str, places: Set[str]) -> str:
    """Returns the template. Raises UserError unless its placeholders, in braces, are exactly `places`."""
    found = [part[1:] for part in Formatter().parse(text) if part[1] is not None]
    names = {name for name, _, _ in found}
    if names != places or any(form or how for _, form, how in found):
        named = sorted({f"{name}{f'!{how}' if how else ''}{f':{form}' if form else ''}" for name, form, how in found})
        raise UserError(f"the prompt has the placeholders {named}: expected {sorted(places)}, in braces")
    return text
