"""The window of one consultation. Its page follows the stage: starting, call, after; bands lie across the top."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from vdx_plugin.domain.consultation import Stage
from vdx_plugin.ports import LineQuality, Slides
from vdx_plugin.service.view import CallView, ConsultationView, DeskView, Notice, Problem, Severity
from vdx_plugin.texts import _, problem
from vdx_plugin.ui.after import AfterPage
from vdx_plugin.ui.bands import BandFact, BandStack
from vdx_plugin.ui.call_advice import Advice, cure
from vdx_plugin.ui.call_page import CallPage
from vdx_plugin.ui.device_names import DeviceNames
from vdx_plugin.ui.party_panel import link_label
from vdx_plugin.ui.starting import StartingPage
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import patient_label, trouble

_TONE = {Severity.INFO: "accent", Severity.WARNING: "warning", Severity.DANGER: "danger"}
FIGURES_KEY = "Ctrl+I"
_WRONG_PATIENT = "context.changed_during_call"


class PageStack(QStackedWidget):
    """Asks for the room of the page that is shown, and not for that of the tallest one behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(self.updateGeometry)

    def minimumSizeHint(self) -> QSize:
        page = self.currentWidget()
        return page.minimumSizeHint() if page is not None else super().minimumSizeHint()


class CallWindow(QWidget):
    """Holds the three pages; their signals are taken from ``starting``, ``call`` and ``after``."""

    admit_wanted = Signal(object, object)
    notice_dismissed = Signal(int)
    cure_wanted = Signal(str)
    figures_wanted = Signal()
    close_wanted = Signal()
    stop_share_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: ConsultationView | None = None
        self._shown: DeskView | None = None
        self.advice = Advice()
        self.setProperty("kind", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(_("Videokonsultation"))
        self.bands = BandStack(theme, is_wide=True)
        self.bands.acted.connect(self._on_band)
        self.starting = StartingPage(theme)
        self.call = CallPage(theme)
        self.after = AfterPage(theme)
        self.pages = PageStack()
        for page in (self.starting, self.call, self.after):
            self.pages.addWidget(page)
        self.call.parties.admit_wanted.connect(self.admit_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bands)
        column.addWidget(self.pages, 1)
        # Only ever the first who is expected: nobody lets a stranger in by a key.
        QShortcut(QKeySequence("Ctrl+L"), self, self.admit_first)
        QShortcut(QKeySequence(FIGURES_KEY), self, self.figures_wanted.emit)

    def show_view(self, view: DeskView, now: datetime, *, can_write: bool) -> None:
        """Show the consultation of ``view``; there must be one."""
        consultation = view.consultation
        if consultation is None:
            raise ValueError("there is no consultation to show")
        self._view = consultation
        self.advice.note_line(consultation.call.line.quality if consultation.call else LineQuality.NONE, now)
        self._show_bands(view)
        if consultation.stage is Stage.ENDED or consultation.stage is Stage.CLOSED:
            self.after.show_consultation(consultation, can_write=can_write)
            self._turn_to(self.after)
        elif is_in_call(consultation):
            self.call.show_consultation(consultation, now)
            self._turn_to(self.call)
        else:
            self.starting.show_consultation(consultation, now)
            self._turn_to(self.starting)

    def _turn_to(self, page: QWidget) -> None:
        if self.pages.currentWidget() is not page:
            self.pages.setCurrentWidget(page)

    def _show_bands(self, view: DeskView) -> None:
        consultation = view.consultation
        self._shown = view
        if consultation is not None:
            advice = consultation.call.advice if consultation.call is not None else ()
            self.bands.show_facts([*_bands(view, consultation), *self.advice.facts(advice)])

    @property
    def heard_by(self) -> str:
        """The microphone that hears us while the chosen one does not; empty when there is none."""
        call = self._view.call if self._view else None
        found = (each for each in (call.advice if call else ()) if each.code == "media.wrong_microphone")
        return str(next((each.facts.get("device", "") for each in found), ""))

    def offer(self, new: DeviceNames) -> None:
        """Devices were put in during the call."""
        self.advice.offer(new)
        if self._shown is not None:
            self._show_bands(self._shown)

    def admit_first(self) -> None:
        """Let the first expected guest in; strangers are let in by their own button only."""
        waiting = self._view.waiting if self._view else ()
        guest = next((each for each in waiting if each.party_key), None)
        if guest is not None:
            self.admit_wanted.emit(guest, guest.party_key)

    def _on_band(self, key: str, action: str) -> None:
        if key.startswith("notice:"):
            self.notice_dismissed.emit(int(key.partition(":")[2]))
        elif action == "dismiss":
            self.advice.put_aside(key)
            if self._shown is not None:
                self._show_bands(self._shown)
        elif action == "stop_share":
            self.stop_share_wanted.emit()
        elif action == "phone":
            self.call.open_phone()
        elif action == "admit":
            self.admit_first()
        else:
            self.cure_wanted.emit(action)

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        self.close_wanted.emit()


def is_in_call(view: ConsultationView) -> bool:
    """True when the call's page is the one to show, and not the steps before it."""
    if view.call is None or view.stage.is_off:
        return False
    return view.stage is Stage.IN_CALL or view.call.connected_at is not None or bool(view.waiting)


def _bands(view: DeskView, consultation: ConsultationView) -> list[BandFact]:
    bands = []
    if view.record_shows_other:
        text = problem(_WRONG_PATIENT, patient=patient_label(consultation.context))
        bands.append(BandFact("other", text, "danger"))
    if is_in_call(consultation):
        bands += _call_bands(consultation)
    bands += [_notice(each) for each in view.notices if each.problem.code != _WRONG_PATIENT]
    return bands


def _call_bands(view: ConsultationView) -> list[BandFact]:
    bands = []
    call = view.call or CallView()
    by_phone = (("phone", _("Vis telefonnumre")),)
    if view.problem is not None:
        bands.append(BandFact("problem", trouble(view.problem), "danger", code=view.problem.code, actions=by_phone))
    elif call.line.quality is LineQuality.LOST:
        bands.append(BandFact("lost", problem("call.lost"), "danger", actions=by_phone))
    bands += _room_bands(call)
    told: set[str] = set()
    for guest in view.waiting:
        name = link_label(guest.party_key, view)
        if name in told:
            # Several by one link have a row each at the right; a band each would leave the picture no room.
            continue
        told.add(name)
        if name:
            actions = (("admit", _("Luk ind")),) if guest is _first_known(view) else ()
            text = _("{name} venter udenfor.").format(name=name)
            bands.append(BandFact(f"waiting:{guest.participant_id}", text, "warning", actions=actions))
        else:
            text = _("En ukendt venter udenfor. Se navnet til højre, før du lukker nogen ind.")
            bands.append(BandFact(f"waiting:{guest.participant_id}", text, "danger"))
    bands += [_device_band(each) for each in call.problems]
    return bands


def _device_band(trouble_: Problem) -> BandFact:
    action = cure(trouble_.code)
    return BandFact(
        f"media:{trouble_.code}",
        trouble(trouble_),
        "warning",
        code=trouble_.code,
        actions=(action,) if action is not None else (),
    )


def _room_bands(call: CallView) -> list[BandFact]:
    bands = []
    if call.slides.slides is Slides.OURS:
        stop = (("stop_share", _("Stop deling")),)
        bands.append(
            BandFact("sharing", _("Du deler din skærm. De andre ser det, du har valgt."), "accent", actions=stop)
        )
    if call.held:
        bands.append(BandFact("held", problem(call.held), "warning"))
    if not call.rules.is_host:
        bands.append(BandFact("guest", problem("call.made_guest"), "warning"))
    return bands


def _first_known(view: ConsultationView) -> object:
    return next((each for each in view.waiting if each.party_key), None)


def _notice(notice: Notice) -> BandFact:
    tone = _TONE[notice.severity]
    code = "" if notice.severity is Severity.INFO else notice.problem.code
    return BandFact(f"notice:{notice.id}", trouble(notice.problem), tone, code=code, is_dismissable=True)
