"""The outcome of finished runs for the command line: failed steps and checks, failed rows, warnings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import typer

INTERRUPTS = {"DagsterExecutionInterruptedError", "KeyboardInterrupt"}


@dataclass
class Results:
    """Lines to print. A problem makes the command fail; a note (failed rows, warnings) does not."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, result: dg.ExecuteInProcessResult, where: str) -> None:
        """Add the outcome of the run over `where`; raises KeyboardInterrupt if the run was interrupted."""
        if any(error.cls_name in INTERRUPTS for error in _errors(result)):
            raise KeyboardInterrupt
        problems = [*_failed_steps(result, where), *_broken(result, where, dg.AssetCheckSeverity.ERROR)]
        if not result.success and not problems:
            problems.append(f"the run over {where} failed; see run {result.run_id} in the UI")
        self.problems += problems
        warned = _broken(result, where, dg.AssetCheckSeverity.WARN)
        self.notes += [*_failed_rows(result, where), *(f"warning: {line}" for line in warned)]

    def report(self) -> None:
        """Print all lines on standard error; exits with code 1 if there is a problem."""
        for line in [*self.notes, *self.problems]:
            typer.echo(f"internvid: {line}", err=True)
        if self.problems:
            raise typer.Exit(1)


def _errors(result: dg.ExecuteInProcessResult) -> Iterator[Any]:
    """Every error of a step or of the whole run, followed by its causes."""
    for event in result.all_events:
        failed = event.is_step_failure or event.is_job_failure
        error = getattr(event.event_specific_data, "error", None) if failed else None
        while error is not None:
            yield error
            error = error.cause


def _failed_steps(result: dg.ExecuteInProcessResult, where: str) -> Iterator[str]:
    for event in result.all_events:
        if event.is_step_failure and event.step_key:
            yield f"{event.step_key} of {where}: {_root_cause(event.step_failure_data.error)}"


OUR_CLASS = re.compile(r"^(?:internvid_assets[\w.]*|UserError|RunStopped): ")
"""The class name that Dagster puts before an exception's message."""


def _broken(result: dg.ExecuteInProcessResult, where: str, severity: dg.AssetCheckSeverity) -> Iterator[str]:
    for check in result.get_asset_check_evaluations():
        if not check.passed and check.severity is severity:
            offenders = check.metadata["offenders"].value
            yield f"{check.asset_check_key.to_user_string()} of {where}: {offenders} offending rows"


def _failed_rows(result: dg.ExecuteInProcessResult, where: str) -> Iterator[str]:
    for materialisation in result.get_asset_materialization_events():
        made = materialisation.materialization
        failures: Any = made.metadata["failures"].value if "failures" in made.metadata else {}
        if failures:
            by_code = ", ".join(f"{count} {code}" for code, count in sorted(failures.items()))
            yield f"{made.asset_key.to_user_string()} of {where}: {sum(failures.values())} rows failed ({by_code})"


def _root_cause(error: Any) -> str:
    """The first line of the innermost error, without the class name if it is one of our exceptions."""
    while error is not None and error.cause is not None:
        error = error.cause
    lines = [line.strip() for line in (error.message if error else "").splitlines() if line.strip()]
    return OUR_CLASS.sub("", lines[0] if lines else "failed")
