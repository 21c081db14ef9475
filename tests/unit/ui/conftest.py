"""The windows are tested offscreen, with the test's own desk, clock and settings file; any Qt warning fails."""

from __future__ import annotations

import os

# Must be chosen before Qt looks for a screen.
os.environ["QT_QPA_PLATFORM"] = "offscreen"

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.unit.ui.fake_desk import FakeDesk
from vdx_plugin import texts
from vdx_plugin.runtime import Runtime
from vdx_plugin.ui import scenes
from vdx_plugin.ui.main import Desktop
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.windows import dress

HERE = Path(__file__).parent
# What the offscreen platform and a machine without sound or graphics say of themselves.
OF_THE_MACHINE = r"This plugin does not support|qt\.multimedia|pipewire|va-|libva|symbols|No RHI backend"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Make every Qt warning fail every test of this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore(OF_THE_MACHINE))


@pytest.fixture(autouse=True)
def _danish() -> Iterator[None]:
    texts.set_language("da")
    yield
    texts.set_language("da")


@pytest.fixture(autouse=True)
def _delete_windows() -> Iterator[None]:
    """Outside an event loop Qt keeps what was told to delete itself; each new style sheet would dress it again."""
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    """The light theme, worn by the application."""
    theme = Theme()
    dress(qapp, theme)
    return theme


@pytest.fixture
def runtime() -> Iterator[Runtime]:
    """An asyncio thread of the test's own."""
    runtime = Runtime()
    runtime.start()
    yield runtime
    runtime.close()


@pytest.fixture
def desk() -> FakeDesk:
    """A desk with a patient open."""
    return FakeDesk(scenes.idle(scenes.context()))


@pytest.fixture
def desktop(qtbot: QtBot, qapp: QApplication, desk: FakeDesk, runtime: Runtime, tmp_path: Path) -> Iterator[Desktop]:
    """The whole desktop, open, having shown the desk's first view."""
    desktop = Desktop(qapp, desk, runtime, tmp_path / "window.ini", now=lambda: scenes.NOW, **desk.stand_ins)
    desktop.open()
    qtbot.waitUntil(lambda: desktop.windows.dock.start.isEnabled())
    yield desktop
    desktop.close()
    qapp.processEvents()


def shown(qtbot: QtBot, window: QWidget) -> QWidget:
    """Show a window and give it to the test's end to close."""
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    # Shortcuts and focus work in the active window only.
    qtbot.waitUntil(window.isActiveWindow)
    return window
