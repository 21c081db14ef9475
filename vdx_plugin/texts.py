"""Texts for people: Danish in the code, English in a catalogue, and one sentence for each problem code.

``_`` marks and translates a text. The English catalogue is ``locale/en.po``, read as it is through Babel, so that
there is no compiled file to forget. ``problem`` says what happened, what it means and what to do, in that order.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

_CATALOGUES = Path(__file__).parent / "locale"
LANGUAGES = ("da", "en")
_language = "da"
_learned: dict[str, dict[str, str]] = {}


def set_language(language: str) -> None:
    """Choose ``da`` or ``en`` for the program's texts from now on. Raises ValueError for another language."""
    global _language
    if language not in LANGUAGES:
        raise ValueError(f"no texts in {language!r}")
    _language = language


def language() -> str:
    """Return the language in use."""
    return _language


def _(text: str) -> str:
    """Return ``text`` in the language in use; Danish where a translation is missing."""
    chosen = language()
    return text if chosen == "da" else _read_catalogue(chosen).get(text) or text


@cache
def _read_catalogue(language: str) -> Mapping[str, str]:
    # Babel takes 60 ms to import, so the Danish program never pays for it.
    from babel.messages.pofile import read_po

    with (_CATALOGUES / f"{language}.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id and message.string}


def problem(code: str, **facts: str | int) -> str:
    """Return the sentence for a problem code, filled with ``facts``; a general one, with the code, if it has none."""
    sentences = _problems() | _learned.get(language(), {})
    known = sentences.get(code) or sentences.get(code.split(".")[0] + ".*")
    if known is None:
        return (
            _("Noget gik galt, som programmet ikke kender. Prøv igen, og ring til support, hvis det bliver ved.")
            + f" ({code})"
        )
    return known.format_map(_Facts(facts))


class _Facts(dict[str, str | int]):
    def __missing__(self, key: str) -> str:
        return "…"


def learn(problems: Mapping[str, tuple[str, str]]) -> None:
    """Take in a guest's sentences, Danish and English, by code. Codes of ours keep their sentence."""
    own = known_problems()
    for code, sentences in problems.items():
        if code not in own and code.split(".")[0] + ".*" not in own:
            for language, sentence in zip(LANGUAGES, sentences, strict=True):
                _learned.setdefault(language, {})[code] = sentence


def known_problems() -> frozenset[str]:
    """Return every code that has a sentence of its own."""
    return frozenset(_problems())


def _problems() -> dict[str, str]:
    from vdx_plugin import problem_texts

    return problem_texts.sentences(_)
