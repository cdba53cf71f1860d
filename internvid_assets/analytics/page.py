"""Markdown as one self-contained HTML file with embedded images."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape

HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; font-size: .9em }}
th, td {{ padding: .15em .8em .15em 0; border-bottom: 1px solid #ddd; vertical-align: top }}
pre {{ background: #f6f6f6; padding: .5em; overflow-x: auto; font-size: .8em; color: #555 }}
img {{ max-width: 100% }}
</style>
"""
TYPES = {"png": "image/png", "jpg": "image/jpeg"}


def as_page(title: str, text: str, pictures: Mapping[str, bytes]) -> str:
    """The page of a Markdown `text`; `pictures` are the image files it refers to, by name.

    HTML in the text is escaped, and images that are not among `pictures` are not loaded.
    """
    return HEAD.format(title=escape(title)) + as_html(text, pictures) + "</html>\n"


def as_html(text: str, pictures: Mapping[str, bytes]) -> str:
    """The body of such a page."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    inlined = {name: data_uri(name, picture) for name, picture in pictures.items()}
    tokens = markdown.parse(text)
    for token in (child for each in tokens for child in each.children or () if child.type == "image"):
        token.attrs["src"] = inlined.get(str(token.attrs["src"]), "")
    return markdown.renderer.render(tokens, markdown.options, {})


def data_uri(name: str, picture: bytes) -> str:
    """An image as a data URI."""
    return f"data:{TYPES[name.rpartition('.')[2]]};base64,{base64.b64encode(picture).decode()}"
