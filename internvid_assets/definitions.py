"""The table of contents: the stages in order, and the resources they share. Assets are defined in their stages."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import get_args

import dagster as dg

# In the pinned minor version, partitioned asset checks are a preview feature, and Dagster's own parsing of the asset
# selection `*` calls beta functions; both warnings are silenced once, here.
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
warnings.filterwarnings("ignore", category=dg.BetaWarning)

from internvid_assets import tables  # noqa: E402
from internvid_assets.analytics import assets as analytics  # noqa: E402
from internvid_assets.captions import assets as captions  # noqa: E402
from internvid_assets.cells.assets import feature_asset  # noqa: E402
from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.cells.feature import Feature  # noqa: E402
from internvid_assets.cells.recipes import Recipe  # noqa: E402
from internvid_assets.clips import assets as clips  # noqa: E402
from internvid_assets.embeddings import assets as embeddings  # noqa: E402
from internvid_assets.evaluation import assets as evaluation  # noqa: E402
from internvid_assets.home import Home  # noqa: E402
from internvid_assets.interleaved import assets as interleaved  # noqa: E402
from internvid_assets.queries import assets as queries  # noqa: E402
from internvid_assets.releases import assets as releases  # noqa: E402
from internvid_assets.scores import assets as scores  # noqa: E402
from internvid_assets.selects.assets import check_results, check_specs  # noqa: E402
from internvid_assets.selects.files import Kind, SqlFile, sql_files  # noqa: E402
from internvid_assets.settings import load_settings  # noqa: E402
from internvid_assets.subsets import assets as subsets  # noqa: E402
from internvid_assets.transcripts import assets as transcripts  # noqa: E402
from internvid_assets.viclip import assets as viclip  # noqa: E402
from internvid_assets.videos import assets as videos  # noqa: E402

STAGES: dict[str, ModuleType] = {
    "queries": queries,
    "videos": videos,
    "clips": clips,
    "transcripts": transcripts,
    "captions": captions,
    "scores": scores,
    "embeddings": embeddings,
    "subsets": subsets,
    "interleaved": interleaved,
    "viclip": viclip,
    "evaluation": evaluation,
    "analytics": analytics,
    "releases": releases,
}
"""A stage imports only from earlier ones; its name is its folder, its asset group and its heading in the README."""


def features() -> Iterator[tuple[str, Feature]]:
    """(stage, feature) for every table of stored calls, in graph order."""
    for stage, module in STAGES.items():
        yield from ((stage, value) for value in vars(module).values() if isinstance(value, Feature))


def recipes_made_whole(home: Home) -> dict[tuple[str, str], Recipe]:
    """(stage, asset) -> recipe of each asset without stored calls that depends on settings, in graph order."""
    stages = {stage: module.recipes(home) for stage, module in STAGES.items() if hasattr(module, "recipes")}
    return {(stage, asset): recipe for stage, own in stages.items() for asset, recipe in own.items()}


def _by_recipe(spec: dg.AssetSpec, recipes: Mapping[str, str]) -> dg.AssetSpec:
    return spec.replace_attributes(code_version=recipes.get(spec.key.to_user_string(), spec.code_version))


def build_defs(home: Home | None = None) -> dg.Definitions:
    """The whole graph for one home; tests and the command line pass their own."""
    home = home or Home(load_settings())
    _refuse_unknown_subsets(home)
    _refuse_without_schema(sql_files("intermediate"))
    _refuse_unknown_tables(file for kind in get_args(Kind) for file in sql_files(kind))
    _refuse_checks_of_nothing(sql_files("checks"))
    feature_assets = [
        feature_asset(feature, group=stage, home=home, check_specs=check_specs(feature.name), promises=check_results)
        for stage, feature in features()
    ]
    loaded = dg.load_assets_from_modules(list(STAGES.values()))
    others = [asset for asset in loaded if isinstance(asset, dg.AssetsDefinition)]
    made_whole = {asset: recipe.hash for (_, asset), recipe in recipes_made_whole(home).items()}
    others = dg.map_asset_specs(lambda spec: _by_recipe(spec, made_whole), others)
    return dg.Definitions(
        assets=[*feature_assets, *others],
        resources={"home": home, "pipes": dg.PipesSubprocessClient()},
        executor=dg.in_process_executor,
    )


def _refuse_unknown_subsets(home: Home) -> None:
    known = {file.name for file in sql_files("subsets")}
    for name in home.settings.subsets:
        if name not in known:
            names = ", ".join(sorted(known))
            raise UserError(f"setting subsets.{name}: no such file in sql/subsets; expected one of: {names}")
    for name in home.settings.interleaved.subsets() - known:
        message = f"setting interleaved.<format>.subset = {name!r}: no such file in sql/subsets"
        raise UserError(f"{message}; expected one of: {', '.join(sorted(known))}")


def _refuse_without_schema(files: Iterable[SqlFile]) -> None:
    """The selects that read such a table rely on its schema, and on whether it has a file per category."""
    for file in files:
        if file.name not in tables.GRAPH:
            raise UserError(f"sql/{file.kind}/{file.name}.sql makes a table without a schema; add one to tables.py")


def _refuse_unknown_tables(files: Iterable[SqlFile]) -> None:
    """A file of sql/ that selects from an unknown table would have no such dependency, and fail when it runs."""
    made = [file.name for kind in ("subsets", "marts") for file in sql_files(kind)]
    known = {*tables.GRAPH, *tables.IMPORTED, *made}
    for file in files:
        if unknown := sorted(file.tables() - known):
            message = f"sql/{file.kind}/{file.name}.sql selects from {', '.join(unknown)}, which no asset makes"
            raise UserError(f"{message}; expected one of: {', '.join(sorted(known))}")


def _refuse_checks_of_nothing(files: Iterable[SqlFile]) -> None:
    """A check of an unknown table would never be evaluated."""
    known = [
        *tables.GRAPH,
        *(file.name for file in [*sql_files("subsets"), *sql_files("marts")]),
    ]
    for file in files:
        if file.checked_table() not in known:
            expected = f"expected <table>__<check>, with one of {', '.join(known)}"
            raise UserError(f"sql/checks/{file.name}.sql: no table {file.checked_table()}; {expected}")


@dg.definitions
def defs() -> dg.Definitions:
    """The graph for the effective settings, as loaded by Dagster. Importing this module builds nothing."""
    return build_defs()
