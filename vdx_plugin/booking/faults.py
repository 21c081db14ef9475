"""One table from what VDX and httpx say to what must happen next.

Keyed by (status, ``detailed_error_code``), never by text: the server's texts differ from its own description, and in
version 1 the same number means different things under 400 and 406 (``wire`` turns its numbers into version 2's). The
code is a string in the answer although the description calls it a number; 401, malformed JSON and refused roles come
without it. Source: NotValidDataErrors, NotAcceptableErrors, ErrorController of medcom-video-api 2.5.0; what a client
can do about each: facts, 4.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from vdx_plugin.booking.wire import Fault, Version2, Wire
from vdx_plugin.errors import (
    Conflict,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Refused,
    SignInNeeded,
    Unavailable,
    Unreadable,
    VdxError,
)

HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods after which it need not be known whether the request arrived."""


@dataclass(frozen=True, slots=True)
class Row:
    """An error class and its code; ``field`` where one field of the request is always at fault."""

    error: type[VdxError]
    code: str
    field: str | None = None


_SETUP = Row(Misconfigured, "vdx.setup")
_INPUT = Row(Refused, "vdx.input")
_STATE = Row(Conflict, "vdx.state")
_OURS = Row(Refused, "vdx.refused")
"""A request we should never have built."""

BY_CODE: Mapping[tuple[int, str], Row] = {
    (400, "10"): _INPUT,
    # The plain 403 is about roles; this one about the meeting: another organisation's, or a colleague's.
    (403, "11"): Row(Refused, "vdx.not_yours"),
    (404, "11"): Row(NotFound, "vdx.not_found"),
    (500, "11"): Row(OutcomeUnknown, "vdx.server_error"),
    (406, "12"): _STATE,
    (406, "13"): _STATE,
    (406, "14"): _SETUP,
    (406, "15"): _SETUP,
    (406, "16"): _SETUP,
    (406, "17"): _SETUP,
    (406, "18"): _SETUP,
    (400, "19"): _SETUP,
    (400, "20"): Row(Unavailable, "vdx.pool_empty"),
    (400, "21"): Row(Conflict, "vdx.taken", "externalId"),
    (400, "22"): _SETUP,
    (400, "23"): _SETUP,
    # Said of a short id, but it is also the answer to a uuid that is already booked: ask, then decide.
    (400, "24"): Row(OutcomeUnknown, "vdx.outcome_unknown"),
    (400, "25"): _INPUT,
    (400, "26"): _SETUP,
    (400, "27"): _SETUP,
    (400, "28"): _OURS,
    (400, "29"): _OURS,
    (400, "30"): _OURS,
    (400, "31"): _SETUP,
    (400, "32"): Row(Conflict, "vdx.input", "uriWithoutDomain"),
    (400, "33"): Row(Refused, "vdx.input", "uriWithoutDomain"),
    (400, "34"): _OURS,
    (400, "35"): Row(Refused, "vdx.input", "additionalInformation"),
    (400, "36"): _OURS,
}

BY_STATUS: Mapping[int, Row] = {
    401: Row(SignInNeeded, "vdx.sign_in"),
    403: Row(Refused, "vdx.role"),
    404: Row(NotFound, "vdx.not_found"),
    405: _SETUP,
    407: _SETUP,
    408: Row(OutcomeUnknown, "vdx.outcome_unknown"),
    409: _STATE,
    415: _SETUP,
    429: Row(Unavailable, "vdx.unreachable"),
}

_NOT_SENT = Row(Unavailable, "vdx.unreachable")
_LOST = Row(OutcomeUnknown, "vdx.outcome_unknown")

BY_EXCEPTION: Mapping[type[Exception], Row] = {
    httpx.ConnectError: _NOT_SENT,
    httpx.ConnectTimeout: _NOT_SENT,
    httpx.PoolTimeout: _NOT_SENT,
    httpx.ProxyError: _NOT_SENT,
    httpx.ReadTimeout: _LOST,
    httpx.WriteTimeout: _LOST,
    httpx.ReadError: _LOST,
    httpx.WriteError: _LOST,
    httpx.CloseError: _LOST,
    httpx.RemoteProtocolError: _LOST,
    httpx.DecodingError: _LOST,
    httpx.UnsupportedProtocol: _SETUP,
    httpx.InvalidURL: _SETUP,
    httpx.TooManyRedirects: _SETUP,
}
"""Exact classes. httpx's others are families of these or mistakes of ours; a test lists both."""


@contextmanager
def translated(api_url: str | None) -> Iterator[None]:
    """Turn httpx's exceptions into ours. ``api_url`` tells a call of the API from one of the token service (None)."""
    try:
        yield
    except (httpx.RequestError, httpx.InvalidURL) as error:
        row = BY_EXCEPTION.get(type(error), _LOST)
        raise _plain(row, not _changes_something(error, api_url), type(error).__name__) from error


def _changes_something(error: httpx.RequestError | httpx.InvalidURL, api_url: str | None) -> bool:
    if api_url is None:
        return False
    try:
        request = error.request if isinstance(error, httpx.RequestError) else None
    except RuntimeError:  # httpx says so where the error was raised without its request
        request = None
    if request is None:
        return True
    return request.method not in HARMLESS and str(request.url).startswith(api_url)


def raise_for(response: httpx.Response, wire: Wire | None = None) -> None:
    """Return for a 2xx answer; raise what any other one means. ``wire`` tells how errors are written there."""
    if response.is_success:
        return
    fault = (wire or Version2()).fault(response)
    row = BY_CODE.get((response.status_code, fault.code)) or _by_status(response.status_code)
    field = row.field or (_field_named(fault) if row is _INPUT else None)
    harmless = response.request.method in HARMLESS
    raise _plain(row, harmless, f"status {response.status_code}, error code {fault.code or 'none'}", field)


def _by_status(status: int) -> Row:
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status >= 500:
        return Row(OutcomeUnknown, "vdx.server_error")
    # A redirect means that the address is wrong or that a sign-in page of the network stands in between.
    return _OURS if status >= 400 else _SETUP


def _plain(row: Row, harmless: bool, detail: str, field: str | None = None) -> VdxError:
    """Build the error; after a request that changes nothing, an unknown outcome is only a missing answer."""
    if row.error is OutcomeUnknown and harmless:
        return Unavailable("vdx.unreachable" if row.code == "vdx.outcome_unknown" else row.code, detail)
    if issubclass(row.error, Refused):
        return row.error(row.code, detail, field=field)
    return row.error(row.code, detail)


def _field_named(fault: Fault) -> str | None:
    """The field that bean validation names first (``subject: must not be null``). A hint, so its form may change."""
    found = re.match(r"([A-Za-z][A-Za-z0-9]{0,60}): ", fault.text)
    return found.group(1) if found else None


def unreadable(place: str) -> Unreadable:
    """The error for an answer that is not what the description promises."""
    return Unreadable("vdx.unreadable", "answer of the video API", place=place)
