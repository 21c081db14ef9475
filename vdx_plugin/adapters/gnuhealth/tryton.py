"""Tryton's JSON-RPC 1.0 as its own clients speak it (trytond 7.0, ``protocols/jsonrpc.py``), over one session.

Every method takes the session's context last. Errors that a person may read come as ``[kind, [texts…]]`` under HTTP
200; a session that has ended is a 401.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import httpx

from vdx_plugin.api.v1 import (
    Conflict,
    NotFound,
    OutcomeUnknown,
    Refused,
    Secret,
    SignInNeeded,
    Unavailable,
    Unreadable,
    get_logger,
)

_log = get_logger("adapters.gnuhealth")

LIMIT_S = 10.0
MAX_ANSWER_BYTES = 8_000_000


class TrytonSession:
    """One user's session at one database. Signs in when first needed, and once more when the session has ended."""

    def __init__(self, http: httpx.AsyncClient, database: str, user: str, password: Secret) -> None:
        self._http = http
        self._path = f"/{database}/"
        self._user = user
        self._password = password
        self._headers: dict[str, str] = {}
        self._context: dict[str, Any] = {}
        self.user_id = 0
        """The user's id, known once signed in."""

    async def call(self, method: str, *arguments: Any, changes: bool = False, **context: Any) -> Any:
        """Call a method and return its result, times and dates as Python's.

        ``context`` is added to the session's. ``changes`` says that the call writes: when no answer comes it is not
        known whether it was carried out, and OutcomeUnknown is raised instead of Unavailable. Raises also
        SignInNeeded, Conflict (somebody else changed the record), Refused, NotFound, Unreadable.
        """
        if not self._headers:
            await self.sign_in()
        parameters = [*arguments, {**self._context, **context}]
        answer = await self._post(method, parameters, changes=changes)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            # Sessions end after a while; signing in again is no business of the user's while the password holds.
            await self.sign_in()
            answer = await self._post(method, parameters, changes=changes)
        return _result(answer)

    async def sign_in(self) -> None:
        """Open a session. Raises SignInNeeded(``gnuhealth.sign_in``), Unavailable, NotFound(``gnuhealth.database``)."""
        self._headers = {}
        login = [self._user, {"password": self._password.reveal()}]
        answer = await self._post("common.db.login", login, changes=False)
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.TOO_MANY_REQUESTS):
            raise SignInNeeded("gnuhealth.sign_in", f"status {answer.status_code}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise NotFound("gnuhealth.database", "no such database")
        given = _result(answer)
        if not (isinstance(given, list) and len(given) >= 2):
            raise Unreadable("gnuhealth.unreadable", place="session")
        self.user_id = int(given[0])
        token = base64.b64encode(f"{self._user}:{given[0]}:{given[1]}".encode()).decode("ascii")
        self._headers = {"Authorization": f"Session {token}"}
        preferences = await self._post("model.res.user.get_preferences", [True, {}], changes=False)
        self._context = dict(_result(preferences))

    async def sign_out(self) -> None:
        """End the session as far as the server can be reached."""
        if self._headers:
            try:
                await self._post("common.db.logout", [], changes=False)
            except Unavailable:
                _log.info("the server was not there to sign out")
        self._headers = {}

    async def _post(self, method: str, parameters: list[Any], *, changes: bool) -> httpx.Response:
        body = json.dumps({"id": 0, "method": method, "params": parameters}, default=to_wire)
        headers = {"Content-Type": "application/json", **self._headers}
        try:
            return await self._http.post(self._path, content=body, headers=headers, timeout=LIMIT_S)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unavailable("gnuhealth.unreachable", type(error).__name__) from error
        except httpx.HTTPError as error:
            lost = OutcomeUnknown("writeback.unknown", type(error).__name__) if changes else None
            raise lost or Unavailable("gnuhealth.unreachable", type(error).__name__) from error


def _result(answer: httpx.Response) -> Any:
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise SignInNeeded("gnuhealth.sign_in", "the session was not accepted")
    if answer.status_code in (httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND):
        raise Refused("gnuhealth.forbidden", f"status {answer.status_code}")
    if answer.status_code != httpx.codes.OK:
        raise Unavailable("gnuhealth.unreachable", f"status {answer.status_code}")
    if len(answer.content) > MAX_ANSWER_BYTES:
        raise Unreadable("gnuhealth.unreadable", "too large", place="answer")
    try:
        given = json.loads(answer.content, object_hook=from_wire)
        if error := given.get("error"):
            raise _refusal(error)
        return given["result"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # Only the kind of error: its words and its cause would quote what came.
        raise Unreadable("gnuhealth.unreadable", type(error).__name__, place="answer") from None


def _refusal(error: Any) -> Refused:
    """Say what an error means. Its text may name the patient, so only its kind is kept."""
    kind = str(error[0]) if isinstance(error, list) and error else "error"
    if kind == "ConcurrencyException":
        return Conflict("writeback.conflict", kind)
    return Refused("writeback.refused", kind if kind.isidentifier() else "error")


# --- values ---------------------------------------------------------------------------------------------------------


def to_wire(value: object) -> object:
    """Write a time, a date or bytes in Tryton's form. Times are sent in UTC, which is all that Tryton keeps."""
    if isinstance(value, datetime):
        moment = value.astimezone(UTC)
        parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return {"__class__": "datetime", **{part: getattr(moment, part) for part in parts}}
    if isinstance(value, date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    if isinstance(value, bytes):
        return {"__class__": "bytes", "base64": base64.b64encode(value).decode("ascii")}
    raise TypeError(f"{type(value).__name__} has no form in JSON-RPC")


def from_wire(found: dict[str, Any]) -> object:
    """Read what ``to_wire`` writes; any other class stays the dictionary that it is."""
    make = _READERS.get(found.get("__class__", ""))
    return make(found) if make else found


def _read_time(found: Mapping[str, Any]) -> datetime:
    year, month, day = (int(found[name]) for name in ("year", "month", "day"))
    hour, minute, second = (int(found.get(name, 0)) for name in ("hour", "minute", "second"))
    return datetime(year, month, day, hour, minute, second, int(found.get("microsecond", 0)), UTC)


_READERS: dict[str, Callable[[Mapping[str, Any]], object]] = {
    "datetime": _read_time,
    "date": lambda found: date(int(found["year"]), int(found["month"]), int(found["day"])),
    "bytes": lambda found: base64.b64decode(found["base64"]),
}
