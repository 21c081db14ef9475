"""Where windows open."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.unit.ui.conftest import shown
from vdx_plugin.ports import MediaChoice
from vdx_plugin.ui.choices import keep_choices, keep_media, read_choices, read_media
from vdx_plugin.ui.menu import Choices
from vdx_plugin.ui.placement import Placement, fit

WIDE = QRect(0, 0, 1920, 1080)
SECOND = QRect(1920, 0, 1280, 1024)


@pytest.mark.parametrize(
    ("wanted", "screens", "expected"),
    [
        (QRect(100, 100, 400, 300), [WIDE], QRect(100, 100, 400, 300)),
        (QRect(2000, 100, 400, 300), [WIDE], QRect(1520, 100, 400, 300)),
        (QRect(-300, -50, 400, 300), [WIDE], QRect(0, 0, 400, 300)),
        (QRect(0, 0, 4000, 3000), [WIDE], WIDE),
        (QRect(2000, 10, 400, 300), [WIDE, SECOND], QRect(2000, 10, 400, 300)),
        (QRect(1800, 10, 400, 300), [WIDE, SECOND], QRect(1920, 10, 400, 300)),
        (QRect(1, 2, 3, 4), [], QRect(1, 2, 3, 4)),
    ],
)
def test_a_window_opens_wholly_on_a_screen_that_exists(wanted: QRect, screens: list[QRect], expected: QRect) -> None:
    """The second screen of yesterday may be gone today."""
    assert fit(wanted, screens) == expected


def test_a_window_comes_back_where_it_was(qtbot: QtBot, tmp_path: Path) -> None:
    """The doctor places the strip once, not every morning."""
    place = QRect(40, 60, 300, 200)
    first = QWidget()
    first.setGeometry(place)
    shown(qtbot, first)
    places = Placement(tmp_path / "window.ini", workplace="room-2")
    places.keep(first, "dock")
    places.save()
    second = QWidget()
    qtbot.addWidget(second)
    Placement(tmp_path / "window.ini", workplace="room-2").restore(second, "dock", QRect(0, 0, 100, 100))
    assert second.geometry() == place


def test_another_workplace_does_not_inherit_the_place(qtbot: QtBot, tmp_path: Path) -> None:
    """Settings may follow the user to a machine with other screens."""
    window = shown(qtbot, QWidget())
    places = Placement(tmp_path / "window.ini", workplace="room-2")
    places.keep(window, "dock")
    places.save()
    other = QWidget()
    qtbot.addWidget(other)
    Placement(tmp_path / "window.ini", workplace="room-3").restore(other, "dock", QRect(10, 20, 320, 500))
    assert other.geometry() == QRect(10, 20, 320, 500)


def test_choices_and_devices_are_kept(tmp_path: Path) -> None:
    """Chosen once on this workplace, used from then on."""
    places = Placement(tmp_path / "window.ini", workplace="room-2")
    choices = Choices("en", 1.5, "dark", is_on_top=True)
    media = MediaChoice(camera="Logitech Brio", speaker="Jabra", use_test_card=True)
    keep_choices(places, choices)
    keep_media(places, media)
    again = Placement(tmp_path / "window.ini", workplace="room-2")
    assert read_choices(again) == choices
    assert read_media(again) == media


def test_a_damaged_settings_file_gives_the_defaults(tmp_path: Path) -> None:
    """Somebody edits the file, or half of it is lost: the program starts all the same."""
    file = tmp_path / "window.ini"
    file.write_text("[room-2]\nlanguage=xx\nscale=ninety\ncolours=pink\non_top=perhaps\n", "utf-8")
    assert read_choices(Placement(file, workplace="room-2")) == Choices()
