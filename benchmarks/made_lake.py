"""A synthetic lake of any size: the tables and columns that subsets and figures read, with 33 clips per video.

Ids are as long as real ones and sorted as a run writes them; captions have InternVid's length; scores are distributed
as in the paper. Nothing is computed from a video.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import duckdb

from internvid_assets import tables
from internvid_assets.cells.lake import file_name
from internvid_assets.cells.sql_text import quoted
from internvid_assets.home import Home
from internvid_assets.selects.assets import make_selected
from internvid_assets.selects.files import sql_file
from internvid_assets.selects.running import COMPRESSION, column_definitions
from internvid_assets.settings import load_settings

INTERNVID_CLIPS = 234_000_000
SUBSETS = {"internvid_10m_flt": 10_647_458, "internvid_aesthetics_18m": 18_000_000}
"""Their sizes in InternVid; from a smaller lake they take the same fraction."""
CLIPS_PER_VIDEO = 33
"""234 million clips of 7.1 million videos (InternVid, table 1)."""
WORDS = (
    "a the man woman person dog ball guitar car is plays picking up holding red small in on next to kitchen and with "
    "walks runs white table street talking looking standing"
).split()
PHRASES = [" ".join(Random(number).choices(WORDS, k=2 + number % 8)) for number in range(2048)]
"""A caption is three of them: composing it word by word takes thirty times as long."""

VIDEOS = """
    select
        printf('%011x', (v * 16 + {number}) * 4099) as video_id,
        {category} as category,
        printf('%016x', hash(v * 16 + {number})) as content_hash,
        20 + 660 * (hash(v, 1) % 1000 / 1000) as duration_seconds,
        case when hash(v, 2) % 100 < 85 then 1280 else 640 end as width_pixels,
        case when hash(v, 2) % 100 < 85 then 720 else 360 end as height_pixels,
        ['en', 'zh', 'ru', 'ko', 'fr', 'ja', 'th'][1 + (hash(v, 3) % 7)::bigint] as language,
        1 + hash(v, 4) % (2 * {per_video} - 1) as clips
    from range({videos}) as made(v)"""

CLIPS = """
    select
        printf('%s_%08d_%08d', video_id, i * 12000, i * 12000 + 500 + (h % 23000)::bigint) as clip_id,
        video_id,
        category,
        content_hash as content,
        i * 12.0 as start_seconds,
        i * 12.0 + 0.5 + (h % 23000) / 1000 as end_seconds,
        0.5 + (h % 23000) / 1000 as duration_seconds,
        h
    from (select *, unnest(range(clips::bigint)) as i from videos) as unnested,
        lateral (select hash(video_id, i) as h) as hashed"""

CAPTIONED = """
    select
        clip_id,
        video_id,
        category,
        content,
        start_seconds,
        end_seconds,
        concat_ws(' ', phrases[1 + (h % 2048)::bigint], phrases[1 + ((h >> 11) % 2048)::bigint],
            phrases[1 + ((h >> 22) % 2048)::bigint]) as caption,
        (6 + h % 8 + (h >> 11) % 8 + (h >> 22) % 8)::integer as caption_words,
        null::varchar as flaw,
        'en' as language,
        0.25 + (hash(h, 90) % 2000) / 10000 as umt_score,
        0.15 + (hash(h, 91) % 2000) / 10000 as clip_score,
        2.5 + (hash(h, 92) % 4000) / 1000 as aesthetic_score,
        0.01::double as nsfw,
        0.02::double as text_area,
        (('0x' || left(md5(clip_id), 13))::bigint + 0.5) / 4503599627370496 as draw
    from clips, (select {phrases} as phrases) as vocabulary"""

RARE_VERB = "200000 * pow((h % 1000003) / 1000003, 6)"
"""As with real words, the most frequent 1,000 of 200,000 verbs are used as often as all others together."""
TABLES = {
    "candidate_videos": "select video_id, category from videos",
    "videos": "select * exclude (clips) from videos",
    "clips": "select clip_id, video_id, category, start_seconds, end_seconds, duration_seconds from clips",
    "captioned_clips": CAPTIONED,
    "caption_verbs": f"select clip_id, category, "
    f"['play', 'walk', 'verb' || ({RARE_VERB})::integer][1:1 + (h % 3)::bigint] as verbs from clips",
}


def make_lake(folder: Path, clips: int, memory_limit: str = "6GB") -> Home:
    """A home with about that many clips in sixteen categories; existing tables are kept."""
    sizes = [f"subsets.{name}.size={max(size * clips // INTERNVID_CLIPS, 1)}" for name, size in SUBSETS.items()]
    home = Home(load_settings([f"home={folder}", f"memory_limit={memory_limit}", *sizes]))
    per_category = max(clips // CLIPS_PER_VIDEO // len(tables.CATEGORIES), 1)
    for number, category in enumerate(tables.CATEGORIES):
        for table, select in _missing(folder, category):
            _write(folder / file_name(table, category), select, number, category, per_category)
        if home.lake.path("verb_uses", category) is None:
            make_selected(sql_file("intermediate", "verb_uses"), home, category, tables.VerbUses)
    return home


def _missing(folder: Path, category: str) -> Iterator[tuple[str, str]]:
    yield from (
        (table, select) for table, select in TABLES.items() if not (folder / file_name(table, category)).exists()
    )


def _write(path: Path, select: str, number: int, category: str, videos: int) -> None:
    values = {"number": number, "category": quoted(category), "videos": videos, "per_video": CLIPS_PER_VIDEO}
    steps = f"with videos as ({VIDEOS.format(**values)}), clips as ({CLIPS})"
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".making")
    with duckdb.connect(config={"memory_limit": "4GB"}) as connection:
        select = select.replace("{phrases}", repr(PHRASES))
        columns = ", ".join(column_definitions(path.parts[-3]))
        connection.execute(f"create table every_column ({columns})")  # columns that are not read here are null
        rows = f"{steps} from every_column union all by name {select}"
        compression = COMPRESSION["intermediate"] if path.parts[-3] == "captioned_clips" else "zstd"
        connection.execute(f"copy ({rows}) to {quoted(str(aside))} (format parquet, compression {compression})")
    aside.rename(path)
