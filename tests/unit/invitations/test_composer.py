"""Each party gets the right kind of message, with only what it may know."""

from __future__ import annotations

import html
import itertools
from dataclasses import replace
from datetime import timedelta
from email import policy
from email.parser import BytesParser

import pytest

from tests.unit.invitations.samples import (
    AGENCY,
    HOSPITAL,
    HOSPITAL_PARTY,
    INTERPRETER_PARTY,
    MUNICIPALITY,
    MUNICIPALITY_PARTY,
    NOW,
    PATIENT,
    PATIENT_PARTY,
    PRACTICE,
    ROOM,
    SETTINGS,
    SMS_PARTY,
    START,
    composer,
    consultation,
    ids,
)
from vdx_plugin.domain.context import ClinicUser
from vdx_plugin.domain.parties import Channel, Partner, Party, PartyRole, Purpose, Unit
from vdx_plugin.domain.patients import Identifier, Patient, PersonName
from vdx_plugin.errors import Misconfigured, Refused
from vdx_plugin.invitations import calendar_mail, codes, letter, reliable
from vdx_plugin.invitations.composer import MessageComposer
from vdx_plugin.invitations.exporter import Exporter
from vdx_plugin.invitations.message import read_message, rows, text_at
from vdx_plugin.invitations.text_book import TextBook
from vdx_plugin.ports import Composer, MessageKind, NoticeKind, OutboxDraft, OutboxRow, OutboxState

PARTIES = [PATIENT_PARTY, HOSPITAL_PARTY, MUNICIPALITY_PARTY, INTERPRETER_PARTY, SMS_PARTY]
HOUR = timedelta(hours=1)
EACH = [f"{party.role}-{party.channel}" for party in PARTIES]


def invite(party: Party, composer_: MessageComposer | None = None) -> OutboxDraft:
    return (composer_ or composer()).invitation(consultation(), party, ROOM, NOW, ids())


def words(draft: OutboxDraft) -> str:
    """Everything a reader of the message can find in it, decoded."""
    if draft.channel in (Channel.MEDCOM, Channel.SMS):
        return draft.payload.decode()
    mail = BytesParser(policy=policy.default).parsebytes(draft.payload)
    parts = [str(part.get_content()) for part in mail.walk() if not part.is_multipart()]
    return "\n".join([*(f"{name}: {value}" for name, value in mail.items()), *parts])


def test_it_is_the_composer_of_the_ports() -> None:
    """The port is the contract with the service."""
    port: Composer = composer()
    assert port.guest_link(ROOM, HOSPITAL_PARTY)


def every_draft(party: Party) -> list[OutboxDraft]:
    """One of each kind that a party can get."""
    one, make, first = consultation(), composer(), invite(party)
    return [
        first,
        make.move(one, party, first, ROOM, (START - HOUR, START), NOW, ids(100)),
        make.cancellation(one, party, first, NOW, ids(200)),
        *(make.notice(one, party, first, ROOM, kind, NOW, ids(300), minutes=10) for kind in NoticeKind),
    ]


def beside_the_link(text: str, party: Party) -> str:
    """The text without the party's link, as it is written in letters and pages."""
    link = composer().guest_link(ROOM, party).reveal()
    return text.replace(link, "").replace(html.escape(link), "")


@pytest.mark.parametrize("party", PARTIES, ids=EACH)
def test_no_message_carries_the_host_pin(party: Party) -> None:
    """Whoever has the host PIN is doctor in the room: in no kind of message, no file and no card."""
    texts = [words(draft) for draft in every_draft(party)]
    if party.role is PartyRole.INTERPRETER:
        card = Exporter(SETTINGS, TextBook()).interpreter_card(consultation(), party, NOW)
        texts += [card.text, card.ical, card.fee_notice]
    for text in texts:
        assert "918273" not in text
    assert "3788" in texts[0]


@pytest.mark.parametrize("party", [HOSPITAL_PARTY, MUNICIPALITY_PARTY], ids=["wanted", "unwanted"])
def test_the_guest_pin_stands_beside_the_link_only_where_the_partner_wants_it(party: Party) -> None:
    """Some will not have a PIN in two journals; nobody has it where the meeting is off."""
    assert party.partner is not None
    invitation, move, _off, *notices = (beside_the_link(words(one), party) for one in every_draft(party))
    for text in (invitation, move, *notices):
        assert ("3788" in text) is party.partner.wants_pin
    payloads = rows(read_message(every_draft(party)[2].payload, codes.FHIR_JSON).first("Communication"), "payload")
    off = text_at(payloads[-1], "contentString")
    assert off.startswith("AFLYST")
    assert "3788" not in beside_the_link(off, party)


@pytest.mark.parametrize("party", [PATIENT_PARTY, INTERPRETER_PARTY, SMS_PARTY], ids=["mail", "agency", "sms"])
def test_no_mail_text_message_or_card_says_anything_about_the_patient(party: Party) -> None:
    """They travel in the clear and stay in mailboxes: no name, no number, no partner, no purpose, in none of a kind."""
    one = replace(consultation(), plan=replace(consultation().plan, purpose=Purpose.DISCHARGE))
    texts = [words(replace(draft, receiver="")) for draft in every_draft(party)]
    if party.role is PartyRole.INTERPRETER:
        card = Exporter(SETTINGS, TextBook()).interpreter_card(one, party, NOW)
        texts += [card.text, card.ical.replace("\r\n ", ""), card.fee_notice]
    for text in (each.replace("bruno@patient.example", "") for each in texts):
        for secret in ("Elmer", "Bruno", "2509479989", "250947", "1947", "25.09", "Sygehus,", "Ældremedicinsk"):
            assert secret not in text
    assert "Lægehuset Eksempel" in texts[0]
    assert "13.00" in texts[0]


@pytest.mark.parametrize("near", [timedelta(minutes=10), timedelta(days=7)], ids=["near", "far"])
def test_no_letter_has_a_priority_however_near_the_meeting_is(near: timedelta) -> None:
    """Priority is a category's own affair (invariant 5) and hurries nobody; the doctor is told to ring instead."""
    one = consultation(HOSPITAL_PARTY, start=NOW + near)
    draft = composer().invitation(one, HOSPITAL_PARTY, ROOM, NOW, ids())
    assert "priority" not in read_message(draft.payload, draft.mime).first("Communication")
    sending = OutboxRow(draft, OutboxState.SENDING, 1, NOW, None)
    problem = reliable.after_try(sending, reliable.Outcome.TAKEN, NOW, reliable.Limits()).problem
    assert problem == ("invite.soon" if near < timedelta(hours=2) else "")


@pytest.mark.parametrize("party", PARTIES, ids=EACH)
def test_no_message_but_a_letter_of_cancellation_leaves_after_the_meeting(party: Party) -> None:
    """Nobody is called to a meeting that is over, whatever the channel; a ward may still ask why it was off."""
    end = START + timedelta(minutes=30)
    for draft in every_draft(party):
        late = OutboxRow(draft, OutboxState.SENDING, 1, NOW, None)
        step = reliable.before_try(late, end, reliable.Limits())
        if draft.kind is MessageKind.CANCELLATION and draft.channel is Channel.MEDCOM:
            assert (draft.expires_at, step) == (None, None)
        else:
            assert (draft.starts_at, draft.expires_at) == (START, end)
            assert step is not None
            assert step.state is OutboxState.EXPIRED
            assert reliable.before_try(late, end - timedelta(seconds=1), reliable.Limits()) is None


def test_the_interpreter_is_told_which_language() -> None:
    """The agency must send the right person, and needs nothing more."""
    assert "Sprog: arabisk" in words(invite(INTERPRETER_PARTY))
    assert "Sprog" not in words(invite(PATIENT_PARTY))


def test_each_link_names_the_role_and_carries_the_partys_key() -> None:
    """The doctor sees who knocks, and nobody's name is in an address."""
    link = composer().guest_link(ROOM, MUNICIPALITY_PARTY).reveal()
    assert link.endswith("&name=Kommune&tag=p-muni")
    assert "Elmer" not in link


def test_the_pin_is_told_only_to_partners_that_want_it() -> None:
    """Some will not have a PIN in two journals; the link carries what is needed."""
    assert "Gæste-PIN: 3788" in words(invite(HOSPITAL_PARTY))
    assert "Gæste-PIN" not in words(invite(MUNICIPALITY_PARTY))


def test_the_link_stands_alone_on_its_line() -> None:
    """Older systems break long lines."""
    message = read_message(invite(HOSPITAL_PARTY).payload, "application/fhir+json")
    lines = text_at(message.first("Communication"), "payload", 0, "contentString").splitlines()
    assert composer().guest_link(ROOM, HOSPITAL_PARTY).reveal() in lines


def test_the_partners_own_category_routes_the_letter() -> None:
    """A municipality may route telemedicine to another team."""
    message = read_message(invite(MUNICIPALITY_PARTY).payload, "application/fhir+json")
    assert text_at(message.first("Communication"), "category", 0, "coding", 0, "code") == "nursing"


def test_who_is_signed_in_signs() -> None:
    """The signature is filled in by the system; a substitute signs as himself."""
    user = ClinicUser("xx", name=PersonName("Vikar", "Ole"), role="laege")
    draft = composer().invitation(consultation(user=user), HOSPITAL_PARTY, ROOM, NOW, ids())
    message = read_message(draft.payload, draft.mime)
    assert text_at(message.first("Practitioner"), "name", 0, "family") == "Vikar"
    assert "Ole Vikar, læge" in words(draft)


def test_a_role_outside_medcoms_list_is_written_in_words() -> None:
    """medcom-careCommunication-7: a code or a text, never both."""
    user = ClinicUser("xx", name=PersonName("Vikar", "Ole"), role="konsultationsassistent")
    draft = composer().invitation(consultation(user=user), HOSPITAL_PARTY, ROOM, NOW, ids())
    code = read_message(draft.payload, draft.mime).first("PractitionerRole")["code"]
    assert code == [{"text": "konsultationsassistent"}]


def test_a_draft_made_again_has_the_same_key_and_another_time_another() -> None:
    """The outbox ignores a second draft of one key; a new time is a new letter."""
    one, two = invite(HOSPITAL_PARTY), composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids(900))
    later = consultation(start=START + timedelta(days=1))
    assert one.key == two.key
    assert composer().invitation(later, HOSPITAL_PARTY, ROOM, NOW, ids()).key != one.key
    off = composer().cancellation(consultation(), HOSPITAL_PARTY, one, NOW, ids(200))
    assert off.kind is MessageKind.CANCELLATION
    assert off.key != one.key
    assert off.thread_id == one.thread_id


def test_a_move_puts_the_new_time_in_the_topic() -> None:
    """An old time in the subject would be believed."""
    later = consultation(start=START + timedelta(days=1))
    old = (START, START + timedelta(minutes=30))
    moved = composer().move(later, HOSPITAL_PARTY, invite(HOSPITAL_PARTY), ROOM, old, NOW, ids(100))
    message = read_message(moved.payload, moved.mime)
    assert text_at(message.first("Communication"), "topic", "text") == "Ændret: Videomøde 15.10.2026 kl. 13.00"
    assert words(moved).count("ÆNDRET TID") == 2  # text and narrative


@pytest.mark.parametrize("party", [HOSPITAL_PARTY, PATIENT_PARTY], ids=["letter", "mail"])
def test_a_meeting_moved_away_and_back_is_told_both_times(party: Party) -> None:
    """The third message is about the time of the first; under its key it would count as sent already."""
    here, there = consultation(party), consultation(party, start=START + timedelta(days=1))
    first = invite(party)
    away = composer().move(there, party, first, ROOM, (START, START), NOW, ids(100))
    back = composer().move(here, party, away, ROOM, (START, START), NOW, ids(200))
    assert len({first.key, away.key, back.key}) == 3
    assert {first.thread_id, away.thread_id, back.thread_id} == {first.thread_id}
    again = composer().move(here, party, away, ROOM, (START, START), NOW, ids(300))
    assert again.key == back.key
    assert "ÆNDRET TID" in words(away)
    assert "ÆNDRET TID" not in words(first)


def notify(party: Party, earlier: OutboxDraft, kind: NoticeKind, minutes: int = 0, after: int = 0) -> OutboxDraft:
    at = NOW + timedelta(minutes=after)
    return composer().notice(consultation(party), party, earlier, ROOM, kind, at, ids(400 + after), minutes=minutes)


@pytest.mark.parametrize("kind", list(NoticeKind))
@pytest.mark.parametrize("party", PARTIES, ids=EACH)
def test_a_notice_goes_the_way_the_invitation_went(party: Party, kind: NoticeKind) -> None:
    """One thread, one link, one receiver, and a message id of its own by which the receiver tells repeats."""
    first = invite(party)
    told = notify(party, first, kind, minutes=10)
    assert told.kind is MessageKind.NOTICE
    assert (told.channel, told.receiver, told.thread_id) == (first.channel, first.receiver, first.thread_id)
    assert told.message_id != first.message_id
    text = words(told)
    assert composer().guest_link(ROOM, party).reveal().split("&")[0] in text
    assert ("10 min" in text or "10 MIN" in text) is (kind is NoticeKind.DELAY)


@pytest.mark.parametrize("party", PARTIES, ids=EACH)
def test_each_notice_is_told_once_and_a_further_one_again(party: Party) -> None:
    """A double click must not send two; ten minutes more an hour later must."""
    first = invite(party)
    one, double = (notify(party, first, NoticeKind.DELAY, 10) for _ in range(2))
    assert one.key == double.key
    others = [notify(party, first, NoticeKind.DELAY, 10, after=60), notify(party, first, NoticeKind.DELAY, 20)]
    others += [notify(party, first, NoticeKind.REMINDER), first]
    assert len({one.key, *(other.key for other in others)}) == 5


def test_a_change_after_a_notice_counts_on_in_the_calendar() -> None:
    """The notice has no calendar entry; a cancellation that began again at 1 would be taken for old."""
    here, there = consultation(PATIENT_PARTY), consultation(PATIENT_PARTY, start=START + timedelta(days=1))
    moved = composer().move(there, PATIENT_PARTY, invite(PATIENT_PARTY), ROOM, (START, START), NOW, ids(100))
    told = notify(PATIENT_PARTY, moved, NoticeKind.REMINDER)
    off = composer().cancellation(here, PATIENT_PARTY, told, NOW, ids(500))
    assert [calendar_mail.sequence_of(draft.payload) for draft in (moved, told, off)] == [1, 1, 2]


@pytest.mark.parametrize(
    "party",
    [
        Party("p", PartyRole.PATIENT, Channel.SMS),
        Party("p", PartyRole.PATIENT, Channel.MEDCOM),
        Party("p", PartyRole.HOSPITAL, Channel.MEDCOM, replace(HOSPITAL, gln="5790000000204")),
        Party("p", PartyRole.HOSPITAL, Channel.MEDCOM, replace(HOSPITAL, sor=None)),
        Party("p", PartyRole.INTERPRETER, Channel.MEDCOM, replace(HOSPITAL, role=PartyRole.INTERPRETER)),
        Party("p", PartyRole.INTERPRETER, Channel.EMAIL, replace(AGENCY, email=None)),
        Party("p", PartyRole.HOSPITAL, Channel.LINK, HOSPITAL),
    ],
    ids=["no number", "patient", "gln", "sor", "interpreter", "address", "link"],
)
def test_a_party_that_cannot_be_reached_so_is_told_of(party: Party) -> None:
    """The desk shows it and the doctor calls."""
    with pytest.raises(Misconfigured) as caught:
        invite(party)
    assert caught.value.code == "invite.no_channel"
    assert caught.value.facts["party"]


def test_a_number_that_takes_no_text_message_is_named_as_such() -> None:
    """Which number is wrong can be mended; that something is wrong cannot."""
    for address, code in (("70 12 34 56", "sms.no_text"), ("hos naboen", "sms.number")):
        with pytest.raises(Refused) as caught:
            invite(replace(SMS_PARTY, address=address))
        assert caught.value.code == code


@pytest.mark.parametrize(
    "settings",
    [
        replace(SETTINGS, organisation=replace(PRACTICE, gln=None)),
        replace(SETTINGS, organisation=replace(PRACTICE, phone=None)),
    ],
    ids=["gln", "phone"],
)
def test_a_practice_without_its_numbers_cannot_send(settings: object) -> None:
    """Better told before the room is booked than as fatal-error after."""
    with pytest.raises(Misconfigured) as caught:
        invite(HOSPITAL_PARTY, MessageComposer(settings))  # type: ignore[arg-type]
    assert caught.value.code == "invite.setup"


@pytest.mark.parametrize(
    ("patient", "code"),
    [
        (replace(PATIENT, name=None), "context.incomplete"),
        (replace(PATIENT, identifiers=(Identifier("urn:oid:1.2.3", "7"),)), "invite.no_number"),
        (replace(PATIENT, identifiers=(Identifier("urn:oid:1.2.208.176.1.2", "9902479989"),)), "invite.no_number"),
    ],
    ids=["name", "none", "wrong"],
)
def test_a_patient_whom_the_form_cannot_carry_is_told_of(patient: Patient, code: str) -> None:
    """A letter about nobody, or with a wrong number, would land in the wrong record."""
    with pytest.raises(Refused) as caught:
        composer().invitation(consultation(patient=patient), HOSPITAL_PARTY, ROOM, NOW, ids())
    assert caught.value.code == code


@pytest.mark.parametrize(
    "identifier",
    [
        Identifier("urn:oid:1.2.208.176.1.6.1.1", "0703921VJ5"),
        Identifier("urn:oid:1.2.208.176.1.6.1.3", "1206550VK9"),
    ],
    ids=["x", "d"],
)
def test_a_patient_with_a_replacement_number_can_be_written_about(identifier: Identifier) -> None:
    """Asylum seekers and newborns have no CPR number."""
    patient = replace(PATIENT, identifiers=(identifier,))
    draft = composer().invitation(consultation(patient=patient), HOSPITAL_PARTY, ROOM, NOW, ids())
    assert identifier.value in words(draft)


def test_a_letter_for_whom_another_unit_receives_goes_there_and_names_who_is_meant() -> None:
    """A nursing home without a location number: the unit above gets the letter and must know for which home."""
    unit = Unit(str(MUNICIPALITY.name), str(MUNICIPALITY.sor), str(MUNICIPALITY.gln))
    home = Partner("home", "Plejehjemmet Skovly", PartyRole.NURSING_HOME, Channel.MEDCOM, "953751000016006")
    party = Party("p-home", PartyRole.NURSING_HOME, Channel.MEDCOM, replace(home, served_by=unit))
    draft = invite(party)
    message = read_message(draft.payload, draft.mime)
    assert draft.receiver == unit.gln
    assert [text_at(one, "name") for one in message.all("Organization")] == [PRACTICE.name, unit.name]
    assert "Gives videre til: Plejehjemmet Skovly" in words(draft)
    assert "Gives videre til" not in words(invite(MUNICIPALITY_PARTY))
    with pytest.raises(Misconfigured):
        invite(replace(party, partner=home))


def test_the_purpose_decides_the_category_where_the_partner_has_agreed_on_one() -> None:
    """A discharge conference is routed elsewhere than a home visit."""
    partner = replace(HOSPITAL, categories=((Purpose.DISCHARGE, "discharge"),))
    party = replace(HOSPITAL_PARTY, partner=partner)
    asked = consultation()
    meant = replace(asked, plan=replace(asked.plan, purpose=Purpose.DISCHARGE))
    routed = [composer().invitation(one, party, ROOM, NOW, ids()) for one in (asked, meant)]
    letters = [read_message(draft.payload, draft.mime).first("Communication") for draft in routed]
    assert [text_at(one, "category", 0, "coding", 0, "code") for one in letters] == ["telemedicine", "discharge"]


@pytest.mark.parametrize("news", ["", "Aflyst", "Ændret"])
def test_category_and_topic_together_fit_into_the_older_subject(news: str) -> None:
    """Pitfall 15: VANS joins them by a comma and cuts at 70; day and time must survive."""
    for category, purpose in itertools.product(codes.CATEGORIES, Purpose):
        topic = letter.topic(START, category, purpose, news)
        assert len(f"{codes.CATEGORIES[category]}, {topic}") <= 70
        assert topic.endswith("14.10.2026 kl. 13.00")
        assert "ideo" in topic


def test_words_that_the_region_has_agreed_on_are_used_where_they_fit() -> None:
    """Some receivers sort by them."""
    own = "Udskrivningskonference på video"
    assert letter.topic(START, "discharge", Purpose.DISCHARGE, "", own) == f"{own} 14.10.2026 kl. 13.00"
    settings = replace(SETTINGS, topics={Purpose.CONSULTATION: own}, mime=codes.FHIR_XML)
    draft = MessageComposer(settings).invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())
    assert draft.mime == codes.FHIR_XML
    message = read_message(draft.payload, codes.FHIR_XML)
    assert text_at(message.first("Communication"), "topic", "text") == f"{own} 14.10.2026 kl. 13.00"


def test_the_first_line_says_what_is_held() -> None:
    """A ward has several kinds of meetings."""
    asked = consultation()
    meant = replace(asked, plan=replace(asked.plan, purpose=Purpose.DISCHARGE))
    draft = composer().invitation(meant, HOSPITAL_PARTY, ROOM, NOW, ids())
    assert "Invitation til udskrivelseskonference på video om patienten i denne besked." in words(draft)
