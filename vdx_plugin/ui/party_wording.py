"""What is said of parties beyond their state: answers, channels, histories, what can be taken back. Pure."""

from __future__ import annotations

from datetime import datetime

from vdx_plugin.domain.danish_time import danish, danish_day
from vdx_plugin.domain.parties import AnswerMark, Channel, Party, PartyStatus
from vdx_plugin.service.view import Saying, Undoable
from vdx_plugin.texts import _
from vdx_plugin.ui.wording import Word, clock, party_event


def answer_mark(value: AnswerMark) -> Word:
    """Return how the user has read an answer."""
    return {
        AnswerMark.UNREAD: Word(_("Nyt svar"), "answered", "warning"),
        AnswerMark.COMES: Word(_("Kommer"), "check", "accent"),
        AnswerMark.DECLINES: Word(_("Kommer ikke"), "cross", "warning"),
        AnswerMark.NOTED: Word(_("Set"), "check"),
    }[value]


def moment(at: datetime, now: datetime | None) -> str:
    """Return the time of day, and the day as well where it is not today, or nobody knows what day it is."""
    return clock(at) if now is not None and danish_day(at) == danish_day(now) else f"{danish(at):%d.%m.} {clock(at)}"


def history(status: PartyStatus, name: str) -> str:
    """Return all that has happened, line by line, the oldest first."""
    lines, day = [], None
    for event in status.history:
        if danish_day(event.at) != day:
            day = danish_day(event.at)
            lines.append(f"{danish(event.at):%d.%m.%Y}")
        lines.append(party_event(event, name))
    return "\n".join(lines[1:] if len({danish_day(event.at) for event in status.history}) == 1 else lines)


def levels() -> str:
    """Return what the three voices in a history mean."""
    return _(
        "Postkasse: nettet har lagt den hos dem. System: deres program har den. "
        "Først et svar eller et opkald er fra et menneske."
    )


def channel(value: Channel) -> str:
    return {
        Channel.MEDCOM: _("MedCom-besked"),
        Channel.EMAIL: _("E-mail"),
        Channel.SMS: _("Sms"),
        Channel.PHONE: _("Telefon: jeg ringer selv"),
        Channel.LINK: _("Link: jeg giver det selv videre"),
    }[value]


def way(party: Party) -> str:
    """Return the channel with the address it goes to."""
    return f"{channel(party.channel)} · {party.address}" if party.address else channel(party.channel)


def saying(value: Undoable) -> str:
    """Return what is about to be sent."""
    words = {
        Saying.REMINDED: _("Påmindelse"),
        Saying.DELAYED: _("{minutes} min forsinket").format(minutes=value.minutes),
        Saying.INVITED: _("Ny part inviteres"),
        Saying.EXCHANGED: _("Afbud til den ene, invitation til den anden"),
        Saying.UNINVITED: _("Afbud"),
        Saying.SENT_ANEW: _("Invitation på en anden måde"),
    }[value.saying]
    return _("{what}: {count} sendes om et øjeblik.").format(what=words, count=_messages(value.messages))


def _messages(count: int) -> str:
    return _("1 besked") if count == 1 else _("{count} beskeder").format(count=count)
