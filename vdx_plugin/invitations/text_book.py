"""The texts in use: the standard ones, with the clinic's own in their place. Fills ``ports.MessageTexts``.

What a clinic has edited lies in one small file beside its data and holds no patient. A text in it that breaks a rule,
because it was edited by hand or the rules have changed, is passed over with a warning: a message without its link would
be worse than the standard wording.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from vdx_plugin import log
from vdx_plugin.domain.danish_time import COPENHAGEN
from vdx_plugin.errors import Refused, Unavailable
from vdx_plugin.invitations import mail_page, sms, text_rules
from vdx_plugin.invitations.text_files import LANGUAGES, LanguageFile, read_language
from vdx_plugin.invitations.text_times import long_span, short_start
from vdx_plugin.ports import TextFault, TextForm, TextKind, TextLanguage, TextName, TextPreview, TextReader

_log = log.get("invitations.texts")

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a message tells. Nothing in it says who the patient is. ``sex`` is ``female``, ``male`` or empty."""

    clinic: str
    phone: str
    span: Span
    link: str = ""
    pin: str = ""
    old: Span | None = None
    minutes: int = 0
    fee: str = ""
    language: str = ""
    sex: str = ""
    place: str = ""

    def __repr__(self) -> str:
        return "Facts(…)"


class TextBook:
    """``path`` is where the clinic's own texts lie; None keeps none."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._own = _read_own(path) if path else {}

    # --- for composers ----------------------------------------------------------------------------------------------

    def say(self, code: str, name: TextName, facts: Facts) -> str:
        """Return a text with its places filled, ready to be sent."""
        language = read_language(code)
        return _said(self.text(code, name), facts, language, name.form)

    # --- ports.MessageTexts -----------------------------------------------------------------------------------------

    def languages(self) -> Sequence[TextLanguage]:
        """Return them, Danish first."""
        found = [read_language(code) for code in LANGUAGES]
        return [TextLanguage(one.code, one.name, one.is_right_to_left) for one in found]

    def names(self, language: str) -> Sequence[TextName]:
        """Return which texts there are in a language."""
        return tuple(read_language(language).texts)

    def places(self, name: TextName) -> Sequence[str]:
        """Return the places that may stand in a text."""
        return text_rules.places_of(name)

    def text(self, language: str, name: TextName) -> str:
        """Return the text in use."""
        return self._own.get((language, str(name))) or self.standard(language, name)

    def standard(self, language: str, name: TextName) -> str:
        """Return the text as it came with the program."""
        return read_language(language).texts[name].strip()

    def check(self, name: TextName, text: str) -> Sequence[TextFault]:
        """Say why a text cannot be used."""
        return tuple(text_rules.faults_of(name, text))

    def preview(self, language: str, name: TextName, text: str) -> TextPreview:
        """Show a text with invented facts."""
        self._refuse(name, text)
        file = read_language(language)
        said = _said(text, _sample(name), file, name.form)
        length = sms.length_of(said)
        html = mail_page.html(said, _SAMPLE_LINK, mail_page.Manner.of(file)) if name.form is TextForm.BODY else ""
        return TextPreview(said, html, length.characters, length.parts, length.is_small)

    async def keep(self, language: str, name: TextName, text: str) -> None:
        """Use a text from now on, also after the next start."""
        self._refuse(name, text)
        text, own = text.strip(), dict(self._own)
        if text == self.standard(language, name):
            own.pop((language, str(name)), None)
        else:
            own[language, str(name)] = text
        if self._path is not None:
            await asyncio.to_thread(_write_own, self._path, own)
        self._own = own

    def _refuse(self, name: TextName, text: str) -> None:
        for fault in self.check(name, text):
            raise Refused(fault.code, place=fault.place, field=fault.place)


_Own = Mapping[tuple[str, str], str]


def _said(text: str, facts: Facts, language: LanguageFile, form: TextForm) -> str:
    said = text_rules.fill(text, _values(facts, language, form))
    return text_rules.directed(said) if language.is_right_to_left else said


def _values(facts: Facts, language: LanguageFile, form: TextForm) -> dict[str, str]:
    def when(span: Span) -> str:
        return short_start(span[0], language) if form is TextForm.SMS else long_span(*span, language)

    return {
        "clinic": facts.clinic,
        # Between right-to-left words the groups of a number would be read in the wrong order.
        "phone": "".join(facts.phone.split()) if language.is_right_to_left else facts.phone,
        "time": when(facts.span),
        "old_time": when(facts.old) if facts.old else "",
        "link": facts.link,
        "pin": facts.pin,
        "minutes": str(facts.minutes or ""),
        "fee": facts.fee,
        "language": facts.language,
        "sex": language.words.get(facts.sex, "") if facts.sex else "",
        "place": facts.place,
    }


_SAMPLE_LINK = "https://video.example.dk/?conference=721834%40rooms.example.dk&pin=3788&name=Patient&tag=k7m2"


def _sample(name: TextName) -> Facts:
    """Invented facts of usual length, so that the count of text messages is a fair one."""
    start = datetime(2026, 10, 14, 13, tzinfo=COPENHAGEN)
    span, old = ((one, one + timedelta(minutes=30)) for one in (start, start - timedelta(days=1)))
    is_guest = name.reader is TextReader.GUEST
    return Facts(
        "Lægehuset Eksempel",
        "35 00 00 00",
        span,
        _SAMPLE_LINK,
        "3788",
        old if name.kind is TextKind.MOVE else None,
        10,
        "191 kr.",
        *(("arabisk", "female", "i klinikken") if is_guest else ()),
    )


def _read_own(path: Path) -> _Own:
    try:
        table = json.loads(path.read_text("utf-8"))
        found = {(code, key): text for code, texts in table.items() for key, text in texts.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        _log.warning("the clinic's own texts cannot be read, the standard ones are used: %s", type(error).__name__)
        return {}
    return {place: text for place, text in found.items() if _is_usable(*place, text)}


def _is_usable(code: str, key: str, text: object) -> bool:
    names = {str(name): name for name in read_language(code).texts} if code in LANGUAGES else {}
    if key in names and isinstance(text, str) and not list(text_rules.faults_of(names[key], text)):
        return True
    _log.warning("the clinic's own text %s in %s breaks a rule, the standard one is used", key, code)
    return False


def _write_own(path: Path, own: _Own) -> None:
    table: dict[str, dict[str, str]] = {}
    for (code, key), text in sorted(own.items()):
        table.setdefault(code, {})[key] = text
    beside = path.with_suffix(".new")
    try:
        beside.write_text(json.dumps(table, ensure_ascii=False, indent=1), "utf-8")
        os.replace(beside, path)
    except OSError as error:
        raise Unavailable("text.disk", type(error).__name__) from error
