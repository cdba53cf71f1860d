"""Videos in object stores, through fsspec: listing a prefix, and downloading an object."""

from __future__ import annotations

import errno
import posixpath
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import fsspec

from internvid_assets.cells.errors import CallError, UserError
from internvid_assets.media.addresses import scheme_of
from internvid_assets.videos.folders import is_sidecar
from internvid_assets.videos.hosts import Hosts, Stopped
from internvid_assets.videos.partials import Partial, check_size

BLOCK_BYTES = 1 << 20


def check_store(uri: str, object_stores: Sequence[str]) -> None:
    """Raises `UserError` if the store is not configured, or its library not installed."""
    scheme = scheme_of(uri)
    if scheme not in object_stores:
        known = ", ".join(["http", "https", *object_stores])
        raise UserError(f"{uri}: {scheme or 'its scheme'} is none of {known}; see acquired_videos.object_stores")
    try:
        fsspec.get_filesystem_class(scheme)
    except ImportError as error:
        raise UserError(f"{uri}: {error}") from None


def list_objects(prefix: str) -> Iterator[dict[str, Any]]:
    """source_uri, file_size_bytes and modified_nanoseconds of each possible video at or under `prefix`, by name.

    Raises what the store raises.
    """
    scheme = scheme_of(prefix)
    store, root = fsspec.url_to_fs(prefix, use_listings_cache=False)
    found: Any = store.find(root, detail=True)
    names = sorted(found)
    stems = {
        PurePosixPath(name).with_suffix("").as_posix() for name in names if not is_sidecar(name, video_stems=set())
    }
    for name in names:
        if not posixpath.basename(name).startswith(".") and not is_sidecar(name, video_stems=stems):
            yield {
                "source_uri": f"{scheme}://{name.lstrip('/')}",
                "file_size_bytes": found[name].get("size"),
                "modified_nanoseconds": _modified(found[name]),
            }


def fetch_object(uri: str, partial: Partial, *, hosts: Hosts, parameters: Any) -> None:
    """Download the object to `partial`, resuming where it stopped if the object is still the same.

    Raises `CallError`: not_found, forbidden, connection_failed, truncated_download, too_large.
    """
    with _as_call_errors(uri):
        store, path = fsspec.url_to_fs(uri, use_listings_cache=False)
        info: Any = store.info(path)
        check_size(info["size"], parameters.max_bytes, uri)
        validator = str(info.get("ETag") or _modified(info))
        if partial.validator(uri) != validator:
            partial.begin(uri, validator)
        with store.open(path, "rb", cache_type="none") as source, partial.path.open("ab") as file:
            source.seek(file.tell())
            while block := source.read(BLOCK_BYTES):
                file.write(block)
                hosts.rest(0)
    partial.check_length(info["size"], uri)


@contextmanager
def _as_call_errors(uri: str) -> Iterator[None]:
    try:
        yield
    except (CallError, Stopped):
        raise
    except (FileNotFoundError, IsADirectoryError) as error:
        raise CallError("not_found", f"{uri}: {error}") from None
    except PermissionError as error:
        raise CallError("forbidden", f"{uri}: {error}") from None
    except ImportError as error:
        raise CallError("unsupported_source", f"{uri}: {error}") from None
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        reason = " ".join(str(error).split())[:300]
        raise CallError("connection_failed", f"{uri}: {type(error).__name__}: {reason}", retryable=True) from None


def _modified(info: dict[str, Any]) -> int | None:
    """Modification time in nanoseconds since the Unix epoch, from the field names of different stores."""
    modified = next(
        (info[key] for key in ("LastModified", "last_modified", "mtime", "updated", "created") if info.get(key)), None
    )
    modified = datetime.fromisoformat(modified) if isinstance(modified, str) else modified
    seconds = modified.timestamp() if isinstance(modified, datetime) else modified
    return None if seconds is None else round(seconds * 10**9)
