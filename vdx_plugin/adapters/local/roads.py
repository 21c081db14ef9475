"""The two roads by which something reaches the record and a receipt comes back: its long poll, and a folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ParamSpec, Protocol, TypeVar

from vdx_plugin.adapters.local.calls import ReceiptBody
from vdx_plugin.adapters.local.letterbox import Entry, Kind, Letterbox
from vdx_plugin.adapters.local.notes_folder import NotesFolder
from vdx_plugin.api.v1 import OutcomeUnknown, Unavailable

P = ParamSpec("P")
T = TypeVar("T")
LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Problems:
    """Codes for what was not fetched, and for what was fetched without a receipt."""

    away: str
    unknown: str


NOTE_PROBLEMS = Problems("writeback.unavailable", "writeback.unknown")
LETTER_PROBLEMS = Problems("invite.unreachable", "invite.unreachable")


class NoteRoad(Protocol):
    """How notes travel. Each raises Unavailable (not fetched and withdrawn) and OutcomeUnknown."""

    async def hand(self, key: str, body: Mapping[str, object]) -> ReceiptBody:
        """Hand something over and return its receipt. A repeat of the key is harmless."""
        ...

    async def read_back(self, key: str) -> ReceiptBody:
        """Return the receipt of what was handed over before, refusal or not."""
        ...


class PollRoad:
    """By the record's long poll."""

    def __init__(self, letterbox: Letterbox, kind: Kind, problems: Problems, limit_s: float, ask_s: float) -> None:
        self._letterbox = letterbox
        self._kind = kind
        self._problems = problems
        self._limit_s = limit_s
        self._ask_s = ask_s

    async def hand(self, key: str, body: Mapping[str, object]) -> ReceiptBody:
        entry = self._letterbox.put(self._kind, key, body)
        receipt = await _settled(entry, self._limit_s)
        if receipt is None:
            self._letterbox.withdraw(self._kind, key)
            if entry.handed_out:
                raise OutcomeUnknown(self._problems.unknown, "fetched without a receipt")
            raise Unavailable(self._problems.away, "not fetched")
        return receipt

    async def read_back(self, key: str) -> ReceiptBody:
        entry = self._letterbox.ask(self._kind, key)
        receipt = await _settled(entry, self._ask_s)
        self._letterbox.asked_enough(self._kind, key)
        if receipt is None:
            raise OutcomeUnknown(self._problems.unknown, "the record does not say")
        return receipt


async def _settled(entry: Entry, limit_s: float) -> ReceiptBody | None:
    try:
        async with asyncio.timeout(limit_s):
            await entry.settled.wait()
    except TimeoutError:
        pass
    return entry.receipt


class FolderRoad:
    """By a folder that the record empties."""

    def __init__(self, folder: NotesFolder, limit_s: float, look_every_s: float = LOOK_EVERY_S) -> None:
        self._folder = folder
        self._limit_s = limit_s
        self._look_every_s = look_every_s

    async def hand(self, key: str, body: Mapping[str, object]) -> ReceiptBody:
        earlier = await on_disk(self._folder.receipt, key)
        if earlier is None or not earlier.accepted:
            await on_disk(self._folder.lay, key, body)
            earlier = await self._wait(key)
        await on_disk(self._folder.clear, key)
        return earlier

    async def _wait(self, key: str) -> ReceiptBody:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._limit_s
        while loop.time() < until:
            receipt = await on_disk(self._folder.receipt, key)
            if receipt is not None:
                return receipt
            await asyncio.sleep(self._look_every_s)
        if await on_disk(self._folder.withdraw, key):
            raise Unavailable(NOTE_PROBLEMS.away, "not taken")
        return await self.read_back(key)

    async def read_back(self, key: str) -> ReceiptBody:
        receipt = await on_disk(self._folder.receipt, key)
        if receipt is None:
            raise OutcomeUnknown(NOTE_PROBLEMS.unknown, "taken without a receipt")
        return receipt


async def on_disk(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do work on a disk off the loop. Raises Unavailable(``local.folder``) where the disk does not want."""
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except OSError as error:
        raise Unavailable("local.folder", type(error).__name__) from error
