"""The strip beside the record: the patient, the one large button, the day, and whether all is ready."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from vdx_plugin.domain.consultation import FINISHED
from vdx_plugin.domain.danish_time import danish_day
from vdx_plugin.domain.parties import PartyRole
from vdx_plugin.service.correspondence_view import CorrespondenceView
from vdx_plugin.service.view import DeskView, Notice, Recoverable, Severity
from vdx_plugin.texts import _
from vdx_plugin.ui.bands import BandFact, BandStack
from vdx_plugin.ui.controls import StateLine, button, label, rule
from vdx_plugin.ui.messages_wording import waiting
from vdx_plugin.ui.patient_line import PatientLine
from vdx_plugin.ui.theme import DOCK_WIDTH, Theme
from vdx_plugin.ui.today import Today
from vdx_plugin.ui.wording import Word, clock, environment, patient_label, readiness, stage, trouble

_TONE = {Severity.INFO: "accent", Severity.WARNING: "warning", Severity.DANGER: "danger"}


class Dock(QWidget):
    """Emits what the user wants; ``show_view`` is all it knows."""

    start_wanted = Signal()
    plan_wanted = Signal()
    calendar_wanted = Signal()
    answers_wanted = Signal()
    diagnosis_wanted = Signal()
    consultation_wanted = Signal()
    appointment_chosen = Signal(str)
    notice_dismissed = Signal(int)
    resume_wanted = Signal(object)
    drop_wanted = Signal(object)
    devices_wanted = Signal()
    menu_wanted = Signal()
    messages_wanted = Signal()
    close_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._recoverable: dict[str, Recoverable] = {}
        self.setProperty("kind", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(_("Videokonsultation"))
        self.setMinimumWidth(theme.px(DOCK_WIDTH))
        self._strip = label("", "environment")
        self._strip.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.bands = BandStack(theme)
        self.bands.acted.connect(self._on_band)
        self._patient = PatientLine(theme)
        self._make_buttons()
        self._today = Today(theme)
        self._today.appointment_chosen.connect(self.appointment_chosen)
        self._today.calendar_wanted.connect(self.calendar_wanted)
        self._foot = StateLine(theme)
        self._devices = label("", "small")
        self._lay_out()

    def _make_buttons(self) -> None:
        theme = self._theme
        self.start = button(theme, _("&Start video"), "primary", "video")
        self.start.setToolTip(_("Start video med den åbne patient (Ctrl+Enter)"))
        self.start.setShortcut(QKeySequence("Ctrl+Return"))
        self.start.clicked.connect(self.start_wanted)
        self.plan = button(theme, _("&Planlæg"), "plain", "plan")
        self.plan.setToolTip(_("Vælg, hvem der deltager, før du starter"))
        self.plan.clicked.connect(self.plan_wanted)
        self.calendar = button(theme, _("&Kalender"), "plain", "plan")
        self.calendar.setToolTip(_("Se, flyt og aflys booket video"))
        self.calendar.clicked.connect(self.calendar_wanted)
        self.answers = button(theme, "", "plain", "answered")
        self.answers.setToolTip(_("Læs, hvad partnerne har svaret"))
        self.answers.clicked.connect(self.answers_wanted)
        self.diagnosis = button(theme, _("T&jek"), "plain", name=_("Kan jeg nå VDX?"))
        self.diagnosis.setToolTip(_("Undersøg, om VDX kan nås og bruges herfra"))
        self.diagnosis.clicked.connect(self.diagnosis_wanted)
        self.go = button(theme, _("&Vis samtalen"), "primary", "video")
        self.go.clicked.connect(self.consultation_wanted)
        self.menu = button(theme, _("&Menu"), "plain", "menu")
        self.menu.clicked.connect(self.menu_wanted)
        self.check_devices = button(theme, _("&Enheder"), "plain")
        self.check_devices.setToolTip(_("Vælg og prøv kamera, mikrofon og højttaler"))
        self.check_devices.clicked.connect(self.devices_wanted)

    def _lay_out(self) -> None:
        px = self._theme.px
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._strip)
        inner = QVBoxLayout()
        inner.setContentsMargins(px(16), px(16), px(16), px(8))
        inner.setSpacing(px(12))
        outer.addLayout(inner, 1)
        inner.addWidget(self._patient)
        self._under_way = StateLine(self._theme)
        inner.addWidget(self._under_way)
        for part in (self.go, self.start, self.plan):
            inner.addWidget(part)
        inner.addWidget(rule())
        inner.addWidget(self._middle(), 1)
        inner.addWidget(rule())
        foot = QHBoxLayout()
        foot.addWidget(self._foot, 1, Qt.AlignmentFlag.AlignVCenter)
        foot.addWidget(self.diagnosis)
        inner.addLayout(foot)
        inner.addWidget(self._devices)
        low = QHBoxLayout()
        low.setSpacing(px(4))
        low.addWidget(self.menu)
        low.addWidget(self.check_devices)
        low.addStretch(1)
        inner.addLayout(low)

    def _middle(self) -> QScrollArea:
        """Bands and the day, below the buttons: a band that comes must not move a button under the mouse."""
        inside = QWidget()
        inside.setProperty("kind", "scrolled")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self._theme.px(12))
        column.addWidget(self.bands)
        head = QHBoxLayout()
        head.addWidget(label(_("I dag"), "heading"), 1)
        head.addWidget(self.calendar)
        column.addLayout(head)
        column.addWidget(self.answers, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._today)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        return area

    def show_view(self, view: DeskView, now: datetime, roles: Mapping[str, PartyRole]) -> None:
        """Show the newest state. ``roles`` names partners by location number, for the symbols of the day's list."""
        strip = environment(view.environment)
        self._strip.setText(strip)
        self._strip.setVisible(bool(strip))
        self._recoverable = {str(item.id): item for item in view.recoverable}
        recovery = [_recovery(item) for item in view.recoverable]
        self.bands.show_facts([*recovery, *_waiting(view.correspondence), *(_band(notice) for notice in view.notices)])
        self._patient.show_context(view.context, danish_day(now))
        self._show_buttons(view)
        self._show_answers(view)
        self._today.show_day(view.appointments, view.agenda.today, roles)
        self._foot.show_word(readiness(view))
        camera = view.camera or _("Systemets kamera")
        microphone = view.microphone or _("Systemets mikrofon")
        self._devices.setText(f"{camera}\n{microphone}")

    def _show_buttons(self, view: DeskView) -> None:
        running = view.consultation
        if running is not None and running.stage in FINISHED:
            running = None
        self.go.setVisible(running is not None)
        self._under_way.setVisible(running is not None)
        self.start.setVisible(running is None)
        self.plan.setVisible(running is None)
        ready = view.context is not None and view.context.patient.is_complete
        self.start.setEnabled(ready)
        self.plan.setEnabled(ready)
        if running is not None:
            self._under_way.show_word(Word(stage(running.stage), "running", "accent"), patient_label(running.context))

    def _show_answers(self, view: DeskView) -> None:
        """Say that answers wait to be read: a line that comes quietly, and takes no focus."""
        count = unread_answers(view)
        self.answers.setVisible(count > 0)
        self.answers.setText(_("1 nyt svar") if count == 1 else _("{count} nye svar").format(count=count))

    def _on_band(self, key: str, action: str) -> None:
        kind, _colon, rest = key.partition(":")
        if action in ("devices", "diagnosis"):
            (self.devices_wanted if action == "devices" else self.diagnosis_wanted).emit()
        elif kind == "notice":
            self.notice_dismissed.emit(int(rest))
        elif kind == "messages":
            self.messages_wanted.emit()
        elif action == "resume":
            self.resume_wanted.emit(self._recoverable[rest].id)
        else:
            self.drop_wanted.emit(self._recoverable[rest].id)

    def closeEvent(self, event: QCloseEvent) -> None:
        # Whether the program may end is not the strip's to decide: a call may be running.
        event.ignore()
        self.close_wanted.emit()


def unread_answers(view: DeskView) -> int:
    """Return how many parties have answered and wait for the user to read it."""
    running = view.consultation.parties if view.consultation is not None else ()
    booked = (status for entry in view.agenda.answered for status in entry.parties)
    return sum(status.has_unread_answer for status in (*running, *booked))


def _recovery(item: Recoverable) -> BandFact:
    text = _("Samtalen med {patient} kl. {time} blev afbrudt, da programmet lukkede.").format(
        patient=item.patient_label, time=clock(item.created_at)
    )
    actions = (("resume", _("Tag op igen")), ("drop", _("Afslut den")))
    return BandFact(f"recover:{item.id}", text, "warning", actions=actions)


def _waiting(correspondence: CorrespondenceView) -> list[BandFact]:
    """Tell that something waits for a person, with the way to it."""
    words = waiting(correspondence)
    tone = "danger" if correspondence.dead else "warning"
    return [BandFact("messages:", words, tone, actions=(("open", _("Se beskeder")),))] if words else []


def _cures(code: str) -> tuple[tuple[str, str], ...]:
    """Return the button that leads to where a fault of the morning check is mended."""
    if code == "check.vdx":
        return (("diagnosis", _("Se hvorfor")),)
    return (("devices", _("Se og ret")),) if code.startswith("check.") else ()


def _band(notice: Notice) -> BandFact:
    return BandFact(
        f"notice:{notice.id}",
        trouble(notice.problem),
        _TONE[notice.severity],
        code="" if notice.severity is Severity.INFO else notice.problem.code,
        actions=_cures(notice.problem.code),
        is_dismissable=True,
    )
