"""Booking for later, the calendar and the diagnosis: each window on its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from PySide6.QtCore import QDate, QPoint, Qt, QTime
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from tests.unit.ui.conftest import shown
from vdx_plugin.domain.consultation import Stage
from vdx_plugin.domain.danish_time import danish
from vdx_plugin.ports import CheckState
from vdx_plugin.service.view import AgendaView, DiagnosisView, EntryAction, Problem, RoomState
from vdx_plugin.ui import agenda_scenes, scenes
from vdx_plugin.ui.agenda_row import AgendaRow
from vdx_plugin.ui.agenda_wording import day_items, day_title, room, span, when
from vdx_plugin.ui.calendar_window import CalendarWindow
from vdx_plugin.ui.cancel_dialog import CancelDialog
from vdx_plugin.ui.diagnosis_window import DiagnosisWindow
from vdx_plugin.ui.dock import Dock
from vdx_plugin.ui.move_dialog import MoveDialog
from vdx_plugin.ui.plan_window import PlanWindow
from vdx_plugin.ui.templates_dialog import TemplatesDialog
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.time_form import TimeForm
from vdx_plugin.ui.today import DayRow
from vdx_plugin.ui.wording import clock

AUTUMN = datetime(2026, 10, 25, 8, 0, tzinfo=UTC)
SPRING = datetime(2027, 3, 28, 7, 0, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
TODAY = scenes.NOW.date()


def texts_of(window: QWidget) -> str:
    return "\n".join(each.text() for each in window.findChildren(QLabel) if each.isVisible())


# --- words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "shown_as"), [(AUTUMN, "09.00"), (SPRING, "09.00"), (datetime(2026, 7, 1, 7, tzinfo=UTC), "09.00")]
)
def test_times_are_danish_whatever_the_machine_s_zone(
    moment: datetime, shown_as: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workplace set to another zone must show what the letter says."""
    monkeypatch.setenv("TZ", "America/New_York")
    assert clock(moment) == shown_as


def test_a_meeting_over_the_change_of_the_clock_shows_what_the_wall_shows() -> None:
    """Half an hour from a quarter to two ends at a quarter past three that night."""
    start = datetime(2027, 3, 28, 0, 45, tzinfo=UTC)
    assert span(start, start + HALF_HOUR) == "01.45–03.15"
    assert when(start, start + HALF_HOUR) == "søndag den 28.03.2027 kl. 01.45–03.15"


def test_a_meeting_past_midnight_names_the_day_it_ends() -> None:
    """Out of hours."""
    start = datetime(2026, 7, 1, 21, 50, tzinfo=UTC)
    assert span(start, start + HALF_HOUR) == "23.50–02.07. 00.20"


def test_today_is_called_today() -> None:
    """One day looks like another."""
    assert day_title(date(2026, 10, 23), date(2026, 10, 23)) == "I dag, fredag den 23. oktober 2026"
    assert day_title(date(2026, 10, 23), date(2026, 10, 22)) == "Fredag den 23. oktober 2026"


@pytest.mark.parametrize("state", list(RoomState))
def test_each_state_of_a_room_has_a_word_and_a_symbol(state: RoomState) -> None:
    """Not colour alone."""
    assert room(state).text
    assert room(state).symbol


def test_what_is_booked_is_laid_over_the_clinic_s_own_list() -> None:
    """One patient, one line: with the clinic's time, and the room's state."""
    items = day_items(scenes.appointments(), agenda_scenes.day().today, {})
    inger = [item for item in items if item.label.startswith("Inger")]
    assert [item.appointment_id for item in inger] == ["a2"]
    assert inger[0].state.text == "Booket · nyt svar"
    assert [item.start for item in items] == sorted(item.start for item in items)
    assert len(items) == 3 + 3


# --- plan -----------------------------------------------------------------------------------------------------------


class Faults:
    """Says what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.asked: list[tuple[datetime, datetime, str]] = []

    def __call__(self, start: datetime, end: datetime, organised_by: str) -> Mapping[str, str]:
        self.asked.append((start, end, organised_by))
        return self.found


def plan_window(qtbot: QtBot, theme: Theme, faults: Faults) -> PlanWindow:
    window = PlanWindow(theme, lambda: "k-new", faults)
    window.show_plan(scenes.plan(scenes.HOSPITAL), scenes.context(), scenes.NOW)
    window.resize(620, 1000)
    shown(qtbot, window)
    return window


def test_later_begins_with_the_next_full_hour_in_denmark(qtbot: QtBot, theme: Theme) -> None:
    """Nothing typed that can be guessed."""
    window = plan_window(qtbot, theme, Faults())
    window.when.later.setChecked(True)
    with qtbot.waitSignal(window.later_wanted) as wanted:
        window.go.click()
    assert wanted.args is not None
    plan, count, _every = wanted.args
    assert danish(plan.start).strftime("%d.%m.%Y %H:%M") == "12.03.2026 11:00"
    assert plan.end - plan.start == HALF_HOUR
    assert plan.planned_ahead
    assert plan.organised_by == ""
    assert count == 1


def test_day_time_and_length_are_what_is_booked(qtbot: QtBot, theme: Theme) -> None:
    """By the Danish clock, on the day on which it is changed."""
    window = plan_window(qtbot, theme, Faults())
    window.when.later.setChecked(True)
    form = window.when.form
    form.day.setDate(QDate(2026, 10, 25))
    form.clock.setTime(QTime(9, 0))
    form.length.setCurrentIndex(form.length.findData(45))
    with qtbot.waitSignal(window.later_wanted) as wanted:
        window.go.click()
    assert wanted.args is not None
    assert (wanted.args[0].start, wanted.args[0].end) == (AUTUMN, AUTUMN + timedelta(minutes=45))


def test_a_time_at_fault_is_said_under_its_field_and_nothing_can_be_booked(qtbot: QtBot, theme: Theme) -> None:
    """Not after the button, and not by the button doing nothing."""
    faults = Faults()
    window = plan_window(qtbot, theme, faults)
    window.when.later.setChecked(True)
    assert window.go.isEnabled()
    faults.found = {"startTime": "Tiden er allerede gået."}
    window.when.form.clock.setTime(QTime(3, 0))
    assert "Tiden er allerede gået." in texts_of(window)
    assert not window.go.isEnabled()
    window.when.now.setChecked(True)
    assert window.go.isEnabled()


def test_the_hour_that_the_night_in_march_lacks_cannot_be_booked(qtbot: QtBot, theme: Theme) -> None:
    """It would be moved by an hour without a word."""
    window = plan_window(qtbot, theme, Faults())
    window.when.later.setChecked(True)
    window.when.form.day.setDate(QDate(2027, 3, 28))
    window.when.form.clock.setTime(QTime(2, 30))
    assert "springer uret" in texts_of(window)
    assert not window.go.isEnabled()


def test_of_the_hour_that_the_night_in_october_has_twice_the_first_is_meant_and_said(
    qtbot: QtBot, theme: Theme
) -> None:
    """The letter says which, and so does the form."""
    window = plan_window(qtbot, theme, Faults())
    window.when.later.setChecked(True)
    window.when.form.day.setDate(QDate(2026, 10, 25))
    window.when.form.clock.setTime(QTime(2, 30))
    assert "to gange" in texts_of(window)
    assert window.when.form.span() == (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 0, tzinfo=UTC),
    )


def test_a_series_for_a_colleague_is_asked_for_in_one_go(qtbot: QtBot, theme: Theme) -> None:
    """Both are rare, so they are folded away."""
    faults = Faults()
    window = plan_window(qtbot, theme, faults)
    window.when.later.setChecked(True)
    assert not window.when.colleague.isVisible()
    window.when.more.setChecked(True)
    window.when.every.setCurrentIndex(window.when.every.findData(14))
    window.when.times.setCurrentIndex(window.when.times.findData(4))
    window.when.colleague.setText("kollega@klinik.example")
    assert faults.asked[-1][2] == "kollega@klinik.example"
    with qtbot.waitSignal(window.later_wanted) as wanted:
        window.go.click()
    assert wanted.args is not None
    plan, count, every = wanted.args
    assert (plan.organised_by, count, every) == ("kollega@klinik.example", 4, timedelta(days=14))


def test_a_colleague_s_address_at_fault_is_said_under_it(qtbot: QtBot, theme: Theme) -> None:
    """Beside the field, as everything."""
    faults = Faults()
    window = plan_window(qtbot, theme, faults)
    window.when.later.setChecked(True)
    window.when.more.setChecked(True)
    faults.found = {"organizedByEmail": "Skrivemåden er ikke gyldig."}
    window.when.colleague.setText("kollega")
    assert "Skrivemåden er ikke gyldig." in texts_of(window)
    assert not window.go.isEnabled()


def test_what_is_folded_away_again_is_not_booked(qtbot: QtBot, theme: Theme) -> None:
    """Nobody books what is not on the screen."""
    window = plan_window(qtbot, theme, Faults())
    window.when.later.setChecked(True)
    window.when.more.setChecked(True)
    window.when.every.setCurrentIndex(1)
    window.when.colleague.setText("kollega@klinik.example")
    window.when.more.setChecked(False)
    assert window.when.series[0] == 1
    assert window.when.organised_by == ""


def test_the_time_can_be_read_in_its_field(qtbot: QtBot, theme: Theme) -> None:
    """Without its buttons Qt once gave the text one pixel."""
    form = TimeForm(theme)
    shown(qtbot, form)
    for field in (form.day, form.clock):
        text = field.findChild(QLineEdit)
        assert text is not None
        assert text.width() >= text.fontMetrics().horizontalAdvance(text.text())


def test_a_length_that_is_not_in_the_list_is_kept(qtbot: QtBot, theme: Theme) -> None:
    """A prolonged meeting that is moved must not become shorter."""
    form = TimeForm(theme)
    qtbot.addWidget(form)
    form.set_span(AUTUMN, AUTUMN + timedelta(minutes=35))
    assert form.span() == (AUTUMN, AUTUMN + timedelta(minutes=35))


# --- calendar -------------------------------------------------------------------------------------------------------


def calendar(qtbot: QtBot, theme: Theme, agenda: AgendaView | None = None) -> CalendarWindow:
    window = CalendarWindow(theme)
    window.show_agenda(agenda or agenda_scenes.day(), scenes.NOW)
    window.show_day(TODAY)
    window.resize(680, 900)
    shown(qtbot, window)
    return window


def row(window: CalendarWindow, number: int) -> AgendaRow:
    return list(window.list.rows.values())[number]


def test_the_calendar_shows_who_and_how_far_each_room_is(qtbot: QtBot, theme: Theme) -> None:
    """One look in the morning."""
    words = texts_of(calendar(qtbot, theme))
    for expected in (
        "I dag, torsdag den 12. marts 2026",
        "10.45–11.05",
        "Inger Eksempelsen (f. 1948)",
        "Rummet er klar",
        "Rummet afventer",
        "Har svaret",
        "Vi er med, men kun til kl. 11.",
        "VDX har et andet tidspunkt",
        "Kollega: kollega@laegehuset.example",
        "Fra VDX kl. 10.41",
    ):
        assert expected in words
    assert "9996" not in words


def test_only_what_can_be_done_now_is_offered(qtbot: QtBot, theme: Theme) -> None:
    """A button that is refused afterwards is a trap."""
    window = calendar(qtbot, theme)
    over, ready, waiting, _trouble, foreign = (row(window, number) for number in range(5))
    assert [each.start.isVisible() for each in (over, ready, waiting, foreign)] == [False, True, False, False]
    assert not over.copy.isVisible()
    assert not foreign.cancel.isVisible()
    assert waiting.move_button.isVisible()


@pytest.mark.parametrize(
    ("name", "action"),
    [("start", EntryAction.START), ("move_button", EntryAction.MOVE), ("cancel", EntryAction.CANCEL)],
)
def test_a_press_tells_which_meeting_and_what(qtbot: QtBot, theme: Theme, name: str, action: EntryAction) -> None:
    """The window itself does nothing."""
    window = calendar(qtbot, theme)
    with qtbot.waitSignal(window.list.acted) as acted:
        getattr(row(window, 1), name).click()
    assert acted.args == [agenda_scenes.day().entries[1], action]


def actions(menu: QMenu) -> list[str]:
    return [each.text() for each in menu.actions()]


def test_prolonging_and_links_open_a_choice(qtbot: QtBot, theme: Theme) -> None:
    """How long, and whose."""
    window = calendar(qtbot, theme)
    ready = row(window, 1)
    assert actions(ready.prolong_menu()) == ["10 min længere", "15 min længere", "30 min længere"]
    with qtbot.waitSignal(window.list.prolonged) as prolonged:
        ready.prolong_menu().actions()[1].trigger()
    assert prolonged.args == [agenda_scenes.day().entries[1], timedelta(minutes=15)]
    assert actions(ready.link_menu())[0] == "Link til Inger Eksempelsen"
    with qtbot.waitSignal(window.list.link_wanted) as wanted:
        ready.link_menu().actions()[0].trigger()
    assert wanted.args is not None
    assert wanted.args[1] == "k-patient"


def test_turning_the_pages_asks_for_the_day(qtbot: QtBot, theme: Theme) -> None:
    """And shows nothing of the day before meanwhile."""
    window = calendar(qtbot, theme)
    with qtbot.waitSignal(window.day_wanted) as wanted:
        window.on.click()
    assert wanted.args == [TODAY + timedelta(days=1), False]
    assert window.list.rows == {}
    assert "Henter dagens møder" in texts_of(window)
    with qtbot.waitSignal(window.day_wanted) as wanted:
        window.today.click()
    assert wanted.args == [TODAY, False]
    with qtbot.waitSignal(window.day_wanted) as wanted:
        window.everyone.click()
    assert wanted.args == [TODAY, True]
    with qtbot.waitSignal(window.day_wanted) as wanted:
        window.pick.setDate(QDate(2026, 4, 1))
    assert wanted.args == [date(2026, 4, 1), True]


def test_the_keyboard_turns_the_pages(qtbot: QtBot, theme: Theme) -> None:
    """Alt and an arrow, as in a browser."""
    window = calendar(qtbot, theme)
    with qtbot.waitSignal(window.day_wanted) as wanted:
        QTest.keyClick(window, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert wanted.args == [TODAY - timedelta(days=1), False]


def test_closing_the_calendar_says_so(qtbot: QtBot, theme: Theme) -> None:
    """VDX need not be asked for a window nobody sees."""
    window = calendar(qtbot, theme)
    with qtbot.waitSignal(window.hidden):
        window.close()


def test_a_search_shows_the_days_of_what_it_found_until_it_is_emptied(qtbot: QtBot, theme: Theme) -> None:
    """The list is another one while something stands in the field."""
    window = calendar(qtbot, theme)
    with qtbot.waitSignal(window.search_wanted) as wanted:
        QTest.keyClicks(window.search, "inger")
    assert wanted.args == ["inger"]
    window.show_found(agenda_scenes.day().entries[1:2])
    assert "Torsdag 12.03.2026" in texts_of(window)
    assert len(window.list.rows) == 1
    window.search.clear()
    qtbot.waitUntil(lambda: len(window.list.rows) == 5)


def test_what_a_search_finds_too_late_is_not_shown(qtbot: QtBot, theme: Theme) -> None:
    """The field is empty by then."""
    window = calendar(qtbot, theme)
    window.show_found(())
    assert len(window.list.rows) == 5


def test_a_vdx_that_is_silent_leaves_what_is_known(qtbot: QtBot, theme: Theme) -> None:
    """And says from whom it is not."""
    agenda = replace(agenda_scenes.day(), problem=Problem("vdx.unreachable"))
    window = calendar(qtbot, theme, agenda)
    assert "VDX svarer ikke. Her står det sidst kendte." in texts_of(window)
    assert len(window.list.rows) == 5


def test_no_row_moves_under_the_mouse(qtbot: QtBot, theme: Theme, qapp: QApplication) -> None:
    """A press on Aflys must hit the meeting that was read."""
    window = calendar(qtbot, theme)
    QTest.mouseMove(window.list, QPoint(100, 100))
    window.list.enterEvent(None)  # type: ignore[arg-type]  # offscreen sends none
    before = row(window, 2).geometry()
    entries = agenda_scenes.day().entries
    window.show_agenda(replace(agenda_scenes.day(), entries=(entries[0], *entries[2:])), scenes.NOW)
    qapp.processEvents()
    assert row(window, 2).geometry() == before
    assert not row(window, 1).start.isEnabled()
    assert "Står her ikke længere" in texts_of(row(window, 1))
    window.list.leaveEvent(None)  # type: ignore[arg-type]
    assert len(window.list.rows) == 4


def test_a_state_changes_in_its_row(qtbot: QtBot, theme: Theme) -> None:
    """Live, and the row stays the row."""
    window = calendar(qtbot, theme)
    waiting = row(window, 2)
    ready = tuple(replace(one, room=RoomState.READY) for one in agenda_scenes.day().entries)
    window.show_agenda(replace(agenda_scenes.day(), entries=ready), scenes.NOW)
    assert row(window, 2) is waiting
    assert "Rummet er klar" in texts_of(waiting)


def test_a_meeting_over_says_nothing_of_invitations(qtbot: QtBot, theme: Theme) -> None:
    """There is nothing left to pass on."""
    done = AgendaRow(theme, replace(agenda_scenes.day().entries[0], stage=Stage.CLOSED))
    shown(qtbot, done)
    assert "Giv linket videre" not in texts_of(done)


# --- dialogs --------------------------------------------------------------------------------------------------------


def test_a_move_to_the_same_time_is_no_move(qtbot: QtBot, theme: Theme) -> None:
    """Everybody would get a letter about nothing."""
    entry = agenda_scenes.day().entries[1]
    dialog = MoveDialog(theme, entry)
    shown(qtbot, dialog)
    assert not dialog.go.isEnabled()
    dialog.form.clock.setTime(QTime(14, 0))
    with qtbot.waitSignal(dialog.move_wanted) as wanted:
        dialog.go.click()
    assert wanted.args is not None
    start, end = wanted.args
    assert danish(start).strftime("%H:%M") == "14:00"
    assert end - start == entry.end - entry.start


def test_calling_off_says_who_is_told_and_whom_to_ring(qtbot: QtBot, theme: Theme) -> None:
    """The patient with a link in hand hears nothing from us."""
    dialog = CancelDialog(theme, agenda_scenes.day().entries[2])
    shown(qtbot, dialog)
    words = texts_of(dialog)
    assert "Får besked: Hjemmesygeplejen, Eksempel Kommune, Eksempel Tolkebureau." in words
    assert "ring selv: Maja-Louise" in words
    assert dialog.stay.hasFocus()
    with qtbot.waitSignal(dialog.cancel_wanted):
        dialog.cancel.click()


def test_templates_say_whether_their_rooms_are_locked(qtbot: QtBot, theme: Theme) -> None:
    """That is what a recipe can get wrong."""
    dialog = TemplatesDialog(theme, agenda_scenes.templates())
    shown(qtbot, dialog)
    words = texts_of(dialog)
    assert "Klar-rum (skabelon 2)" in words
    assert "Giver ikke begge koder" in words
    assert "Rummet er klar 15 min før start, højst 20 deltagere." in words


# --- diagnosis ------------------------------------------------------------------------------------------------------


def diagnosis(qtbot: QtBot, theme: Theme, view: DiagnosisView) -> DiagnosisWindow:
    window = DiagnosisWindow(theme)
    window.show_diagnosis(view)
    shown(qtbot, window)
    return window


def test_the_diagnosis_ticks_along_and_waits_with_its_report(qtbot: QtBot, theme: Theme) -> None:
    """Half a report helps nobody."""
    window = diagnosis(qtbot, theme, scenes.diagnosis(steps=2))
    assert "Undersøger" in texts_of(window)
    assert not window.copy.isEnabled()
    assert not window.again.isEnabled()
    window.show_diagnosis(scenes.diagnosis())
    assert "Ja. I kan booke" in texts_of(window)
    with qtbot.waitSignal(window.copy_wanted) as wanted:
        window.copy.click()
    assert wanted.args == ["rapport"]


def test_one_step_that_fails_makes_the_answer_no(qtbot: QtBot, theme: Theme) -> None:
    """With what is to be done beside it."""
    window = diagnosis(qtbot, theme, scenes.diagnosis(is_bad=True))
    words = texts_of(window)
    assert "Nej." in words
    assert "Bed support om rollen mødebooker" in words
    assert any(line.state is CheckState.BAD for line in scenes.diagnosis(is_bad=True).lines)


# --- dock -----------------------------------------------------------------------------------------------------------


def test_the_dock_s_day_shows_how_far_the_rooms_are_and_leads_to_the_calendar(qtbot: QtBot, theme: Theme) -> None:
    """What was booked from here stands beside what the clinic planned."""
    window = Dock(theme)
    window.show_view(replace(scenes.idle(scenes.context()), agenda=agenda_scenes.day()), scenes.NOW, {})
    window.resize(320, 900)
    shown(qtbot, window)
    words = texts_of(window)
    assert "Booket · nyt svar" in words
    assert "Booket · kræver dig" in words
    booked = [each for each in window.findChildren(DayRow) if not each.item.appointment_id]
    with qtbot.waitSignal(window.calendar_wanted):
        booked[0].click()
    with qtbot.waitSignal(window.calendar_wanted):
        window.calendar.click()
    with qtbot.waitSignal(window.diagnosis_wanted):
        window.diagnosis.click()
