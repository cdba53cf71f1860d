"""internvid dev and internvid backfill: the Dagster UI, and work handed to its daemon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from filelock import FileLock, Timeout

from internvid_assets.cells.errors import UserError
from internvid_assets.cli.environment import folder_of, open_home
from internvid_assets.cli.graphql import address_file
from internvid_assets.cli.options import Categories, Selection

POLL_SECONDS = 1.0
STOP_SECONDS = 15.0


def dev(
    port: Annotated[int, typer.Option(help="Port of the UI on 127.0.0.1.")] = 3000,
    read_only: Annotated[bool, typer.Option(help="A UI that starts and changes nothing, without a daemon.")] = False,
) -> None:
    """Open the Dagster UI and its daemon on this machine only, until Ctrl-C.

    Example: internvid dev --port 3000
    """
    home = open_home()
    lock = FileLock(home.path / "locks" / ("viewer.lock" if read_only else "dev.lock"))
    Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise UserError(f"`internvid dev` already runs for {home.path}; stop it first") from None
    prepare_instance(orphans=not read_only)
    workspace = str(folder_of("workspace.yaml") / "workspace.yaml")
    web = [program("dagster-webserver"), "-h", "127.0.0.1", "-p", str(port), "-w", workspace]
    commands = [[*web, "--read-only"]] if read_only else [web, [program("dagster-daemon"), "run", "-w", workspace]]
    url = f"http://127.0.0.1:{port}"
    print(f"Dagster UI: {url}  (home {home.path}; Ctrl-C stops it)", flush=True)
    note = None if read_only else address_file(home.path)
    try:
        if note:
            note.write_text(url)
        watch([subprocess.Popen(command) for command in commands])
    finally:
        if note:
            note.unlink(missing_ok=True)


def program(name: str) -> str:
    """A console script of the environment this program runs in."""
    return str(Path(sys.executable).parent / name)


def prepare_instance(*, orphans: bool) -> None:
    """Create or upgrade Dagster's storage before two processes race to, and free runs whose process is gone."""
    # It draws progress bars on stderr, which say something only when it fails.
    migrated = subprocess.run([program("dagster"), "instance", "migrate"], capture_output=True, text=True)
    if migrated.returncode:
        why = (migrated.stderr.strip().splitlines() or ["no message"])[-1]
        raise UserError(f"Dagster's records under {os.environ['INTERNVID_DAGSTER_STATE']} cannot be opened: {why}")
    import dagster as dg

    from internvid_assets.cli.runs import free_dead_runs

    with dg.DagsterInstance.get() as instance:
        freed = free_dead_runs(instance, of_ui=orphans)
    if freed:
        print(f"{freed} runs had lost their process and are marked as failed; run them again to go on")


def watch(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Wait until one ends or we are asked to stop, then stop all."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        print("stopping")
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            _end(process)
    ended = [
        process.returncode for process in processes if process.returncode not in (0, -signal.SIGTERM, -signal.SIGINT)
    ]
    if ended:
        raise UserError(f"a Dagster process ended with exit code {ended[0]}; its messages are above")


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def backfill(
    selection: Selection = "*",
    category: Categories = None,
    wait: Annotated[bool, typer.Option(help="Wait until it is through.")] = True,
) -> None:
    """Hand categories to the daemon as one backfill, as the UI does; `internvid dev` must be running.

    Example: internvid backfill '+key:fused_captions' --category sports --category music
    """
    from internvid_assets.cli.graph import chosen_categories
    from internvid_assets.cli.graphql import UNFINISHED, running_ui
    from internvid_assets.cli.selection import select
    from internvid_assets.definitions import build_defs

    home = open_home()
    ui, categories = running_ui(home.path), chosen_categories(home, category)
    assets = [key.to_user_string() for key in select(build_defs(home), selection).by_category]
    backfill_id = ui.launch_backfill(assets, categories)
    print(
        f"backfill {backfill_id}: {len(assets)} assets in {len(categories)} categories; see {ui.url}/runs?tab=backfills"
    )
    while wait:
        status = ui.backfill_status(backfill_id)
        if status not in UNFINISHED:
            print(f"backfill {backfill_id}: {status}")
            raise typer.Exit(0 if status == "COMPLETED_SUCCESS" else 1)
        time.sleep(POLL_SECONDS)
