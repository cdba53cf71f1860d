"""internvid dev and internvid backfill: the Dagster UI, and work handed to its daemon."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from filelock import FileLock, Timeout

from internvid_assets.cells.errors import UserError
from internvid_assets.cli.environment import folder_of, open_home
from internvid_assets.cli.graphql import UNFINISHED, Ui, address_file
from internvid_assets.cli.options import Categories, Selection

if TYPE_CHECKING:
    from internvid_assets.cli.selection import Selected

POLL_SECONDS = 1.0
STOP_SECONDS = 15.0


def dev(
    port: Annotated[int, typer.Option(help="The UI's port on 127.0.0.1.")] = 3000,
    read_only: Annotated[bool, typer.Option(help="Only look: no daemon, and nothing can be started.")] = False,
) -> None:
    """Serve the Dagster UI to this machine only, and run its daemon, until Ctrl-C.

    Example: internvid dev --port 3000
    """
    home = open_home()
    lock = FileLock(home.path / "locks" / ("viewer.lock" if read_only else "dev.lock"))
    Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise UserError(f"`internvid dev` is already running for {home.path}; stop it first") from None
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
        reason = (migrated.stderr.strip().splitlines() or ["no message"])[-1]
        raise UserError(f"Dagster's records under {os.environ['INTERNVID_DAGSTER_STATE']} cannot be opened: {reason}")
    import dagster as dg

    from internvid_assets.cli.runs import free_dead_runs

    with dg.DagsterInstance.get() as instance:
        freed = free_dead_runs(instance, of_ui=orphans)
    if freed:
        print(f"{freed} runs whose process had died are now marked as failed; run them again to resume")


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
    wait: Annotated[bool, typer.Option(help="Wait until it has finished.")] = True,
) -> None:
    """Launch a backfill over categories, as the UI does; `internvid dev` must be running.

    It holds only assets that are partitioned by category. Others, such as subsets, marts and clip_index, are listed:
    run `internvid materialize` for those.

    Example: internvid backfill '+key:fused_captions' --category sports --category music
    """
    from internvid_assets.cli.graph import chosen_categories
    from internvid_assets.cli.graphql import running_ui
    from internvid_assets.cli.selection import select
    from internvid_assets.definitions import build_defs

    home = open_home()
    chosen, categories = select(build_defs(home), selection), chosen_categories(home, category)
    refuse_nothing(chosen, categories, selection)
    ui = running_ui(home.path)
    backfill_id = ui.launch_backfill([key.to_user_string() for key in chosen.by_category], categories)
    size = f"{len(chosen.by_category)} assets in {len(categories)} categories"
    print(f"backfill {backfill_id}: {size}; see {ui.url}/runs?tab=backfills")
    if note := left_out(chosen, selection):
        print(note)
    if wait:
        wait_for(backfill_id, ui)


def refuse_nothing(chosen: Selected, categories: Sequence[str], selection: str) -> None:
    """Raises UserError where a backfill would be empty."""
    if not chosen.by_category:
        raise UserError(
            f"selection {selection!r} has no asset that is partitioned by category, and a backfill holds no other; "
            f"run: internvid materialize {shlex.quote(selection)}"
        )
    if not categories:
        raise UserError("no category has videos yet: run internvid ingest first, or name one with --category")


def left_out(chosen: Selected, selection: str) -> str | None:
    """A line on the selected assets that a backfill does not hold; None where there are none."""
    from internvid_assets.cli.runs import listed

    others = [key for key in chosen.all() if key not in chosen.by_category]
    if not others:
        return None
    then = f"to make them: internvid materialize {shlex.quote(selection)}"
    return f"left out, as they are not partitioned by category: {listed(others)}; {then}"


def wait_for(backfill_id: str, ui: Ui) -> NoReturn:
    """Until the backfill has ended; ends the command with exit code 0 if all of it was made."""
    while (status := ui.backfill_status(backfill_id)) in UNFINISHED:
        time.sleep(POLL_SECONDS)
    print(f"backfill {backfill_id}: {status}")
    raise typer.Exit(0 if status == "COMPLETED_SUCCESS" else 1)
