"""The standard texts as they lie in the package: one file for each language, under ``words``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from vdx_plugin.ports import TextForm, TextKind, TextName, TextReader

LANGUAGES = ("da", "en", "ar", "bs", "fa", "pl", "ro", "so", "tr", "uk")
"""Danish and English, and eight languages that patients with an interpreter often speak."""

# Understood by whoever speaks the other: Dari is written as Persian is, and the rest are one language with bosnian.
_STANDS_FOR = {"prs": "fa", "hr": "bs", "sr": "bs"}


@dataclass(frozen=True, slots=True)
class LanguageFile:
    """One language: its own name, its small words, and its texts."""

    code: str
    name: str
    is_right_to_left: bool
    words: Mapping[str, str]
    texts: Mapping[TextName, str]


def language_for(wanted: str | None, otherwise: str) -> str:
    """Return the language to write in for a reader who wants one; ``otherwise`` where we have no texts in it."""
    code = _STANDS_FOR.get(wanted or "", wanted or "")
    return code if code in LANGUAGES else otherwise


@cache
def read_language(code: str) -> LanguageFile:
    """Return one of ``LANGUAGES``."""
    table = tomllib.loads((files("vdx_plugin.invitations") / "words" / f"{code}.toml").read_text("utf-8"))
    texts = {
        TextName(reader, TextKind(kind), TextForm(form)): text
        for reader in TextReader
        for kind, forms in table.get(reader, {}).items()
        for form, text in forms.items()
    }
    return LanguageFile(code, table["name"], table["right_to_left"], table["words"], texts)
