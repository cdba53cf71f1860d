"""Workers for the whole suite, and an S3 that runs here."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from workers import IS_WORKER, MAX_WORKERS, TOGETHER, ByUnit

import internvid_assets  # noqa: F401  before any test imports torch, whose threads then do not spin

hypothesis.settings.register_profile("suite", deadline=None)  # any example is slow now and then on a busy core
hypothesis.settings.load_profile("suite")

GOLDEN = Path(__file__).resolve().parents[2] / "shared" / "golden"

if IS_WORKER:
    os.environ["OMP_NUM_THREADS"] = "1"  # torch's threads spin while they wait: two workers' would halve each other


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of what the papers' own code computed; a CI without it fails, a laptop skips."""
    if not GOLDEN.is_dir():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"nothing golden at {GOLDEN}")
    return GOLDEN


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One per core for the whole suite; none where files or words are named, since each costs seconds of imports."""
    is_part = config.args_source is pytest.Config.ArgsSource.ARGS or config.option.keyword
    return 0 if is_part else min(os.cpu_count() or 1, MAX_WORKERS)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByUnit:
    return ByUnit(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Workers begin with what takes longest, so that none waits for another's last file."""
    if IS_WORKER:
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: (item.path.parent.name not in TOGETHER, item.path not in slow))


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty bucket; the environment says where its server is and who may write there."""
    import fsspec

    said = {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "DEFAULT_REGION": "us-east-1"}
    for name, value in {**said, "ENDPOINT_URL": s3_server}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    bucket = f"lake-{uuid.uuid4().hex[:8]}"
    fsspec.filesystem("s3", skip_instance_cache=True).mkdir(bucket)
    return f"s3://{bucket}"
