"""``ports.LetterBook``, once for each database engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from tests.postgres import Server
from tests.unit.store.samples import NOW, NUMBER, TurnedClock, consultation
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.parties import AnswerMark
from vdx_plugin.ports import IncomingLetter, LetterBook
from vdx_plugin.store import KEEP_PAYLOADS, AesSealer, Store, open_store

MINUTE = timedelta(minutes=1)
ONE = UUID(int=1)
LETTER = IncomingLetter(
    message_id="m-1",
    thread_id="t-1",
    sender_gln="5790000000203",
    sender_name="Afsnit Ærø",
    written_at=NOW,
    received_at=NOW + MINUTE,
    subject="Andet, Videomøde 14.10.2026",
    text="Vi kommer\nalle tre",
    mime="application/fhir+json",
    payload=b"{}\x00\xff",
    patient_label="Åse Prøvesen",
    patient_ids=(NUMBER, "0703921VJ5"),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    if request.param == "sqlite":
        return tmp_path / "store.db"
    server: Server = request.getfixturevalue("database_server")
    return server.new_database()


@pytest.fixture
async def store(place: Path | str) -> AsyncIterator[Store]:
    store = await open_store(place, AesSealer(bytes(32)), TurnedClock())
    yield store
    await store.close()


@pytest.fixture
def book(store: Store) -> LetterBook:
    return store.letters


async def test_a_letter_comes_back_as_it_was(book: LetterBook) -> None:
    """With everything the user needs to match it."""
    assert await book.keep(LETTER)
    assert await book.unmatched() == [LETTER]


async def test_a_letter_is_kept_once(book: LetterBook) -> None:
    """Partners repeat what they think was lost; it must not be shown twice, nor its mark be undone."""
    await book.keep(LETTER)
    assert not await book.keep(replace(LETTER, text="andet"))
    assert [letter.text for letter in await book.unmatched()] == [LETTER.text]


async def test_letters_of_a_consultation_stand_in_the_order_they_were_written(book: LetterBook) -> None:
    """Letters overtake each other; the payload's own time counts (rule 23)."""
    for number, minutes in enumerate((3, 1, 2)):
        written = NOW + minutes * MINUTE
        await book.keep(replace(LETTER, message_id=f"m-{number}", written_at=written).matched(ONE, "k-2"))
    assert [letter.message_id for letter in await book.of_consultation(ONE)] == ["m-1", "m-2", "m-0"]
    assert await book.unmatched() == []


async def test_a_matched_letter_belongs_to_its_consultation(book: LetterBook) -> None:
    """A person has said whose it is."""
    await book.keep(LETTER)
    await book.match("m-1", ONE, "k-2", NOW + MINUTE)
    assert await book.unmatched() == []
    assert await book.of_consultation(ONE) == [LETTER.matched(ONE, "k-2")]


async def test_a_matched_or_noted_letter_can_be_taken_back_and_is_as_it_came(book: LetterBook) -> None:
    """A slip of the hand must not put one ward's answer at another meeting for ever."""
    await book.keep(LETTER)
    await book.match("m-1", ONE, "k-2", NOW + MINUTE)
    await book.mark("m-1", AnswerMark.COMES, NOW + MINUTE)
    await book.unmatch("m-1", NOW + 2 * MINUTE)
    assert (await book.unmatched(), await book.of_consultation(ONE)) == ([LETTER], [])
    await book.mark("m-1", AnswerMark.NOTED, NOW + 3 * MINUTE)
    await book.unmatch("m-1", NOW + 4 * MINUTE)
    assert await book.unmatched() == [LETTER]
    with pytest.raises(ValueError, match="no letter"):
        await book.unmatch("m-9", NOW)


async def test_a_mark_is_kept_with_the_letter(book: LetterBook) -> None:
    """Nothing but the user's click sets it."""
    await book.keep(LETTER.matched(ONE, "k-2"))
    await book.mark("m-1", AnswerMark.COMES, NOW + MINUTE)
    assert [letter.mark for letter in await book.of_consultation(ONE)] == [AnswerMark.COMES]


async def test_an_unmatched_letter_that_is_noted_is_put_aside(book: LetterBook) -> None:
    """It is none of ours after all, and must not be offered for ever."""
    await book.keep(LETTER)
    await book.mark("m-1", AnswerMark.NOTED, NOW + MINUTE)
    assert await book.unmatched() == []


async def test_matching_a_letter_that_is_not_there_is_our_mistake(book: LetterBook) -> None:
    """Silence would look like success."""
    with pytest.raises(ValueError, match="no letter"):
        await book.match("m-9", ONE, "k-2", NOW)


async def test_what_a_letter_says_is_erased_with_the_messages(store: Store) -> None:
    """A repeat is still known as one afterwards."""
    await store.letters.keep(LETTER)
    at = LETTER.received_at + KEEP_PAYLOADS
    assert await store.erase_before(at) == 0
    assert await store.erase_before(at + MINUTE) == 1
    assert await store.letters.unmatched() == []
    assert not await store.letters.keep(LETTER)


async def test_a_letter_of_a_consultation_that_is_not_over_is_not_erased(store: Store) -> None:
    """A meeting is booked for months ahead; moving it answers the partner's letter, all of it repeated."""
    ahead = consultation(stage=Stage.SCHEDULED)
    await store.consultations.save(ahead)
    await store.letters.keep(LETTER.matched(ahead.id, "k-2"))
    assert await store.erase_before(LETTER.received_at + 3 * KEEP_PAYLOADS) == 0
    await store.consultations.save(replace(ahead, stage=Stage.CLOSED))
    assert await store.erase_before(LETTER.received_at + 3 * KEEP_PAYLOADS) == 1


async def test_nothing_in_the_file_tells_who_it_is_about(store: Store, place: Path | str) -> None:
    """The database may be copied by whoever can read the disk."""
    if not isinstance(place, Path):
        pytest.skip("a server's files are its own affair")
    await store.letters.keep(LETTER)
    await store.close()
    content = b"".join(path.read_bytes() for path in place.parent.glob("store.db*"))
    for secret in (NUMBER, LETTER.text.splitlines()[0], "Prøvesen", LETTER.sender_gln, LETTER.subject):
        assert secret.encode() not in content
