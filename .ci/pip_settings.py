"""Prints pip's index settings (environment and pip.conf) as shell assignments for uv, which reads neither.

Whoever set an index, a mirror or a certificate for pip means it; a setting made for uv itself wins.
"""

import ast
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping

TRANSLATION = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "proxy": "ALL_PROXY",
    "cert": "SSL_CERT_FILE",
}


def pip_settings(listing: str) -> dict[str, str]:
    """The output of `pip config list` as {option: value}; the environment wins over [install], that over [global]."""
    settings = {}
    for scope in ("global", "install", ":env:"):
        for line in listing.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(scope + "."):
                settings[name.removeprefix(scope + ".")] = str(ast.literal_eval(value))
    return settings


def uv_settings(settings: dict[str, str]) -> dict[str, str]:
    """The same settings under the names that uv reads."""
    translated = {}
    for option, variable in TRANSLATION.items():
        words = settings.get(option, "").split()
        if words:
            translated[variable] = ("," if option == "find-links" else " ").join(words)
    if "UV_INDEX" in translated:
        # As pip does, take a file from whichever index has it: the hashes of the lock decide what is accepted.
        translated["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return translated


def exports(listing: str, *, uv_arguments: list[str], environment: Mapping[str, str]) -> list[str]:
    """Shell lines for one call of uv; what the environment says to uv already is left as it is."""
    settings = pip_settings(listing)
    if uv_arguments[:2] == ["pip", "compile"]:
        # A lock made with somebody's extra index would hold the hashes of the files found there, and lack all others.
        settings = {option: settings[option] for option in settings.keys() - {"extra-index-url", "find-links"}}
    missing = {name: value for name, value in uv_settings(settings).items() if not environment.get(name)}
    return [f"export {name}={shlex.quote(value)}" for name, value in missing.items()]


if __name__ == "__main__":
    pip = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True)
    print(*exports(pip.stdout, uv_arguments=sys.argv[1:], environment=os.environ), sep="\n")
