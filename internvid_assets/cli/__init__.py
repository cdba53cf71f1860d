"""The command line: every command of `internvid`, one line per error, exit code 0 only on success."""

from __future__ import annotations

import os
import sys

INTERRUPTED = 130


def main() -> None:
    """Entry point of the console script."""
    from internvid_assets.cells.errors import RunStopped, UserError
    from internvid_assets.cli.app import app

    try:
        app()
    except (UserError, RunStopped) as error:
        print(f"internvid: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # `internvid sql … | head` closed the pipe
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if os.environ.get("INTERNVID_DEBUG"):
            raise
        told = " ".join(str(error).split())[:500]
        print(f"internvid: {type(error).__name__}: {told}; INTERNVID_DEBUG=1 shows where", file=sys.stderr)
        sys.exit(1)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # Typer makes it of KeyboardInterrupt, without a word
            print("internvid: interrupted; run the same command again to go on where it stopped", file=sys.stderr)
        raise
