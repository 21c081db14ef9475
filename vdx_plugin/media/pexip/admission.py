"""The way through the door: what the node's answer to ``request_token`` means and what to send next. Pure.

The node's own ``status`` word is not to be trusted: refusals have been seen under "success". So the HTTP code and
the type of ``result`` decide. Source: client REST API v2, ``request_token``; header ``pin``, ``none`` for a guest
where guests need none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import NotFound, Refused, Unavailable, Unsupported, VdxError
from vdx_plugin.media.pexip.fields import mapping, text
from vdx_plugin.media.pexip.replies import Grant, read_grant

NO_PIN = Secret("none")


@dataclass(frozen=True, slots=True)
class Attempt:
    """The next request: which PIN goes into the header, if any, and what a virtual reception is told."""

    pin: Secret | None
    extension: str = ""


def first_attempt(pin: Secret) -> Attempt:
    """Return the first request: a PIN we hold is shown at once, which saves a round trip."""
    return Attempt(pin if pin else None)


def judge(attempt: Attempt, status: int, result: Any, *, extension: str = "") -> Grant | Attempt:
    """Return the token, or the next request to make. ``extension`` is what to tell a virtual reception that asks.

    Raises Refused (``call.wrong_pin``, ``call.pin_needed``, ``call.wrong_extension``, ``call.refused``), NotFound,
    Unsupported, Unavailable and Unreadable.
    """
    if status == 200:
        return read_grant(result)
    if status == 403 and isinstance(result, dict):
        return _prompted(attempt, result, extension)
    raise failure(status, result)


def _prompted(attempt: Attempt, result: Any, extension: str) -> Attempt:
    prompt = mapping(result)
    if text(prompt.get("conference_extension")) == "required":
        return _received(attempt, extension)
    if "pin" in prompt or "guest_pin" in prompt:
        if attempt.pin is None and "none" in (text(prompt.get("pin")), text(prompt.get("guest_pin"))):
            return replace(attempt, pin=NO_PIN)
        raise Refused("call.pin_needed" if attempt.pin is None else "call.wrong_pin", field="pin")
    if "idp" in prompt or "redirect_url" in prompt:
        raise Unsupported("call.sign_in_page")
    raise Refused("call.refused", "prompt not known")


def _received(attempt: Attempt, extension: str) -> Attempt:
    """A virtual reception asks which room is wanted."""
    if not extension:
        raise Unsupported("call.reception")
    if attempt.extension:
        raise Refused("call.wrong_extension", field="extension")
    return replace(attempt, extension=extension)


def failure(status: int, result: Any) -> VdxError:
    """Return the error an answer other than 200 stands for, for any request of the API."""
    words = text(result, limit=200).lower()
    if status == 404:
        return NotFound("call.not_found", f"HTTP {status}")
    if status >= 500 or status == 429:
        return Unavailable("call.unreachable", f"HTTP {status}")
    if "invalid pin" in words:
        return Refused("call.wrong_pin", field="pin")
    if "pin" in words and ("retries" in words or "attempts" in words or "locked" in words):
        return Refused("call.pin_locked", field="pin")
    if "invalid token" in words or status == 401:
        return Refused("call.token_gone", f"HTTP {status}")
    if "invalid role" in words:
        return Refused("call.not_host", f"HTTP {status}")
    return Refused("call.refused", f"HTTP {status}")
