"""Dead letters and stray answers in words. Pure."""

from __future__ import annotations

from datetime import datetime

from vdx_plugin.domain.danish_time import danish, danish_day
from vdx_plugin.domain.parties import Channel
from vdx_plugin.ports import MessageKind, OutboxState
from vdx_plugin.service.correspondence_view import CorrespondenceView, DeadLetter, StrayLetter, Whereto
from vdx_plugin.texts import _, problem
from vdx_plugin.ui.agenda_wording import weekday
from vdx_plugin.ui.wording import Word, channel, clock


def moment(at: datetime) -> str:
    """Return day and time on one line."""
    return _("{weekday} den {date} kl. {span}").format(
        weekday=weekday(danish_day(at)), date=f"{danish(at):%d.%m.%Y}", span=clock(at)
    )


def kind(value: MessageKind) -> str:
    return {
        MessageKind.INVITATION: _("Invitation"),
        MessageKind.CANCELLATION: _("Aflysning"),
        MessageKind.NOTICE: _("Påmindelse eller besked om forsinkelse"),
        MessageKind.ACKNOWLEDGEMENT: _("Kvittering"),
    }[value]


def state(value: OutboxState) -> Word:
    """Return what became of a dead letter."""
    known = {
        OutboxState.IN_ERROR: Word(_("Afvist af deres system"), "warning", "danger"),
        OutboxState.UNKNOWN: Word(_("Uvist, om den kom frem"), "warning", "warning"),
        OutboxState.EXPIRED: Word(_("Nåede ikke at blive sendt i tide"), "warning", "danger"),
    }
    return known.get(value, Word(_("Kom ikke frem"), "warning", "danger"))


def what_to_do(dead: DeadLetter) -> str:
    """Return what happened, what it means and the next step."""
    party = dead.party or _("Modtageren")
    if dead.problem:
        return problem(dead.problem, party=party)
    code = "invite.unknown" if dead.state is OutboxState.UNKNOWN else "invite.gave_up"
    return problem(code, party=party)


def dead_facts(dead: DeadLetter) -> str:
    """Return what sort of message it is, how it went, and when it was given up."""
    return "  ·  ".join((kind(dead.kind), channel(dead.channel), moment(dead.at)))


def meeting(patient: str, start: datetime | None) -> str:
    """Return which meeting it is about."""
    if start is None:
        return patient
    words = _("Møde {when}").format(when=moment(start))
    return f"{patient}  ·  {words}" if patient else words


def stray_facts(stray: StrayLetter) -> str:
    return "  ·  ".join(part for part in (moment(stray.written_at), stray.patient) if part)


def hint(choice: Whereto) -> str:
    """Say why a meeting is offered."""
    if choice.names_day and choice.names_time:
        return _("Svaret nævner dagen og klokkeslættet.")
    if choice.names_day:
        return _("Svaret nævner dagen.")
    if choice.names_time:
        return _("Svaret nævner klokkeslættet.")
    return _("Samme afsender og patient.")


def waiting(view: CorrespondenceView) -> str:
    """Return what waits, for the band in the strip; empty when nothing does."""
    dead, stray = len(view.dead), len(view.stray)
    parts = []
    if dead:
        one, many = _("1 besked kom ikke frem."), _("{count} beskeder kom ikke frem.")
        parts.append(one if dead == 1 else many.format(count=dead))
    if stray:
        one, many = _("1 svar mangler sit møde."), _("{count} svar mangler deres møde.")
        parts.append(one if stray == 1 else many.format(count=stray))
    return " ".join(parts)


def other_way(value: Channel) -> tuple[str, str]:
    """Return words and symbol of the button that takes another channel."""
    return {
        Channel.EMAIL: (_("Send som e-mail"), "mail"),
        Channel.SMS: (_("Send som sms"), "phone"),
        Channel.LINK: (_("Kopier linket"), "copy"),
    }[value]
