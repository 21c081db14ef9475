"""States as words. Pure: values in, Danish (or English) out; the time comes in.

A ``Word`` is what a state looks like to a person: a word, a symbol that says the same, and how urgent it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from vdx_plugin.domain.consultation import EndReason, Stage
from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.danish_time import danish
from vdx_plugin.domain.parties import (
    SENT_BY_US,
    AnswerMark,
    Channel,
    InvitationState,
    LetterFormat,
    Party,
    PartyEvent,
    PartyRole,
    PartyStatus,
    Presence,
    Purpose,
    Told,
)
from vdx_plugin.domain.patients import Patient, age_on
from vdx_plugin.ports import HealthState, LineChanged, LineQuality, Reach, ReachState
from vdx_plugin.service.view import DeskView, Problem, StepKind
from vdx_plugin.texts import _, problem


@dataclass(frozen=True, slots=True)
class Word:
    """``tone`` is accent, warning, danger or empty."""

    text: str
    symbol: str
    tone: str = ""


# --- people ---------------------------------------------------------------------------------------------------------


def role(value: PartyRole) -> str:
    """Return the role as the doctor calls it."""
    return {
        PartyRole.PATIENT: _("Patient"),
        PartyRole.HOSPITAL: _("Sygehus"),
        PartyRole.MUNICIPALITY: _("Kommune"),
        PartyRole.NURSING_HOME: _("Plejehjem"),
        PartyRole.INTERPRETER: _("Tolk"),
        PartyRole.OTHER: _("Anden part"),
    }[value]


def patient_name(patient: Patient) -> str:
    return patient.name.full if patient.name else _("Navn mangler")


def patient_facts(patient: Patient, today: date) -> str:
    """Return birth date, age and masked number on one line; what is unknown is left out."""
    parts = []
    if patient.birth_date:
        parts.append(f"{patient.birth_date:%d.%m.%Y}")
        parts.append(_("{years} år").format(years=age_on(patient.birth_date, today)))
    if patient.national_id:
        parts.append(patient.national_id.masked)
    return "  ·  ".join(parts)


def patient_label(context: ClinicContext) -> str:
    """Return name and year of birth, for a band on the screen."""
    born = context.patient.birth_date
    name = patient_name(context.patient)
    return _("{name} (f. {year})").format(name=name, year=born.year) if born else name


def party_name(party: Party, context: ClinicContext) -> str:
    """Return the name to show for an expected party."""
    if party.role is PartyRole.PATIENT:
        return patient_name(context.patient)
    return party.partner.name if party.partner else role(party.role)


def purpose(value: Purpose) -> str:
    """Return what a meeting is held for, as the doctor calls it."""
    return {
        Purpose.CONSULTATION: _("Konsultation"),
        Purpose.DISCHARGE: _("Udskrivningskonference"),
        Purpose.NETWORK: _("Netværksmøde"),
        Purpose.EXTENDED_CARE: _("72-timers behandlingsansvar"),
        Purpose.HOME_NURSING: _("Hjemmesygepleje"),
    }[value]


def channel(value: Channel) -> str:
    """Return how an invitation travels, in a word."""
    return {
        Channel.MEDCOM: _("MedCom-besked"),
        Channel.EMAIL: _("E-mail"),
        Channel.SMS: _("Sms"),
        Channel.LINK: _("Link, som I selv giver videre"),
        Channel.PHONE: _("Telefon"),
    }[value]


def reach(value: Reach) -> Word:
    """Return what the register says about a receiver."""
    if value.problem:
        return Word(problem(value.problem), "warning", "danger" if value.state is ReachState.CANNOT else "warning")
    if value.state is ReachState.CAN:
        return Word(_("Kan modtage beskeden, siger adresseregistret."), "check", "accent")
    return Word(_("Adresseregistret er ikke sat op, så det er uvist, om de kan modtage."), "info")


# --- time -----------------------------------------------------------------------------------------------------------


def clock(at: datetime) -> str:
    """Return the time of day in Denmark as Danes write it."""
    return f"{danish(at):%H.%M}"


def waited(at: datetime, now: datetime) -> str:
    """Return how long somebody has stood outside, roughly."""
    minutes = int((now - at).total_seconds() // 60)
    return _("Kom lige nu") if minutes < 1 else _("Har ventet {minutes} min").format(minutes=minutes)


def duration(span: timedelta) -> str:
    """Return minutes and seconds, or hours and minutes."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02d}"
    return _("{hours} t {minutes} min").format(hours=seconds // 3600, minutes=seconds % 3600 // 60)


# --- parties --------------------------------------------------------------------------------------------------------


def invitation(state: InvitationState) -> Word:
    return {
        InvitationState.PLANNED: Word(_("Ikke inviteret endnu"), "ring"),
        InvitationState.QUEUED: Word(_("Invitationen er på vej"), "clock"),
        InvitationState.SENT: Word(_("Sendt, ikke bekræftet endnu"), "sent"),
        InvitationState.UNKNOWN: Word(_("Uvist, om den kom frem"), "warning", "warning"),
        InvitationState.IN_MAILBOX: Word(_("Ligger i deres postkasse"), "sent"),
        InvitationState.DELIVERED: Word(_("Modtaget i deres system"), "check"),
        InvitationState.TOLD_BY_PHONE: Word(_("Har fået besked på telefon"), "phone", "accent"),
        InvitationState.ANSWERED: Word(_("Har svaret"), "answered", "accent"),
        InvitationState.REJECTED: Word(_("Kunne ikke modtages"), "warning", "danger"),
        InvitationState.FAILED: Word(_("Kom ikke frem"), "warning", "danger"),
        InvitationState.WITHDRAWN: Word(_("Aflyst"), "cross"),
    }[state]


def presence(state: Presence) -> Word:
    return {
        Presence.EXPECTED: Word(_("Ventes"), "ring"),
        Presence.WAITING: Word(_("Venter udenfor"), "clock", "warning"),
        Presence.IN_CALL: Word(_("Med i samtalen"), "check", "accent"),
        Presence.LEFT: Word(_("Har forladt samtalen"), "left"),
    }[state]


def told(what: Told, minutes: int) -> Word:
    """Return what else a party was told."""
    return {
        Told.MOVED: Word(_("Ny tid skrevet til dem"), "sent"),
        Told.REMINDED: Word(_("Påmindet"), "sent"),
        Told.DELAYED: Word(_("Har fået skrevet: {minutes} min forsinket").format(minutes=minutes), "sent"),
        Told.CANCELLING: Word(_("Afbud skrevet til dem"), "sent"),
    }[what]


def party_state(status: PartyStatus) -> Word:
    """Return where the party is or, before it has been seen, what became of its invitation."""
    if not status.is_expected:
        return _called_off(status)
    if status.presence is not Presence.EXPECTED:
        return presence(status.presence)
    if status.answers and status.invitation is InvitationState.ANSWERED:
        return _answered(status.answers[-1].mark)
    if status.invitation is InvitationState.SENT and status.party.channel is not Channel.MEDCOM:
        return Word(_("Sendt, uden kvittering"), "sent")
    if status.invitation is InvitationState.PLANNED and status.party.channel is Channel.LINK:
        return Word(_("Giv linket videre"), "link")
    if status.invitation is InvitationState.PLANNED and status.party.channel is Channel.PHONE:
        return Word(_("Deltager på telefon"), "phone")
    if status.invitation is InvitationState.DELIVERED and status.party.channel is Channel.SMS:
        return Word(_("Modtaget på telefonen"), "check")
    return invitation(status.invitation)


def _called_off(status: PartyStatus) -> Word:
    """Return how far a party that was taken off the plan is from knowing it."""
    if status.invitation is InvitationState.WITHDRAWN:
        return Word(_("Har fået afbud"), "cross")
    if status.invitation in (InvitationState.REJECTED, InvitationState.FAILED, InvitationState.UNKNOWN):
        return Word(_("Afbuddet kom ikke frem"), "warning", "danger")
    if status.party.channel not in SENT_BY_US:
        return Word(_("Skal ikke med: sig det selv"), "phone", "warning")
    return Word(_("Får afbud"), "clock")


def _answered(mark: AnswerMark) -> Word:
    return {
        AnswerMark.UNREAD: Word(_("Har svaret: læs det"), "answered", "warning"),
        AnswerMark.COMES: Word(_("Kommer"), "check", "accent"),
        AnswerMark.DECLINES: Word(_("Kommer ikke"), "cross", "warning"),
        AnswerMark.NOTED: Word(_("Har svaret"), "answered", "accent"),
    }[mark]


def party_time(status: PartyStatus) -> str:
    """Return the time of the newest event, empty if nothing has happened."""
    return clock(status.history[-1].at) if status.history else ""


def party_event(event: PartyEvent, name: str) -> str:
    """Return one line of a party's history."""
    match event.what:
        case Presence():
            word = presence(event.what)
        case Told():
            word = told(event.what, event.minutes)
        case _:
            word = invitation(event.what)
    line = f"{clock(event.at)}  {word.text}"
    return f"{line}. {problem(event.problem, party=name)}" if event.problem else line


def next_step(status: PartyStatus, name: str) -> str:
    """Return the sentence that says what to do about a party, empty if there is nothing to do."""
    troubled = status.invitation in (InvitationState.REJECTED, InvitationState.FAILED, InvitationState.UNKNOWN)
    if status.presence is not Presence.EXPECTED:
        return ""
    if status.history and status.history[-1].problem and isinstance(status.history[-1].what, Told):
        return problem("invite.notice_lost", party=name)
    if status.invitation is InvitationState.PLANNED and status.history and status.history[-1].problem:
        return problem(status.history[-1].problem, party=name)
    last = next((event.problem for event in reversed(status.history) if event.problem), "")
    if last and (troubled or status.invitation in (InvitationState.QUEUED, InvitationState.SENT)):
        return problem(last, party=name)
    return problem("invite.gave_up", party=name) if troubled else ""


def preview(party: Party) -> str:
    """Return what the party will receive, and over which channel."""
    address = party.address or ""
    if party.channel is Channel.MEDCOM:
        if party.partner is not None and party.partner.format is LetterFormat.CONVERTED:
            return _(
                "Får en MedCom-besked, som nettet laver om til deres gamle format: emnet kan blive kortet af, "
                "og et svar skal måske kobles på i hånden."
            )
        return _("Får en MedCom-besked i eget system med patient, tid og link.")
    if party.channel is Channel.EMAIL and party.role is PartyRole.PATIENT:
        return _("Får en e-mail på {address} med tid, link og kalenderaftale.").format(address=address)
    if party.channel is Channel.EMAIL:
        return _("Får en e-mail på {address} med tid og link, uden oplysninger om patienten.").format(address=address)
    if party.channel is Channel.SMS and party.role is PartyRole.INTERPRETER:
        return _("Får en sms på {address} med tid og link, uden oplysninger om patienten.").format(address=address)
    if party.channel is Channel.SMS:
        return _("Får en sms på {address} med tid og link.").format(address=address)
    if party.channel is Channel.PHONE:
        phone = party.partner.phone if party.partner and party.partner.phone else _("telefon")
        return _("Ringes op på {phone}. Der sendes intet herfra.").format(phone=phone)
    return _("Der sendes intet. Du kopierer linket og giver det videre.")


# --- the way to the call ----------------------------------------------------------------------------------------------


def step(kind: StepKind) -> str:
    return {
        StepKind.ROOM: _("Rum"),
        StepKind.LOCK: _("Lås"),
        StepKind.INVITATIONS: _("Invitationer"),
        StepKind.VIDEO: _("Video"),
    }[kind]


def step_meaning(kind: StepKind) -> str:
    return {
        StepKind.ROOM: _("Et rum bookes i VDX"),
        StepKind.LOCK: _("Rummet låses, så ingen kommer uset ind"),
        StepKind.INVITATIONS: _("Invitationerne lægges klar og sendes"),
        StepKind.VIDEO: _("Kamera og mikrofon åbnes"),
    }[kind]


def stage(value: Stage) -> str:
    """Return the consultation's stage in words for the dock."""
    return {
        Stage.PLANNED: _("Starter"),
        Stage.BOOKING: _("Booker rum"),
        Stage.READY: _("Rummet er klar"),
        Stage.SCHEDULED: _("Planlagt"),
        Stage.LOCKED: _("Inviterer"),
        Stage.INVITED: _("Venter på deltagerne"),
        Stage.IN_CALL: _("Samtale i gang"),
        Stage.ENDED: _("Notatet mangler"),
        Stage.CLOSED: _("Afsluttet"),
        Stage.CANCELLING: _("Aflyser"),
        Stage.CANCELLED: _("Aflyst"),
    }[value]


def appointment_state(status: str) -> str:
    """Return an appointment's state; a word of the clinic system's own is shown as it is."""
    known = {
        "booked": _("Planlagt"),
        "arrived": _("Er kommet"),
        "fulfilled": _("Holdt"),
        "cancelled": _("Aflyst"),
        "noshow": _("Udeblevet"),
    }
    return known.get(status, status)


def line(value: LineChanged) -> Word:
    """Return the line in words a doctor can act on."""
    return {
        LineQuality.NONE: Word(_("Ikke forbundet endnu"), "ring"),
        LineQuality.GOOD: Word(_("God forbindelse"), "check"),
        LineQuality.UNSTABLE: Word(_("Ustabil: lyden går først"), "warning", "warning"),
        LineQuality.LOST: Word(_("Ingen forbindelse: prøver igen"), "warning", "danger"),
    }[value.quality]


def readiness(view: DeskView) -> Word:
    """Return the foot line of the dock."""
    if view.vdx_reachable is False:
        return Word(_("VDX svarer ikke"), "warning", "danger")
    if view.vdx_reachable is None:
        return Word(_("VDX er ikke prøvet endnu"), "ring")
    return Word(_("Klar"), "check", "accent")


def environment(value: str) -> str:
    """Return the text of the strip, empty in production."""
    return {"sandbox": _("SANDKASSE – ingen rigtige patienter"), "stage": _("STAGE – testmiljø")}.get(value, "")


def outcome(value: EndReason) -> str:
    return {
        EndReason.HELD: _("Gennemført på video"),
        EndReason.NO_SHOW: _("Ingen mødte op"),
        EndReason.TO_PHONE: _("Fortsat på telefon"),
        EndReason.TECHNICAL: _("Kunne ikke gennemføres"),
        EndReason.CANCELLED: _("Aflyst"),
    }[value]


def trouble(value: Problem) -> str:
    """Return the sentence of a problem."""
    return problem(value.code, **value.facts)


def adapter_state(state: str) -> Word:
    known = {
        "running": Word(_("Virker"), "check", "accent"),
        "disabled": Word(_("Slået fra"), "ring"),
        "failed": Word(_("Virker ikke"), "warning", "danger"),
        "paused": Word(_("På pause efter fejl"), "warning", "warning"),
    }
    return known.get(state, Word(state, "info"))


def adapter_health(state: HealthState) -> Word:
    """Return how a connection sees itself."""
    return {
        HealthState.GOOD: Word(_("Har forbindelse"), "check", "accent"),
        HealthState.DEGRADED: Word(_("Har forbindelse, men noget mangler"), "warning", "warning"),
        HealthState.BAD: Word(_("Har ikke forbindelse"), "warning", "danger"),
        HealthState.UNKNOWN: Word(_("Det vides ikke, om der er forbindelse"), "info"),
    }[state]
