"""The way to the call: four steps that tick off with times, each failure in its own line with its next step."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from vdx_plugin.domain.consultation import Stage
from vdx_plugin.service.view import ConsultationView, Step, StepKind, StepState
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, card, label, paint_symbol, set_style, symbol_label
from vdx_plugin.ui.party_panel import PartyPanel
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import duration, patient_label, stage, step, step_meaning, trouble

_SYMBOL = {
    StepState.WAITING: ("ring", "quiet"),
    StepState.RUNNING: ("running", "accent"),
    StepState.DONE: ("check", "accent"),
    StepState.FAILED: ("warning", "danger"),
}


class StepLine(QWidget):
    """One step: symbol, name, what it means or what went wrong, and the time it took."""

    def __init__(self, theme: Theme, kind: StepKind) -> None:
        super().__init__()
        self._theme, self._kind = theme, kind
        self._symbol = symbol_label(theme, "ring", "quiet", 24)
        self._name = label(step(kind), "strong")
        self._meaning = label(step_meaning(kind), "small")
        self._code = label("", "small")
        self._time = label("", "quiet", wrap=False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, theme.px(4), 0, theme.px(4))
        row.setSpacing(theme.px(12))
        row.addWidget(self._symbol, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(theme.px(4))
        for part in (self._name, self._meaning, self._code):
            column.addWidget(part)
        row.addLayout(column, 1)
        row.addWidget(self._time, 0, Qt.AlignmentFlag.AlignTop)

    def show_step(self, value: Step, now: datetime) -> None:
        symbol, ink = _SYMBOL[value.state]
        paint_symbol(self._theme, self._symbol, symbol, ink, 24)
        failed = value.problem is not None
        set_style(self._meaning, kind="body" if failed else "small", tone="danger" if failed else "")
        self._meaning.setText(trouble(value.problem) if value.problem else step_meaning(self._kind))
        self._code.setText(value.problem.code if value.problem else "")
        self._code.setVisible(failed)
        self._time.setText(_time(value, now))
        self.setAccessibleName(f"{step(self._kind)}: {_state(value.state)}")


def _time(value: Step, now: datetime) -> str:
    if value.started_at is None:
        return _state(value.state)
    spent = duration((value.ended_at or now) - value.started_at)
    return f"{_state(value.state)}  {spent}"


def _state(value: StepState) -> str:
    return {
        StepState.WAITING: _("Venter"),
        StepState.RUNNING: _("I gang"),
        StepState.DONE: _("Klar"),
        StepState.FAILED: _("Fejlede"),
    }[value]


class StartingPage(QWidget):
    """The four steps with **Annullér** at any moment, and after a failure **Prøv igen** and the telephone.

    A call that was lost is shown here too. It has been held already, so it is ended and not called off.
    """

    cancel_wanted = Signal()
    end_wanted = Signal()
    retry_wanted = Signal()
    phone_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        px = theme.px
        self._patient = label("", "heading")
        self._title = label("", "title")
        self._lines = {kind: StepLine(theme, kind) for kind in StepKind}
        frame, inside = card(theme)
        inside.addWidget(self._title)
        inside.addWidget(self._patient)
        for line in self._lines.values():
            inside.addWidget(line)
        self.cancel = button(theme, _("&Annullér"))
        self.cancel.clicked.connect(self._on_cancel)
        self._was_held = False
        self.phone = button(theme, _("Fortsæt på &telefon"), "", "phone")
        self.phone.clicked.connect(self.phone_wanted)
        self.retry = button(theme, _("Prøv &igen"), "primary", "retry")
        self.retry.clicked.connect(self.retry_wanted)
        row = QHBoxLayout()
        row.setSpacing(px(8))
        for part in (self.cancel, self.phone):
            row.addWidget(part)
        row.addStretch(1)
        row.addWidget(self.retry)
        inside.addSpacing(px(8))
        inside.addLayout(row)
        frame.setMaximumWidth(px(640))
        self.parties = PartyPanel(theme)
        self.parties.setMaximumWidth(px(640))
        centred = QHBoxLayout()
        centred.addStretch(1)
        middle = QVBoxLayout()
        middle.setSpacing(px(16))
        middle.addWidget(frame)
        middle.addWidget(self.parties, 1)
        centred.addLayout(middle, 8)
        centred.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(px(24), px(24), px(24), px(24))
        outer.addLayout(centred, 1)

    def show_consultation(self, view: ConsultationView, now: datetime) -> None:
        """Show how far the start has come."""
        failed = any(each.state is StepState.FAILED for each in view.steps)
        is_ending = view.stage.is_off
        self._was_held = view.stage is Stage.IN_CALL
        title = _("Samtalen er afbrudt") if self._was_held and failed else _("Starter video")
        self._title.setText(stage(view.stage) if is_ending else title)
        self.cancel.setText(_("&Afslut samtalen") if self._was_held else _("&Annullér"))
        self._patient.setText(patient_label(view.context))
        for each in view.steps:
            self._lines[each.kind].show_step(each, now)
        self.parties.show_consultation(view, now)
        self.retry.setVisible(failed and not is_ending)
        self.phone.setVisible(failed and not is_ending)
        self.cancel.setEnabled(not view.is_busy and view.stage is not Stage.CANCELLED)
        self.retry.setEnabled(not view.is_busy)
        self.phone.setEnabled(not view.is_busy)

    def _on_cancel(self) -> None:
        (self.end_wanted if self._was_held else self.cancel_wanted).emit()
