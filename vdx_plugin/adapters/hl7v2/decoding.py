"""From bytes to text, by the character set the message declares in MSH-18 (HL7 table 0211).

What does not fit its declaration is refused rather than guessed at: a patient's name with wrong letters is a wrong
patient to whoever reads it.
"""

from __future__ import annotations

import re
import unicodedata

from vdx_plugin.api.v1 import Unreadable

_CODECS = {
    "ASCII": "ascii",
    "8859/1": "iso8859-1",
    "8859/15": "iso8859-15",
    "UNICODE UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "UTF-8": "utf-8",
    # Not of table 0211. Old programs write the code page of their console, under these names or under none.
    "CP850": "cp850",
    "CP437": "cp437",
    "CP1252": "cp1252",
}
_PLACE = "MSH-18"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def decode(payload: bytes, *, undeclared: str = "") -> str:
    """Return the message as text, segments ended by CR.

    ``undeclared`` is the MSH-18 value to assume for a sender that declares none; without it such a message must be
    ASCII or UTF-8. LF or CRLF in place of every CR is put right, since a line end can stand for nothing else there;
    a mix is refused. Letters come out composed (NFC), so that two spellings of one name compare as one.
    Raises Unreadable(``hl7.unreadable``).
    """
    payload = payload.removeprefix(b"\xef\xbb\xbf")
    declared = _declared(payload) or undeclared
    codec = _CODECS.get(declared, "") if declared else "utf-8"
    if not codec:
        raise _unreadable("a character set that is not supported")
    try:
        text = payload.decode(codec)
    except UnicodeDecodeError:
        raise _unreadable("bytes that are not of the declared character set") from None
    _check(payload, text, codec)
    return _with_cr(unicodedata.normalize("NFC", text))


def _declared(payload: bytes) -> str:
    if not payload.startswith(b"MSH") or len(payload) < 8:
        raise Unreadable("hl7.unreadable", "no header", place="MSH", condition=100)
    header = payload.replace(b"\n", b"\r").split(b"\r", 1)[0]
    fields = header.split(payload[3:4])
    # The field separator is itself MSH-1, so MSH-18 is the eighteenth piece, counted from nought at 17.
    value = fields[17] if len(fields) > 17 else b""
    return value.split(payload[5:6])[0].decode("ascii", "replace").strip()


def _check(payload: bytes, text: str, codec: str) -> None:
    if "\ufffd" in text:
        raise _unreadable("a letter was lost on the way (U+FFFD)")
    if codec not in ("utf-8", "ascii") and not payload.isascii() and _is_utf8(payload):
        raise _unreadable("declared as of one byte a letter, and sent as UTF-8")
    if _CONTROL.search(text):
        raise _unreadable("a control character")


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _with_cr(text: str) -> str:
    text = text.replace("\r\n", "\r")
    if "\n" in text.rstrip("\r\n"):
        if "\r" in text.rstrip("\r\n"):
            raise Unreadable("hl7.unreadable", "a line feed inside a segment", place="message", condition=102)
        text = text.replace("\n", "\r")
    return text.rstrip("\r\n") + "\r"


def _unreadable(detail: str) -> Unreadable:
    return Unreadable("hl7.unreadable", detail, place=_PLACE, condition=102)
