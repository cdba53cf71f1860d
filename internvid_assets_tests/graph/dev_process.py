"""`internvid dev` as a user starts it, in processes of its own, and what can be asked of it over HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from small_homes import ROOT
from webserver import Ui, wait_until

START_SECONDS, STOP_SECONDS = 120, 40
DAEMONS = "{ instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } } }"


def environment(home: Path) -> dict[str, str]:
    """What a user's shell would have: the home and the shipped settings."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(("DAGSTER", "INTERNVID"))}
    return {**given, "INTERNVID_HOME": str(home), "INTERNVID_SETTINGS": str(ROOT / "internvid.toml")}


def internvid(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).parent / "internvid"), *arguments]


@dataclass(frozen=True)
class Dev:
    """A running `internvid dev`."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        answer = self.ask_raw(query, variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def ask_raw(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def is_ready(self, *, with_daemon: bool) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            if not Ui(self.ask).is_ready():
                return False
        except (urllib.error.URLError, OSError):
            return False
        if not with_daemon:
            return True
        statuses = self.ask(DAEMONS, {})["instance"]["daemonHealth"]["allDaemonStatuses"]
        return all(status["healthy"] for status in statuses if status["required"])

    def stop(self) -> int:
        """SIGTERM, as a service manager sends it; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)


@contextmanager
def started_dev(home: Path, *options: str) -> Iterator[Dev]:
    """`internvid dev` on a free port, ready to take work; stopped at the end whatever happened."""
    port, log = free_port(), home / "dev.log"
    command = internvid("dev", "--port", str(port), *options)
    with log.open("wb") as told:
        process = subprocess.Popen(command, env=environment(home), cwd=home, stdout=told, stderr=told)
    dev = Dev(process, port, log)
    try:
        ready = f"`internvid dev` is ready, see {log}"
        wait_until(lambda: dev.is_ready(with_daemon="--read-only" not in options), ready, START_SECONDS)
        yield dev
    finally:
        if process.poll() is None:
            dev.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def descendants(pid: int) -> set[int]:
    """The processes below `pid`, from /proc."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    below, found = {pid}, set()
    while below := {child for child, parent in parents.items() if parent in below}:
        found |= below
    return found


def processes_of(home: Path) -> dict[int, str]:
    """Every process whose environment names this home, wherever its parent went: pid -> command line."""
    mark, found = f"INTERNVID_HOME={home}".encode(), {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:200]
        except OSError:
            continue
    return found


def listening_on(port: int) -> set[str]:
    """The local addresses on which `port` is listened to, as /proc/net writes them."""
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            if state == "0A" and int(address.rpartition(":")[2], 16) == port:
                found.add(address.rpartition(":")[0])
    return found
