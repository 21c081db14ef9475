"""Every outside effect of a process, by name, and a kill before or after the one that is asked for.

Watched are: each transaction that writes to the store, each HTTP request (VDX, token service, room, message hub),
the hand-over of a mail's content, files for a VANS client, and the delivery of a note to the record. Effects are named
and counted by name, ``http POST /videoapi/v2/meetings#1 before``, because the order among tasks that run side by side
is not always the same; what belongs to one name is. Polls that change nothing outside (mailbox, event stream) are left
out.
"""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiosmtplib
import httpx

from vdx_plugin.adapters.hl7v2 import sending
from vdx_plugin.invitations import vans_folder
from vdx_plugin.store.thread import StoreThread

BEFORE, AFTER = "before", "after"
_ID = re.compile(r"/(?:[0-9a-f]{8}-[0-9a-f-]{27}|\d{6,}|[^/]*(?:@|%40)[^/]*)(?=/|$)")
_LONG_POLL = re.compile(r"/partners/mailbox/|/vans/mailboxes/|/events$")


class Tripwire:
    """Writes down each effect in ``record``, one to a line, and kills the process at ``crash_at``, if it comes."""

    def __init__(self, record: Path, crash_at: str = "") -> None:
        self._crash_at = crash_at
        self._counts: Counter[str] = Counter()
        self._under_way = 0
        # Unbuffered: the last line must be on disk when the process is gone.
        self._file = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def lay(self) -> None:
        """Watch every effect of this process from now on."""
        StoreThread.write = self._watched(StoreThread.write, _store_name)  # type: ignore[method-assign]
        transport = httpx.AsyncHTTPTransport
        transport.handle_async_request = self._watched(  # type: ignore[method-assign]
            transport.handle_async_request, _http_name
        )
        aiosmtplib.SMTP.data = self._watched(aiosmtplib.SMTP.data, lambda *_: "smtp DATA")  # type: ignore[method-assign]
        sending.deliver = self._watched(sending.deliver, lambda *_: "hl7 note")
        folder = vans_folder.VansFolder
        folder.send = self._watched(folder.send, lambda *_: "folder hand over")  # type: ignore[method-assign]
        folder.settle = self._watched(folder.settle, lambda *_: "folder put away")  # type: ignore[method-assign]
        vans_folder._write_through = self._watched_in_thread(vans_folder._write_through, "folder write")

    @property
    def is_busy(self) -> bool:
        """True while an effect has begun and not ended."""
        return self._under_way > 0

    def note(self, text: str) -> None:
        """Write a remark between the effects; it starts with a sharp sign."""
        os.write(self._file, f"# {text}\n".encode())

    def _watched(
        self, original: Callable[..., Awaitable[Any]], name_of: Callable[..., str]
    ) -> Callable[..., Awaitable[Any]]:
        async def watched(*args: Any, **kwargs: Any) -> Any:
            name = name_of(*args)
            if not name:
                return await original(*args, **kwargs)
            self._counts[name] += 1
            point = f"{name}#{self._counts[name]}"
            self._reach(f"{point} {BEFORE}")
            self._under_way += 1
            try:
                result = await original(*args, **kwargs)
            finally:
                self._under_way -= 1
            self._reach(f"{point} {AFTER}")
            return result

        return watched

    def _watched_in_thread(self, original: Callable[..., None], name: str) -> Callable[..., None]:
        """The same for a plain function: a file is written under a hidden name before it gets its own."""

        def watched(*args: Any) -> None:
            self._counts[name] += 1
            self._reach(f"{name}#{self._counts[name]} {BEFORE}")
            original(*args)
            self._reach(f"{name}#{self._counts[name]} {AFTER}")

        return watched

    def _reach(self, point: str) -> None:
        os.write(self._file, f"{point}\n".encode())
        if point == self._crash_at:
            os.kill(os.getpid(), signal.SIGKILL)


def _store_name(_thread: StoreThread, work: Callable[..., Any]) -> str:
    return f"store {work.__qualname__.split('.<locals>')[0]}"


def _http_name(_transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> str:
    path = request.url.path
    if request.method == "GET" and _LONG_POLL.search(path):
        return ""
    return f"http {request.method} {_ID.sub('/_', path)}"


def points_of(record: Path) -> list[str]:
    """Return the effects in their order, without remarks."""
    return [line for line in record.read_text("utf-8").splitlines() if not line.startswith("#")]


def points_after(record: Path, remark: str) -> list[str]:
    """Return the effects that came after a remark."""
    lines = record.read_text("utf-8").splitlines()
    return [line for line in lines[lines.index(f"# {remark}") :] if not line.startswith("#")]
