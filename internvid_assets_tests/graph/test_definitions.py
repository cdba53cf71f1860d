"""The graph as Dagster loads it, stated whole: what depends on what, in which group, and which promises are kept."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import duckdb
import pytest

from internvid_assets import tables
from internvid_assets.analytics.assets import warehouse
from internvid_assets.cells.errors import UserError
from internvid_assets.cli.demo import WITH_MODEL, counts
from internvid_assets.cli.runs import runs_of
from internvid_assets.cli.selection import ONLY_WHERE_NAMED, select
from internvid_assets.definitions import (
    STAGES,
    _refuse_checks_of_nothing,
    _refuse_unknown_tables,
    _refuse_without_schema,
    build_defs,
    features,
)
from internvid_assets.home import Home
from internvid_assets.selects.assets import check_results
from internvid_assets.selects.files import parse, sql_files
from internvid_assets.settings import load_settings

pytestmark = pytest.mark.filterwarnings("ignore::dagster.PreviewWarning")

SUBSETS = [
    "internvid_10m",
    "internvid_50m",
    "internvid_200m",
    "internvid_10m_div",
    "internvid_10m_div_exact",
    "internvid_10m_flt",
    "internvid_10m_flt_clip_score",
    "internvid_10m_flt_of_div",
    "internvid_aesthetics_18m",
    "sharegpt4video",
]

CALLS = (
    "caption_phrases query_translations acquired_videos videos clips clip_frames subtitle_cues speech_cues transcripts "
    "center_captions frame_captions fused_captions keyframes keyframe_captions dense_captions clip_embeddings "
    "aesthetic_scores umt_scores clip_scores shuffled_scores safety_scores caption_languages caption_verbs"
)

GRAPH = {
    "queries": {
        "corpus_captions": "",
        "caption_phrases": "corpus_captions",
        "action_queries": "caption_phrases",
        "query_translations": "action_queries",
        "known_videos": "",
    },
    "videos": {
        "takedowns": "",
        "candidate_videos": "action_queries query_translations known_videos takedowns",
        "acquired_videos": "candidate_videos",
        "videos": "candidate_videos acquired_videos takedowns",
    },
    "clips": {
        "clips": "videos",
        "clip_frames": "videos clips",
    },
    "transcripts": {
        "subtitle_cues": "videos acquired_videos",
        "speech_cues": "videos acquired_videos subtitle_cues",
        "transcripts": "videos acquired_videos clips subtitle_cues speech_cues",
    },
    "captions": {
        "center_captions": "clips clip_frames",
        "frame_captions": "clips clip_frames",
        "fused_captions": "clips center_captions frame_captions",
        "keyframes": "clips clip_frames",
        "keyframe_captions": "keyframes",
        "dense_captions": "keyframes keyframe_captions",
    },
    "scores": {
        "aesthetic_scores": "clips clip_frames",
        "umt_scores": "clips clip_frames fused_captions",
        "shuffled_scores": "clips clip_frames fused_captions",
        "clip_scores": "clips clip_frames fused_captions",
        "safety_scores": "clips clip_frames",
        "caption_languages": "fused_captions",
    },
    "embeddings": {
        "clip_embeddings": "clips clip_frames fused_captions",
        "clip_index": "clips fused_captions clip_embeddings umt_scores aesthetic_scores",
        "near_duplicates": "clip_index",
        "duplicate_groups": "near_duplicates",
        "semantic_pool": "fused_captions clip_embeddings",
    },
    "subsets": {
        "captioned_clips": "clips fused_captions caption_languages umt_scores clip_scores aesthetic_scores "
        "safety_scores",
        "withheld_videos": "captioned_clips known_videos takedowns",
        **dict.fromkeys(SUBSETS, "captioned_clips withheld_videos duplicate_groups"),
        "sharegpt4video": "captioned_clips withheld_videos duplicate_groups semantic_pool",
    },
    "interleaved": {
        "related_videos": "captioned_clips withheld_videos clip_embeddings",
        "internvid_icl": " ".join(
            ["captioned_clips withheld_videos clip_frames transcripts videos related_videos", *SUBSETS]
        ),
    },
    "viclip": {
        "viclip_masked_checkpoint": " ".join(["clip_frames fused_captions center_captions dense_captions", *SUBSETS]),
        "viclip_checkpoint": "viclip_masked_checkpoint",
        "viclip_interpolated_checkpoint": "viclip_checkpoint",
    },
    "evaluation": {
        "evaluation_videos": "",
        **dict.fromkeys(
            ("zero_shot_actions", "linear_probe", "video_text_retrieval"),
            "evaluation_videos viclip_masked_checkpoint viclip_checkpoint viclip_interpolated_checkpoint",
        ),
    },
    "analytics": {
        "caption_verbs": "fused_captions",
        "verb_uses": "caption_verbs",
        "published_statistics": "",
        "published_results": "",
        "recipe_costs": CALLS,
        "calibrated_umt_scores": "umt_scores shuffled_scores",
        "captions_by_length": "captioned_clips",
        "clips_by_category": "clips captioned_clips",
        "clips_by_duration": "clips",
        "clips_by_motion": "clips",
        "compared_with_paper": "dataset_totals published_statistics videos_by_duration videos_by_resolution "
        "clips_by_duration captions_by_length scores_by_bin unique_verbs",
        "dataset_card": "captions_by_length clip_frames clips_by_duration compared_with_paper coverage dataset_totals "
        "funnel published_statistics recipe_costs rejections_by_reason scores_by_bin subset_sizes training_recipes "
        "transcripts unique_verbs unique_verbs_by_subset videos videos_by_category videos_by_duration "
        "videos_by_language videos_by_resolution",
        "coverage": "clips captioned_clips center_captions fused_captions dense_captions transcripts aesthetic_scores "
        "safety_scores umt_scores clip_scores caption_languages caption_verbs clip_embeddings",
        "dataset_totals": "videos captioned_clips",
        "errors_by_table": CALLS,
        "funnel": " ".join(["candidate_videos", "acquired_videos", "videos", "clips", "captioned_clips", *SUBSETS]),
        "rejections_by_reason": "candidate_videos acquired_videos videos clips fused_captions",
        "score_calibration": "umt_scores shuffled_scores aesthetic_scores",
        "scores_by_bin": "captioned_clips",
        "scores_by_category": "clips umt_scores aesthetic_scores",
        "subset_sizes": " ".join(SUBSETS),
        "training_recipes": "zero_shot_actions video_text_retrieval published_results",
        "unique_verbs": "verb_uses",
        "unique_verbs_by_subset": " ".join(["caption_verbs", *SUBSETS]),
        "videos_by_category": "candidate_videos videos",
        "videos_by_duration": "videos",
        "videos_by_language": "videos",
        "videos_by_resolution": "videos",
    },
    "releases": {},
}
"""Stage -> asset -> what it reads. What reads every table is left out."""

OF_ALL_TABLES = {"warehouse": "analytics", "release": "releases"}
CHECKPOINTS = set(GRAPH["viclip"])
NO_TABLES = {"clip_index", "dataset_card", *CHECKPOINTS}

OF_THE_INDEX = {"clip_index__one_row_per_clip", "clip_index__vectors_of_unit_length"}
"""The checks that are no SQL: the index is no table of the lake."""

UPSTREAM = {asset: set(upstream.split()) for stage in GRAPH.values() for asset, upstream in stage.items()}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(load_settings([f"home={tmp_path_factory.mktemp('home')}"]))


@pytest.fixture(scope="module")
def defs(home: Home) -> dg.Definitions:
    return build_defs(home)


@pytest.fixture(scope="module")
def specs(defs: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}


@pytest.fixture(scope="module")
def checks(defs: dg.Definitions) -> dict[str, dg.AssetCheckSpec]:
    """By the name of the file of sql/checks that each one evaluates."""
    graph = defs.resolve_asset_graph()
    found = [graph.get_check_spec(key) for key in graph.asset_check_keys]
    return {f"{spec.asset_key.to_user_string()}__{spec.name}": spec for spec in found}


def test_dagster_loads_the_definitions(defs: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(defs)


def test_the_whole_graph(specs: dict[str, dg.AssetSpec]) -> None:
    found = {asset: {dep.asset_key.to_user_string() for dep in spec.deps} for asset, spec in specs.items()}
    assert found == {**UPSTREAM, **dict.fromkeys(OF_ALL_TABLES, set(UPSTREAM) - NO_TABLES)}


def test_an_assets_group_is_its_stage(specs: dict[str, dg.AssetSpec]) -> None:
    expected = {asset: stage for stage, assets in GRAPH.items() for asset in assets} | OF_ALL_TABLES
    assert {asset: spec.group_name for asset, spec in specs.items()} == expected
    assert list(STAGES) == list(GRAPH)


def test_tables_with_several_files_have_one_partition_per_file(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    partitions = {key.to_user_string(): graph.get(key).partitions_def for key in graph.get_all_asset_keys()}
    found = {asset: known.get_partition_keys() for asset, known in partitions.items() if known}
    assert found == {
        **{table: list(tables.CATEGORIES) for table in tables.PER_CATEGORY},
        "internvid_icl": ["captioned", "captioned_with_speech", "paired"],
        **{name: sorted(SUBSETS) for name in (*CHECKPOINTS, *tables.PER_SUBSET)},
    }
    assert len(tables.CATEGORIES) == 16


def test_a_format_is_made_of_all_categories(specs: dict[str, dg.AssetSpec]) -> None:
    mappings = {dep.asset_key.to_user_string(): dep.partition_mapping for dep in specs["internvid_icl"].deps}
    per_category = {name for name, mapping in mappings.items() if isinstance(mapping, dg.AllPartitionMapping)}
    assert per_category == {"captioned_clips", "clip_frames", "transcripts", "videos"}


def test_no_asset_has_a_backfill_policy(defs: dg.Definitions) -> None:
    """Any explicit policy, even one run per partition, leaves partitioned checks planned for ever (Dagster 1.13)."""
    graph = defs.resolve_asset_graph()
    assert [key for key in graph.get_all_asset_keys() if graph.get(key).backfill_policy] == []


def test_a_code_version_is_the_recipe(specs: dict[str, dg.AssetSpec], home: Home) -> None:
    recipes = {feature.name: home.recipe(feature).hash for _, feature in features()}
    assert len(set(recipes.values())) == len(recipes) == 23
    assert {name: specs[name].code_version for name in recipes} == recipes


def test_a_parameter_changes_the_code_version_of_its_asset_alone(home: Home, specs: dict[str, dg.AssetSpec]) -> None:
    other = build_defs(Home(load_settings([f"home={home.path}", "clips.threshold=30"])))
    changed = [
        spec.key.to_user_string()
        for spec in other.resolve_all_asset_specs()
        if spec.code_version != specs[spec.key.to_user_string()].code_version
    ]
    assert changed == ["clips"]


EVALUATED = {"zero_shot_actions", "linear_probe", "video_text_retrieval"}


@pytest.mark.parametrize(
    ("override", "changed"),
    [
        ("viclip_masked_checkpoint.learning_rate=1e-3", {"viclip_masked_checkpoint"}),
        ("viclip_checkpoint.epochs=2", {"viclip_checkpoint"}),
        ("training.weight_decay=0.1", {"viclip_masked_checkpoint", "viclip_checkpoint"}),
        ("training.tokenizer=clip", {"viclip_masked_checkpoint", "viclip_checkpoint", *EVALUATED}),
        ("viclip_interpolated_checkpoint.share=0.4", {"viclip_interpolated_checkpoint"}),
        ("evaluation.templates=paper", {"zero_shot_actions"}),
        (
            "evaluation.actions=mine.csv",
            {"evaluation_videos", "zero_shot_actions"},
        ),  # other wordings fit others' videos
        ("evaluation.retrieval=mine.csv", {"evaluation_videos"}),
        ('evaluation.checkpoints=["viclip_checkpoint"]', EVALUATED),
        ("linear_probe.seed=1", {"linear_probe"}),
        ("training.checkpoint_steps=7", set()),
        ("training.processes=2", set()),
        ('training.subsets=["internvid_10m"]', set()),
    ],
)
def test_settings_of_training_and_evaluation_are_in_code_versions(
    override: str, changed: set, home: Home, specs: dict[str, dg.AssetSpec]
) -> None:
    assert changed_by(home, specs, override) == changed


def changed_by(home: Home, specs: dict[str, dg.AssetSpec], override: str) -> set[str]:
    other = build_defs(Home(load_settings([f"home={home.path}", override])))
    now = {spec.key.to_user_string(): spec.code_version for spec in other.resolve_all_asset_specs()}
    return {asset for asset, version in now.items() if version != specs[asset].code_version}


def test_another_clip_to_begin_with_is_told_by_its_files(
    home: Home, specs: dict[str, dg.AssetSpec], tmp_path: Path
) -> None:
    begins = {"viclip_masked_checkpoint", "viclip_interpolated_checkpoint", *EVALUATED}
    (tmp_path / "clip.safetensors").write_bytes(b"weights")
    assert changed_by(home, specs, f"training.initial={tmp_path / 'clip.safetensors'}") == begins
    assert changed_by(home, specs, f"training.initial={tmp_path / 'absent'}") == begins


def test_columns_are_shown_with_types_and_descriptions(specs: dict[str, dg.AssetSpec]) -> None:
    for table, schema in [(feature.name, feature.schema) for _, feature in features()]:
        shown = specs[table].metadata["dagster/column_schema"]
        assert {column.name for column in shown.columns} == set(schema.column_names())
        assert [column.name for column in shown.columns if not (column.type and column.description)] == []
    for file in sql_files("subsets"):
        shown = specs[file.name].metadata["dagster/column_schema"]
        assert [column.name for column in shown.columns] == tables.ChosenClips.column_names()


def test_what_is_not_made_by_calls_has_a_code_version_too(specs: dict[str, dg.AssetSpec]) -> None:
    assert {asset for asset, spec in specs.items() if not spec.code_version} == set()
    shown = specs["candidate_videos"].metadata["dagster/column_schema"]
    assert [column.name for column in shown.columns] == tables.CandidateVideos.column_names()


def test_an_asset_of_sql_shows_its_text(specs: dict[str, dg.AssetSpec]) -> None:
    for file in [*sql_files("subsets"), *sql_files("marts")]:
        assert file.text in specs[file.name].metadata["sql"].value
        assert specs[file.name].description == f"{file.grain}."


def test_every_asset_says_what_it_is_made_with_and_what_one_row_is(specs: dict[str, dg.AssetSpec]) -> None:
    assert {asset for asset, spec in specs.items() if not spec.kinds} == set()
    assert specs["clip_frames"].kinds == {"polars", "ffmpeg", "lance"}
    assert specs["internvid_10m_flt"].kinds == {"duckdb", "sql"}
    unsaid = {asset for asset, spec in specs.items() if not (spec.description or "").startswith("One row per")}
    assert unsaid == {*OF_ALL_TABLES, "dataset_card", *CHECKPOINTS}


@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        ("*", set()),
        ("key:clips+", set()),
        ("group:evaluation", {"evaluation"}),
        ("key:zero_shot_actions", {"evaluation"}),
        ("group:viclip or group:evaluation", {"viclip", "evaluation"}),
        ("* or key:release", {"releases"}),
        ("* and not key:viclip_interpolated_checkpoint", set()),
        ("* and not key:linear_probe", set()),
        ("* and not group:evaluation and not key:*viclip*", set()),
        ('key:"*" or group:"*"', set()),
        ("key:viclip_masked_checkpoint+", {"viclip"}),
        ("+key:zero_shot_actions", {"evaluation"}),
    ],
)
def test_what_takes_long_is_made_where_a_selection_says_so(defs: dg.Definitions, selection: str, taken: set) -> None:
    graph = defs.resolve_asset_graph()
    assert {graph.get(key).group_name for key in select(defs, selection).all()} & ONLY_WHERE_NAMED == taken


@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        ("* or key:zero_shot_actions", {"zero_shot_actions"}),
        (
            "* or (group:viclip and not key:viclip_interpolated_checkpoint)",
            CHECKPOINTS - {"viclip_interpolated_checkpoint"},
        ),
        ("+key:viclip_checkpoint or key:clips+", CHECKPOINTS - {"viclip_interpolated_checkpoint"}),
        ("* or (group:viclip and key:viclip_checkpoint)", {"viclip_checkpoint"}),
        (WITH_MODEL, {"release", *CHECKPOINTS, "evaluation_videos", *EVALUATED} - {"linear_probe"}),
        ("viclip_checkpoint", {"viclip_checkpoint"}),
    ],
)
def test_of_what_takes_long_only_what_is_named_is_made(defs: dg.Definitions, selection: str, taken: set) -> None:
    graph, keys = defs.resolve_asset_graph(), select(defs, selection).all()
    assert {key.to_user_string() for key in keys if graph.get(key).group_name in ONLY_WHERE_NAMED} == taken


def test_evaluation_runs_once_per_subset_and_its_mart_after_that(defs: dg.Definitions) -> None:
    chosen = select(defs, "group:evaluation or key:training_recipes")
    turns = {name: [key.to_user_string() for key in getattr(chosen, name)] for name in ("before", "by_subset", "last")}
    assert turns["before"] == ["evaluation_videos"] and turns["last"] == ["training_recipes"]
    assert set(turns["by_subset"]) == EVALUATED


def test_each_run_says_what_it_runs_over(defs: dg.Definitions) -> None:
    chosen = select(defs, "key:takedowns or key:videos or key:coverage or key:internvid_icl or group:evaluation+")
    home = Home(load_settings(["training.subsets=['internvid_10m']"]))
    runs = list(runs_of(home, chosen, ["music", "sports"], is_limited=False))
    icl = [f"format {name}: internvid_icl" for name in tables.INTERLEAVED_FORMATS]
    assert [run.heading for run in runs if run.partition not in ("internvid_10m", None)] == [
        "category 1 of 2: music",
        "category 2 of 2: sports",
        *icl,
    ]
    assert [(run.where, run.partition) for run in runs if run.partition in ("internvid_10m", None)] == [
        ("no category", None),
        ("all categories", None),
        ("internvid_10m", "internvid_10m"),
        ("all partitions", None),
    ]
    limited = runs_of(home, chosen, ["music", "sports"], is_limited=True)
    assert [run.where for run in limited] == ["no category", "music", "sports"]


def test_nobody_is_named_as_owner(specs: dict[str, dg.AssetSpec]) -> None:
    assert {asset: list(spec.owners) for asset, spec in specs.items() if spec.owners} == {}


def test_each_file_of_checks_is_a_check_that_blocks_where_it_says_error(checks: dict[str, dg.AssetCheckSpec]) -> None:
    """And every table of remembered calls has two more, which block nothing."""
    assert {name: spec.blocking for name, spec in checks.items()} == {
        **{file.name: file.severity == "error" for file in sql_files("checks")},
        **{f"{feature.name}__{one}": False for _, feature in features() for one in ("nothing_pending", "few_failures")},
        **dict.fromkeys(OF_THE_INDEX, True),
        **{f"{feature.name}__order_kept": False for _, feature in features() if feature.compared},
    }
    assert checks["clips__end_after_start"].blocking
    assert not checks["clips__within_video_duration"].blocking


def test_a_check_of_no_table_is_refused_with_the_known_ones() -> None:
    typo = parse("clip__end_after_start", "checks", "-- One row per clip.\n-- severity: warn\nselect 1 from clips")
    with pytest.raises(
        UserError, match=r"clip__end_after_start\.sql: no table clip; expected .*, clips, .*unique_verbs"
    ):
        _refuse_checks_of_nothing([typo])


def test_a_select_from_no_table_is_refused_with_the_known_ones() -> None:
    typo = parse("mine", "subsets", "-- One row per clip.\nselect * from captioned_clip")
    told = (
        r"sql/subsets/mine\.sql selects from captioned_clip, which no asset makes; expected one of: .*captioned_clips"
    )
    with pytest.raises(UserError, match=told):
        _refuse_unknown_tables([typo])


def test_a_table_between_others_needs_a_schema() -> None:
    unknown = parse("mine", "intermediate", "-- One row per clip.\nselect * from captioned_clips")
    with pytest.raises(
        UserError, match=r"sql/intermediate/mine\.sql makes a table without a schema; add one to tables"
    ):
        _refuse_without_schema([unknown])


def test_a_check_has_its_tables_partitions(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    partitioned = {key for key in graph.asset_check_keys if graph.get(key).partitions_def}
    assert partitioned == {key for key in graph.asset_check_keys if graph.get(key.asset_key).partitions_def}


def test_every_duckdb_has_the_memory_limit_of_the_settings(home: Home) -> None:
    """DuckDB refuses a limit that is no size: whoever opens one without the limit would not notice."""
    nonsense = Home(home.settings.model_copy(update={"memory_limit": "little"}))
    with pytest.raises(duckdb.Error, match="Memory"):
        list(check_results(nonsense, "clips", tables.CATEGORIES[0]))
    with pytest.raises(duckdb.Error, match="Memory"):
        counts(nonsense)
    with pytest.raises(duckdb.Error, match="Memory"):
        warehouse(nonsense)


def test_importing_the_module_builds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster calls `defs`; a script that imports the module for `features` must not need a home."""
    monkeypatch.setenv("INTERNVID_HOME", str(tmp_path / "home"))
    from internvid_assets import definitions

    assert not (tmp_path / "home").exists()
    assert {spec.key.to_user_string() for spec in definitions.defs().resolve_all_asset_specs()} == {
        *UPSTREAM,
        *OF_ALL_TABLES,
    }
