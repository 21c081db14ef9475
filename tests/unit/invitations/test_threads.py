"""Which letter the next one answers, and when a thread of its own is needed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.unit.invitations import golden
from tests.unit.invitations.samples import (
    HOSPITAL,
    HOSPITAL_PARTY,
    MUNICIPALITY,
    NOW,
    OWN,
    PATIENT,
    ROOM,
    SETTINGS,
    START,
    composer,
    consultation,
    ids,
)
from vdx_plugin.domain.parties import Channel, Party, PartyRole, Unit
from vdx_plugin.domain.patients import D_ECPR, X_ECPR, Identifier, PersonName
from vdx_plugin.invitations import care_communication, codes, replies, threads
from vdx_plugin.invitations.care_communication import Content
from vdx_plugin.invitations.checks import check_outgoing
from vdx_plugin.invitations.composer import MessageComposer
from vdx_plugin.invitations.message import Message, read_message, rows, text_at, write_json
from vdx_plugin.invitations.resources import Author
from vdx_plugin.invitations.transport import Incoming
from vdx_plugin.ports import IncomingLetter, MessageKind, NoticeKind, OutboxDraft

NURSE = Author(PersonName("Burns", "Michael"), "sygeplejerske", "78450000")
OLD = (START, START + timedelta(minutes=30))
LATER = consultation(start=START + timedelta(hours=25))


def invited(party: Party = HOSPITAL_PARTY, new: MessageComposer | None = None) -> OutboxDraft:
    return (new or composer()).invitation(consultation(), party, ROOM, NOW, ids())


def message_of(draft: OutboxDraft) -> Message:
    return read_message(draft.payload, draft.mime)


def written_by(gln: str, to: Message, text: str = "Vi kommer", hours: int = 1, start: int = 400) -> Message:
    return care_communication.answer(to, gln, NURSE, Content(text), NOW + timedelta(hours=hours), ids(start))


def kept(message: Message, party: Party = HOSPITAL_PARTY) -> IncomingLetter:
    incoming = Incoming("r", codes.FHIR_JSON, "", write_json(message))
    return replies.read(message, OWN.gln, incoming, NOW).matched(consultation().id, party.key)


def moved(earlier: OutboxDraft, *letters: IncomingLetter, at: datetime = NOW + timedelta(days=1)) -> OutboxDraft:
    return composer().move(LATER, HOSPITAL_PARTY, earlier, ROOM, OLD, at, ids(700), letters)


def revision(message: Message) -> str:
    return text_at(message.all("Provenance")[0], "entity", 0, "what", "reference").removeprefix("MessageHeader/")


def texts(message: Message) -> list[str]:
    return [text_at(row, "contentString") for row in rows(message.first("Communication"), "payload")]


def test_a_move_answers_the_partners_letter_when_that_is_the_newest() -> None:
    """An answer to our own older letter would leave theirs out, and their system would show two ends of one thread."""
    first = invited()
    theirs = written_by(HOSPITAL.gln or "", message_of(first))
    next_one = message_of(moved(first, kept(theirs)))
    assert next_one.thread_id == theirs.thread_id
    assert revision(next_one) == theirs.id
    assert texts(next_one)[: len(texts(theirs))] == texts(theirs)
    assert len(next_one.all("Provenance")) == 3
    assert next_one.sender["name"] == OWN.name
    assert check_outgoing(next_one) == []
    golden.check("move-after-answer.json", json.dumps(next_one.bundle, ensure_ascii=False, indent=1) + "\n")


def test_a_move_answers_our_own_letter_when_that_is_the_newest() -> None:
    """They answered, we answered them, and now we write again (S2.A4)."""
    first = invited()
    theirs = kept(written_by(HOSPITAL.gln or "", message_of(first)))
    second = moved(first, theirs)
    third = composer().cancellation(LATER, HOSPITAL_PARTY, second, NOW + timedelta(days=2), ids(800), [theirs])
    assert revision(message_of(third)) == second.message_id
    assert third.thread_id == first.thread_id


def test_parallel_letters_begin_a_new_thread_in_which_everything_stands() -> None:
    """Pitfall 12: they answered our first letter while our second was on its way; neither knows the other."""
    first = invited()
    second = moved(first)
    crossing = kept(written_by(HOSPITAL.gln or "", message_of(first), hours=30))
    third = composer().cancellation(LATER, HOSPITAL_PARTY, second, NOW + timedelta(days=2), ids(800), [crossing])
    message = message_of(third)
    assert third.thread_id not in ("", first.thread_id)
    assert text_at(message.all("Provenance")[0], "activity", "coding", 0, "code") == "new-message"
    assert text_at(message.first("Communication"), "topic", "text") == "Aflyst: Videomøde 15.10.2026 kl. 14.00"
    assert texts(message)[0].startswith("AFLYST")
    assert check_outgoing(message) == []


def test_letters_of_another_party_or_thread_are_not_answered() -> None:
    """Each partner has a thread of its own, and a letter matched by hand has one that nobody shares."""
    first = invited()
    theirs = kept(written_by(HOSPITAL.gln or "", message_of(first)))
    for foreign in (replace(theirs, party_key="p-muni"), replace(theirs, thread_id="another")):
        assert revision(message_of(moved(first, foreign))) == first.message_id


def test_a_history_of_which_only_the_last_link_was_kept_is_followed() -> None:
    """A partner's system that forgets older history still answers what it answers."""
    first = message_of(invited())
    second = written_by(OWN.gln, first, start=500)
    bundle: dict[str, Any] = json.loads(json.dumps(written_by(HOSPITAL.gln or "", second, start=600).bundle))
    histories = [one for one in bundle["entry"] if one["resource"]["resourceType"] == "Provenance"]
    bundle["entry"] = [one for one in bundle["entry"] if one not in histories[1:]]
    third = Message(bundle)
    found = threads.newest([first, third, second])
    assert found is not None
    assert found.id == third.id


@pytest.mark.parametrize("end", ["ours", "theirs"])
def test_a_change_of_sor_id_begins_a_new_thread(end: str) -> None:
    """Governance for CareCommunication: the thread belongs to the two units that began it."""
    first = invited()
    settings, party = SETTINGS, HOSPITAL_PARTY
    if end == "ours":
        settings = replace(SETTINGS, organisation=replace(SETTINGS.organisation, sor="1017421000016999"))
    else:
        party = replace(HOSPITAL_PARTY, partner=replace(HOSPITAL, sor="441211000016999"))
    off = MessageComposer(settings).cancellation(consultation(), party, first, NOW, ids(900))
    assert off.thread_id != first.thread_id
    assert check_outgoing(message_of(off)) == []


def test_a_letter_whose_words_were_erased_is_followed_by_a_new_thread() -> None:
    """After the set time nothing is left to answer; the partner must be told all the same."""
    off = composer().cancellation(consultation(), HOSPITAL_PARTY, replace(invited(), payload=b""), NOW, ids(900))
    assert off.kind is MessageKind.CANCELLATION
    assert texts(message_of(off))[0].startswith("AFLYST")


def test_a_received_episode_of_care_goes_back_in_the_answer() -> None:
    """Pitfall 31: the partner's register joins the letters by it."""
    first = invited()
    bundle: dict[str, Any] = json.loads(json.dumps(written_by(HOSPITAL.gln or "", message_of(first)).bundle))
    patient = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
    episode = {"system": codes.LPR3, "value": "urn:uuid:fdcec45c-27df-5ad4-8ad2-7e1fb6a3ca5f"}
    encounter = {
        "resourceType": "Encounter",
        "id": "e-1",
        "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"Patient/{patient['id']}"},
        "episodeOfCare": [{"identifier": episode}],
    }
    bundle["entry"].append(
        {"fullUrl": "https://medcomfhir.dk/ig/carecommunication/Encounter/e-1", "resource": encounter}
    )
    bundle["entry"][1]["resource"]["encounter"] = {"reference": "Encounter/e-1"}
    next_one = message_of(moved(first, kept(Message(bundle))))
    assert next_one.first("Encounter")["episodeOfCare"] == [{"identifier": episode}]
    assert text_at(next_one.first("Communication"), "encounter", "reference") == "Encounter/e-1"
    assert check_outgoing(next_one) == []


def test_both_replacement_numbers_go_back_in_the_answer() -> None:
    """S-Tek-CPR: a number that the partner knows the patient by must not be lost on the way."""
    person = replace(PATIENT, identifiers=(Identifier(X_ECPR, "0703921VJ5"), Identifier(D_ECPR, "1206550VK9")))
    whole = consultation(patient=person)
    first = composer().invitation(whole, HOSPITAL_PARTY, ROOM, NOW, ids())
    theirs = kept(written_by(HOSPITAL.gln or "", message_of(first)))
    assert theirs.patient_ids == ("0703921VJ5", "1206550VK9")
    off = composer().cancellation(whole, HOSPITAL_PARTY, first, NOW + timedelta(hours=2), ids(900), [theirs])
    numbers = [text_at(one, "value") for one in rows(message_of(off).first("Patient"), "identifier")]
    assert numbers == ["0703921VJ5", "1206550VK9"]
    assert check_outgoing(message_of(off)) == []


def test_a_reminder_and_a_delay_answer_the_newest_letter_too() -> None:
    """They are letters like the others."""
    first = invited()
    theirs = kept(written_by(HOSPITAL.gln or "", message_of(first)))
    for number, (kind, minutes) in enumerate(((NoticeKind.REMINDER, 0), (NoticeKind.DELAY, 10))):
        told = composer().notice(
            consultation(),
            HOSPITAL_PARTY,
            first,
            ROOM,
            kind,
            NOW + timedelta(hours=2),
            ids(900 + 100 * number),
            minutes=minutes,
            letters=[theirs],
        )
        assert revision(message_of(told)) == theirs.message_id
        text = json.dumps(message_of(told).bundle, ensure_ascii=False, indent=1) + "\n"
        golden.check(f"{kind}.json", text)


def test_a_nursing_home_without_an_address_is_the_named_recipient_at_the_unit_that_receives_for_it() -> None:
    """Pitfall 6: the unit above gets the letter; the home is named in a field of its own and in the text."""
    unit = Unit(MUNICIPALITY.name, MUNICIPALITY.sor or "", MUNICIPALITY.gln or "")
    home = replace(MUNICIPALITY, name="Plejehjemmet Solsikken", role=PartyRole.NURSING_HOME, gln=None, served_by=unit)
    party = Party("p-home", PartyRole.NURSING_HOME, Channel.MEDCOM, home)
    message = message_of(invited(party))
    team = message.resolve(message.first("Communication")["recipient"][0])
    assert team is not None
    assert team["name"] == "Plejehjemmet Solsikken"
    assert team["managingOrganization"] == [{"reference": f"Organization/{message.receiver['id']}"}]
    assert "Plejehjemmet Solsikken" in team["text"]["div"]
    assert check_outgoing(message) == []
    theirs = written_by(unit.gln, message)
    assert "recipient" not in theirs.first("Communication")
    assert check_outgoing(theirs) == []
    back = message_of(
        composer().cancellation(consultation(), party, invited(party), NOW, ids(900), [kept(theirs, party)])
    )
    assert message.first("Communication")["recipient"] == back.first("Communication")["recipient"]
    assert check_outgoing(back) == []
