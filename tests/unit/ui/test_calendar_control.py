"""The calendar and the plan in the whole desktop, against a desk by hand."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from PySide6.QtCore import QTime
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.unit.ui.fake_desk import FakeDesk
from vdx_plugin.runtime import Runtime
from vdx_plugin.service.view import AgendaView, EntryAction
from vdx_plugin.ui import agenda_scenes, scenes
from vdx_plugin.ui.agenda_row import AgendaRow
from vdx_plugin.ui.cancel_dialog import CancelDialog
from vdx_plugin.ui.main import Desktop
from vdx_plugin.ui.menu import DockMenu
from vdx_plugin.ui.move_dialog import MoveDialog
from vdx_plugin.ui.templates_dialog import TemplatesDialog

TODAY = scenes.NOW.date()
READY = agenda_scenes.day().entries[1]


def texts_of(window: QWidget) -> str:
    return "\n".join(each.text() for each in window.findChildren(QLabel) if each.isVisible())


@pytest.fixture
def open_calendar(qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime) -> Desktop:
    """The desktop with its calendar open on a busy day."""
    desktop.windows.dock.calendar.click()
    qtbot.waitUntil(lambda: desk.named("show_agenda") == [(TODAY, False)])
    desk.play(runtime, agenda=agenda_scenes.day())
    qtbot.waitUntil(lambda: len(desktop.windows.calendar.list.rows) == 5)
    return desktop


def row(desktop: Desktop, number: int = 1) -> AgendaRow:
    return list(desktop.windows.calendar.list.rows.values())[number]


def test_later_is_booked_for_the_patient_it_was_planned_for(qtbot: QtBot, desktop: Desktop, desk: FakeDesk) -> None:
    """The desk gets to know whom the plan was made for, and refuses it for another."""
    desktop.windows.dock.plan.click()
    plan = desktop.windows.plan
    qtbot.waitUntil(plan.isVisible)
    plan.when.later.setChecked(True)
    plan.when.form.clock.setTime(QTime(15, 30))
    plan.go.click()
    qtbot.waitUntil(lambda: len(desk.named("plan_for_later")) == 1)
    ((booked, count, _every),) = desk.named("plan_for_later")
    assert booked.parties == desk.plan.parties
    assert count == 1
    assert desk.made_for == [scenes.context()]
    assert not plan.isVisible()


def test_the_desk_s_own_check_stands_in_the_form(qtbot: QtBot, desktop: Desktop, desk: FakeDesk) -> None:
    """The same limits as the booking's."""
    desk.complaints = {"startTime": "Tiden er allerede gået."}
    desktop.windows.dock.plan.click()
    plan = desktop.windows.plan
    qtbot.waitUntil(plan.isVisible)
    plan.when.later.setChecked(True)
    assert "Tiden er allerede gået." in texts_of(plan)
    assert not plan.go.isEnabled()


def test_closing_the_calendar_ends_the_watch(qtbot: QtBot, open_calendar: Desktop, desk: FakeDesk) -> None:
    """VDX is not asked for a window nobody sees."""
    open_calendar.windows.calendar.close()
    qtbot.waitUntil(lambda: desk.named("hide_agenda") == [()])


def test_a_meeting_is_started_from_the_calendar_and_its_window_gets_the_focus(
    qtbot: QtBot, open_calendar: Desktop, desk: FakeDesk
) -> None:
    """The user asked for it."""
    row(open_calendar).start.click()
    qtbot.waitUntil(lambda: desk.named("start_scheduled") == [(READY.consultation_id,)])


def test_a_meeting_is_moved_through_its_dialog(qtbot: QtBot, open_calendar: Desktop, desk: FakeDesk) -> None:
    """The dialog checks with the same limits."""
    row(open_calendar).move_button.click()
    dialog = open_calendar.windows.calendar.findChild(MoveDialog)
    assert dialog is not None
    dialog.form.clock.setTime(QTime(14, 0))
    dialog.go.click()
    qtbot.waitUntil(lambda: len(desk.named("move")) == 1)
    ((number, start, end),) = desk.named("move")
    assert number == READY.consultation_id
    assert end - start == READY.end - READY.start


def test_a_meeting_is_called_off_only_after_the_question(qtbot: QtBot, open_calendar: Desktop, desk: FakeDesk) -> None:
    """It cannot be undone."""
    row(open_calendar).cancel.click()
    dialog = open_calendar.windows.calendar.findChild(CancelDialog)
    assert dialog is not None
    assert desk.named("cancel_scheduled") == []
    dialog.cancel.click()
    qtbot.waitUntil(lambda: desk.named("cancel_scheduled") == [(READY.consultation_id,)])


def test_prolonging_counts_from_the_end(qtbot: QtBot, open_calendar: Desktop, desk: FakeDesk) -> None:
    """Fifteen minutes more."""
    row(open_calendar).prolong_menu().actions()[1].trigger()
    wanted = (READY.consultation_id, READY.end + timedelta(minutes=15))
    qtbot.waitUntil(lambda: desk.named("prolong") == [wanted])


def test_a_link_is_copied_and_said(qtbot: QtBot, open_calendar: Desktop) -> None:
    """Whose it is, not what it is."""
    row(open_calendar).link_menu().actions()[0].trigger()
    assert QGuiApplication.clipboard().text() == "https://example.invalid/guest"
    assert "Linket til Inger Eksempelsen er kopieret" in texts_of(open_calendar.windows.dock)


def test_what_is_in_doubt_can_be_tried_again(
    qtbot: QtBot, open_calendar: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """From its own line."""
    stuck = agenda_scenes.entry(60, number=9, actions=frozenset({EntryAction.RETRY}))
    open_calendar.windows.calendar.list.turn()
    desk.play(runtime, agenda=AgendaView(TODAY, (stuck,), asked_at=scenes.NOW))
    qtbot.waitUntil(lambda: UUID(int=9 << 64) in open_calendar.windows.calendar.list.rows)
    row(open_calendar, 0).retry.click()
    qtbot.waitUntil(lambda: desk.named("retry_scheduled") == [(stuck.consultation_id,)])


def test_a_search_goes_through_the_desk(qtbot: QtBot, open_calendar: Desktop, desk: FakeDesk) -> None:
    """And its answer into the list."""
    open_calendar.windows.calendar.search.setText("arne")
    qtbot.waitUntil(lambda: desk.named("search_agenda") == [("arne",)])
    qtbot.waitUntil(lambda: len(open_calendar.windows.calendar.list.rows) == 1)


def test_the_templates_are_shown(qtbot: QtBot, open_calendar: Desktop) -> None:
    """Read from VDX when asked for."""
    calendar = open_calendar.windows.calendar
    calendar.templates.click()
    qtbot.waitUntil(lambda: calendar.findChild(TemplatesDialog) is not None)


def test_the_diagnosis_begins_when_it_is_opened_and_can_be_copied(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk
) -> None:
    """Nobody opens it to look at nothing."""
    desktop.windows.dock.diagnosis.click()
    window = desktop.windows.diagnosis
    qtbot.waitUntil(lambda: desk.named("examine") == [()])
    qtbot.waitUntil(window.copy.isEnabled)
    window.copy.click()
    assert QGuiApplication.clipboard().text() == "rapport"
    assert "Rapporten er kopieret" in texts_of(desktop.windows.dock)


def test_the_menu_leads_to_both(qtbot: QtBot, desktop: Desktop) -> None:
    """For whoever looks there first."""
    desktop.windows.dock.menu.click()
    menu = desktop.windows.dock.findChild(DockMenu)
    assert menu is not None
    menu.calendar_picked.emit()
    menu.diagnosis_picked.emit()
    assert desktop.windows.calendar.isVisible()
    assert desktop.windows.diagnosis.isVisible()
    menu.close()
