"""Advice in the call's window, and the one click that mends it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from tests.unit.ui.fake_desk import FakeDesk
from vdx_plugin.ports import LineQuality, MediaChoice
from vdx_plugin.runtime import Runtime
from vdx_plugin.service.view import Problem
from vdx_plugin.ui import scenes
from vdx_plugin.ui.call_advice import Advice
from vdx_plugin.ui.choices import read_media
from vdx_plugin.ui.desktop import Desktop
from vdx_plugin.ui.device_names import DeviceNames
from vdx_plugin.ui.placement import Placement


@pytest.fixture
def desktop(qtbot: QtBot, qapp: QApplication, desk: FakeDesk, runtime: Runtime, tmp_path: Path) -> Iterator[Desktop]:
    """A desktop with a running call."""
    desktop = Desktop(qapp, desk, runtime, tmp_path / "window.ini", now=lambda: scenes.NOW, **desk.stand_ins)
    desktop.open()
    desk.play(runtime, consultation=scenes.in_call())
    qtbot.waitUntil(desktop.windows.call.isVisible)
    yield desktop
    desktop.close()


def advice_shown(desktop: Desktop) -> set[str]:
    shown = desktop.windows.call.bands
    return {key.removeprefix("advice:") for key in shown.keys() if key.startswith("advice:")}  # noqa: SIM118  # no dict


def advise(qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime, *advice: Problem) -> None:
    view = scenes.in_call(replace(scenes.call(), advice=advice))
    desk.play(runtime, consultation=view)
    qtbot.waitUntil(lambda: desktop.windows.call._view == view)
    assert advice_shown(desktop) == {each.code for each in advice}


def press(desktop: Desktop, words: str) -> None:
    buttons = desktop.windows.call.bands.findChildren(QPushButton)
    next(each for each in buttons if each.text() == words and each.isVisibleTo(desktop.windows.call)).click()


@pytest.mark.parametrize(
    ("advice", "words", "command", "arguments"),
    [
        (Problem("media.speaking_muted"), "Slå til", "set_microphone", (True,)),
        (
            Problem("media.wrong_microphone", {"device": "Jabra"}),
            "Brug den",
            "set_media_choice",
            (MediaChoice(microphone="Jabra"),),
        ),
        (Problem("media.echo_not_cancelled"), "Slå ekkodæmpning til", "set_media_choice", (MediaChoice(),)),
        (
            Problem("media.their_echo"),
            "Skriv det til dem",
            "send_chat",
            ("Jeg kan høre mig selv. Brug gerne høretelefoner, eller skru lidt ned for lyden.",),
        ),
    ],
    ids=["speaking while muted", "wrong microphone", "echo not cancelled", "their echo"],
)
def test_one_click_mends_it(
    qtbot: QtBot,
    desktop: Desktop,
    desk: FakeDesk,
    runtime: Runtime,
    advice: Problem,
    words: str,
    command: str,
    arguments: tuple[object, ...],
) -> None:
    """Nobody looks for a setting while a patient waits."""
    advise(qtbot, desktop, desk, runtime, advice)
    press(desktop, words)
    qtbot.waitUntil(lambda: desk.named(command) == [arguments])


@pytest.mark.parametrize("code", ["media.silent_microphone", "media.own_echo"])
def test_where_a_device_must_be_chosen_the_page_of_devices_opens(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime, code: str
) -> None:
    """With the call going on behind it."""
    advise(qtbot, desktop, desk, runtime, Problem(code))
    press(desktop, "Vælg headset" if code == "media.own_echo" else "Vælg en anden")
    assert any(each.windowTitle().startswith("Kamera") for each in QApplication.topLevelWidgets())


def test_a_poor_line_is_spoken_of_when_it_stays_poor() -> None:
    """A hiccup needs no advice; after ten seconds the doctor asks what to do."""
    advice = Advice()
    for seconds, quality in enumerate([LineQuality.UNSTABLE] * 5 + [LineQuality.GOOD] + [LineQuality.UNSTABLE] * 10):
        advice.note_line(quality, scenes.NOW + timedelta(seconds=seconds))
        assert advice.facts(()) == []
    advice.note_line(LineQuality.UNSTABLE, scenes.NOW + timedelta(seconds=16))
    assert [fact.key for fact in advice.facts(())] == ["advice:media.line_poor"]


def test_advice_put_aside_comes_back_only_as_news(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, runtime: Runtime
) -> None:
    """Seen and judged unimportant, it must not come back each second; but it may happen again."""
    echo = Problem("media.their_echo")
    advise(qtbot, desktop, desk, runtime, echo)
    press(desktop, "Skjul")
    assert advice_shown(desktop) == set()
    advise(qtbot, desktop, desk, runtime)
    advise(qtbot, desktop, desk, runtime, echo)


def test_a_headset_put_in_is_offered_and_taken_by_one_click(
    qtbot: QtBot, desktop: Desktop, desk: FakeDesk, tmp_path: Path
) -> None:
    """Microphone and speaker of it together, and remembered on this workplace."""
    desk.devices.found = DeviceNames(("Logitech Brio",), ("Jabra", "Poly"), ("Jabra", "Poly"))
    desk.devices.listener()
    qtbot.waitUntil(lambda: desk.named("devices_changed") == [()])
    assert advice_shown(desktop) == {"media.new_device"}
    press(desktop, "Brug den")
    choice = MediaChoice(microphone="Poly", speaker="Poly")
    qtbot.waitUntil(lambda: desk.named("set_media_choice") == [(choice,)])
    assert read_media(Placement(tmp_path / "window.ini")) == choice
    assert advice_shown(desktop) == set()
