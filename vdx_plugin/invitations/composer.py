"""The Composer port: for each party the right kind of message, with only what that party may know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.parties import Channel, Partner, Party, PartyRole
from vdx_plugin.domain.room import Room
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured, Refused
from vdx_plugin.invitations import care_communication, codes, keys, letter, resources
from vdx_plugin.invitations.checks import check_outgoing
from vdx_plugin.invitations.identifier_checks import is_gln, is_personal, is_sor
from vdx_plugin.invitations.mail_composer import MailComposer
from vdx_plugin.invitations.message import Message, read_message, write_json
from vdx_plugin.invitations.sender import SenderSettings, label_of, link_for
from vdx_plugin.invitations.sms_composer import SmsComposer
from vdx_plugin.invitations.text_book import TextBook
from vdx_plugin.ports import MessageKind, NoticeKind, OutboxDraft

NewId = Callable[[], UUID]


class MessageComposer:
    """Implements ``ports.Composer``. Pure: the same arguments make the same draft."""

    def __init__(self, settings: SenderSettings, book: TextBook | None = None) -> None:
        self._settings = settings
        book = book or TextBook()
        # MedCom letters are built here, everything else by these.
        self._others: Mapping[Channel, MailComposer | SmsComposer] = {
            Channel.EMAIL: MailComposer(settings, book),
            Channel.SMS: SmsComposer(settings, book),
        }

    def invitation(
        self, consultation: Consultation, party: Party, room: Room, now: datetime, new_id: NewId
    ) -> OutboxDraft:
        """Build the message that invites ``party``; see ``ports.Composer``.

        Also raises Refused(``context.incomplete``, ``invite.no_number``) for a patient MedCom's form cannot carry, and
        Refused(``invite.invalid``) when the result breaks a rule of MedCom's.
        """
        if other := self._others.get(party.channel):
            return other.invitation(consultation, party, room, now, new_id)
        sender, receiver = self._ends(party, new_id)
        subject = self._subject(consultation, party)
        content = self._invitation_text(consultation, party, room)
        author = self._author(consultation)
        message = care_communication.new_letter(sender, receiver, author, subject, content, now, new_id)
        return self._draft(consultation, party, MessageKind.INVITATION, message)

    def cancellation(
        self, consultation: Consultation, party: Party, earlier: OutboxDraft, now: datetime, new_id: NewId
    ) -> OutboxDraft:
        """Build the message that tells ``party`` it is off, in the thread of ``earlier``; see ``ports.Composer``."""
        if other := self._others.get(party.channel):
            return other.cancellation(consultation, party, earlier, now, new_id)
        previous = read_message(earlier.payload, earlier.mime)
        plan = consultation.plan
        link = care_communication.link_of(previous)
        text = letter.cancellation(plan.start, plan.end, link, self._signature(consultation))
        content = care_communication.Content(text)
        return self._answer(consultation, party, MessageKind.CANCELLATION, previous, content, now, new_id)

    def move(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        room: Room,
        old: tuple[datetime, datetime],
        now: datetime,
        new_id: NewId,
    ) -> OutboxDraft:
        """Build the message that moves a meeting, in the thread of ``earlier``. ``old`` is the former start and end.

        ``consultation`` has the new time. By e-mail it is the invitation anew under the same calendar entry.
        """
        if other := self._others.get(party.channel):
            moved = other.move(consultation, party, earlier, room, old, now, new_id)
        else:
            moved = self._moved_letter(consultation, party, earlier, room, old, now, new_id)
        return keys.after(earlier, moved)

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
    ) -> OutboxDraft:
        """Build the message that reminds ``party`` or says that the doctor is late; see ``ports.Composer``."""
        if other := self._others.get(party.channel):
            return other.notice(consultation, party, earlier, room, kind, now, new_id, minutes=minutes)
        previous = read_message(earlier.payload, earlier.mime)
        meeting, signature = self._meeting(consultation, party, room), self._signature(consultation)
        words = letter.reminder if kind is NoticeKind.REMINDER else partial(letter.delay, minutes=minutes)
        content = care_communication.Content(words(meeting, signature))
        key = keys.notice_key(consultation, party, kind, minutes, now)
        draft = self._answer(consultation, party, MessageKind.NOTICE, previous, content, now, new_id)
        return replace(draft, key=key)

    def _moved_letter(
        self,
        consultation: Consultation,
        party: Party,
        earlier: OutboxDraft,
        room: Room,
        old: tuple[datetime, datetime],
        now: datetime,
        new_id: NewId,
    ) -> OutboxDraft:
        previous = read_message(earlier.payload, earlier.mime)
        meeting = self._meeting(consultation, party, room)
        text = letter.move(meeting, *old, self._signature(consultation))
        link = care_communication.Link(meeting.link, letter.link_title(meeting.start))
        content = care_communication.Content(text, link, letter.topic(meeting.start))
        return self._answer(consultation, party, MessageKind.INVITATION, previous, content, now, new_id)

    def guest_link(self, room: Room, party: Party) -> Secret:
        """Return the link for one party; its name in the room is its role."""
        return link_for(self._settings, room, party)

    def _ends(self, party: Party, new_id: NewId) -> tuple[resources.Party, resources.Party]:
        own, partner = self._settings.organisation, party.partner
        if party.channel is not Channel.MEDCOM or partner is None or _must_not_know(party.role):
            raise Misconfigured("invite.no_channel", "this party cannot get a MedCom letter", party=label_of(party))
        unit = partner.receiver
        if unit is None or not is_gln(unit.gln) or not is_sor(unit.sor):
            raise Misconfigured("invite.no_channel", "location number or SOR id is wrong", party=label_of(party))
        if not {partner.category, *(code for _purpose, code in partner.categories)} <= codes.CATEGORIES.keys():
            raise Misconfigured("invite.setup", "unknown category in the directory")
        if not is_gln(own.gln or "") or not is_sor(own.sor or "") or not own.phone:
            raise Misconfigured("invite.setup", "the practice needs location number, SOR id and phone")
        return (
            care_communication.organisation_party(new_id, own.name, own.sor or "", own.gln or ""),
            care_communication.organisation_party(new_id, unit.name, unit.sor, unit.gln),
        )

    def _subject(self, consultation: Consultation, party: Party) -> care_communication.Subject:
        person = consultation.context.patient
        if person.name is None or not person.name.family:
            raise Refused("context.incomplete", "a letter needs the patient's name")
        number = person.national_id
        if number is None or not is_personal(number.system, number.value):
            raise Refused("invite.no_number", "a letter needs the patient's national number", party=label_of(party))
        assert party.partner is not None
        category = party.partner.category_for(consultation.plan.purpose)
        return care_communication.Subject(person, category, letter.topic(consultation.plan.start))

    def _meeting(self, consultation: Consultation, party: Party, room: Room) -> letter.Meeting:
        plan = consultation.plan
        wants_pin = party.partner is None or party.partner.wants_pin
        others = [(one.role, one.partner) for one in plan.parties]
        return letter.Meeting(
            start=plan.start,
            end=plan.end,
            link=self.guest_link(room, party),
            alias=room.alias,
            pin=room.guest_pin if wants_pin else None,
            participants=letter.participants(others),
            starts_now=not plan.planned_ahead,
            served=_served(party.partner),
        )

    def _invitation_text(self, consultation: Consultation, party: Party, room: Room) -> care_communication.Content:
        meeting = self._meeting(consultation, party, room)
        link = care_communication.Link(meeting.link, letter.link_title(meeting.start))
        return care_communication.Content(letter.invitation(meeting, self._signature(consultation)), link)

    def _answer(
        self,
        consultation: Consultation,
        party: Party,
        kind: MessageKind,
        previous: Message,
        content: care_communication.Content,
        now: datetime,
        new_id: NewId,
    ) -> OutboxDraft:
        own_gln = self._settings.organisation.gln or ""
        author = self._author(consultation)
        message = care_communication.answer(previous, own_gln, author, content, now, new_id)
        return self._draft(consultation, party, kind, message)

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
        assert party.partner is not None
        assert party.partner.receiver is not None
        return OutboxDraft(
            key=keys.key_of(consultation, party, kind),
            consultation_id=consultation.id,
            party_key=party.key,
            kind=kind,
            channel=Channel.MEDCOM,
            receiver=party.partner.receiver.gln,
            message_id=message.id,
            thread_id=message.thread_id,
            mime=codes.FHIR_JSON,
            payload=write_json(message),
        )


def _served(partner: Partner | None) -> str:
    """The partner's own name, where another unit receives for it and must pass the letter on."""
    return partner.name if partner and partner.served_by and not partner.gln else ""


def _must_not_know(role: PartyRole) -> bool:
    """Patients never get a letter between organisations, interpreters never one that names the patient."""
    return role in (PartyRole.PATIENT, PartyRole.INTERPRETER)
