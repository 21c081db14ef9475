"""The calendar in words. Pure: values in, Danish (or English) out, all times by the Danish clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from vdx_plugin.domain.booked import RoomTemplate
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.danish_time import danish, danish_day
from vdx_plugin.domain.parties import PartyRole
from vdx_plugin.domain.plan import Appointment
from vdx_plugin.ports import CheckState
from vdx_plugin.service.view import AgendaEntry, RoomState
from vdx_plugin.texts import _
from vdx_plugin.ui.wording import Word, appointment_state, clock, patient_label, stage


def weekday(day: date) -> str:
    return (
        _("mandag"),
        _("tirsdag"),
        _("onsdag"),
        _("torsdag"),
        _("fredag"),
        _("lørdag"),
        _("søndag"),
    )[day.weekday()]


def month(day: date) -> str:
    return (
        *(_("januar"), _("februar"), _("marts"), _("april"), _("maj"), _("juni")),
        *(_("juli"), _("august"), _("september"), _("oktober"), _("november"), _("december")),
    )[day.month - 1]


def day_title(day: date, today: date) -> str:
    """Return the day in full, and say so if it is today."""
    words = _("{weekday} den {day}. {month} {year}").format(
        weekday=weekday(day), day=day.day, month=month(day), year=day.year
    )
    return _("I dag, {day}").format(day=words) if day == today else words[0].upper() + words[1:]


def span(start: datetime, end: datetime) -> str:
    """Return from when to when; the day as well where the end is on another."""
    tail = clock(end) if danish_day(end) == danish_day(start) else f"{danish(end):%d.%m.} {clock(end)}"
    return f"{clock(start)}–{tail}"


def when(start: datetime, end: datetime) -> str:
    """Return day and time of a meeting on one line."""
    return _("{weekday} den {date} kl. {span}").format(
        weekday=weekday(danish_day(start)), date=f"{danish(start):%d.%m.%Y}", span=span(start, end)
    )


def room(state: RoomState) -> Word:
    """Return how far the room is, in words somebody waiting for it can use."""
    return {
        RoomState.UNASKED: Word(_("Rummet er ikke tjekket"), "ring"),
        RoomState.AWAITS: Word(_("Rummet afventer: VDX laver det kort før"), "clock"),
        RoomState.MAKING: Word(_("Rummet laves nu"), "running"),
        RoomState.READY: Word(_("Rummet er klar"), "check", "accent"),
        RoomState.PROBLEM: Word(_("Rummet har et problem"), "warning", "danger"),
        RoomState.GONE: Word(_("Rummet findes ikke"), "warning", "danger"),
        RoomState.CLOSED: Word(_("Rummet er lukket"), "left"),
    }[state]


def room_short(state: RoomState) -> Word:
    """Return the same for a narrow line."""
    short = {
        RoomState.UNASKED: _("Ikke tjekket"),
        RoomState.AWAITS: _("Afventer"),
        RoomState.MAKING: _("Laves nu"),
        RoomState.READY: _("Klar"),
        RoomState.PROBLEM: _("Problem"),
        RoomState.GONE: _("Findes ikke"),
        RoomState.CLOSED: _("Lukket"),
    }[state]
    long = room(state)
    return Word(short, long.symbol, long.tone)


def entry_title(entry: AgendaEntry) -> str:
    """Return the patient, or what VDX calls a meeting that was not booked from here."""
    return patient_label(entry.context) if entry.context else entry.subject or _("Møde uden emne")


def entry_state(entry: AgendaEntry) -> Word:
    """Return the state of an entry: what is being done with it, how far it is, how far its room is."""
    if entry.is_busy:
        return Word(_("Ændres nu"), "running", "accent")
    if entry.stage in (Stage.BOOKING, Stage.READY):
        return Word(_("Ikke færdigbooket"), "warning", "warning")
    if entry.stage is None or entry.stage is Stage.SCHEDULED:
        return room(entry.room)
    return Word(stage(entry.stage), "info")


def owner(entry: AgendaEntry) -> str:
    """Return whose meeting it is, empty for our own."""
    if entry.is_own:
        return ""
    return _("Kollega: {name}").format(name=entry.organiser or _("ukendt"))


@dataclass(frozen=True, slots=True)
class DayItem:
    """One line of the dock's day. ``appointment_id`` is empty for a consultation the clinic system does not know."""

    start: datetime
    label: str
    roles: tuple[PartyRole, ...]
    state: Word
    reason: str = ""
    appointment_id: str = ""


def day_items(
    appointments: Sequence[Appointment], entries: Sequence[AgendaEntry], roles: Mapping[str, PartyRole]
) -> tuple[DayItem, ...]:
    """Lay what is booked at VDX over the clinic system's appointments, by patient. ``roles``: by location number."""
    left = list(entries)
    items = []
    for one in appointments:
        mine = next((entry for entry in left if _is_about(entry, one)), None)
        if mine is not None:
            left.remove(mine)
        others = tuple(roles.get(gln, PartyRole.OTHER) for gln in one.partner_glns)
        state = _short_state(mine) if mine is not None else Word(appointment_state(one.status), "")
        label = one.patient_label or one.reason
        items.append(DayItem(one.start, label, (PartyRole.PATIENT, *others), state, one.reason, one.id))
    items += [_item_of(entry) for entry in left]
    return tuple(sorted(items, key=lambda item: item.start))


def _is_about(entry: AgendaEntry, appointment: Appointment) -> bool:
    return entry.context is not None and entry.context.patient.local_id == appointment.patient_ref


def _item_of(entry: AgendaEntry) -> DayItem:
    roles = tuple(status.party.role for status in entry.parties if status.is_expected)
    return DayItem(entry.start, entry_title(entry), roles, _short_state(entry))


def _short_state(entry: AgendaEntry) -> Word:
    long = entry_state(entry)
    if entry.is_busy or entry.stage not in (None, Stage.SCHEDULED):
        return long
    if entry.problem is not None:
        return Word(_("Booket · kræver dig"), "warning", "danger")
    if entry.has_unread_answer:
        return Word(_("Booket · nyt svar"), "answered", "warning")
    word = room_short(entry.room)
    return Word(_("Booket · rum: {state}").format(state=word.text.lower()), word.symbol, word.tone)


def check(state: CheckState) -> Word:
    """Return the state of one step of the diagnosis; its sentence stands beside it."""
    return {
        CheckState.GOOD: Word(_("I orden"), "check", "accent"),
        CheckState.WEAK: Word(_("Kan blive bedre"), "info", "warning"),
        CheckState.BAD: Word(_("Virker ikke"), "warning", "danger"),
        CheckState.UNKNOWN: Word(_("Ved ikke"), "ring"),
    }[state]


def template_title(template: RoomTemplate) -> str:
    """Return what a recipe for rooms is for."""
    if template.is_pool:
        return _("Klar-rum (skabelon {number})").format(number=template.id)
    if template.is_default:
        return _("Nye rum (skabelon {number}, bruges når intet er valgt)").format(number=template.id)
    return _("Skabelon {number}").format(number=template.id)


def template_facts(template: RoomTemplate) -> str:
    """Return what a room made from it is like."""
    minutes = round(template.ready_before.total_seconds() / 60)
    facts = [_("Rummet er klar {minutes} min før start").format(minutes=minutes)]
    if template.max_participants is not None:
        facts.append(_("højst {count} deltagere").format(count=template.max_participants))
    return ", ".join(facts) + "."


def template_safety(template: RoomTemplate) -> Word:
    """Return whether rooms made from it get two codes."""
    if template.is_safe:
        return Word(_("Låses med værtskode og gæstekode"), "lock", "accent")
    return Word(_("Giver ikke begge koder. Programmet sætter dem selv."), "warning", "warning")
