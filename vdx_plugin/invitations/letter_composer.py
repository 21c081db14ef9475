"""MedCom letters for the Composer port: to whom, about whom, in which thread, in whose name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.parties import Channel, Partner, Party, PartyRole, Unit
from vdx_plugin.domain.room import Room
from vdx_plugin.errors import Misconfigured, Refused
from vdx_plugin.invitations import care_communication, codes, keys, letter, resources, threads
from vdx_plugin.invitations.care_communication import Content, Link, Subject
from vdx_plugin.invitations.checks import check_outgoing, mark
from vdx_plugin.invitations.identifier_checks import is_gln, is_personal, is_sor
from vdx_plugin.invitations.message import Message, read_message, write
from vdx_plugin.invitations.sender import SenderSettings, label_of, link_for
from vdx_plugin.ports import IncomingLetter, MessageKind, NoticeKind, OutboxDraft

NewId = Callable[[], UUID]
Letters = Sequence[IncomingLetter]


class LetterComposer:
    """Builds the drafts of Channel.MEDCOM; each method as in ``ports.Composer``.

    A later letter answers the newest of its thread, the partner's or our own. It begins a thread of its own where the
    two wrote at the same time, where either end has another SOR id since, or where our letter has been erased.
    """

    def __init__(self, settings: SenderSettings) -> None:
        self._settings = settings

    def invitation(
        self, consultation: Consultation, party: Party, room: Room, now: datetime, new_id: NewId
    ) -> OutboxDraft:
        """Invite, in a new thread.

        Raises Refused(``context.incomplete``, ``invite.no_number``) for a patient MedCom's form cannot carry, and
        Refused(``invite.invalid``) when the result breaks a rule of MedCom's.
        """
        _receiver(party)
        meeting = self._meeting(consultation, party, room)
        content = Content(letter.invitation(meeting, self._signature(consultation)), _link(meeting))
        message = self._new(consultation, party, content, self._topic(consultation, party), now, new_id)
        return self._draft(consultation, party, MessageKind.INVITATION, message)

    def cancellation(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        now: datetime,
        new_id: NewId,
        letters: Letters = (),
    ) -> OutboxDraft:
        """Take the meeting back; the link that no longer works is named once more."""
        link = care_communication.link_of(_message(earlier)) if earlier.payload else ""
        text = letter.cancellation(consultation.plan.start, consultation.plan.end, link, self._signature(consultation))
        content = Content(text, topic=self._topic(consultation, party, "Aflyst"))
        message = self._next(consultation, party, earlier, letters, content, now, new_id)
        return self._draft(consultation, party, MessageKind.CANCELLATION, message)

    def move(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        room: Room,
        old: tuple[datetime, datetime],
        now: datetime,
        new_id: NewId,
        letters: Letters = (),
    ) -> OutboxDraft:
        """Tell another time; ``consultation`` has it already."""
        meeting = self._meeting(consultation, party, room)
        text = letter.move(meeting, *old, self._signature(consultation))
        content = Content(text, _link(meeting), self._topic(consultation, party, "Ændret"))
        message = self._next(consultation, party, earlier, letters, content, now, new_id)
        return self._draft(consultation, party, MessageKind.INVITATION, message)

    def notice(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        room: Room,
        kind: NoticeKind,
        now: datetime,
        new_id: NewId,
        *,
        minutes: int = 0,
        letters: Letters = (),
    ) -> OutboxDraft:
        """Remind, or say that the doctor is late."""
        meeting, signature = self._meeting(consultation, party, room), self._signature(consultation)
        words = letter.reminder if kind is NoticeKind.REMINDER else partial(letter.delay, minutes=minutes)
        content = Content(words(meeting, signature), topic=self._topic(consultation, party))
        message = self._next(consultation, party, earlier, letters, content, now, new_id)
        draft = self._draft(consultation, party, MessageKind.NOTICE, message)
        return replace(draft, key=keys.notice_key(consultation, party, kind, minutes, now))

    # --- which thread ---------------------------------------------------------------------------------------------

    def _next(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        letters: Letters,
        content: Content,
        now: datetime,
        new_id: NewId,
    ) -> Message:
        own, unit = self._own(), _receiver(party)
        previous = _newest(party, earlier, letters)
        if previous is None or not threads.is_between(previous, own, unit):
            return self._new(consultation, party, content, content.topic, now, new_id)
        author = self._author(consultation)
        return care_communication.answer(previous, own.gln, author, content, now, new_id)

    def _new(
        self, consultation: Consultation, party: Party, content: Content, topic: str, now: datetime, new_id: NewId
    ) -> Message:
        own, unit = self._own(), _receiver(party)
        sender = care_communication.organisation_party(new_id, own.name, own.sor, own.gln)
        receiver = care_communication.organisation_party(new_id, unit.name, unit.sor, unit.gln)
        subject = self._subject(consultation, party, topic)
        author = self._author(consultation)
        return care_communication.new_letter(sender, receiver, author, subject, content, now, new_id)

    # --- what it says ---------------------------------------------------------------------------------------------

    def _own(self) -> Unit:
        own = self._settings.organisation
        if not is_gln(own.gln or "") or not is_sor(own.sor or "") or not own.phone:
            raise Misconfigured("invite.setup", "the practice needs location number, SOR id and phone")
        return Unit(own.name, own.sor or "", own.gln or "")

    def _subject(self, consultation: Consultation, party: Party, topic: str) -> Subject:
        person = consultation.context.patient
        if person.name is None or not person.name.family:
            raise Refused("context.incomplete", "a letter needs the patient's name")
        number = person.national_id
        if number is None or not is_personal(number.system, number.value):
            raise Refused("invite.no_number", "a letter needs the patient's national number", party=label_of(party))
        return Subject(person, _category(consultation, party), topic, _served(party.partner))

    def _topic(self, consultation: Consultation, party: Party, news: str = "") -> str:
        plan, category = consultation.plan, _category(consultation, party)
        return letter.topic(plan.start, category, plan.purpose, news, self._settings.topics.get(plan.purpose, ""))

    def _meeting(self, consultation: Consultation, party: Party, room: Room) -> letter.Meeting:
        plan = consultation.plan
        wants_pin = party.partner is None or party.partner.wants_pin
        return letter.Meeting(
            start=plan.start,
            end=plan.end,
            link=link_for(self._settings, room, party),
            alias=room.alias,
            pin=room.guest_pin if wants_pin else None,
            participants=letter.participants([(one.role, one.partner) for one in plan.parties]),
            starts_now=not plan.planned_ahead,
            served=_served(party.partner),
            purpose=plan.purpose,
        )

    def _author(self, consultation: Consultation) -> resources.Author:
        """The signed-in user if the record names one, so that the letter is signed by who writes it."""
        settings, user = self._settings, consultation.context.user
        phone = settings.organisation.phone or ""
        if user.name is None or not user.name.family:
            return resources.Author(settings.author, settings.author_role, phone)
        return resources.Author(user.name, user.role or settings.author_role, phone)

    def _signature(self, consultation: Consultation) -> letter.Signature:
        author = self._author(consultation)
        role = codes.ROLES.get(author.role, ("", author.role))[1]
        return letter.Signature(author.name.full, role.lower(), self._settings.organisation.name, author.phone)

    def _draft(self, consultation: Consultation, party: Party, kind: MessageKind, message: Message) -> OutboxDraft:
        faults = check_outgoing(message)
        if faults:
            rules = ", ".join(sorted({fault.rule for fault in faults}))
            raise Refused("invite.invalid", rules, party=label_of(party))
        payload = write(message, self._settings.mime)
        return OutboxDraft(
            key=keys.key_of(consultation, party, kind),
            consultation_id=consultation.id,
            party_key=party.key,
            kind=kind,
            channel=Channel.MEDCOM,
            receiver=_receiver(party).gln,
            message_id=message.id,
            thread_id=message.thread_id,
            mime=self._settings.mime,
            payload=payload,
            checked_by=mark(payload),
        )


def _newest(party: Party, earlier: OutboxDraft, letters: Letters) -> Message | None:
    """The letter to be answered: the newest of the thread of ``earlier``, ours or the partner's."""
    if not earlier.payload:
        return None
    theirs = [one for one in letters if one.party_key == party.key and one.thread_id == earlier.thread_id]
    return threads.newest([*(read_message(one.payload, one.mime) for one in theirs), _message(earlier)])


def _message(draft: OutboxDraft) -> Message:
    return read_message(draft.payload, draft.mime)


def _link(meeting: letter.Meeting) -> Link:
    return Link(meeting.link, letter.link_title(meeting.start))


def _receiver(party: Party) -> Unit:
    partner = party.partner
    # Patients never get a letter between organisations, interpreters never one that names the patient.
    must_not_know = party.role in (PartyRole.PATIENT, PartyRole.INTERPRETER)
    if party.channel is not Channel.MEDCOM or partner is None or must_not_know:
        raise Misconfigured("invite.no_channel", "this party cannot get a MedCom letter", party=label_of(party))
    unit = partner.receiver
    if unit is None or not is_gln(unit.gln) or not is_sor(unit.sor):
        raise Misconfigured("invite.no_channel", "location number or SOR id is wrong", party=label_of(party))
    return unit


def _category(consultation: Consultation, party: Party) -> str:
    category = party.partner.category_for(consultation.plan.purpose) if party.partner else ""
    if category not in codes.CATEGORIES:
        raise Misconfigured("invite.setup", "unknown category in the directory")
    return category


def _served(partner: Partner | None) -> str:
    """The partner's own name, where another unit receives for it and must pass the letter on."""
    return partner.name if partner and partner.served_by and not partner.gln else ""
