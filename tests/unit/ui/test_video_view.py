"""How pictures get to the screen: by graphics hardware or by the processor, and what lies over them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from vdx_plugin.ports import LineChanged, LineQuality, VideoPicture
from vdx_plugin.ui import scenes
from vdx_plugin.ui.call_page import CallPage
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.video_frames import image, shrunk
from vdx_plugin.ui.video_surface import has_graphics, is_local, is_processor
from vdx_plugin.ui.video_view import PAINTED_LINES, VideoView


def halves(width: int, height: int, *, padding: int = 0) -> VideoPicture:
    """Dark on the left, light on the right."""
    line = bytes([40] * (width // 2) + [220] * (width // 2) + [0] * padding)
    colour = bytes([128]) * (width // 2 + padding) * (height // 2)
    strides = (width + padding, width // 2 + padding, width // 2 + padding)
    return VideoPicture(width, height, (line * height, colour, colour), strides)


@pytest.mark.parametrize("padding", [0, 24])
def test_without_hardware_a_picture_is_painted_at_360_lines(qtbot: QtBot, theme: Theme, padding: int) -> None:
    """Half the size is a third of the work, over remote desktop."""
    view = VideoView(theme)
    qtbot.addWidget(view)
    view.resize(1280, 720)
    view.show_picture(halves(1280, 720, padding=padding))
    assert view._image.size() == QSize(640, PAINTED_LINES)
    painted = view.grab().toImage()
    assert painted.pixelColor(600, 360).lightness() < 60
    assert painted.pixelColor(680, 360).lightness() > 200


def test_a_small_view_is_painted_smaller_still(qtbot: QtBot, theme: Theme) -> None:
    """Our own picture is as large as a stamp."""
    view = VideoView(theme, is_mirrored=True)
    qtbot.addWidget(view)
    view.resize(160, 90)
    view.show_picture(halves(1280, 720))
    assert view._image.height() == 180


@pytest.mark.parametrize("size", [(640, 360), (642, 362), (1278, 722)])
def test_a_size_that_is_small_or_uneven_is_left_as_it_is(size: tuple[int, int]) -> None:
    """Half a line of colour would slant the rest."""
    assert shrunk(halves(*size), 360) == halves(*size)


def test_a_plane_cut_short_is_refused_when_shrunk_too() -> None:
    """Reading beyond it would show another call's memory."""
    whole = halves(1280, 720)
    with pytest.raises(ValueError, match="shorter"):
        shrunk(replace(whole, planes=(whole.planes[0][:5000], *whole.planes[1:])), 360)


def test_shrinking_keeps_the_colours() -> None:
    """By a level or two that nobody sees."""
    before, after = image(halves(1280, 720)), image(shrunk(halves(1280, 720), 360))
    for share in (0.25, 0.75):
        one = before.pixelColor(int(1280 * share), 300)
        other = after.pixelColor(int(640 * share), 150)
        assert abs(one.lightness() - other.lightness()) <= 3


@pytest.mark.parametrize(
    ("platform", "environment", "is_remote", "expected"),
    [
        ("xcb", {"DISPLAY": ":0"}, False, True),
        ("windows", {"SESSIONNAME": "Console"}, False, True),
        ("windows", {"SESSIONNAME": "RDP-Tcp#3"}, False, False),
        ("windows", {"SESSIONNAME": "ICA-tcp#7"}, False, False),
        ("windows", {}, True, False),
        ("xcb", {"DISPLAY": "localhost:10.0"}, False, False),
        ("wayland", {"QT_QUICK_BACKEND": "software"}, False, False),
        ("offscreen", {}, False, False),
    ],
)
def test_remote_sessions_are_known(platform: str, environment: dict[str, str], is_remote: bool, expected: bool) -> None:
    """Hardware at the other end of a line is slower than no hardware."""
    assert is_local(platform, environment, is_remote=is_remote) is expected


@pytest.mark.parametrize(
    ("renderer", "expected"),
    [("llvmpipe (LLVM 15.0.6, 256 bits)", True), ("", True), ("Mesa Intel(R) UHD Graphics 620", False)],
)
def test_openGL_by_program_is_known(renderer: str, expected: bool) -> None:  # noqa: N802
    """It takes more of the processor than painting does."""
    assert is_processor(renderer) is expected


def test_here_the_processor_paints(qtbot: QtBot) -> None:
    """The screenless platform of the tests has no hardware."""
    assert not has_graphics()


def test_the_last_picture_stays_when_the_line_breaks(qtbot: QtBot, theme: Theme) -> None:
    """A face that stands still says more than a black field."""
    page = CallPage(theme)
    qtbot.addWidget(page)
    call = scenes.in_call().call
    assert call is not None
    page.show_remote(halves(640, 360))
    broken = replace(scenes.in_call(), call=replace(call, line=LineChanged(LineQuality.LOST)))
    page.show_consultation(broken, scenes.NOW)
    assert page.stage.has_picture


_SCRIPT = """
import sys
from PySide6.QtWidgets import QApplication, QPushButton
from PySide6.QtCore import QTimer
from vdx_plugin.ui import video_surface
video_surface.has_graphics = lambda: True
from tests.unit.ui.test_video_view import halves
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.video_view import VideoView
app = QApplication(sys.argv)
view = VideoView(Theme())
view.resize(800, 600)
over = QPushButton(view)
over.setStyleSheet("background: #ff0000; border: none")
over.setGeometry(700, 250, 60, 60)
view.show()
shown = []
def step():
    view.show_picture(halves(1280, 720))
    shown.append(1)
    if len(shown) == 20:
        view.screen().grabWindow(view.winId()).save(sys.argv[1])
        print("on surface", view._is_on_surface)
        view.clear("Intet billede")
    if len(shown) == 20:
        QTimer.singleShot(200, end)
    elif len(shown) < 20:
        QTimer.singleShot(33, step)
def end():
    view.screen().grabWindow(view.winId()).save(sys.argv[2])
    app.quit()
QTimer.singleShot(100, step)
app.exec()
"""


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="needs a virtual X server (xvfb-run) to paint on")
def test_hardware_paints_below_what_lies_over_it(tmp_path: object) -> None:
    """OpenGL by program stands in for it: picture, edges, a button on top, and words in its place."""
    shot, after = f"{tmp_path}/shot.png", f"{tmp_path}/after.png"
    environment = {**os.environ, "QT_QPA_PLATFORM": "xcb", "QT_LOGGING_RULES": "qt.multimedia.*=false"}
    run = ["xvfb-run", "-a", "-s", "-screen 0 1024x768x24", sys.executable, "-c", _SCRIPT, shot, after]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert "on surface True" in done.stdout, done.stderr[-2000:]
    picture = QImage(shot)
    assert picture.pixelColor(300, 300).lightness() < 60
    assert picture.pixelColor(600, 300).lightness() > 200
    assert picture.pixelColor(730, 280).red() > 240
    assert picture.pixelColor(730, 280).green() < 20
    stage = picture.pixelColor(400, 20)
    assert stage.lightness() < 60
    words = QImage(after)
    assert words.pixelColor(600, 200) == stage
