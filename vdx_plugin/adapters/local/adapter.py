"""The adapter: a record system on the same workstation calls us, and fetches the notes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vdx_plugin import log
from vdx_plugin.adapters.local import calls, handshake, tickets
from vdx_plugin.adapters.local.calls import CloseBody, ConfirmBody, ContextBody, Nonces, ReceiptBody, RedeemBody
from vdx_plugin.adapters.local.endpoint import Endpoint, Handler
from vdx_plugin.adapters.local.handshake import Handshake
from vdx_plugin.adapters.local.letterbox import Letterbox
from vdx_plugin.adapters.local.tickets import Holder, TicketBook
from vdx_plugin.api.v1 import Adapter
from vdx_plugin.domain.context import ClinicContext, Organisation
from vdx_plugin.domain.plan import Appointment
from vdx_plugin.domain.summary import Summary, WriteBackReceipt
from vdx_plugin.errors import (
    Conflict,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Refused,
    Unavailable,
    Unreadable,
    Unsupported,
)
from vdx_plugin.hookspecs import Register, hookimpl
from vdx_plugin.ports import AdapterSetup, AdapterSink, Capabilities, Capability, Clock, ContextChange

_log = log.get("adapters.local")

NAME = "local"
RECEIPT_LIMIT_S = 20.0
CONFIRM_LIMIT_S = 2.5
MAX_WAIT_S = 25.0


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """``port`` 0 takes any free one. ``write_back``: the record system fetches notes here."""

    port: int = 0
    write_back: bool = False
    receipt_limit_s: float = RECEIPT_LIMIT_S
    confirm_limit_s: float = CONFIRM_LIMIT_S

    @classmethod
    def read(cls, settings: Mapping[str, str]) -> LocalSettings:
        """Make settings from text. Raises Misconfigured naming the one at fault."""
        for name in set(settings) - {"port", "write_back"}:
            raise Misconfigured("settings.value", "unknown", setting=f"adapters.{NAME}.{name}")
        port, write_back = settings.get("port", "0"), settings.get("write_back", "no")
        if not (port.isascii() and port.isdigit() and int(port) < 65536):
            raise Misconfigured("settings.value", "not a port", setting=f"adapters.{NAME}.port")
        if write_back not in ("yes", "no"):
            raise Misconfigured("settings.value", "not yes or no", setting=f"adapters.{NAME}.write_back")
        return cls(int(port), write_back == "yes")


class LocalSystem(Adapter):
    """``ports.ClinicSystem`` over calls on the loopback. Knows what it is told and nothing more."""

    name = NAME

    def __init__(
        self, settings: LocalSettings, clock: Clock, practice: Organisation, handshake_file: Path | None
    ) -> None:
        can = {Capability.CONTEXT, Capability.START_ACTION, Capability.CONFIRM}
        if settings.write_back:
            can.add(Capability.WRITE_BACK)
        self.capabilities = Capabilities(frozenset(can))
        self.handshake: Handshake | None = None
        self._settings = settings
        self._clock = clock
        self._reader = calls.Reader(NAME, practice)
        self._handshake_file = handshake_file
        self._workstation = handshake.workstation()
        self._endpoint: Endpoint | None = None
        self._sink: AdapterSink | None = None
        self._forget()

    def _forget(self) -> None:
        self._open: ClinicContext | None = None
        self._user = ""
        self._nonces = Nonces()
        self._tickets = TicketBook()
        self._letterbox = Letterbox()
        self._questions: dict[str, asyncio.Future[bool]] = {}
        self._closing = False

    async def start(self, sink: AdapterSink) -> None:
        """Listen, and write the handshake file. Raises Unavailable(``local.port_taken``)."""
        self._forget()
        self._sink = sink
        secret = secrets.token_urlsafe(32)
        self._endpoint = Endpoint(self._handlers(), secret)
        await self._endpoint.start(self._settings.port)
        self.handshake = Handshake(self._endpoint.port, secret)
        if self._handshake_file is not None:
            await asyncio.to_thread(handshake.write, self._handshake_file, self.handshake)
        _log.info("listening for the record system")

    async def stop(self) -> None:
        self._closing = True
        self._letterbox.stirred.set()
        if self._handshake_file is not None and self.handshake is not None:
            await asyncio.to_thread(handshake.remove, self._handshake_file, self.handshake)
        if self._endpoint is not None:
            await self._endpoint.stop()
        self.handshake = None
        self._sink = None
        self._open = None

    async def current(self) -> ClinicContext | None:
        return self._open

    async def confirm(self, context: ClinicContext) -> bool:
        """Ask the record, by way of its long poll, whether it is still open. False when nobody answers."""
        if self._open is None or self._open.version != context.version:
            return False
        asked = self._questions.setdefault(context.version, asyncio.get_running_loop().create_future())
        self._letterbox.stirred.set()
        done, _ = await asyncio.wait({asked}, timeout=self._settings.confirm_limit_s)
        self._questions.pop(context.version, None)
        return bool(done) and asked.result()

    async def complete(self, context: ClinicContext) -> ClinicContext:
        return context

    async def appointments(self, start: datetime, end: datetime) -> list[Appointment]:
        return []

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt:
        """Lay the note out for the record system and wait for its receipt.

        Raises Unavailable when nobody fetches it (it is then withdrawn), OutcomeUnknown when it was fetched and no
        receipt came, Refused or Conflict as the receipt says.
        """
        if Capability.WRITE_BACK not in self.capabilities:
            raise Unsupported("writeback.unsupported")
        entry = self._letterbox.put(context, summary)
        try:
            async with asyncio.timeout(self._settings.receipt_limit_s):
                await entry.settled.wait()
        except TimeoutError:
            self._letterbox.withdraw(summary.key)
            if entry.handed_out:
                raise OutcomeUnknown("writeback.unknown", "fetched without a receipt") from None
            raise Unavailable("writeback.unavailable", "not fetched") from None
        receipt = entry.receipt
        if receipt is not None and receipt.accepted:
            return WriteBackReceipt(NAME, receipt.remote_id or str(summary.key), self._clock.now())
        if receipt is not None and receipt.conflict:
            raise Conflict("writeback.conflict")
        raise Refused("writeback.refused")

    # --- the calls --------------------------------------------------------------------------------------------------

    def _handlers(self) -> list[tuple[str, str, Handler]]:
        return [
            ("POST", "/v1/context/open", self._on_open),
            ("POST", "/v1/context/close", self._on_close),
            ("POST", "/v1/context/confirm", self._on_confirm),
            ("POST", "/v1/action/start-video", self._on_start_video),
            ("POST", "/v1/ticket", self._on_ticket),
            ("POST", "/v1/redeem", self._on_redeem),
            ("GET", "/v1/writeback", self._on_fetch),
            ("POST", "/v1/writeback/{key}/receipt", self._on_receipt),
        ]

    async def _on_open(self, _request: Request, body: bytes) -> Response:
        context = self._take(body)
        self._remember(context)
        self._hearer().opened(context)
        return Response(status_code=204)

    async def _on_close(self, _request: Request, body: bytes) -> Response:
        reason = calls.read(CloseBody, body).reason
        self._open = None
        if reason is ContextChange.USER_LEFT:
            self._user = ""
            self._tickets.forget_all()
        self._hearer().closed(reason)
        return Response(status_code=204)

    async def _on_confirm(self, _request: Request, body: bytes) -> Response:
        answer = calls.read(ConfirmBody, body)
        asked = self._questions.get(answer.nonce)
        if asked is None:
            raise NotFound("context.none", "nothing was asked")
        if not asked.done():
            asked.set_result(answer.holds)
        return Response(status_code=204)

    async def _on_start_video(self, _request: Request, body: bytes) -> Response:
        context = self._take(body)
        self._start(context)
        return JSONResponse({"session": secrets.token_urlsafe(9)}, status_code=202)

    async def _on_ticket(self, _request: Request, body: bytes) -> Response:
        context = self._take(body)
        self._user = context.user.id
        token = secrets.token_urlsafe(tickets.TOKEN_BYTES)
        holder = Holder(context.user.id, self._workstation)
        expires_at = self._tickets.issue(token, context, holder, self._clock.now())
        return JSONResponse(
            {"ticket": token, "url": tickets.address_of(token), "expires_at": expires_at.isoformat()}, status_code=201
        )

    async def _on_redeem(self, _request: Request, body: bytes) -> Response:
        given = calls.read(RedeemBody, body)
        try:
            holder = Holder(self._user, given.workstation)
            context = self._tickets.redeem(tickets.token_in(given.ticket), holder, self._clock.now())
        except Refused as refusal:
            _log.warning("launch refused: %s", refusal.code)
            self._hearer().notice(refusal.code)
            raise
        self._start(context)
        return Response(status_code=202)

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
        return JSONResponse(
            {
                "entries": [entry.body for entry in entries],
                "next": max((entry.number for entry in entries), default=since),
                "confirm": [nonce for nonce, asked in self._questions.items() if not asked.done()],
            }
        )

    async def _something_after(self, since: int) -> None:
        while not (self._closing or self._questions or self._letterbox.has_after(since)):
            self._letterbox.stirred.clear()
            await self._letterbox.stirred.wait()

    async def _on_receipt(self, request: Request, body: bytes) -> Response:
        try:
            key = UUID(request.path_params["key"])
        except ValueError:
            raise NotFound("writeback.not_found") from None
        self._letterbox.settle(key, calls.read(ReceiptBody, body))
        return Response(status_code=204)

    def _take(self, body: bytes) -> ClinicContext:
        given = calls.read(ContextBody, body)
        context = self._reader.context(given, self._clock.now())
        self._nonces.spend(given.nonce)
        return context

    def _start(self, context: ClinicContext) -> None:
        self._remember(context)
        self._hearer().start_wanted(context)

    def _remember(self, context: ClinicContext) -> None:
        self._open = context
        self._user = context.user.id

    def _hearer(self) -> AdapterSink:
        if self._sink is None:
            raise Unavailable("ticket.no_program", "stopping")
        return self._sink


def _number(request: Request, name: str, largest: int) -> int:
    text = request.query_params.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise Unreadable("context.unreadable", "not a number", place=name)
    return min(int(text), largest)


def make(setup: AdapterSetup) -> LocalSystem:
    """Make the adapter. Raises Misconfigured."""
    if setup.clock is None:
        raise Misconfigured("settings.clock", setting="clock")
    file = Path(setup.data_dir) / handshake.FILE if setup.data_dir else None
    return LocalSystem(LocalSettings.read(setup.settings), setup.clock, setup.organisation or Organisation(""), file)


@hookimpl
def vdx_adapters(register: Register) -> None:
    """Called by the host once, when the package is loaded."""
    register(NAME, make)
