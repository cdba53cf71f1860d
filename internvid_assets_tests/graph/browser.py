"""A headless Chromium for tests, and the pictures that they take for the documents."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from small_homes import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

RENEW = bool(os.environ.get("INTERNVID_RENEW_IMAGES"))


@contextmanager
def opened_page(chromium: str, profile: Path, width_pixels: int, height_pixels: int) -> Iterator[Page]:
    """An empty page of a Chromium of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=chromium,
            headless=True,
            viewport={"width": width_pixels, "height": height_pixels},
            # Root may not sandbox, and a container's /dev/shm is small.
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-sync"],
        )
        context.set_default_timeout(30_000)
        yield context.pages[0]
        context.close()


def save_image(picture: Path) -> None:
    """Into docs/images, in few colours, since a repository keeps every version of it."""
    Image.open(picture).quantize(64).save(ROOT / "docs" / "images" / picture.name, optimize=True)
