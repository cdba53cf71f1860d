"""The SQL queries behind the card and the report, so that every number can be reproduced."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl

from internvid_assets.selects.lineage import tables_read_each
from internvid_assets.selects.running import fetch

Facts = Mapping[str, pl.DataFrame]
"""The result of each query of QUESTIONS, by name."""

QUESTIONS = {
    "totals": "select * from dataset_totals",
    "published": """select dataset, measure, value from published_statistics where bucket = 'all'
        order by dataset, measure""",
    "compared": "select measure, bucket, ours, paper, ratio, source, note from compared_with_paper",
    "funnel": "select step, unit, count, share_of_before from funnel",
    "rejections": "select stage, reason, count, share from rejections_by_reason where reason != 'kept'",
    "categories": "select category, eligible_videos as videos, share from videos_by_category order by share desc",
    "languages": "select language, videos, hours, share from videos_by_language",
    "video_durations": "select minutes, videos, share from videos_by_duration",
    "resolutions": "select pixels, videos, share from videos_by_resolution",
    "clip_durations": """select seconds, sum(clips)::bigint as clips, sum(clips) / sum(sum(clips)) over () as share
        from clips_by_duration group by seconds order by min(hours / clips)""",
    "caption_lengths": """select words, sum(captions)::bigint as captions,
            sum(captions) / sum(sum(captions)) over () as share
        from captions_by_length group by words order by min(mean_words)""",
    "aesthetics": "select score_from, score_to, clips, share from scores_by_bin where score = 'aesthetic_score'",
    "similarities": "select score_from, score_to, clips, share from scores_by_bin where score = 'umt_score'",
    "verbs": """select kind, scope, unique_verbs, most_frequent_verb from unique_verbs where kind = 'all'
        union all
        select 'subset', subset, unique_verbs, most_frequent_verb from unique_verbs_by_subset
        order by kind, unique_verbs desc, scope""",
    "subsets": "select subset, clips, videos, hours, mean_umt_score, mean_aesthetic_score from subset_sizes",
    "models": """select subset, checkpoint, measure, ours_before_training as before, ours as after,
            ours_gained as gained, paper_before_training as paper_before, paper as paper_after
        from training_recipes where ours is not null order by subset, checkpoint, measure""",
    "licences": """select coalesce(licence, 'not stated') as licence, count(*) as videos from videos
        where rejection_reason is null and error is null group by all order by videos desc, licence limit 50""",
    "spoken": """select language, origin, count(*) as clips from transcripts where text is not null
        group by all order by clips desc, language, origin limit 50""",
    "coverage": "select table_name, reason, clips, share from coverage where reason != 'covered'",
    "costs": """select table_name, recipe, calls, failed_calls, seconds, calls_per_second, cost_dollars, last_called_on
        from recipe_costs where is_current order by seconds desc, table_name""",
}


def ask_all(connection: duckdb.DuckDBPyConnection) -> dict[str, pl.DataFrame]:
    """The facts, from a connection with the lake's tables."""
    return {name: fetch(connection, query) for name, query in QUESTIONS.items()}


def version(facts: Facts) -> str:
    """A hash of the facts."""
    content = repr([(name, rows.columns, rows.rows()) for name, rows in facts.items()])
    return hashlib.blake2b(content.encode(), digest_size=8).hexdigest()


def totals(facts: Facts) -> dict[str, Any]:
    """The one row of `dataset_totals`; zeros if it was not materialized."""
    rows = facts["totals"]
    return next(rows.iter_rows(named=True), dict.fromkeys(rows.columns, 0))


def tables_asked() -> list[str]:
    """The tables that the queries read."""
    return sorted(set().union(*tables_read_each([*QUESTIONS.values()]).values()))
