"""MedCom messages through two folders that a VANS client, often the record's own, watches.

What we send is written under a hidden name and then renamed, so nobody ever sees half of it. What comes is read once it
has kept its size from one look to the next; a file that cannot be read is waited for a while, since its writer may
have paused, and then put aside for a person. What has been dealt with goes to ``done`` and is deleted after a time.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vdx_plugin import log
from vdx_plugin.errors import Misconfigured, Unavailable, Unreadable
from vdx_plugin.invitations.transport import Entry
from vdx_plugin.invitations.vans import HANDED_OVER, Envelopes
from vdx_plugin.invitations.vans_envelope import MAX_ENVELOPE_BYTES
from vdx_plugin.ports import OutboxDraft

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = log.get("invitations.vans_folder")

_HALF = ".vdx-half"
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """Where the VANS client fetches and leaves. ``patience_s`` is how long an unreadable file is waited for."""

    out: Path
    into: Path
    look_every_s: float = 1.0
    wait_s: float = 20.0
    patience_s: float = 60.0
    keep_days: float = 7.0
    max_bytes: int = MAX_ENVELOPE_BYTES

    @property
    def done(self) -> Path:
        return self.into / "done"

    @property
    def unreadable(self) -> Path:
        return self.into / "unreadable"


class VansFolder:
    """Carrier and Mailbox over the two folders. ``age_of`` tells how many seconds ago a file was last written."""

    def __init__(
        self, settings: FolderSettings, envelopes: Envelopes, age_of: Callable[[os.stat_result], float] | None = None
    ) -> None:
        self._settings = settings
        self._envelopes = envelopes
        self._age_of = age_of or (lambda stat: time.time() - stat.st_mtime)
        self._sizes: dict[str, tuple[int, int]] = {}
        self._is_swept = False

    async def send(self, draft: OutboxDraft) -> str:
        """Lay the message out for the VANS client; see ``Carrier``."""
        return await asyncio.to_thread(self._lay_out, draft)

    def _lay_out(self, draft: OutboxDraft) -> str:
        envelope_id, body = self._envelopes.packed(draft)
        with _translated():
            self._sweep()
            half = self._settings.out / f".{envelope_id}{_HALF}"
            try:
                _write_through(half, body)
                half.replace(self._settings.out / f"{envelope_id}.xml")
            except OSError:
                half.unlink(missing_ok=True)
                raise
        return f"{HANDED_OVER}{envelope_id}"

    def _sweep(self) -> None:
        """Take away what a crash left half written; the message is still in the outbox and is written anew."""
        if not self._is_swept:
            for left in self._settings.out.glob(f".*{_HALF}"):
                left.unlink(missing_ok=True)
            self._is_swept = True

    async def receive(self) -> list[Entry]:
        """Look until something whole is there, at most ``wait_s``; see ``Mailbox``."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._settings.wait_s
        while True:
            found = await asyncio.to_thread(self._look)
            if found or loop.time() >= until:
                return found
            await asyncio.sleep(self._settings.look_every_s)

    def _look(self) -> list[Entry]:
        with _translated():
            files = sorted(self._stats().items(), key=lambda item: (item[1].st_mtime_ns, item[0]))
            now = {name: (stat.st_size, stat.st_mtime_ns) for name, stat in files}
            steady = [(name, stat) for name, stat in files if self._sizes.get(name) == now[name]]
            self._sizes = now
            read = [self._read(name, stat) for name, stat in steady]
        return [entry for entry in read if entry is not None]

    def _stats(self) -> dict[str, os.stat_result]:
        with os.scandir(self._settings.into) as found:
            return {
                one.name: one.stat()
                for one in found
                if one.is_file() and one.name.lower().endswith(".xml") and not one.name.startswith(".")
            }

    def _read(self, name: str, stat: os.stat_result) -> Entry | None:
        path = self._settings.into / name
        try:
            if stat.st_size > self._settings.max_bytes:
                raise Unreadable("invite.unreadable", "longer than an envelope may be")
            return self._envelopes.unpacked(name, path.read_bytes())
        except FileNotFoundError:
            # Another program of ours, or a person, has taken it meanwhile.
            return None
        except Unreadable as error:
            if self._age_of(stat) >= self._settings.patience_s:
                self._put_aside(path, error)
            return None

    def _put_aside(self, path: Path, error: Unreadable) -> None:
        self._settings.unreadable.mkdir(exist_ok=True)
        path.replace(self._settings.unreadable / path.name)
        # Not the file's name: suppliers build it of what they like.
        _log.warning("a file from the VANS client was put aside: %s", error)

    async def settle(self, entry: Entry) -> None:
        """Move the file to ``done``; one that is gone already is fine."""
        await asyncio.to_thread(self._move_away, entry.receipt)

    def _move_away(self, name: str) -> None:
        with _translated():
            self._settings.done.mkdir(exist_ok=True)
            try:
                (self._settings.into / name).replace(self._settings.done / name)
            except FileNotFoundError:
                return
            self._forget_old()

    def _forget_old(self) -> None:
        """They hold what letters say, in the open."""
        for path in self._settings.done.iterdir():
            if self._age_of(path.stat()) > self._settings.keep_days * _DAY_S:
                path.unlink(missing_ok=True)

    async def close(self) -> None:
        """Nothing is held."""


def _write_through(path: Path, body: bytes) -> None:
    """Write so that a power cut after the renaming cannot leave an empty file under the final name."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o660), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _translated() -> Iterator[None]:
    """A folder that is away, or full, may be back in a minute; one that we may not use needs somebody."""
    try:
        yield
    except (PermissionError, NotADirectoryError) as error:
        raise Misconfigured("invite.setup", type(error).__name__) from error
    except OSError as error:
        raise Unavailable("invite.unreachable", type(error).__name__) from error
