"""The form of a GDT file (GDT 2.1, QMS): lines of length, field and content. Tolerant in, strict out.

A line is three digits of length, four of the field, the content, CR and LF; the length counts all of them. Files in the
wild lack 8100, end lines with LF alone, begin with a byte order mark and state wrong lengths, so a line is what stands
between two line ends, and the length is not believed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vdx_plugin.api.v1 import Unreadable

MAX_BYTES = 1_000_000
MAX_LINES = 5_000
KIND, SIZE, CHARSET = "8000", "8100", "9206"
CHARSETS = {"1": "ascii", "2": "cp437", "3": "iso8859-1"}
"""Field 9206."""
CODECS = ("cp437", "cp850", "iso8859-1", "iso8859-15", "cp1252", "utf-8")
_LINE = re.compile(r"(\d{3})(\d{4})(.*)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NAMED_CHARSET = re.compile(rb"6330GNUmed::9206::encoding\r?\n\d{3}6331([A-Za-z0-9_-]{3,20})\r?\n")


@dataclass(frozen=True, slots=True)
class Record:
    """One file: ``kind`` is field 8000, ``fields`` all others in their order."""

    kind: str
    fields: tuple[tuple[str, str], ...]

    def text(self, field: str) -> str:
        """Return the first content of a field, empty when it is not there."""
        return next((content for name, content in self.fields if name == field), "")

    def texts(self, field: str) -> Iterator[str]:
        """Give each content of a field."""
        return (content for name, content in self.fields if name == field)

    def __repr__(self) -> str:
        return f"Record({self.kind}, {len(self.fields)} fields)"


def is_whole(payload: bytes) -> bool | None:
    """Say whether a file has been written to its end: True when its own size says so, False when it cannot be.

    None where it may be: then it is one that does not grow any more.
    """
    if not payload.endswith(b"\n"):
        return False
    stated = re.search(rb"(?:^|\n)\d{3}8100(\d{1,9})\r?\n", payload)
    if stated and int(stated[1]) == len(payload.removeprefix(b"\xef\xbb\xbf")):
        return True
    return None


def receiver_of(payload: bytes) -> str:
    """Return the short name of whom a file is for (8315) in capitals, empty when it names nobody."""
    found = re.search(rb"(?:^|\n)\d{3}8315([^\r\n]*)", payload)
    return found[1].decode("ascii", "replace").strip().upper() if found else ""


def read(payload: bytes, *, undeclared: str) -> Record:
    """Read a file; ``undeclared`` is the codec of one that names none. Raises Unreadable(``gdt.unreadable``)."""
    if len(payload) > MAX_BYTES:
        raise _unreadable("too large", "file")
    fields = tuple(_fields(_text(payload, undeclared)))
    if not fields or fields[0][0] != KIND:
        raise _unreadable("does not begin with its kind", KIND)
    return Record(fields[0][1], fields[1:])


def write(kind: str, fields: Sequence[tuple[str, str]], *, codec: str) -> bytes:
    """Write a file with 8000 and 8100 in front, 8100 being its size in bytes. Raises UnicodeEncodeError, ValueError."""
    rest = b"".join(_line(name, content, codec) for name, content in fields)
    head = _line(KIND, kind, codec)
    size = len(head) + len(rest) + len(_line(SIZE, "00000", codec))
    if size > 99_999:
        raise ValueError("8100 has five digits")
    return head + _line(SIZE, f"{size:05d}", codec) + rest


def _line(name: str, content: str, codec: str) -> bytes:
    if _CONTROL.search(content) or "\n" in content or "\r" in content:
        raise ValueError("a control character")
    encoded = content.encode(codec)
    length = len(encoded) + 9
    if length > 999:
        raise ValueError("the length has three digits")
    return f"{length:03d}{name}".encode("ascii") + encoded + b"\r\n"


def _text(payload: bytes, undeclared: str) -> str:
    marked = payload.startswith(b"\xef\xbb\xbf")
    codec = "utf-8" if marked else _codec(payload, undeclared)
    try:
        text = payload.removeprefix(b"\xef\xbb\xbf").decode(codec)
    except UnicodeDecodeError:
        raise _unreadable("bytes that are not of its character set", CHARSET) from None
    if codec != "utf-8" and not payload.isascii() and _is_utf8(payload):
        raise _unreadable("of one byte a letter, and sent as UTF-8", CHARSET)
    if "\ufffd" in text or _CONTROL.search(text):
        raise _unreadable("a letter was lost on the way", CHARSET)
    return unicodedata.normalize("NFC", text)


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _codec(payload: bytes, undeclared: str) -> str:
    """By 9206; else by the free fields in which GNUmed names it; else as the clinic has set."""
    declared = re.search(rb"(?:^|\n)\d{3}9206(\d)\r?\n", payload)
    if declared:
        codec = CHARSETS.get(declared[1].decode("ascii"), "")
        if not codec:
            raise _unreadable("a character set that is not known", CHARSET)
        return codec
    named = _NAMED_CHARSET.search(payload)
    if named is None:
        return undeclared
    codec = named[1].decode("ascii").lower().replace("iso-8859", "iso8859")
    if codec not in (*CODECS, "ascii"):
        raise _unreadable("a character set that is not known", CHARSET)
    return codec


def _fields(text: str) -> Iterator[tuple[str, str]]:
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line]
    if len(lines) > MAX_LINES:
        raise _unreadable("too many lines", "file")
    for number, line in enumerate(lines, start=1):
        found = _LINE.fullmatch(line)
        if found is None:
            raise _unreadable("not a line of length, field and content", f"line {number}")
        yield found[2], found[3].strip()


def _unreadable(detail: str, place: str) -> Unreadable:
    return Unreadable("gdt.unreadable", detail, place=place)
