"""The texts in ten languages, and the clinic's own in their place."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vdx_plugin.errors import Refused, Unavailable
from vdx_plugin.invitations import sms, text_rules
from vdx_plugin.invitations.text_book import Facts, TextBook
from vdx_plugin.invitations.text_files import LANGUAGES, language_for, read_language
from vdx_plugin.ports import MessageTexts, TextForm, TextKind, TextName, TextReader

START = datetime(2026, 10, 14, 11, tzinfo=UTC)
SPAN = (START, START + timedelta(minutes=30))
LINK = "https://video.example/?conference=721834%40rooms.example&pin=3788&name=Patient&tag=k7m2"
FACTS = Facts("Lægehuset Eksempel", "35 00 00 00", SPAN, LINK, "3788", SPAN, 10, "191 kr.", "arabisk", "female", "her")
SMS = TextName(TextReader.PATIENT, TextKind.INVITATION, TextForm.SMS)
FEE = [TextForm.SMS, TextForm.BODY]


def wanted(reader: TextReader) -> set[TextName]:
    kinds = [kind for kind in TextKind if kind is not TextKind.FEE]
    names = {TextName(reader, kind, form) for kind in kinds for form in TextForm}
    return names | ({TextName(reader, TextKind.FEE, form) for form in FEE} if reader is TextReader.PATIENT else set())


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_every_text(code: str) -> None:
    """A patient must not get half a message in another language. Interpreters read Danish or English."""
    expected = wanted(TextReader.PATIENT) | (wanted(TextReader.GUEST) if code in ("da", "en") else set())
    assert set(read_language(code).texts) == expected
    assert set(read_language("en").words) - set(read_language(code).words) <= {"female", "male"}


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_standard_text_breaks_a_rule(code: str) -> None:
    """Each tells the time, has its link alone on a line, and uses no place that is not filled."""
    for name, text in read_language(code).texts.items():
        assert list(text_rules.faults_of(name, text)) == [], str(name)


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_text_can_be_said_and_says_its_facts(code: str) -> None:
    """The link is whole and alone; phone and PIN are told in a mail."""
    book = TextBook()
    for name in book.names(code):
        said = book.say(code, name, FACTS)
        assert "{" not in said
        if "link" in text_rules.places_of(name)[:2]:
            assert LINK in said.splitlines()
        if name.form is TextForm.BODY and name.kind is not TextKind.FEE:
            assert "35" in said


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code not in ("da", "en")])
def test_a_translation_is_none_of_the_danish_text(code: str) -> None:
    """A text that was copied and forgotten would look finished."""
    danish = read_language("da")
    for name, text in read_language(code).texts.items():
        assert text != danish.texts[name], str(name)
        assert not {"videosamtale", "linket", "lægen"} & set(text.lower().replace(".", " ").split()), str(name)


@pytest.mark.parametrize("code", LANGUAGES)
def test_right_to_left_is_said_of_the_languages_that_are(code: str) -> None:
    """The page turns round by it."""
    letters = [unicodedata.bidirectional(letter) for letter in read_language(code).name]
    assert read_language(code).is_right_to_left is ("AL" in letters)


@pytest.mark.parametrize("code", ["da", "en", "so"])
def test_an_invitation_in_latin_letters_fits_two_text_messages(code: str) -> None:
    """With a link of usual length; other alphabets take three, since each character takes twice the room."""
    assert sms.length_of(TextBook().say(code, SMS, FACTS)).parts <= 2


@pytest.mark.parametrize("code", LANGUAGES)
def test_an_invitation_takes_three_text_messages_at_most(code: str) -> None:
    """More arrive out of order on old telephones."""
    assert sms.length_of(TextBook().say(code, SMS, FACTS)).parts <= 3


def test_danish_text_messages_stay_in_the_small_alphabet() -> None:
    """One „typographic" dash would double the price of every message."""
    for code in ("da", "en", "so"):
        for name, text in read_language(code).texts.items():
            if name.form is TextForm.SMS:
                assert sms.length_of(text).is_small, str(name)


def test_a_phone_number_among_right_to_left_words_has_no_gaps() -> None:
    """Groups of digits would be shown in the wrong order there."""
    name = TextName(TextReader.PATIENT, TextKind.INVITATION, TextForm.BODY)
    assert "35000000" in TextBook().say("ar", name, FACTS)
    assert "35 00 00 00" in TextBook().say("da", name, FACTS)


@pytest.mark.parametrize(
    ("wanted_code", "code"), [("ar", "ar"), ("prs", "fa"), ("sr", "bs"), ("ti", "da"), ("", "da"), (None, "da")]
)
def test_a_language_without_texts_gives_way_to_the_practices(wanted_code: str | None, code: str) -> None:
    """The message is read out to the patient then; better than none."""
    assert language_for(wanted_code, "da") == code


@pytest.mark.parametrize("code", ["ar", "fa"])
def test_no_line_of_a_right_to_left_text_is_turned_by_the_clinics_name(code: str) -> None:
    """A telephone takes the direction from the first letter; only the link's line runs from the left."""
    book = TextBook()
    for name in book.names(code):
        for line in book.say(code, name, FACTS).splitlines():
            strong = [kind for kind in map(unicodedata.bidirectional, line) if kind in ("L", "R", "AL")]
            assert line == LINK or not strong or strong[0] in ("R", "AL"), str(name)


def own_file(tmp_path: Path) -> Path:
    return tmp_path / "texts.json"


async def test_a_clinics_own_text_is_used_from_the_next_message_on_and_after_a_restart(tmp_path: Path) -> None:
    """That is what editing is for."""
    book: MessageTexts = TextBook(own_file(tmp_path))
    await book.keep("da", SMS, "Kom {time}\n{link}\n")
    assert book.text("da", SMS) == "Kom {time}\n{link}"
    assert TextBook(own_file(tmp_path)).say("da", SMS, FACTS).startswith("Kom onsdag")
    assert book.text("en", SMS) == book.standard("en", SMS)


async def test_the_standard_text_takes_the_own_one_away(tmp_path: Path) -> None:
    """So that a later version's better wording reaches whoever has gone back."""
    book = TextBook(own_file(tmp_path))
    await book.keep("da", SMS, "Kom {time}\n{link}")
    await book.keep("da", SMS, book.standard("da", SMS))
    assert json.loads(own_file(tmp_path).read_text()) == {}


async def test_a_text_that_breaks_a_rule_is_not_kept(tmp_path: Path) -> None:
    """The window shows it beside the field; whoever calls past the window is stopped here."""
    book = TextBook(own_file(tmp_path))
    with pytest.raises(Refused) as caught:
        await book.keep("da", SMS, "Kom {time}")
    assert (caught.value.code, caught.value.field) == ("text.missing", "link")
    assert not own_file(tmp_path).exists()


async def test_a_full_disk_leaves_the_text_as_it_was(tmp_path: Path) -> None:
    """What is shown as in use is what is sent."""
    book = TextBook(tmp_path / "gone" / "texts.json")
    with pytest.raises(Unavailable):
        await book.keep("da", SMS, "Kom {time}\n{link}")
    assert book.text("da", SMS) == book.standard("da", SMS)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"da": 1}',
        '{"da": {"patient.invitation.sms": "Kom {time}"}}',
        '{"da": {"patient.invitation.sms": 7}}',
        '{"da": {"patient.birthday.sms": "Kom"}}',
        '{"xx": {"patient.invitation.sms": "{time}\\n{link}"}}',
    ],
)
def test_a_damaged_file_gives_way_to_the_standard_texts(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Invitations go out all the same, and the log says why they read as they do."""
    own_file(tmp_path).write_text(content)
    book = TextBook(own_file(tmp_path))
    assert book.text("da", SMS) == book.standard("da", SMS)
    assert "text" in caplog.text


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_text_has_a_preview(code: str) -> None:
    """Live, with facts of usual length: what is shown is what is sent."""
    book = TextBook()
    for name in book.names(code):
        shown = book.preview(code, name, book.text(code, name))
        assert "{" not in shown.text
        assert bool(shown.html) is (name.form is TextForm.BODY)
        assert shown.parts >= 1
