"""The menu of one party: everything that can be done about it, each by one click."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial

from PySide6.QtWidgets import QMenu, QWidget

from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.domain.parties import SENT_BY_US, PartyRole, PartyStatus, Presence
from vdx_plugin.domain.ways import ways
from vdx_plugin.texts import _
from vdx_plugin.ui.party_wishes import Act, Wish
from vdx_plugin.ui.party_wording import way


class Doable(Enum):
    """What can be done with the parties now."""

    NOTHING = "nothing"
    IN_CALL = "in_call"
    BOOKED = "booked"


def party_menu(
    parent: QWidget,
    status: PartyStatus,
    context: ClinicContext,
    doable: Doable,
    wish: Callable[[Wish], object],
    *,
    has_link: bool,
) -> QMenu:
    """Return the menu of a party; ``wish`` is called with what the user picks."""
    menu, key = QMenu(parent), status.party.key

    def add(words: str, act: Act) -> None:
        menu.addAction(words, partial(wish, Wish(act, key)))

    if has_link and status.is_expected:
        add(_("Kopiér link"), Act.COPY)
    if has_link and status.is_expected and status.party.role is PartyRole.INTERPRETER:
        add(_("Kort til tolkebureauet …"), Act.CARD)
    if doable is Doable.NOTHING:
        return menu
    if status.party.channel in SENT_BY_US:
        add(_("Send igen"), Act.RESEND)
    add(_("Har fået besked på telefon"), Act.TOLD)
    if status.is_expected:
        _add_for_expected(menu, status, context, wish, add)
    if status.presence is not Presence.IN_CALL:
        menu.addSeparator()
        add(_("Flyt mødet for alle …"), Act.MOVE)
        add(_("Aflys mødet for alle …"), Act.CANCEL)
    return menu


def _add_for_expected(
    menu: QMenu,
    status: PartyStatus,
    context: ClinicContext,
    wish: Callable[[Wish], object],
    add: Callable[[str, Act], None],
) -> None:
    is_inside = status.presence is Presence.IN_CALL
    if not is_inside:
        if status.party.channel in SENT_BY_US:
            add(_("Påmind"), Act.REMIND)
        others = menu.addMenu(_("Inviter på en anden måde"))
        for party in ways(status.party, context.patient)[1:]:
            others.addAction(way(party), partial(wish, Wish(Act.SEND_ANEW, status.party.key, party)))
        add(_("Erstat med en anden …"), Act.EXCHANGE)
        add(_("Meld afbud til parten"), Act.UNINVITE)
    elif status.participant_id:
        add(_("Tag ud af samtalen"), Act.PUT_OUT)
