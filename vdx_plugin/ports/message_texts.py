"""The texts of messages to patients and interpreters: what they are called, and how a clinic edits them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class TextReader(StrEnum):
    """Whom a text is written for. GUEST is the interpreter, and whoever else gets a mail or a text message."""

    PATIENT = "patient"
    GUEST = "guest"


class TextKind(StrEnum):
    INVITATION = "invitation"
    MOVE = "move"
    CANCELLATION = "cancellation"
    REMINDER = "reminder"
    DELAY = "delay"
    FEE = "fee"
    """That the region may charge for the interpreter; added to the patient's invitation."""


class TextForm(StrEnum):
    SMS = "sms"
    SUBJECT = "subject"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class TextName:
    """Which text of a language is meant."""

    reader: TextReader
    kind: TextKind
    form: TextForm

    def __str__(self) -> str:
        return f"{self.reader}.{self.kind}.{self.form}"


@dataclass(frozen=True, slots=True)
class TextLanguage:
    """A language that messages are written in; ``name`` is its own name for itself."""

    code: str
    name: str
    is_right_to_left: bool


@dataclass(frozen=True, slots=True)
class TextFault:
    """What is wrong with an edited text: a problem code, and the place in it that is meant."""

    code: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class TextPreview:
    """An edited text as its reader would get it, with invented facts. ``parts``: single text messages it takes."""

    text: str
    html: str
    characters: int
    parts: int
    is_small_alphabet: bool


class MessageTexts(Protocol):
    """Reads, checks and keeps the texts. All but ``keep`` answer at once, on any thread."""

    def languages(self) -> Sequence[TextLanguage]: ...

    def names(self, language: str) -> Sequence[TextName]:
        """Return which texts there are in a language: only Danish and English have those for guests."""
        ...

    def places(self, name: TextName) -> Sequence[str]:
        """Return the places that may stand in a text, such as ``time``; those it cannot do without come first."""
        ...

    def text(self, language: str, name: TextName) -> str:
        """Return the text in use: the clinic's own, else the standard one."""
        ...

    def standard(self, language: str, name: TextName) -> str: ...

    def check(self, name: TextName, text: str) -> Sequence[TextFault]:
        """Say why a text cannot be used; empty when it can."""
        ...

    def preview(self, language: str, name: TextName, text: str) -> TextPreview:
        """Show a text that ``check`` has passed. Raises Refused for another."""
        ...

    async def keep(self, language: str, name: TextName, text: str) -> None:
        """Use ``text`` from now on; the standard text takes the clinic's own away.

        Raises Refused(``text.*``) as ``check`` says, Unavailable(``text.disk``).
        """
        ...
