"""The check of the workplace: what was found, the line in figures, and how it was on earlier days."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from vdx_plugin.domain.danish_time import danish
from vdx_plugin.ports import CheckedPart, WorkplaceCheck
from vdx_plugin.service.view import ChecksView
from vdx_plugin.texts import _, language, problem
from vdx_plugin.ui.controls import StateLine, button, card, label, rule
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import Word

EARLIER = 5


def part_name(part: CheckedPart) -> str:
    """Return a part as people call it."""
    return {
        CheckedPart.CAMERA: _("Kamera"),
        CheckedPart.MICROPHONE: _("Mikrofon"),
        CheckedPart.SPEAKER: _("Højttaler"),
        CheckedPart.LINE: _("Linje"),
        CheckedPart.VDX: _("VDX"),
    }[part]


def figures(check: WorkplaceCheck) -> str:
    """Return what was measured of the line; empty when it was not."""
    if check.loss is None:
        return ""
    parts = [_("{share} % tabt").format(share=_comma(100 * check.loss))]
    if check.rtt_ms is not None:
        parts.append(_("svartid {time} ms").format(time=round(check.rtt_ms)))
    if check.kbps is not None:
        parts.append(_("bærer {rate} kbit/s").format(rate=round(check.kbps)))
    return "  ·  ".join(parts)


def verdict(check: WorkplaceCheck) -> Word:
    """Return a whole check in a word."""
    bad = [part_name(each.part) for each in check.findings if each.problem]
    if not bad:
        return Word(_("Alt virker"), "check", "accent")
    return Word(_("Fejl: {parts}").format(parts=", ".join(bad)), "warning", "danger")


class CheckCard(QFrame):
    """Emits ``check_wanted``."""

    check_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: ChecksView | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame, self._column = card(theme)
        outer.addWidget(frame)
        self._column.addWidget(label(_("Tjek af arbejdspladsen"), "strong"))
        self._column.addWidget(label(_("Ti sekunder uden lyd: enhederne og linjen til VDX."), "small"))
        self.check = button(theme, _("&Tjek alt"), "", "retry")
        self.check.clicked.connect(self.check_wanted)
        self._column.addWidget(self.check)
        self._inside = QWidget()
        self._column.addWidget(self._inside)
        self.show_checks(ChecksView())

    def show_checks(self, view: ChecksView) -> None:
        """Show how it stands."""
        if view == self._shown:
            return
        self._shown = view
        self.check.setEnabled(not view.is_running)
        inside = QWidget()
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(self._theme.px(4))
        if view.is_running:
            self._state(rows, Word(_("Tjekker …"), "running", "accent"))
        elif not view.latest:
            self._state(rows, Word(_("Ikke tjekket endnu"), "ring"))
        else:
            self._newest(rows, view.latest[0])
            self._earlier(rows, view.latest[1 : 1 + EARLIER])
        self._column.replaceWidget(self._inside, inside)
        self._inside.hide()
        self._inside.deleteLater()
        self._inside = inside

    def _state(self, rows: QVBoxLayout, word: Word, addition: str = "") -> None:
        line = StateLine(self._theme)
        line.show_word(word, addition)
        rows.addWidget(line)

    def _newest(self, rows: QVBoxLayout, check: WorkplaceCheck) -> None:
        for each in check.findings:
            name = part_name(each.part)
            self._state(rows, Word(name, "warning", "danger") if each.problem else Word(name, "check", "accent"))
            if each.problem:
                self._explain(rows, problem(each.problem))
        measured = figures(check)
        if measured:
            rows.addWidget(label(measured, "quiet"))

    def _explain(self, rows: QVBoxLayout, text: str) -> None:
        words = label(text, "small")
        rows.addWidget(words)
        # Or the column presses it to one line where the window is low.
        words.ensurePolished()
        words.setMinimumHeight(words.sizeHint().height())

    def _earlier(self, rows: QVBoxLayout, checks: tuple[WorkplaceCheck, ...]) -> None:
        if not checks:
            return
        rows.addWidget(rule())
        rows.addWidget(label(_("Tidligere"), "strong"))
        for check in checks:
            self._state(rows, verdict(check), f"{danish(check.at):%d.%m. %H.%M}")


def _comma(number: float) -> str:
    text = f"{number:.1f}"
    return text.replace(".", ",") if language() == "da" else text
