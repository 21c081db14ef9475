"""The adapter: looks into the folder while it runs, tells of the patient, and leaves results for the record."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from vdx_plugin.adapters.gdt import folder, lines, meaning
from vdx_plugin.adapters.gdt.folder import Inbox, Look, Outbox, Taken
from vdx_plugin.adapters.gdt.meaning import Numbers
from vdx_plugin.adapters.gdt.result import Address, result
from vdx_plugin.api.v1 import (
    Adapter,
    AdapterSetup,
    AdapterSink,
    Capabilities,
    Capability,
    ClinicContext,
    ClinicUser,
    Clock,
    Health,
    HealthState,
    Misconfigured,
    Organisation,
    OutcomeUnknown,
    Register,
    Summary,
    Tasks,
    Unavailable,
    Unreadable,
    Unsupported,
    WriteBackReceipt,
    get_logger,
    hookimpl,
)

_log = get_logger("adapters.gdt")

NAME = "gdt"
WRITTEN_FILE = "written.json"
SHORT_ID = 8
_KEPT_KEYS = 500
_NEEDED = ("folder", "user")


@dataclass(frozen=True, slots=True)
class GdtSettings:
    """Settings by the names they have in the settings file; see the manifest for what each is."""

    folder: str
    user: str
    folder_out: str = ""
    own_id: str = "VDXP"
    record_id: str = "EDV1"
    names_in: str = ""
    """What names of the record's files begin with; empty: our short name."""
    number: str = "local"
    charset: str = "iso8859-1"
    short_names: bool = False
    procedure: str = "ALLG01"
    look_every_ms: int = 300
    receipt_limit_s: int = 20
    forget_minutes: int = 10

    @classmethod
    def read(cls, settings: Mapping[str, str]) -> GdtSettings:
        """Make settings from text. Raises Misconfigured naming the one at fault."""
        for name in sorted(set(settings) - set(cls.__dataclass_fields__)):
            raise _wrong(name, "unknown")
        for name in _NEEDED:
            if not settings.get(name):
                raise _wrong(name, "missing")
        values: dict[str, object] = dict(settings)
        for name in ("look_every_ms", "receipt_limit_s", "forget_minutes"):
            if name in settings:
                values[name] = _number(name, settings[name])
        if "short_names" in settings:
            values["short_names"] = settings["short_names"] == "yes"
        made = cls(**values)  # type: ignore[arg-type]  # text and numbers, as its fields say
        if made.charset not in lines.CODECS:
            raise _wrong("charset", "not known")
        for name in ("own_id", "record_id"):
            value: str = getattr(made, name)
            if not (value.isascii() and value.isalnum() and len(value) <= SHORT_ID):
                raise _wrong(name, "not one to eight letters and digits")
        return made


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 100_000):
        raise _wrong(name, "not a number")
    return int(text)


def _wrong(name: str, why: str) -> Misconfigured:
    return Misconfigured("settings.value", why, setting=f"adapters.{NAME}.{name}")


class GdtSystem(Adapter):
    """The contract over a folder."""

    name = NAME
    capabilities = Capabilities(frozenset({Capability.CONTEXT, Capability.START_ACTION, Capability.WRITE_BACK}))

    def __init__(self, settings: GdtSettings, clock: Clock, practice: Organisation, data_dir: str = "") -> None:
        self._settings = settings
        self._clock = clock
        self._practice = practice
        self._in = Path(settings.folder)
        self._out = Path(settings.folder_out or settings.folder)
        self._names_in = settings.names_in or settings.own_id
        self._inbox = Inbox(self._in, self._names_in, settings.own_id)
        self._prefix_out = prefix = f"{settings.record_id}{settings.own_id}".upper()
        self._outbox = Outbox(self._out, prefix, short_names=settings.short_names)
        self._numbers = Numbers(settings.record_id, settings.number == "cpr")
        self._written_file = Path(data_dir) / WRITTEN_FILE if data_dir else None
        self._written: dict[str, None] = {}
        """Keys of results that were left for the record: one that does not lie there any longer was taken."""
        self._tasks = Tasks()
        self._sink: AdapterSink | None = None
        self._open: ClinicContext | None = None
        self._trouble = ""
        self._counts = {"taken": 0, "stale": 0, "refused": 0}

    async def start(self, sink: AdapterSink) -> None:
        """Begin to look. A folder that is away, as a network drive in the morning, is told and looked for again."""
        self._sink = sink
        self._written = await asyncio.to_thread(_read_keys, self._written_file)
        await asyncio.to_thread(folder.sweep, self._in, self._names_in)
        await asyncio.to_thread(folder.sweep, self._out, self._prefix_out)
        await self._look_once()
        self._tasks.spawn(self._keep_looking(), "gdt-look")

    async def stop(self) -> None:
        await self._tasks.close()
        self._sink = None
        self._open = None

    async def current(self) -> ClinicContext | None:
        return self._open

    async def write_back(self, context: ClinicContext, summary: Summary) -> WriteBackReceipt:
        """Leave the result (6310) and wait until the record has taken it. A repeat of the key is the same file.

        Raises OutcomeUnknown when it still lies there after the limit: the record will take it, or a repeat will see.
        """
        chosen = self._settings
        address = Address(chosen.own_id, chosen.record_id, chosen.procedure, chosen.charset)
        payload = result(context, summary, address, self._numbers)
        key = summary.key.hex
        if key not in self._written or await self._lies(key):
            await asyncio.to_thread(self._lay, key, payload)
            await self._until_taken(key)
        return WriteBackReceipt(NAME, key, self._clock.now())

    def _lay(self, key: str, payload: bytes) -> None:
        self._outbox.lay(key, payload)
        self._written[key] = None
        if len(self._written) > _KEPT_KEYS:
            del self._written[next(iter(self._written))]
        if self._written_file is not None:
            self._written_file.write_text(json.dumps(list(self._written)), encoding="ascii")

    async def _lies(self, key: str) -> bool:
        try:
            return await asyncio.to_thread(self._outbox.lying, key) is not None
        except OSError as error:
            raise Unavailable("gdt.folder", type(error).__name__) from error

    async def _until_taken(self, key: str) -> None:
        try:
            async with asyncio.timeout(self._settings.receipt_limit_s):
                while True:
                    if not await self._lies(key):
                        return
                    await asyncio.sleep(self._settings.look_every_ms / 1000)
        except TimeoutError as error:
            raise OutcomeUnknown("writeback.unknown", "the file still lies there") from error

    async def health(self) -> Health:
        """Good while the folder can be read."""
        return Health(HealthState.BAD, self._trouble) if self._trouble else Health(HealthState.GOOD)

    async def try_settings(self) -> Health:
        """See whether both folders can be read and written."""
        try:
            for place in {self._in, self._out}:
                await asyncio.to_thread(folder.try_out, place)
        except Unavailable as error:
            return Health(HealthState.BAD, error.code)
        return Health(HealthState.GOOD)

    async def diagnostics(self) -> Mapping[str, str]:
        return {f"files {what}": str(count) for what, count in self._counts.items()}

    # --- what comes in --------------------------------------------------------------------------------------------

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._settings.look_every_ms / 1000)
            await self._look_once()
            self._forget_what_is_old()

    async def _look_once(self) -> None:
        try:
            found = await asyncio.to_thread(self._inbox.look, self._clock.now())
        except Unavailable as error:
            self._tell_lost(error)
            return
        if self._trouble:
            self._trouble = ""
            _log.info("the folder can be read again")
        self._tell_of_age(found)
        for taken in found.taken:
            await self._deal_with(taken)

    def _tell_lost(self, error: Unavailable) -> None:
        if not self._trouble:
            self._trouble = error.code
            _log.warning("the folder cannot be read: %s", error.detail)
            self._notice(error.code)

    def _tell_of_age(self, found: Look) -> None:
        self._counts["stale"] += found.stale + found.ahead
        if found.stale:
            _log.warning("%d files were left over from before and put aside", found.stale)
            self._notice("gdt.stale")
        if found.ahead:
            _log.warning("%d files are from the future and put aside", found.ahead)
            self._notice("context.clock")

    async def _deal_with(self, taken: Taken) -> None:
        try:
            record = lines.read(taken.payload, undeclared=self._settings.charset)
            call = meaning.call_of(record, self._numbers)
        except (Unreadable, Unsupported) as error:
            self._counts["refused"] += 1
            _log.warning("file of %d bytes not accepted: %s", len(taken.payload), error)
            await asyncio.to_thread(folder.put_aside, taken.path, folder.REFUSED)
            self._notice(error.code)
            return
        await asyncio.to_thread(folder.done, taken.path)
        if taken.is_repeat:
            _log.warning("the same file came twice and is not followed again")
            self._notice("context.replayed")
            return
        self._counts["taken"] += 1
        self._tell(call, taken)

    def _tell(self, call: meaning.Call, taken: Taken) -> None:
        context = ClinicContext(
            source=NAME,
            patient=call.patient,
            user=ClinicUser(self._settings.user, self._settings.user),
            organisation=self._practice,
            opened_at=taken.written_at,
        )
        self._open = context
        if self._sink is not None:
            tell: Callable[[ClinicContext], None] = self._sink.start_wanted if call.wants_start else self._sink.opened
            tell(context)

    def _forget_what_is_old(self) -> None:
        """No file says that a record was closed, so an open one is forgotten after a while."""
        limit = timedelta(minutes=self._settings.forget_minutes)
        if self._open is None or self._sink is None or self._sink.in_call:
            return
        if self._clock.now() - self._open.opened_at >= limit:
            self._open = None
            self._sink.closed()

    def _notice(self, code: str) -> None:
        if self._sink is not None:
            self._sink.notice(code)


def _read_keys(path: Path | None) -> dict[str, None]:
    """Read the keys of results left before; what cannot be read is as if there were none."""
    try:
        found = json.loads(path.read_text(encoding="ascii")) if path else []
    except (OSError, ValueError):
        return {}
    return dict.fromkeys(str(key) for key in found) if isinstance(found, list) else {}


def make(setup: AdapterSetup) -> GdtSystem:
    """Make the adapter. Raises Misconfigured."""
    practice = setup.organisation or Organisation("")
    return GdtSystem(GdtSettings.read(setup.settings), setup.need_clock(), practice, setup.data_dir)


@hookimpl
def vdx_adapters(register: Register) -> None:
    """Called by the host once, when the package is loaded."""
    register(NAME, make)
