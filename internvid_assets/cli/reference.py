"""docs/cli.md, written from what `--help` says: python -m internvid_assets.cli.reference > docs/cli.md"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import typer

from internvid_assets.cli.app import app

PREAMBLE = """# The command line

Made by `python -m internvid_assets.cli.reference > docs/cli.md` from what `--help` says; a test compares.

The exit code is 0 only on success, 1 when something went wrong, 2 when a command was called wrongly, and 130 when it
was interrupted. Each problem is a line on standard error that begins with `internvid: `; so is each warning of a
command that succeeds. Only `doctor` and `backfill` print what went wrong to standard output, as their result.
`--format json` prints one array of objects. Settings come from `internvid.toml` in the current folder or the nearest
one above it, or from the file that `INTERNVID_SETTINGS` names; `INTERNVID_HOME` says where everything is kept, else
`data` beside that file.
"""


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(words after `internvid`, command) of every command that does something, in the order of `--help`."""
    command = command or typer.main.get_command(app)
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, child in command.commands.items():
        yield from commands(child, (*path, name))


def reference() -> str:
    """The whole page."""
    return "\n".join([PREAMBLE, *(section(path, command) for path, command in commands())])


def section(path: tuple[str, ...], command: Any) -> str:
    """One command: what it does, an example, its arguments and options."""
    description, _, example = inspect.cleandoc(command.help or "").partition("Example: ")
    usage = " ".join(["internvid", *path, *(word for one in command.params for word in used(one))])
    lines = [
        f"## internvid {' '.join(path)}",
        "",
        description.strip(),
        "",
        "```console",
        f"$ {one_line(example)}",
        "```",
    ]
    lines += ["", f"`{usage}`", "", *(f"- {described(one)}" for one in command.params), ""]
    return "\n".join(lines)


def used(parameter: Any) -> Iterator[str]:
    """How a parameter stands in the usage line; options are listed below it."""
    if parameter.param_type_name == "argument":
        name = parameter.name.upper() + ("…" if parameter.nargs == -1 else "")
        yield name if parameter.required else f"[{name}]"


def described(parameter: Any) -> str:
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    if parameter.param_type_name == "argument":
        names = f"`{parameter.name.upper()}`"
    default = parameter.default
    shown = f" Default: `{getattr(default, 'value', default)}`." if is_worth_showing(default) else ""
    return f"{names}: {one_line(parameter.help or '')}{shown}"


def is_worth_showing(default: Any) -> bool:
    return isinstance(default, str | int) and not isinstance(default, bool) and default != ""


def one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    print(reference(), end="")
