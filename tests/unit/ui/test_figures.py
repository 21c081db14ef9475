"""The call in numbers, for support."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.unit.ui.fake_desk import FakeDesk
from vdx_plugin import texts
from vdx_plugin.ports import CallFigures
from vdx_plugin.runtime import Runtime
from vdx_plugin.ui import device_scenes, scenes
from vdx_plugin.ui.desktop import Desktop
from vdx_plugin.ui.figures_window import FiguresWindow
from vdx_plugin.ui.figures_wording import groups, report
from vdx_plugin.ui.theme import Theme


def test_the_numbers_are_shown_while_a_call_runs_and_copied_for_support(
    qtbot: QtBot, qapp: QApplication, desk: FakeDesk, runtime: Runtime, tmp_path: Path
) -> None:
    """By a key in the call's window: support reads them out of the clipboard."""
    desktop = Desktop(qapp, desk, runtime, tmp_path / "window.ini", now=lambda: scenes.NOW, **desk.stand_ins)
    desktop.open()
    desk.play(runtime, consultation=scenes.in_call())
    qtbot.waitUntil(desktop.windows.call.isVisible)
    qtbot.keyClick(desktop.windows.call, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    window = desktop.windows.figures
    qtbot.waitUntil(lambda: window.isVisible() and window.copy.isEnabled())
    window.copy.click()
    text = QGuiApplication.clipboard().text()
    assert "Svartid: 38 ms" in text
    assert "Ekkodæmpning: til, fjerner 36 dB" in text
    desktop.close()


def test_without_a_call_there_are_no_numbers_to_copy(qtbot: QtBot, theme: Theme) -> None:
    """Zeros would be taken for measured ones."""
    window = FiguresWindow(theme)
    qtbot.addWidget(window)
    window.show_figures(None)
    assert not window.copy.isEnabled()


def test_what_is_not_known_is_said_to_be_so() -> None:
    """A call of one second has no loss yet, not none."""
    values = {name: value for _title, rows in groups(CallFigures()) for name, value in rows}
    assert values["Tabt"] == values["Svartid"] == "ukendt"
    assert values["Ekkodæmpning"] == "slået fra"


def test_numbers_are_written_as_the_language_writes_them() -> None:
    """A decimal point is a thousand in Denmark."""
    assert "2,1 %" in report(device_scenes.figures(), "x")
    texts.set_language("en")
    assert "2.1 %" in report(device_scenes.figures(), "x")
