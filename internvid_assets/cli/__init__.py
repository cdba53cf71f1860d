"""The command line: every command of `internvid`, one line per error, exit code 0 only on success."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import NoReturn

INTERRUPTED = 130
NO_ROOM_OR_RIGHT = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def main() -> None:
    """Entry point of the console script."""
    code = run()
    if code:
        end_at_once(code)


def end_at_once(code: int) -> NoReturn:
    """End the process with what was printed, and let nothing tidy up behind a failure.

    All that matters was closed on the way here. What the error left alive, such as a thread that waits for a server,
    would have DuckDB's bindings report fifty lines of leaked objects below the one line that counts.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # a pipe that is closed by now
            stream.flush()
    os._exit(code)


def run() -> int:
    """Run the command of `sys.argv`; its exit code."""
    from internvid_assets.cells.errors import RunStopped, UserError
    from internvid_assets.cli.app import app

    try:
        app()
    except (UserError, RunStopped) as error:
        print(f"internvid: {_damage_behind(error) or error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `internvid sql … | head` closed the pipe
        sys.stderr.close()
        return 0
    except Exception as error:
        if os.environ.get("INTERNVID_DEBUG"):
            raise
        print(f"internvid: {_no_room_or_right(error) or _damage_behind(error) or _unexpected(error)}", file=sys.stderr)
        return 1
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # Typer makes it of KeyboardInterrupt, without a word
            print("internvid: interrupted; run the same command again to resume", file=sys.stderr)
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    return 0


def _no_room_or_right(error: Exception) -> str | None:
    """What to say of a disk that is full or a place that is not ours; None of any other error."""
    if not isinstance(error, OSError) or error.errno not in NO_ROOM_OR_RIGHT:
        return None
    reason = " ".join(str(error.strerror).split())
    return (
        f"{error.filename or 'a file'} cannot be read or written ({reason}); fix that, and run the same command again"
    )


def _unexpected(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:500]}; INTERNVID_DEBUG=1 shows where"


def _damage_behind(error: Exception) -> str | None:
    """What to say where a damaged file of the home is behind the error: which one, and how to have it made again."""
    from internvid_assets.home import Home
    from internvid_assets.selects.damage import damage_behind
    from internvid_assets.settings import load_settings

    try:
        return damage_behind(Home(load_settings()).lake, error)
    except Exception:  # what made looking fail is not what the command failed of
        return None
