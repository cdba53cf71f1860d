"""Sequences as one self-contained HTML file with embedded frames."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 15px/1.4 sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em }}
article {{ border-top: 1px solid #ccc; margin: 0 0 2em; padding: .6em 0 }}
h2 {{ font-size: 1em; margin: 0; overflow-wrap: anywhere }}
.clip {{ display: flex; gap: 4px; margin: .8em 0 0 }}
.clip img {{ flex: 1; min-width: 0; max-width: 25% }}
p {{ margin: .2em 0; overflow-wrap: anywhere }}
.about {{ color: #555 }}
.caption::before, .speech::before {{ color: #555; content: attr(class) ": " }}
.speech {{ font-style: italic }}
</style>
<h1>{title}</h1>
"""

Shown = Iterable[tuple[Sequence[Mapping[str, Any]], Mapping[str, bytes]]]
"""Batches of records, each with the JPEGs of its clips by hash."""


def page(title: str, records: Shown) -> Iterator[tuple[str, int]]:
    """The page in parts, each with its number of sequences: the whole may not fit into memory."""
    yield HEAD.format(title=escape(title)), 0
    for some, jpegs in records:
        yield "".join(_article(record, jpegs) for record in some), len(some)
    yield "</html>\n", 0


def _article(record: Mapping[str, Any], jpegs: Mapping[str, bytes]) -> str:
    counts = " · ".join(
        f"{record[name]} {noun}"
        for name, noun in (("clip_count", "clips"), ("image_count", "pictures"), ("word_count", "words"))
    )
    left_out = f" · {record['left_out_clips']} clips left out" if record["left_out_clips"] else ""
    head = f"<h2>{escape(record['sequence_id'])}</h2>\n"
    about = (
        f'<p class="about">{escape(record["format"])} · {counts} · about {record["token_count"]} tokens{left_out}</p>'
    )
    items = "\n".join(_item(item, jpegs) for item in record["items"])
    return f"<article>\n{head}{about}\n{items}\n</article>\n"


def _item(item: Mapping[str, Any], jpegs: Mapping[str, bytes]) -> str:
    if item["kind"] != "clip":
        return f'<p class="{escape(item["kind"])}">{escape(item["text"])}</p>'
    images = "".join(_image(jpegs[frame_hash]) for frame_hash in item["frame_hashes"])
    span = f"{item['video_id']}, {item['start_seconds']:.2f} to {item['end_seconds']:.2f} s"
    return f'<div class="clip">{images}</div>\n<p class="about">{escape(span)}</p>'


def _image(jpeg: bytes) -> str:
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}">'
