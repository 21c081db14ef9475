"""What the failures of an HTTP endpoint for messages mean: can the other side have acted, and who must act now.

Only types and status codes are told, since an exception's text holds the whole address.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from vdx_plugin.errors import (
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Refused,
    SignInNeeded,
    Unavailable,
    Unreadable,
    VdxError,
)

# Nothing of the request can have been taken in when one of these comes.
_NOT_SENT: tuple[type[Exception], ...] = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
)
_WRONG_ADDRESS: tuple[type[Exception], ...] = (httpx.UnsupportedProtocol, httpx.InvalidURL)


@contextmanager
def translated() -> Iterator[None]:
    """Turn httpx's exceptions into ours, by whether the other side can have acted."""
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise meaning(error) from error


def meaning(error: Exception) -> VdxError:
    """Say what an exception of httpx means; only its type is told, since its text holds the whole address."""
    name = type(error).__name__
    if isinstance(error, _WRONG_ADDRESS):
        return Misconfigured("invite.setup", name)
    if isinstance(error, _NOT_SENT):
        return Unavailable("invite.unreachable", name)
    return OutcomeUnknown("invite.unreachable", name)


def refuse(answer: httpx.Response) -> None:
    """Raise what the status means; nothing for a good one."""
    status = answer.status_code
    detail = f"HTTP {status}"
    if status < 300:
        return
    if status in (401, 403):
        raise SignInNeeded("invite.setup", detail)
    if status in (502, 504):
        # A gateway gave up waiting: what stands behind it may have taken the message.
        raise OutcomeUnknown("invite.unreachable", detail)
    if status in (408, 425, 429) or status >= 500:
        raise Unavailable("invite.unreachable", detail)
    raise (NotFound if status in (404, 410) else Refused)("invite.rejected", detail)


def json_of(answer: httpx.Response) -> Any:
    """Return the answer's JSON. Raises Unreadable(``invite.unreadable``)."""
    try:
        return answer.json()
    except (ValueError, RecursionError):
        raise Unreadable("invite.unreadable", "the endpoint's answer is not JSON") from None
