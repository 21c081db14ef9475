"""Which words a party gets: the text for its role, in its language, with the facts it may know."""

from __future__ import annotations

from vdx_plugin.domain.consultation import Consultation
from vdx_plugin.domain.parties import Interpreting, Party, PartyRole
from vdx_plugin.domain.room import Room
from vdx_plugin.invitations import interpreter_languages
from vdx_plugin.invitations.sender import SenderSettings, link_for
from vdx_plugin.invitations.text_book import Facts, Span, TextBook
from vdx_plugin.invitations.text_files import LanguageFile, language_for, read_language
from vdx_plugin.ports import NoticeKind, TextForm, TextKind, TextName, TextReader

KIND_OF = {NoticeKind.REMINDER: TextKind.REMINDER, NoticeKind.DELAY: TextKind.DELAY}


class Wording:
    """Says what one party is told. ``room`` None: it is off, and there is no link."""

    def __init__(self, settings: SenderSettings, book: TextBook, consultation: Consultation, party: Party) -> None:
        self._settings, self._book = settings, book
        self._consultation, self._party = consultation, party

    @property
    def language(self) -> LanguageFile:
        """The patient's own language where there are texts in it; an interpreter in Denmark reads the practice's."""
        wanted = self._party.language if self._party.role is PartyRole.PATIENT else None
        return read_language(language_for(wanted, self._settings.mail_language))

    @property
    def entry(self) -> str:
        """The title in a calendar."""
        return self.language.words["entry"].format(clinic=self._settings.organisation.name)

    def say(
        self, kind: TextKind, form: TextForm, room: Room | None, *, old: Span | None = None, minutes: int = 0
    ) -> str:
        """Return one text, ready to be sent."""
        is_patient = self._party.role is PartyRole.PATIENT
        facts = self._facts(room, old, minutes)
        name = TextName(TextReader.PATIENT if is_patient else TextReader.GUEST, kind, form)
        said = self._book.say(self.language.code, name, facts)
        if self._needs_fee_notice and kind is TextKind.INVITATION and form is not TextForm.SUBJECT:
            return f"{said}\n\n{self.fee_notice(form)}" if form is TextForm.BODY else f"{said}\n{self.fee_notice(form)}"
        return said

    def fee_notice(self, form: TextForm) -> str:
        """Return what the patient is told about the fee for the interpreter."""
        name = TextName(TextReader.PATIENT, TextKind.FEE, form)
        return self._book.say(self.language.code, name, self._facts(None, None, 0))

    @property
    def _needs_fee_notice(self) -> bool:
        """A region's condition: the patient hears of a possible fee before the interpreter comes."""
        parties = self._consultation.plan.parties
        is_patient = self._party.role is PartyRole.PATIENT
        return is_patient and self._settings.tells_fee and any(one.role is PartyRole.INTERPRETER for one in parties)

    def _facts(self, room: Room | None, old: Span | None, minutes: int) -> Facts:
        settings, plan, party = self._settings, self._consultation.plan, self._party
        order = party.interpreting or Interpreting()
        is_interpreter = party.role is PartyRole.INTERPRETER
        spoken = party.language if is_interpreter and party.language else ""
        return Facts(
            clinic=settings.organisation.name,
            phone=settings.organisation.phone or "",
            span=(plan.start, plan.end),
            link=link_for(settings, room, party).reveal() if room else "",
            pin=room.guest_pin.reveal() if room and room.guest_pin else "",
            old=old,
            minutes=minutes,
            fee=settings.fee,
            language=interpreter_languages.name_of(spoken, settings.mail_language) if spoken else "",
            sex=order.sex if is_interpreter else "",
            place=order.place if is_interpreter else "",
        )
