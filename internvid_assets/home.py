"""A home: everything under INTERNVID_HOME, opened with one set of settings. Independent of Dagster."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.engine import LocalEngine
from internvid_assets.cells.feature import Feature, Work
from internvid_assets.cells.fill import FillOptions, FillReport, Progress, fill
from internvid_assets.cells.lake import Lake
from internvid_assets.cells.lease import lease, turn
from internvid_assets.cells.recipes import Recipe
from internvid_assets.cells.store import Store
from internvid_assets.models.loaded import Models
from internvid_assets.models.profiles import model_specs
from internvid_assets.settings import Settings

if TYPE_CHECKING:
    from internvid_assets.media.frames import FrameStore

ReportProgress = Callable[[str, str], Progress]
"""From (asset, category or `all`) to the callback that receives the progress of its fill."""


WORKERS_NEED = ("av", "cv2", "numpy")


def _no_progress(asset: str, category: str) -> Progress:
    return lambda made, to_make: None


@dataclass(frozen=True)
class Home:
    """The lake, the frame stores, the models and the workers of one INTERNVID_HOME."""

    settings: Settings
    report_progress: ReportProgress = field(default=_no_progress)

    @property
    def path(self) -> Path:
        return self.settings.home

    @cached_property
    def store(self) -> Store:
        store = Store(self.path, self.settings.lake_url)
        store.sweep()
        return store

    @cached_property
    def lake(self) -> Lake:
        return Lake(self.store, self.settings.memory_limit)

    @cached_property
    def models(self) -> Models:
        return Models(model_specs(self.settings.profile, self.settings.model_overrides()))

    def frames(self, category: str | None) -> FrameStore:
        """The frame store of one category (None: of no category); only a run that leases the category writes to it."""
        from internvid_assets.media.frames import FrameStore

        return FrameStore(self.path / "frames" / (category or "all"))

    def recipe(self, feature: Feature) -> Recipe:
        """What `feature`'s calls depend on under these settings."""
        identities = {name: spec.identity for name, spec in self.models.specs.items()}
        return feature.recipe(self.settings, identities)

    def upstream(self, feature: Feature, category: str | None, **given: pl.LazyFrame) -> pl.LazyFrame:
        """The rows that `feature` is computed for, from the lake's tables or from those `given` instead."""
        tables = [given.get(name, self.lake.scan(name, category)) for name in feature.upstream_tables]
        return feature.upstream(*tables, **(feature.given(self.settings) if feature.given else {}))

    def judged(self, feature: Feature, rows: pl.LazyFrame, category: str | None) -> pl.LazyFrame:
        """The rows with the derived columns of `feature`, under these settings and the current tables."""
        return feature.judged(rows, feature.parameters(self.settings), **self._judged_by(feature, category))

    def _judged_by(self, feature: Feature, category: str | None) -> dict[str, pl.LazyFrame]:
        return {name: self.lake.scan(name, category) for name in feature.tables_judged_by}

    @contextmanager
    def open_work(self, feature: Feature, category: str | None) -> Iterator[Work]:
        """Load what the calls of `feature` need. Assets with models run one at a time, since they share a device."""
        parameters = feature.parameters(self.settings)
        alone = self.turn("models") if feature.capabilities(self.settings) else nullcontext()
        engine = LocalEngine(
            self.settings.workers, memory_bytes=self.settings.worker_memory_bytes, preload=WORKERS_NEED
        )
        with alone, closing(engine):
            yield feature.work(Bench(self.settings, parameters, self.models, self.frames(category), engine))

    def turn(self, at: str) -> AbstractContextManager[None]:
        """Wait until no other process of this home holds the turn `at`."""
        return turn(self.path, at, holder=_who())

    def fill(self, feature: Feature, category: str | None, options: FillOptions | None = None) -> FillReport:
        """Bring one category (None: no partitions) up to date under a lease; a second run learns who holds it."""
        with lease(self.path, feature.name, category or "all", holder=_who()):
            return fill(
                feature,
                self.upstream(feature, category),
                recipe=self.recipe(feature),
                category=category,
                lake=self.lake,
                open_work=lambda: self.open_work(feature, category),
                judgement=feature.parameters(self.settings),
                judged_by=self._judged_by(feature, category),
                options=options or self.fill_options(),
                progress=self.report_progress(feature.name, category or "all"),
            )

    def fill_options(self, *, limit: int | None = None, retry_quarantined: bool = False) -> FillOptions:
        return FillOptions(limit, retry_quarantined, self.settings.max_attempts, self.settings.commit_seconds)

    def content_of(self, tables: Iterable[str]) -> str:
        """A hash of the data versions of these tables: equal content gives an equal hash."""
        versions = [(table, self.lake.data_versions(table)) for table in sorted(tables)]
        return hashlib.blake2b(repr(versions).encode(), digest_size=8).hexdigest()


def _who() -> str:
    return os.environ.get("DAGSTER_RUN_ID") or "the command line"
