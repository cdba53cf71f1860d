"""Redirects in yt-dlp: each is checked before it is followed. Imports yt-dlp: import this where it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from yt_dlp.networking._urllib import RedirectHandler, UrllibRH
from yt_dlp.networking.exceptions import RequestError


class _Refused(RequestError):
    """Wraps what `admit` raised in an error that yt-dlp passes on; it would report any other as a bug."""

    def __init__(self, error: Exception) -> None:
        super().__init__(cause=error)
        self.error = error


def request_handler(admit: Callable[[str], None]) -> type[UrllibRH]:
    """yt-dlp's urllib handler of http and https that calls `admit` with the target of each redirect."""

    class Admitting(RedirectHandler):
        handler_order = RedirectHandler.handler_order - 1  # before yt-dlp's own

        def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
            try:
                admit(newurl)
            except Exception as error:
                raise _Refused(error) from error
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    class AdmittingRH(UrllibRH):
        def _create_instance(self, **options: Any) -> Any:
            opener = super()._create_instance(**options)  # pyright: ignore[reportAttributeAccessIssue]
            opener.add_handler(Admitting())
            return opener

    return AdmittingRH


@contextmanager
def redirect_refusals() -> Iterator[None]:
    """Re-raise what `admit` raised."""
    try:
        yield
    except _Refused as refused:
        raise refused.error from None
