"""Notes and letters on their way to the record: by the long poll, and by a folder."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tests.contract.local_rig import NAMED, PATIENT_S, LocalRig
from tests.fakes_clinic import PRACTICE, HandClock, RememberingSink, context_of, summary
from vdx_plugin.adapters.local import LocalSettings, LocalSystem, make
from vdx_plugin.adapters.local.calls import ReceiptBody
from vdx_plugin.adapters.local.letterbox import Kind, Letterbox
from vdx_plugin.adapters.local.notes_folder import NotesFolder
from vdx_plugin.api.v1 import Capability, RecordLetter
from vdx_plugin.errors import Conflict, NotFound, OutcomeUnknown, Refused, Unavailable, Unsupported
from vdx_plugin.ports import AdapterSetup, HealthState

LETTER = RecordLetter("m-1", "5790000000203", "MCM:FDIS91#telemedicine", "application/fhir+json", b'{"a": "\xc3\xa6"}')


@pytest.fixture
async def rig(request, tmp_path):
    made = LocalRig(tmp_path, **getattr(request, "param", {}))
    await made.begin()
    yield made
    await made.end()


class PostingRig(LocalRig):
    """A record that carries mail: it keeps what it is given under its id, and answers as the test says."""

    def __init__(self, folder: Path, limit_s: float) -> None:
        super().__init__(folder)
        self.limit_s = limit_s
        self.posted: dict[str, dict[str, str]] = {}
        self.settled: list[str] = []
        self.answers: dict[str, object] | None = {"accepted": True, "remote_id": "R1"}

    def settings(self) -> LocalSettings:
        return LocalSettings(letters=True, receipt_limit_s=self.limit_s)

    async def _hear(self, answer: dict[str, list[dict[str, str]]]) -> None:
        self.settled += [word["receipt"] for word in answer["settled"]]
        for letter in answer["letters"]:
            self.posted[letter["message_id"]] = letter
            if self.answers is not None:
                await self.post(f"/v1/letters/{letter['message_id']}/receipt", self.answers)


hasty_mail = pytest.mark.parametrize("mail", [0.5], indirect=True, ids=["hasty"])
hasty_folder = pytest.mark.parametrize("by_folder", [0.6], indirect=True, ids=["hasty"])
"""For what must not arrive."""


@pytest.fixture
async def mail(request, tmp_path):
    made = PostingRig(tmp_path, getattr(request, "param", PATIENT_S))
    await made.begin()
    yield made
    await made.end()


# --- the record's own mail ------------------------------------------------------------------------------------------


async def test_a_letter_reaches_the_records_mail_unchanged(mail):
    """Byte for byte: a partner's system compares digests."""
    assert await mail.system.send_letter(LETTER) == "R1"
    (posted,) = mail.posted.values()
    assert base64.b64decode(posted["body"]) == LETTER.body
    assert (posted["receiver_gln"], posted["name"], posted["mime"]) == (
        LETTER.receiver_gln,
        LETTER.name,
        LETTER.mime,
    )


async def test_a_letter_sent_once_more_is_not_posted_twice(mail):
    """The same message id, after an answer that was lost further in."""
    assert await mail.system.send_letter(LETTER) == await mail.system.send_letter(LETTER)
    assert list(mail.posted) == ["m-1"]


async def test_a_letter_the_record_refuses_is_refused(mail):
    """An address it does not know: it will never be sent."""
    mail.answers = {"accepted": False}
    with pytest.raises(Refused, match=r"invite\.rejected"):
        await mail.system.send_letter(LETTER)


@hasty_mail
async def test_a_letter_fetched_without_an_answer_is_of_unknown_outcome(mail):
    """It may have been posted."""
    mail.answers = None
    with pytest.raises(OutcomeUnknown):
        await mail.system.send_letter(LETTER)


@hasty_mail
async def test_a_letter_nobody_fetches_is_taken_back(mail):
    """The program tries again, or the doctor takes another road."""
    mail._polling.cancel()
    await asyncio.gather(mail._polling, return_exceptions=True)
    with pytest.raises(Unavailable):
        await mail.system.send_letter(LETTER)
    assert (await mail.http.get("/v1/writeback")).json()["letters"] == []


async def bring(mail: PostingRig, receipt: str = "in-1") -> int:
    body = {
        "receipt": receipt,
        "sender_gln": "5790000000203",
        "mime": "application/fhir+json",
        "body": base64.b64encode(b"{}").decode(),
    }
    return (await mail.post("/v1/letters", body)).status_code


async def test_a_letter_for_us_waits_until_it_is_settled_and_the_record_hears_of_it(mail):
    """The record keeps its own until then: nothing is lost with us."""
    assert [await bring(mail), await bring(mail)] == [202, 202]
    (letter,) = await mail.system.letters()
    assert (letter.receipt, letter.sender_gln, letter.body) == ("in-1", "5790000000203", b"{}")
    await mail.system.settle_letter("in-1")
    await mail.system.settle_letter("in-1")
    assert await mail.system.letters() == ()
    assert await bring(mail) == 200
    async with asyncio.timeout(5):
        while not mail.settled:
            await mail.post("/v1/context/close", {})
    assert mail.settled == ["in-1"]


@pytest.mark.parametrize("change", [{"sender_gln": "1"}, {"body": "not base64 !"}, {"receipt": ""}])
async def test_a_letter_of_another_form_is_refused(mail, change):
    """With its place, never its content."""
    body = {"receipt": "r", "sender_gln": "5790000000203", "mime": "x", "body": "e30=", **change}
    assert (await mail.post("/v1/letters", body)).status_code == 422
    assert await mail.system.letters() == ()


async def test_too_many_letters_wait_at_the_record(mail):
    """The memory of a workstation is not a mailbox."""
    assert {await bring(mail, f"r{number}") for number in range(100)} == {202}
    assert await bring(mail, "one more") == 503


async def test_without_the_setting_there_is_no_mail(rig):
    """Another adapter may carry it."""
    assert Capability.LETTERS not in rig.system.capabilities
    with pytest.raises(Unsupported):
        await rig.system.send_letter(LETTER)
    assert (await rig.post("/v1/letters", {})).status_code == 404


# --- the poll -------------------------------------------------------------------------------------------------------


def test_a_record_that_asks_with_a_number_of_an_earlier_session_gets_everything():
    """We were started again; it was not."""
    box = Letterbox()
    box.put(Kind.NOTE, "k", {"key": "k"})
    assert [entry.body for entry in box.since(57)] == [{"key": "k"}]
    assert box.since(1) == []


@pytest.mark.parametrize("rig", [{"receipt_limit_s": 2.0}], indirect=True, ids=["hasty"])
async def test_a_lost_receipt_is_asked_for_and_found(rig):
    """The way out of an unknown outcome: a read, never a blind repeat."""
    rig.loses_answers = True
    context = context_of("local", NAMED)
    with pytest.raises(OutcomeUnknown):
        await rig.system.write_back(context, summary())
    receipt = await rig.system.written(context, summary().key)
    assert receipt is not None
    assert (receipt.remote_id, rig.notes) == ("N1", [summary().key])


async def test_a_note_the_record_never_filed_is_known_not_to_stand(rig):
    """Also after our own restart, when we know nothing of it."""
    assert await rig.system.written(context_of("local", NAMED), uuid4()) is None


@pytest.mark.parametrize("rig", [{"confirm_limit_s": 0.5}], indirect=True, ids=["hasty"])
async def test_a_record_that_cannot_say_leaves_the_outcome_unknown(rig):
    """A guess either way would be a double or a missing note."""
    rig._polling.cancel()
    await asyncio.gather(rig._polling, return_exceptions=True)
    with pytest.raises(OutcomeUnknown):
        await rig.system.written(context_of("local", NAMED), uuid4())
    assert (await rig.http.get("/v1/writeback")).json()["unanswered"] == []


async def test_a_receipt_about_another_patient_is_told_at_once(rig):
    """The worst answer there is: the note stands in a stranger's record."""

    async def misfile(entry: dict[str, object]) -> None:
        patient = {"system": "urn:oid:1.2.208.176.1.2", "value": "710379-2202"}
        await rig.post(f"/v1/writeback/{entry['key']}/receipt", {"accepted": True, "patient": patient})

    rig._file = misfile
    with pytest.raises(Conflict, match=r"local\.wrong_patient"):
        await rig.system.write_back(context_of("local", NAMED), summary())


# --- the folder -----------------------------------------------------------------------------------------------------


class FilingRecord:
    """A record that works through the folder: takes a note by renaming it, files it once, writes a receipt."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.filed: dict[str, str] = {}
        self.takes = 0
        self.receipt: bytes | None = b'{"accepted": true, "remote_id": "N1"}'

    def look(self) -> None:
        for path in sorted(self.folder.glob("vdx-*.note.json")):
            taken = path.with_suffix(".taken")
            path.rename(taken)
            self.takes += 1
            note = json.loads(taken.read_text("utf-8"))
            self.filed.setdefault(note["key"], note["note"])
            if self.receipt is not None:
                (self.folder / f"vdx-{note['key']}.receipt.json").write_bytes(self.receipt)

    async def run(self) -> None:
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(0.02)


@pytest.fixture
async def by_folder(request, tmp_path):
    record = FilingRecord(tmp_path / "notes")
    limit_s = getattr(request, "param", PATIENT_S)
    settings = LocalSettings(write_back=True, notes=record.folder, receipt_limit_s=limit_s)
    system = LocalSystem(settings, HandClock(datetime.now(UTC)), PRACTICE, None)
    await system.start(RememberingSink())
    working = asyncio.create_task(record.run())
    yield system, record
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await system.stop()


CONTEXT = context_of("local", NAMED)


async def test_a_note_goes_through_the_folder_and_leaves_nothing_about_the_patient(by_folder):
    """The receipt stays, for a repeat; it says nothing about anybody."""
    system, record = by_folder
    receipt = await system.write_back(CONTEXT, summary())
    assert (receipt.remote_id, list(record.filed)) == ("N1", [str(summary().key)])
    (left,) = record.folder.iterdir()
    assert left.name.endswith(".receipt.json")


async def test_the_same_note_again_is_one_entry_and_no_file(by_folder):
    """After a restart too: the receipt lies there."""
    system, record = by_folder
    await system.write_back(CONTEXT, summary())
    record.filed.clear()
    assert (await system.write_back(CONTEXT, summary())).remote_id == "N1"
    assert record.filed == {}


@hasty_folder
async def test_half_a_receipt_is_waited_for(by_folder):
    """The record writes slowly, or dies while writing."""
    system, record = by_folder
    record.receipt = b'{"accepted": tr'
    with pytest.raises(OutcomeUnknown, match=r"writeback\.unknown"):
        await system.write_back(CONTEXT, summary())
    path = record.folder / f"vdx-{summary().key}.receipt.json"
    path.write_bytes(b'{"accepted": true, "remote_id": "N1"}')
    assert (await system.written(CONTEXT, summary().key)).remote_id == "N1"
    assert len(record.filed) == 1


@hasty_folder
async def test_a_note_taken_and_not_answered_is_not_laid_out_again(by_folder):
    """The record may be about to file it."""
    system, record = by_folder
    record.receipt = None
    for _attempt in range(2):
        with pytest.raises(OutcomeUnknown):
            await system.write_back(CONTEXT, summary())
    assert [path.suffix for path in record.folder.iterdir()] == [".taken"]
    assert record.takes == 1


async def test_a_note_nobody_takes_is_taken_away_again(tmp_path):
    """It must not be filed tomorrow, when the doctor has written it by hand."""
    settings = LocalSettings(write_back=True, notes=tmp_path, receipt_limit_s=0.3)
    system = LocalSystem(settings, HandClock(), PRACTICE, None)
    await system.start(RememberingSink())
    with pytest.raises(Unavailable, match=r"writeback\.unavailable"):
        await system.write_back(CONTEXT, summary())
    assert list(tmp_path.iterdir()) == []
    await system.stop()


async def test_a_refusal_is_told_and_the_next_attempt_begins_anew(by_folder):
    """The doctor has put right what the record disliked."""
    system, record = by_folder
    record.receipt = b'{"accepted": false}'
    with pytest.raises(Refused, match=r"writeback\.refused"):
        await system.write_back(CONTEXT, summary())
    record.receipt = b'\xef\xbb\xbf{"accepted": true}'
    assert (await system.write_back(CONTEXT, summary())).remote_id == str(summary().key)


async def test_a_folder_that_cannot_be_used_says_so(tmp_path):
    """A share that is away; the sentence names the folder's setting."""
    (tmp_path / "notes").write_text("a file, no folder")
    settings = LocalSettings(write_back=True, notes=tmp_path / "notes", receipt_limit_s=0.3)
    system = LocalSystem(settings, HandClock(), PRACTICE, None)
    await system.start(RememberingSink())
    with pytest.raises(Unavailable, match=r"local\.folder"):
        await system.write_back(CONTEXT, summary())
    await system.stop()


async def test_trying_the_settings_says_whether_the_folder_can_be_used(tmp_path):
    """Before the first note is lost in it; nothing is left behind."""
    (tmp_path / "file").write_text("x")
    tried = [make(AdapterSetup({"notes": str(tmp_path / name)}, "", HandClock())) for name in ("new", "file")]
    healths = [await system.try_settings() for system in tried]
    assert [(one.state, one.reason) for one in healths] == [
        (HealthState.GOOD, ""),
        (HealthState.BAD, "local.folder"),
    ]
    assert list((tmp_path / "new").iterdir()) == []


def test_a_note_is_for_the_user_alone_and_never_seen_by_half(tmp_path):
    """It is about a patient, and the record may look at any moment."""
    folder = NotesFolder(tmp_path)
    folder.lay("k", {"key": "k", "note": "æ"})
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    first = path.read_bytes()
    folder.lay("k", {"key": "k", "note": "æ"})
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [first]
    assert json.loads(first) == {"key": "k", "note": "æ"}


def test_what_a_crash_left_behind_goes_after_a_day_and_receipts_after_a_month(tmp_path):
    """A folder with patients in it must not fill."""
    folder = NotesFolder(tmp_path)
    folder.lay("k", {"key": "k"})
    (tmp_path / "vdx-k.receipt.json").write_text("{}")
    (tmp_path / "other.json").write_text("{}")
    now = datetime.now(UTC)
    for path in tmp_path.iterdir():
        os.utime(path, (now.timestamp(), now.timestamp()))
    folder.sweep(now + timedelta(hours=25))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.json", "vdx-k.receipt.json"]
    folder.sweep(now + timedelta(days=31))
    assert [path.name for path in tmp_path.iterdir()] == ["other.json"]


def test_a_receipt_for_another_kind_settles_nothing():
    """A letter's id and a note's key may be the same text."""
    box = Letterbox()
    box.put(Kind.LETTER, "k", {})
    with pytest.raises(NotFound):
        box.settle(Kind.NOTE, "k", ReceiptBody(accepted=True))


@pytest.mark.parametrize(
    ("settings", "can"),
    [
        ({"letters": "yes"}, {Capability.LETTERS}),
        ({"notes": "notes"}, {Capability.WRITE_BACK, Capability.READ_BACK}),
        ({}, set()),
    ],
)
def test_what_is_offered_follows_the_settings(settings, can):
    """Said before anything is offered."""
    offered = make(AdapterSetup(settings, "", HandClock())).capabilities.can
    assert offered - {Capability.CONTEXT, Capability.START_ACTION, Capability.CONFIRM} == can
