"""Every text has its English twin, and every problem code its sentence."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import vdx_plugin
from vdx_plugin import texts

PACKAGE = Path(vdx_plugin.__file__).parent
METHODS = [("**.py", "python"), ("**.j2", "jinja2.ext:babel_extract")]
CODE = re.compile(
    r"\b(?:Unavailable|OutcomeUnknown|SignInNeeded|Refused|NotFound|Conflict|Unreadable|Unsupported|Misconfigured"
    r"|CallOver|DeviceNotice|Problem|notice)\(\s*\"([a-z0-9_]+\.[a-z0-9_]+)\""
)


def texts_in_code() -> set[str]:
    found = extract_from_dir(str(PACKAGE), method_map=METHODS, keywords={"_": None})
    return {str(message) for _file, _line, message, _comments, _context in found}


def hidden_texts(file: Path) -> Iterator[str]:
    """The texts that are translated inside an f-string, each with its line."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            for part in ast.walk(node):
                if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "_":
                    yield f"{file.relative_to(PACKAGE)}:{part.lineno}"


@pytest.fixture
def english() -> Iterator[None]:
    texts.set_language("en")
    yield
    texts.set_language("da")


def test_every_danish_text_has_an_english_one() -> None:
    """An interface half in another language is not finished."""
    with (PACKAGE / "locale" / "en.po").open("rb") as file:
        translated = {str(message.id) for message in read_po(file) if message.id and message.string}
    assert sorted(texts_in_code() - translated) == []


def test_the_catalogue_holds_nothing_that_the_code_no_longer_says() -> None:
    """Dead texts hide the living ones."""
    with (PACKAGE / "locale" / "en.po").open("rb") as file:
        known = {str(message.id) for message in read_po(file) if message.id}
    assert sorted(known - texts_in_code()) == []


def test_no_text_hides_in_an_f_string() -> None:
    """Babel sees into f-strings only from Python 3.12 on, so such a text stays Danish unnoticed on 3.11."""
    assert [place for file in sorted(PACKAGE.rglob("*.py")) for place in hidden_texts(file)] == []


def test_a_translation_has_the_same_places_to_fill() -> None:
    """A missing {party} would leave the doctor wondering who."""

    def places(text: str) -> set[str]:
        return {name for _text, name, _format, _conversion in string.Formatter().parse(text) if name}

    with (PACKAGE / "locale" / "en.po").open("rb") as file:
        for message in read_po(file):
            if message.id:
                assert places(str(message.id)) == places(str(message.string)), message.id


def test_every_code_that_is_raised_has_a_sentence() -> None:
    """Never a code alone on the screen; an adapter's own codes have theirs in its manifest."""
    known = set(texts.known_problems())
    for manifest in PACKAGE.rglob("*vdx-adapter.toml"):
        known |= tomllib.loads(manifest.read_text(encoding="utf-8")).get("problems", {}).keys()
    raised = {
        code
        for file in PACKAGE.rglob("*.py")
        if "sandbox" not in file.parts and "testing" not in file.parts
        for code in CODE.findall(file.read_text(encoding="utf-8"))
    }
    assert raised
    lacking = {code for code in raised if code not in known and code.split(".")[0] + ".*" not in known}
    assert sorted(lacking) == []


def test_an_unknown_code_still_gives_a_sentence_with_the_code_for_support() -> None:
    """The code stands small behind the sentence."""
    assert texts.problem("nowhere.nothing").endswith("(nowhere.nothing)")


def test_places_are_filled_and_a_missing_fact_does_not_raise() -> None:
    """A sentence must come even when the caller forgot a fact."""
    assert "Eksempel Sygehus" in texts.problem("invite.rejected", party="Eksempel Sygehus")
    assert "…" in texts.problem("invite.rejected")


@pytest.mark.usefixtures("english")
def test_the_language_can_be_changed() -> None:
    """Complete English beside Danish."""
    assert texts.problem("context.none").startswith("No patient")


def test_a_language_we_do_not_have_is_refused() -> None:
    """A typing mistake in the settings must be told."""
    with pytest.raises(ValueError, match="no texts"):
        texts.set_language("xx")
