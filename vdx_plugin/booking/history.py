"""Calls that took place, by VDX's History API. UNPROVEN: written from its address and head alone.

What is known (facts, 5.2): ``GET …/apikey/history/v1/conference`` with ``start_time__gte``, ``end_time__lt`` and
``limit``, and the organisation's key as ``X-API-KEY``; behind MedCom's local proxy on a port of its own. What an answer
looks like is not published: that it has the form of Pexip's own history (``meta``, ``objects``; times in UTC without
zone) is inferred from the names of the query. So every member but the address is optional, and more are kept.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import httpx
from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError

from vdx_plugin.booking import faults
from vdx_plugin.booking.client import TIME_LIMITS
from vdx_plugin.domain.secret import Secret

PAGE = 200
MOST_PAGES = 50


def _as_utc(value: object) -> object:
    """Pexip writes UTC and does not say so."""
    if isinstance(value, str) and value:
        read = datetime.fromisoformat(value)
        return read if read.tzinfo else read.replace(tzinfo=UTC)
    return value or None


_Time = Annotated[datetime | None, BeforeValidator(_as_utc)]


class PastCall(BaseModel):
    """One call in one room. ``name`` is the room's address or name; nothing here says who took part."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    name: str
    start_time: _Time = None
    end_time: _Time = None
    duration: float | None = None
    participant_count: int | None = None


class _Meta(BaseModel):
    next: str | None = None
    total_count: int | None = None


class _Page(BaseModel):
    meta: _Meta = _Meta()
    objects: tuple[PastCall, ...]


_PAGE = TypeAdapter(_Page)
_PLAIN = TypeAdapter(tuple[PastCall, ...])


class HistoryClient:
    """Calls of one organisation's key. Participants in the answers are dropped unread."""

    def __init__(self, base_url: str, key: Secret, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url = f"{base_url.rstrip('/')}/history/v1/conference"
        headers = {"X-API-KEY": key.reveal(), "Accept": "application/json"}
        self._http = httpx.AsyncClient(headers=headers, timeout=TIME_LIMITS, transport=transport)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def calls_between(self, start: datetime, end: datetime) -> list[PastCall]:
        """Return calls that began at or after ``start`` and ended before ``end``.

        Raises Unavailable, SignInNeeded (a wrong key), Refused, Misconfigured, Unreadable.
        """
        found: list[PastCall] = []
        for _ in range(MOST_PAGES):
            page = await self._page(start, end, len(found))
            found += page.objects
            if not page.meta.next or not page.objects:
                break
        return found

    async def _page(self, start: datetime, end: datetime, offset: int) -> _Page:
        # The address of the next page is not followed: it may name an inner host, and it would take our key along.
        query = {"start_time__gte": _plain(start), "end_time__lt": _plain(end), "limit": str(PAGE)}
        with faults.translated(None):
            answer = await self._http.get(self._url, params=query | ({"offset": str(offset)} if offset else {}))
        faults.raise_for(answer)
        return _read(answer.content)


def _read(content: bytes) -> _Page:
    try:
        return _Page(objects=_PLAIN.validate_json(content)) if content[:1] == b"[" else _PAGE.validate_json(content)
    except ValidationError as error:
        raise faults.unreadable("history") from error


def _plain(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
