"""Devices, their troubles and a call's numbers as they are pictured; nobody's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from PySide6.QtWidgets import QWidget

from vdx_plugin.ports import CallFigures, CheckedPart, CheckFinding, WorkplaceCheck
from vdx_plugin.service.view import ChecksView, Problem
from vdx_plugin.ui.figures_window import FiguresWindow
from vdx_plugin.ui.theme import Theme


def figures() -> CallFigures:
    """Return a call on a fair line in numbers."""
    return CallFigures(
        received_kbps=1240,
        sent_kbps=1105,
        estimate_kbps=1600,
        loss=0.021,
        jitter_ms=12,
        rtt_ms=38,
        reconnects=1,
        path="direct",
        sound_delay_ms=62,
        concealed=0.004,
        recovered_s=3.2,
        video_codec="H264",
        width=1280,
        height=720,
        fps=29.8,
        freezes=2,
        frozen_s=0.7,
        picture_delay_ms=74,
        asked_again=118,
        slides_width=1280,
        slides_height=720,
        slides_fps=5.0,
        camera="Logitech Brio",
        microphone="Jabra Evolve2 65 Mono",
        speaker="Jabra Evolve2 65 Mono",
        cancels_echo=True,
        echo_loss_db=36,
        drift_ppm=43,
    )


def advice() -> tuple[Problem, ...]:
    """Return three troubles with the sound at once."""
    return (
        Problem("media.speaking_muted"),
        Problem("media.wrong_microphone", {"device": "Jabra Evolve2 65 Mono"}),
        Problem("media.their_echo"),
    )


def checks(now: datetime) -> ChecksView:
    """Return checks of four mornings, the newest with two faults."""
    well = tuple(CheckFinding(part) for part in CheckedPart)
    deaf = tuple(
        CheckFinding(each.part, "media.silent_microphone" if each.part is CheckedPart.MICROPHONE else "")
        for each in well
    )
    lossy = tuple(CheckFinding(each.part, "check.line_weak" if each.part is CheckedPart.LINE else "") for each in well)
    return ChecksView(
        latest=(
            WorkplaceCheck(now, deaf, 0.002, 31, 412),
            WorkplaceCheck(now - timedelta(days=1), well, 0.0, 28, 430),
            WorkplaceCheck(now - timedelta(days=2), lossy, 0.061, 140, 190),
            WorkplaceCheck(now - timedelta(days=3), well, 0.001, 30, 425),
        )
    )


def figures_window(shown: CallFigures | None) -> Callable[[Theme], QWidget]:
    """Return what makes the window of numbers."""

    def make(theme: Theme) -> QWidget:
        window = FiguresWindow(theme)
        window.show_figures(shown)
        return window

    return make
