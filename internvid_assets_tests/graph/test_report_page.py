"""The report in a headless Chromium: filters narrow, tens of thousands of clips stay smooth, nothing is asked for.

To renew docs/images/report.png:

    INTERNVID_RENEW_IMAGES=1 make test ARGS="internvid_assets_tests/graph/test_report_page.py"
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from browser import RENEW, opened_page, save_image
from small_homes import Materialised

from internvid_assets.analytics.card_folder import ask
from internvid_assets.analytics.figures import figures
from internvid_assets.analytics.gallery import drawn_clips, strips
from internvid_assets.analytics.report import report_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning"),
]

MANY = 20_000
HOSTILE = "<img src=x onerror=\"document.title='broken'\"> </script> & “quoted”"
LARGEST_IMAGE_BYTES = 200_000


@pytest.fixture
def page(chromium: str, tmp_path: Path) -> Iterator[Page]:
    """Fails the test for any error in the console and any request but for the file itself."""
    with opened_page(chromium, tmp_path / "profile", 1280, 1000) as page:
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "request", lambda request: None if request.url[:5] in ("file:", "data:") else errors.append(request.url)
        )
        yield page
        assert errors == []


@pytest.fixture(scope="module")
def report(materialised: Materialised, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the small world, all of its clips with frames."""
    home = materialised.home
    facts, clips = ask(home), drawn_clips(home, clips=1000)
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_page(facts, figures(facts), clips, dict(strips(home, clips))), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def long_report(materialised: Materialised, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many clips without frames, in two categories, the last of them as somebody hostile would name it."""
    index = pl.int_range(MANY, eager=True)
    clips = pl.DataFrame({"index": index}).select(
        clip_id=pl.format("clip-{}", "index"),
        category=pl.when(pl.col("index") % 4 == 0).then(pl.lit("sports")).otherwise(pl.lit("music")),
        start_seconds=pl.lit(0.0),
        end_seconds=pl.col("index") / 1000 + 2,
        caption=pl.when(pl.col("index") == MANY - 1).then(pl.lit(HOSTILE)).otherwise(pl.format("ball {}", "index")),
        said=pl.when(pl.col("index") % 2 == 0).then(pl.lit("Bonjour à tous")),
        umt_score=pl.when(pl.col("index") > 0).then(pl.col("index") / MANY),
        aesthetic_score=pl.lit(5.0),
        source=pl.lit("file:///a.mp4"),
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_page(ask(materialised.home), [], clips, {}), encoding="utf-8")
    return path


def count(page: Page) -> str:
    return page.locator("#count").inner_text()


def opened(page: Page, path: Path) -> Page:
    page.goto(path.as_uri())
    page.wait_for_function("document.getElementById('count').textContent.endsWith('clips')")
    return page


def test_filters_narrow_what_is_listed(page: Page, long_report: Path) -> None:
    opened(page, long_report)
    assert count(page) == "20,000 of 20,000 clips"
    page.get_by_label("Category").select_option("sports")
    assert count(page) == "5,000 of 20,000 clips"
    page.get_by_label("Words").fill("BONJOUR ball 1999")
    assert count(page) == "2 of 20,000 clips"  # 19992 and 19996: 1999 and 11999 are odd
    page.get_by_label("Category").select_option("")
    page.get_by_label("Words").fill("")
    page.get_by_label("umt_score at least").fill("0.75")
    assert count(page) == "5,000 of 20,000 clips"
    page.get_by_label("Words").fill("no such words")
    assert count(page) == "0 of 20,000 clips" and page.locator(".clip").count() == 0


def test_only_what_is_in_sight_has_elements(page: Page, long_report: Path) -> None:
    opened(page, long_report)
    assert 8 <= page.locator(".clip").count() <= 40
    for share in (0.25, 0.5, 1):
        page.evaluate(
            "share => { const v = document.getElementById('view'); v.scrollTop = share * v.scrollHeight; }", share
        )
        position = min(int(share * MANY), MANY - 1)
        shown = f"clip-{position - 3 if share == 1 else position}"
        page.locator(".clip", has_text=shown).first.wait_for()
        assert 8 <= page.locator(".clip").count() <= 40
    page.get_by_label("Order").select_option("seconds")
    assert page.locator(".clip h3").first.inner_text() == HOSTILE


TIMED = """() => Math.min(...[1, 2, 3, 4, 5].map(() => {
    const before = performance.now(); filter(); return performance.now() - before; }))"""


def test_filtering_many_clips_takes_no_time_that_a_reader_notices(page: Page, long_report: Path) -> None:
    opened(page, long_report).get_by_label("Words").fill("bonjour ball")
    assert page.evaluate(TIMED) < 200  # milliseconds; about 10 on an idle core


def test_what_strangers_wrote_stays_text(page: Page, long_report: Path) -> None:
    opened(page, long_report).get_by_label("Words").fill(f"clip-{MANY - 1}")
    page.locator(".clip").click()
    assert page.locator("#details h3").inner_text() == HOSTILE
    assert page.title() == "Dataset report"


def test_clips_are_shown_with_frames_captions_and_speech(page: Page, report: Path, artefacts: Path) -> None:
    opened(page, report)
    first = page.locator(".clip").first
    assert first.locator("img").evaluate("image => image.complete && image.naturalWidth") == 480
    assert page.locator(".figures img").count() >= 9
    assert page.locator("td", has_text="captioned").count() == 1
    picture = artefacts / "report.png"
    page.screenshot(path=picture, full_page=True)
    if RENEW:
        save_image(picture)
        assert os.path.getsize(Path(__file__).parents[2] / "docs" / "images" / "report.png") < LARGEST_IMAGE_BYTES
