"""Releases: snapshots of the subsets, with the recipes that produced them and the results of the checks."""

import dagster as dg

from internvid_assets.analytics.assets import ALL_TABLES
from internvid_assets.cells.recipes import code_hash
from internvid_assets.home import Home
from internvid_assets.releases.comparing import compared
from internvid_assets.releases.making import Made, make_release
from internvid_assets.releases.telling import changes_table, checks_table, clips_table
from internvid_assets.selects.damage import damage_named
from internvid_assets.selects.files import sql_files


@dg.asset(
    group_name="releases",
    deps=ALL_TABLES,
    kinds={"duckdb"},
    code_version=code_hash([f"internvid_assets.releases.{part}" for part in ("content", "making", "standing")]),
)
@damage_named
def release(context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One immutable folder per release: the rows of each subset, and a manifest of everything they were made from."""
    made = release_now(home)
    context.log.info(f"release {made.release.id} " + ("created" if made.is_new else "already has this content"))
    return dg.MaterializeResult(data_version=dg.DataVersion(made.release.id), metadata=evidence(made, home))


def release_now(home: Home) -> Made:
    """Release the present content of the lake, with the recipes and the lineage of the whole graph."""
    from internvid_assets.definitions import features  # which loads this module

    recipes = {recipe.hash: recipe.text() for recipe in (home.recipe(feature) for _, feature in features())}
    upstream = {feature.name: feature.upstream_tables for _, feature in features()}
    upstream |= {file.name: sorted(file.tables()) for kind in ("intermediate", "subsets") for file in sql_files(kind)}
    return make_release(home, recipes, upstream)


def evidence(made: Made, home: Home) -> dict[str, dg.MetadataValue]:
    """The release's metadata for the UI: its content, the results of the checks, and the changes since the last one."""
    shown = {
        "release": dg.MetadataValue.text(made.release.id),
        "unchanged": dg.MetadataValue.bool(not made.is_new),
        "path": dg.MetadataValue.path(made.release.path),
        "clips": dg.MetadataValue.md(clips_table(made.release)),
        "checks": dg.MetadataValue.md(checks_table(made.release)),
    }
    if made.is_new and made.before:
        with compared(home, made.before, made.release) as changes:
            shown["changes"] = dg.MetadataValue.md(changes_table(made.before, changes.summary()))
    return shown
