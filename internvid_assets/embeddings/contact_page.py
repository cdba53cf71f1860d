"""Search results as one self-contained HTML file with embedded images."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import polars as pl

HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 15px/1.4 sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em }}
article {{ margin: 0 0 1.6em }}
.frames {{ display: flex; gap: 4px }}
img {{ flex: 1; min-width: 0; max-width: 25% }}
h2 {{ font-size: 1em; margin: .4em 0 0 }}
p {{ color: #555; margin: 0; overflow-wrap: anywhere }}
</style>
<h1>{title}</h1>
"""


def contact_page(title: str, hits: pl.DataFrame, pictures: Mapping[str, Sequence[bytes]]) -> str:
    """One article per row of `hits`, in order; `pictures` are the JPEGs of each `clip_id`."""
    articles = [_article(number, hit, pictures) for number, hit in enumerate(hits.iter_rows(named=True), start=1)]
    return HEAD.format(title=escape(title)) + "\n".join(articles or ["<p>No clip was found.</p>"]) + "\n</html>\n"


def _article(number: int, hit: Mapping[str, Any], pictures: Mapping[str, Sequence[bytes]]) -> str:
    images = "".join(_image(jpeg) for jpeg in pictures.get(hit["clip_id"], ()))
    facts = " · ".join(_facts(hit))
    caption = f"<h2>{number}. {escape(hit['caption'])}</h2>"
    return f'<article>\n<div class="frames">{images}</div>\n{caption}\n<p>{escape(facts)}</p>\n</article>'


def _facts(hit: Mapping[str, Any]) -> list[str]:
    span = f"{hit['start_seconds']:.2f} to {hit['end_seconds']:.2f} s"
    numbers = [(name, hit[name]) for name in ("similarity", "umt_score", "aesthetic_score")]
    scores = [f"{name} {value:.3f}" for name, value in numbers if value is not None]
    return [hit["category"], hit["clip_id"], span, *scores, hit["source_uri"] or ""]


def _image(jpeg: bytes) -> str:
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}">'
