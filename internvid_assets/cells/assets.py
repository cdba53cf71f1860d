"""Turns a feature into a Dagster asset: the recipe is its code version, the content hash its data version."""

import base64
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import dagster as dg

from internvid_assets.cells.drift import drift
from internvid_assets.cells.failures import failures
from internvid_assets.cells.feature import Feature, schema_of
from internvid_assets.cells.fill import FillReport
from internvid_assets.cells.plan import pending_rows
from internvid_assets.cells.preview import preview, rejections
from internvid_assets.home import Home
from internvid_assets.partitions import by_category
from internvid_assets.selects.damage import damage_named

NOTHING_PENDING, FEW_FAILURES, ORDER_KEPT = "nothing_pending", "few_failures", "order_kept"
"""Checks of every feature (Dagster itself never reports a partitioned asset as out of date); the last one only of
features that declare a `compared` column."""


class FillConfig(dg.Config):
    """What can be set in the Launchpad: nothing that changes a row."""

    limit: int | None = None
    retry_quarantined: bool = False


Promises = Callable[[Home, str, str | None], Iterator[dg.AssetCheckResult]]
"""From a home, a table and a category (None: not partitioned) to the results of the checks on the table."""


def asset_spec(feature: Feature, *, group: str, home: Home) -> dg.AssetSpec:
    """The asset spec, with the table's columns in its metadata; partitioned if the table is."""
    return dg.AssetSpec(
        feature.name,
        group_name=group,
        deps=[*feature.upstream_tables, *feature.tables_judged_by],
        description=feature.description,
        kinds={"polars", *feature.kinds},
        code_version=home.recipe(feature).hash,
        metadata={"dagster/column_schema": column_schema(feature.schema)},
        partitions_def=by_category if feature.is_partitioned else None,
        skippable=True,
    )


def feature_asset(
    feature: Feature, *, group: str, home: Home, check_specs: Sequence[dg.AssetCheckSpec], promises: Promises
) -> dg.AssetsDefinition:
    """The asset of `feature`: it fills the table, then runs the selected checks."""
    spec, checks = asset_spec(feature, group=group, home=home), [*check_specs, *warning_specs(feature)]

    # A run with a limit does not yield its checks, which only a subsettable asset may do.
    @dg.multi_asset(name=feature.name, specs=[spec], check_specs=checks, can_subset=True)
    @damage_named
    def filled(
        context: dg.AssetExecutionContext, config: FillConfig, home: dg.ResourceParam[Home]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        category = context.partition_key if feature.is_partitioned else None
        report = None
        if context.selected_asset_keys:
            options = home.fill_options(limit=config.limit, retry_quarantined=config.retry_quarantined)
            report = home.fill(feature, category, options)
            if report.data_version is None:
                context.log.info(f"{report.calls_made} calls made, {report.calls_left} left; the table is unchanged")
                return
            yield dg.MaterializeResult(
                data_version=dg.DataVersion(report.data_version), metadata=evidence(feature, report, home, category)
            )
        asked = {key.name for key in context.selected_asset_check_keys}
        yield from (result for result in promises(home, feature.name, category) if result.check_name in asked)
        yield from warnings(feature, home, category, asked, report)

    return filled


def warnings(
    feature: Feature, home: Home, category: str | None, asked: Collection[str], report: FillReport | None
) -> Iterator[dg.AssetCheckResult]:
    """Results of the selected checks of `warning_specs`; `report` is that of the preceding fill, if there was one."""
    if NOTHING_PENDING in asked:
        yield warning(NOTHING_PENDING, report.rows_pending if report else pending_rows(feature, home, [category]))
    if FEW_FAILURES in asked:
        failed = failures(home.lake.scan(feature.name, category))
        yield warning(FEW_FAILURES, len(failed.frequent), **failed.metadata())
    if feature.compared and ORDER_KEPT in asked:
        yield order_warning(feature, feature.compared, home, category)


def warning_specs(feature: Feature) -> Iterator[dg.AssetCheckSpec]:
    """Checks that only warn. Evaluated on their own, they show what is left to do under the current settings."""
    promises = {NOTHING_PENDING: "No calls are pending: no row is new or changed, or failed in a retryable way."}
    promises[FEW_FAILURES] = "No error code affects more than a tenth of the rows (of 20 or more)."
    if feature.compared:
        promises[ORDER_KEPT] = f"{feature.compared} ranks rows as the previous recipe did: subsets stay similar."
    partitions = by_category if feature.is_partitioned else None
    for name, description in promises.items():
        yield dg.AssetCheckSpec(name, asset=feature.name, description=description, partitions_def=partitions)


def warning(check: str, offenders: int, **details: Any) -> dg.AssetCheckResult:
    """A check result that warns if there are offenders."""
    severity, metadata = dg.AssetCheckSeverity.WARN, {"offenders": offenders, **details}
    return dg.AssetCheckResult(check_name=check, passed=not offenders, severity=severity, metadata=metadata)


def order_warning(feature: Feature, column: str, home: Home, category: str | None) -> dg.AssetCheckResult:
    found = drift(home.store, feature.name, column, home.recipe(feature).hash, category)
    return warning(ORDER_KEPT, int(found.is_reordered), **asdict(found)) if found else warning(ORDER_KEPT, 0)


def evidence(feature: Feature, report: FillReport, home: Home, category: str | None) -> dict[str, Any]:
    """The metadata of a materialisation, shown in the UI."""
    table = home.lake.scan(feature.name, category)
    shown: dict[str, Any] = {
        "dagster/partition_row_count" if category else "dagster/row_count": report.rows,
        "calls_made": report.calls_made,
        "rows_remembered": report.rows_remembered,
        "rows_failed": sum(report.failures.values()),
        "failures": report.failures,
        "calls_per_second": round(report.calls_per_second, 2),
        "recipe": home.recipe(feature).text(),
        "preview": dg.MetadataValue.md(preview(table)),
    }
    if "rejection_reason" in feature.schema.column_names():
        shown["rejected"] = rejections(table)
    picture = feature.picture(table, home.frames(category)) if feature.picture else None
    if picture:
        data = base64.b64encode(picture).decode()
        shown["contact_sheet"] = dg.MetadataValue.md(f"![sampled frames](data:image/jpeg;base64,{data})")
    return shown


def column_schema(schema: type) -> dg.TableSchema:
    """The table's columns with types and descriptions, for the UI."""
    columns = schema.columns()
    return dg.TableSchema(
        columns=[
            dg.TableColumn(name, type=str(dtype), description=columns[name].description)
            for name, dtype in schema_of(schema).items()
        ]
    )
