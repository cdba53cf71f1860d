"""One materialisation clicked through in a headless Chromium, and a picture of the asset graph.

The pictures lie in $INTERNVID_ARTEFACTS, else in pytest's temporary folder. To renew docs/images/asset-graph.png:

    INTERNVID_RENEW_IMAGES=1 make test ARGS="-m browser"
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from browser import RENEW, opened_page, save_image
from dev_process import Dev, started_dev
from PIL import Image
from small_homes import CATEGORIES, OVER_ALL, PER_CATEGORY, Materialised, run
from webserver import Ui, wait_until

from internvid_assets import tables
from internvid_assets.definitions import STAGES, build_defs

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning"),
]

CLICKED = "sports"
"""A category without videos: its run is short, and no other test makes it."""
WIDTH_PIXELS, HEIGHT_PIXELS = 1700, 2500
NODE_PIXELS = 3400
"""At least so many of a node are its plain background, as large as the graph is drawn here."""
HIDDEN = ("analytics", "evaluation", "interleaved", "queries", "releases", "transcripts", "viclip")
DRAWN = f"not ({' or '.join(f'group:{stage}' for stage in HIDDEN)})"


@pytest.fixture(scope="module")
def dev(chromium: str, materialised: Materialised) -> Iterator[Dev]:
    """A home in which everything is made, so that the picture shows a finished graph."""
    with started_dev(materialised.home.path) as dev:
        yield dev


@pytest.fixture
def page(dev: Dev, chromium: str, tmp_path: Path) -> Iterator[Page]:
    with opened_page(chromium, tmp_path / "profile", WIDTH_PIXELS, HEIGHT_PIXELS) as page:
        yield page


def test_a_category_is_materialised_by_clicking(page: Page, dev: Dev, artefacts: Path) -> None:
    ui = Ui(dev.ask)
    assert CLICKED not in ui.materialised("videos")
    page.goto(f"{dev.url}/assets/videos?view=partitions")
    page.get_by_role("button", name="Materialize").first.click()
    dialog = page.locator("[role=dialog]").filter(has_text="Launch runs to materialize videos")
    dialog.get_by_text("Select a partition").click()
    page.get_by_role("menuitem", name=CLICKED).click()
    page.keyboard.press("Escape")
    page.screenshot(path=artefacts / "launch-one-run.png")
    dialog.get_by_role("button", name="Launch 1 run").click()
    wait_until(lambda: CLICKED in ui.materialised("videos"), "the clicked category is made", 120)

    promises = ("judged", "eligible_are_measured", "nothing_pending", "few_failures")
    kept = {name: {"succeeded": {CLICKED, *CATEGORIES}} for name in promises}
    wait_until(lambda: ui.checks("videos") == kept, "the promises show as kept", 30)
    page.goto(f"{dev.url}/assets/videos?view=partitions")
    page.get_by_text("Materialized (5)").wait_for()
    page.screenshot(path=artefacts / "partitions.png")


def test_the_asset_graph_is_drawn(page: Page, dev: Dev, materialised: Materialised, artefacts: Path) -> None:
    if RENEW:  # the rest of the categories, which have no videos, so that all of the graph shows as made
        for category in sorted({*tables.CATEGORIES} - {*CATEGORIES}):
            assert run(materialised.home, materialised.instance, PER_CATEGORY, category).success
        assert run(materialised.home, materialised.instance, OVER_ALL).success
    groups = ",".join(f"global@global:{stage}" for stage in STAGES)
    page.goto(f"{dev.url}/asset-groups~{quote(DRAWN)}/?expanded={quote(groups)}")
    page.get_by_text("Hide navigation").click()
    make_room(page)
    for asset in ("candidate_videos", "clip_frames", "fused_captions", "umt_scores", "internvid_10m_flt", "clip_index"):
        page.locator("svg").get_by_text(asset, exact=True).wait_for()
    specs = [spec for spec in build_defs(materialised.home).resolve_all_asset_specs() if spec.group_name not in HIDDEN]
    made = len(specs) if RENEW else sum(spec.partitions_def is None for spec in specs)
    picture = artefacts / "asset-graph.png"
    wait_until(lambda: made_nodes(page, picture) >= made, "nodes show as made", 60)
    if RENEW:
        save_image(picture)


def make_room(page: Page) -> None:
    """Close the list of groups at the left, and fit the graph into what it leaves."""
    page.locator("svg").get_by_text("videos", exact=True).first.wait_for()
    page.mouse.click(340, 80)
    page.get_by_placeholder("Jump to").wait_for(state="hidden")
    page.mouse.dblclick(120, HEIGHT_PIXELS - 40)


def made_nodes(page: Page, picture: Path) -> int:
    """About how many nodes of a new screenshot are green, as those are of which everything is made."""
    page.screenshot(path=picture)
    colours = Image.open(picture).convert("RGB").getcolors(maxcolors=2**20) or []
    green = sum(count for count, (red, green, blue) in colours if green > 235 and green - red > 8 and green > blue)
    return green // NODE_PIXELS
