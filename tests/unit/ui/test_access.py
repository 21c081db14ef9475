"""What WCAG 2.1 AA and EN 301 549 ask of every screen: names, sizes, keyboard, nothing that only a mouse can do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from vdx_plugin.ui import gallery
from vdx_plugin.ui.call_bar import CallControl
from vdx_plugin.ui.theme import CALL_TARGET, TARGET, Theme

SCREENS = [pytest.param(make, size, id=name) for name, make, size in gallery.screens() if name != "menu"]
Make = Callable[[Theme], QWidget]


@pytest.fixture
def window(make: Make, size: tuple[int, int], theme: Theme, qtbot: QtBot, qapp: QApplication) -> QWidget:
    """One screen of the gallery, shown at its size."""
    window = make(theme)
    qtbot.addWidget(window)
    window.resize(*size)
    window.show()
    qtbot.waitExposed(window)
    qapp.processEvents()
    return window


def visible(window: QWidget) -> list[QWidget]:
    """Every widget a user can see in the window, the window included."""
    return [window, *(each for each in window.findChildren(QWidget) if each.isVisible())]


def name_of(widget: QWidget) -> str:
    """What a screen reader says."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface else ""


@pytest.mark.parametrize(("make", "size"), SCREENS)
def test_everything_that_takes_the_focus_has_a_name(window: QWidget) -> None:
    """A blind doctor hears the name and nothing else."""
    inner = ("qt_spinbox_lineedit", "qt_scrollarea_viewport")
    unnamed = [
        f"{type(each).__name__} {each.objectName()}"
        for each in visible(window)
        if each.focusPolicy() != Qt.FocusPolicy.NoFocus and each.objectName() not in inner and not name_of(each)
    ]
    assert unnamed == []


@pytest.mark.parametrize(("make", "size"), SCREENS)
def test_everything_that_is_pressed_is_large_enough(window: QWidget) -> None:
    """32 px, and 44 px for what is pressed in a hurry during the call."""
    buttons = [each for each in visible(window) if isinstance(each, QAbstractButton)]
    small = [
        f"{each.text()} {each.width()}x{each.height()}"
        for each in buttons
        if not isinstance(each.parentWidget(), QLineEdit)
        and each.height() < (CALL_TARGET if isinstance(each, CallControl) else TARGET - 4)
    ]
    assert small == []


def is_in_reachable_group(button: QAbstractButton) -> bool:
    """True for a choice that the arrow keys reach from the chosen one of its group."""
    chosen = button.group().checkedButton() if button.group() else None
    return chosen is not None and bool(chosen.focusPolicy() & Qt.FocusPolicy.TabFocus)


@pytest.mark.parametrize(("make", "size"), SCREENS)
def test_every_button_can_be_reached_by_the_keyboard(window: QWidget) -> None:
    """Not everybody uses a mouse, and the doctor's hand may be on the patient."""
    unreachable = [
        each.text()
        for each in visible(window)
        if isinstance(each, QAbstractButton) and not each.focusPolicy() & Qt.FocusPolicy.TabFocus
        # The cross in a search field only repeats what the keyboard does there; one radio button leads to its group.
        if not isinstance(each.parentWidget(), QLineEdit) and not is_in_reachable_group(each)
    ]
    assert unreachable == []


@pytest.mark.parametrize(("make", "size"), SCREENS)
def test_no_button_cuts_its_words(window: QWidget) -> None:
    """Danish is long, and half a word on a button is a guess."""
    cut = [
        f"{each.text()}: {each.width()} < {each.minimumSizeHint().width()}"
        for each in visible(window)
        if isinstance(each, QAbstractButton) and each.text() and each.width() < each.minimumSizeHint().width()
    ]
    assert cut == []


@pytest.mark.parametrize(("make", "size"), SCREENS)
def test_the_window_opens_at_the_size_it_was_given(window: QWidget, size: tuple[int, int]) -> None:
    """A wrapping text once asked for twice the height of the screen."""
    assert window.height() <= size[1]
    assert window.width() <= size[0]


@pytest.mark.parametrize(("make", "size"), SCREENS)
def test_no_window_title_tells_who_the_patient_is(window: QWidget) -> None:
    """Titles are seen in the task bar and on every shared screen."""
    assert "Eksempelsen" not in window.windowTitle()


@pytest.mark.parametrize(("make", "size"), SCREENS)
def test_nothing_scrolls_sideways(window: QWidget) -> None:
    """WCAG 2.1, 1.4.10: reading must not need two directions."""
    wide = [
        area
        for area in window.findChildren(QScrollArea)
        if area.isVisible() and area.widget() and area.widget().minimumSizeHint().width() > area.viewport().width()
    ]
    assert wide == []
