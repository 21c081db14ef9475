"""What each call of the record system does. Its form is read in ``calls``, who may call is decided in ``endpoint``."""

from __future__ import annotations

import asyncio
import secrets
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vdx_plugin.adapters.local import calls, tickets
from vdx_plugin.adapters.local.calls import (
    SENTINEL_PATH,
    CloseBody,
    ConfirmBody,
    ContextBody,
    LetterBody,
    Reader,
    ReceiptBody,
    RedeemBody,
    SentinelBody,
)
from vdx_plugin.adapters.local.endpoint import Call
from vdx_plugin.adapters.local.in_tray import InTray
from vdx_plugin.adapters.local.letterbox import Kind, Letterbox, answer_of
from vdx_plugin.adapters.local.record import OpenRecord
from vdx_plugin.adapters.local.tickets import Holder
from vdx_plugin.api.v1 import ClinicContext, Clock, NotFound, Refused, Unreadable, get_logger

_log = get_logger("adapters.local")

MAX_WAIT_S = 25.0
MAX_LETTER_BYTES = 16 * 1024 * 1024


class Answering:
    """Answers one session's calls."""

    def __init__(
        self, record: OpenRecord, letterbox: Letterbox, tray: InTray, reader: Reader, clock: Clock, workstation: str
    ) -> None:
        self._record = record
        self._letterbox = letterbox
        self._tray = tray
        self._reader = reader
        self._clock = clock
        self._workstation = workstation
        self._stopping = False

    def stop(self) -> None:
        """Let every waiting poll go."""
        self._stopping = True
        self._letterbox.stirred.set()

    def calls(self, *, letters: bool) -> list[Call]:
        """Return what can be called; the record's mail only where it is set up."""
        offered = [
            Call("POST", "/v1/context/open", self._on_open),
            Call("POST", "/v1/context/close", self._on_close),
            Call("POST", "/v1/context/confirm", self._on_confirm),
            Call("POST", SENTINEL_PATH, self._on_sentinel),
            Call("POST", "/v1/action/start-video", self._on_start_video),
            Call("POST", "/v1/ticket", self._on_ticket),
            Call("POST", "/v1/redeem", self._on_redeem),
            Call("GET", "/v1/writeback", self._on_fetch),
            Call("POST", "/v1/writeback/{key}/receipt", self._on_note_receipt),
        ]
        if letters:
            offered.append(Call("POST", "/v1/letters", self._on_letter, MAX_LETTER_BYTES))
            offered.append(Call("POST", "/v1/letters/{key}/receipt", self._on_letter_receipt))
        return offered

    # --- the record on the screen -------------------------------------------------------------------------------------

    async def _on_open(self, _request: Request, body: bytes) -> Response:
        self._record.opened(self._take(body))
        return Response(status_code=204)

    async def _on_sentinel(self, _request: Request, body: bytes) -> Response:
        given = calls.read(SentinelBody, body)
        self._record.opened(self._reader.sentinel(given, self._clock.now(), secrets.token_urlsafe(12)))
        return Response(status_code=204)

    async def _on_close(self, _request: Request, body: bytes) -> Response:
        self._record.closed(calls.read(CloseBody, body).reason)
        return Response(status_code=204)

    async def _on_confirm(self, _request: Request, body: bytes) -> Response:
        answer = calls.read(ConfirmBody, body)
        asked = self._record.questions.get(answer.nonce)
        if asked is None:
            raise NotFound("context.none", "nothing was asked")
        if not asked.done():
            asked.set_result(answer.holds)
        return Response(status_code=204)

    async def _on_start_video(self, _request: Request, body: bytes) -> Response:
        self._record.start_wanted(self._take(body))
        return JSONResponse({"session": secrets.token_urlsafe(9)}, status_code=202)

    def _take(self, body: bytes) -> ClinicContext:
        given = calls.read(ContextBody, body)
        context = self._reader.context(given, self._clock.now())
        self._record.nonces.spend(given.nonce)
        return context

    # --- tickets ------------------------------------------------------------------------------------------------------

    async def _on_ticket(self, _request: Request, body: bytes) -> Response:
        context = self._take(body)
        self._record.user_is(context.user.id)
        token = secrets.token_urlsafe(tickets.TOKEN_BYTES)
        holder = Holder(context.user.id, self._workstation)
        expires_at = self._record.tickets.issue(token, context, holder, self._clock.now())
        return JSONResponse(
            {"ticket": token, "url": tickets.address_of(token), "expires_at": expires_at.isoformat()}, status_code=201
        )

    async def _on_redeem(self, _request: Request, body: bytes) -> Response:
        given = calls.read(RedeemBody, body)
        try:
            holder = Holder(self._record.user, given.workstation)
            token = tickets.token_in(given.ticket)
            context = self._record.tickets.redeem(token, holder, self._clock.now())
        except Refused as refusal:
            _log.warning("launch refused: %s", refusal.code)
            self._record.sink.notice(refusal.code)
            raise
        self._record.start_wanted(context)
        return Response(status_code=202)

    # --- the long poll ------------------------------------------------------------------------------------------------

    async def _on_fetch(self, request: Request, _body: bytes) -> Response:
        since = _number(request, "since", 1_000_000_000)
        wait_s = min(MAX_WAIT_S, _number(request, "wait_s", 3600))
        try:
            async with asyncio.timeout(wait_s):
                await self._something_after(since)
        except TimeoutError:
            pass
        # A poll whose caller has gone must not count as fetched, or the doctor is told to look in vain.
        entries = [] if await request.is_disconnected() else self._letterbox.since(since)
        asked = [nonce for nonce, question in self._record.questions.items() if not question.done()]
        return JSONResponse({**answer_of(entries, since), "confirm": asked, "unanswered": self._letterbox.asked()})

    async def _something_after(self, since: int) -> None:
        while not (self._stopping or self._is_asking() or self._letterbox.has_after(since)):
            self._letterbox.stirred.clear()
            await self._letterbox.stirred.wait()

    def _is_asking(self) -> bool:
        return bool(self._record.questions or self._letterbox.asked())

    async def _on_note_receipt(self, request: Request, body: bytes) -> Response:
        try:
            key = str(UUID(request.path_params["key"]))
        except ValueError:
            raise NotFound("writeback.not_found") from None
        self._letterbox.settle(Kind.NOTE, key, calls.read(ReceiptBody, body))
        return Response(status_code=204)

    # --- the record's mail --------------------------------------------------------------------------------------------

    async def _on_letter_receipt(self, request: Request, body: bytes) -> Response:
        self._letterbox.settle(Kind.LETTER, request.path_params["key"], calls.read(ReceiptBody, body))
        return Response(status_code=204)

    async def _on_letter(self, _request: Request, body: bytes) -> Response:
        is_settled = self._tray.bring(calls.read(LetterBody, body).incoming())
        return JSONResponse({"settled": is_settled}, status_code=200 if is_settled else 202)


def _number(request: Request, name: str, largest: int) -> int:
    text = request.query_params.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise Unreadable("context.unreadable", "not a number", place=name)
    return min(int(text), largest)
