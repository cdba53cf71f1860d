"""Redirects that yt-dlp meets: each is admitted before it is followed. Imports yt-dlp: import it where it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from yt_dlp.networking._urllib import RedirectHandler, UrllibRH
from yt_dlp.networking.exceptions import RequestError


class _Refused(RequestError):
    """What yt-dlp lets through to its caller, around what `admit` raised; anything else it takes for a fault."""

    def __init__(self, error: Exception) -> None:
        super().__init__(cause=error)
        self.error = error


def request_handler(admit: Callable[[str], None]) -> type[UrllibRH]:
    """yt-dlp's handler of http and https over urllib, which asks `admit` about each address a redirect leads to."""

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
    """Raises what `admit` raised."""
    try:
        yield
    except _Refused as refused:
        raise refused.error from None
