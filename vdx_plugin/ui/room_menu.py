"""What is wanted of the room and the people in it now and then: mute, arrange the pictures, show one large."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from vdx_plugin.ports import RoomParticipant, RoomRules
from vdx_plugin.texts import _
from vdx_plugin.ui.person_wishes import PersonAct, PersonWish


def layout_words(name: str) -> str:
    """Return in words how a room arranges pictures, from its own name for it."""
    known = {
        "ac": _("Automatisk"),
        "1:0": _("Kun den, der taler"),
        "1:7": _("Den, der taler, stort; de andre småt"),
        "4:0": _("Fire lige store"),
        "9:0": _("Ni lige store"),
        "16:0": _("Seksten lige store"),
        "25:0": _("Femogtyve lige store"),
    }
    return known.get(name, _("Opstilling {name}").format(name=name))


def room_menu(
    parent: QWidget,
    rules: RoomRules,
    layouts: Sequence[str],
    mute_guests: Callable[[bool], object],
    set_layout: Callable[[str], object],
) -> QMenu:
    """Return the menu; what a guest may not do, or a room does not offer, is left out or greyed."""
    menu = QMenu(parent)
    words = _("Slå alle gæsters mikrofon til igen") if rules.guests_muted else _("Slå alle gæsters mikrofon fra")
    menu.addAction(words, partial(mute_guests, not rules.guests_muted)).setEnabled(rules.is_host)
    if layouts:
        arranged = menu.addMenu(_("Billedernes placering"))
        arranged.setEnabled(rules.is_host)
        group = QActionGroup(arranged)
        for name in layouts:
            action = arranged.addAction(layout_words(name), partial(set_layout, name))
            action.setCheckable(True)
            action.setChecked(name == rules.layout)
            group.addAction(action)
    return menu


def add_for_person(menu: QMenu, person: RoomParticipant, name: str, wish: Callable[[PersonWish], object]) -> None:
    """Add what can be done with somebody who is in the call; what is seldom wanted stands in a menu of its own."""

    def add(place: QMenu, words: str, act: PersonAct) -> None:
        place.addAction(words, partial(wish, PersonWish(act, person.id, name)))

    menu.addSeparator()
    if person.is_muted:
        add(menu, _("Slå mikrofonen til igen"), PersonAct.UNMUTE)
    else:
        add(menu, _("Slå mikrofonen fra for alle"), PersonAct.MUTE)
    if person.is_spotlit:
        add(menu, _("Vis ikke længere stort for alle"), PersonAct.SHOW_AS_OTHERS)
    else:
        add(menu, _("Vis stort for alle"), PersonAct.SHOW_LARGE)
    if person.is_called_up:
        # A telephone can neither lead a room nor follow a link into another.
        return
    more = menu.addMenu(_("Flere"))
    if person.is_host:
        add(more, _("Gør til gæst igen"), PersonAct.MAKE_GUEST)
    else:
        add(more, _("Gør til vært …"), PersonAct.MAKE_HOST)
    add(more, _("Flyt til et andet rum …"), PersonAct.SEND_ELSEWHERE)
