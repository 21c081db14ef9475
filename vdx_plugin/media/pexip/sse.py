"""The event stream's own syntax, decoded within limits. Pure: bytes in, messages out.

A library for it would keep a line in memory until its end comes, which a hostile node never sends. Source: HTML
standard, 9.2.6 "Interpreting an event stream".
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_LINE = 600_000
MAX_DATA_LINES = 100


@dataclass(frozen=True, slots=True)
class Message:
    name: str
    data: str
    id: str

    def __repr__(self) -> str:
        return f"Message({self.name[:40]!r}, {len(self.data)} characters)"


class Decoder:
    """``feed`` it what came; a line or message beyond the limits is dropped, and what follows is read on."""

    def __init__(self) -> None:
        self._rest = b""
        self._is_skipping = False
        self._name = self._last_id = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[Message]:
        """Return the messages that are whole now."""
        found: list[Message] = []
        # A carriage return at the very end may be the first half of a line break.
        pending = self._rest + chunk
        held = b"\r" if pending.endswith(b"\r") else b""
        *lines, rest = pending[: len(pending) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            if self._is_skipping:
                self._is_skipping = False
            elif (message := self._line(line)) is not None:
                found.append(message)
        if len(rest) > MAX_LINE:
            self._is_skipping, rest = True, b""
        self._rest = b"" if self._is_skipping else rest + held
        return found

    def _line(self, line: bytes) -> Message | None:
        if not line:
            return self._dispatch()
        if len(line) > MAX_LINE:
            return None
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value[:200]
        elif name == "id" and "\0" not in value:
            self._last_id = value[:400]
        elif name == "data" and len(self._data) < MAX_DATA_LINES and self._size + len(value) <= MAX_LINE:
            self._data.append(value)
            self._size += len(value)
        return None

    def _dispatch(self) -> Message | None:
        """Return the message that an empty line ends. Unlike a browser, keep one without data: nodes send such."""
        name, data = self._name, "\n".join(self._data)
        self._name, self._data, self._size = "", [], 0
        return Message(name, data, self._last_id) if name else None
