"""When it is over: who, when, how, the fee proposed and why, the note to edit, and one button into the record."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPlainTextEdit,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from vdx_plugin.domain.danish_time import danish
from vdx_plugin.domain.fees import TELEPHONE, VIDEO_CONFERENCE, VIDEO_CONSULTATION
from vdx_plugin.domain.summary import Attendance, Summary
from vdx_plugin.service.view import ConsultationView
from vdx_plugin.texts import _, problem
from vdx_plugin.ui.bands import BandFact, BandStack
from vdx_plugin.ui.controls import button, card, label, rule
from vdx_plugin.ui.flow import FlowLayout
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import clock, duration, outcome, party_name, patient_label, role, trouble

NO_FEE = ""


def fee_words(code: str) -> str:
    """Return code and name of a fee as the doctor reads it."""
    names = {
        VIDEO_CONSULTATION.code: _("Videokonsultation"),
        VIDEO_CONFERENCE.code: _("Videokonference"),
        TELEPHONE.code: _("Telefonkonsultation"),
    }
    return f"{code}  {names[code]}" if code in names else _("Ingen ydelse")


class AfterPage(QWidget):
    """Emits ``write_wanted(note, fee_code)`` with an empty code for no fee, ``decline_wanted`` and ``copy_wanted``."""

    write_wanted = Signal(str, str)
    decline_wanted = Signal()
    copy_wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._loaded: object = None
        self._title = label("", "title")
        self._patient = label("", "heading")
        self._mode = label("")
        self._people = label("")
        self.bands = BandStack(theme, is_wide=True)
        self._reason = label("", "small")
        self.fees = QButtonGroup(self)
        self.note = QPlainTextEdit()
        self.note.setTabChangesFocus(True)
        self.note.setAccessibleName(_("Notat til journalen"))
        self.note.setMinimumHeight(theme.px(160))
        self.write = button(theme, _("&Skriv i journalen"), "primary", "write")
        self.write.clicked.connect(lambda: self.write_wanted.emit(self.note.toPlainText(), self.fee_code))
        self.copy = button(theme, _("&Kopiér teksten"), "", "copy")
        self.copy.clicked.connect(lambda: self.copy_wanted.emit(self.note.toPlainText()))
        self.decline = button(theme, _("Skriv &ikke i journalen"), "plain")
        self.decline.clicked.connect(self.decline_wanted)
        self._lay_out()

    def _lay_out(self) -> None:
        px = self._theme.px
        frame, inside = card(self._theme)
        frame.setMaximumWidth(px(720))
        for part in (self._title, self._patient, self._mode, self._people, self.bands):
            inside.addWidget(part)
        inside.addWidget(label(_("Ydelse"), "heading"))
        inside.addLayout(self._fee_choice())
        inside.addWidget(self._reason)
        inside.addWidget(label(_("Notat"), "heading"))
        inside.addWidget(self.note, 1)
        inside.addWidget(label(_("Patienten kan læse notatet på sundhed.dk."), "small"))
        page = QWidget()
        page.setProperty("kind", "scrolled")
        centred = QHBoxLayout(page)
        centred.setContentsMargins(px(24), px(24), px(24), px(24))
        centred.addStretch(1)
        centred.addWidget(frame, 8)
        centred.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(area, 1)
        outer.addWidget(rule())
        outer.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        """The buttons stand below the sheet, so that they are in sight however long it is."""
        px = self._theme.px
        row = QHBoxLayout()
        row.setContentsMargins(px(24), px(12), px(24), px(12))
        row.setSpacing(px(8))
        row.addWidget(self.decline)
        row.addStretch(1)
        row.addWidget(self.copy)
        row.addWidget(self.write)
        return row

    def _fee_choice(self) -> FlowLayout:
        row = FlowLayout(self._theme.px(8), is_centred=False)
        for number, code in enumerate((VIDEO_CONSULTATION.code, VIDEO_CONFERENCE.code, TELEPHONE.code, NO_FEE)):
            choice = QRadioButton(fee_words(code))
            choice.setProperty("code", code)
            self.fees.addButton(choice, number)
            row.addWidget(choice)
        return row

    @property
    def fee_code(self) -> str:
        """The fee chosen, empty for none."""
        chosen = self.fees.checkedButton()
        return str(chosen.property("code")) if chosen else NO_FEE

    def show_consultation(self, view: ConsultationView, *, can_write: bool) -> None:
        """Show the summary. The note and the fee are filled once; what the user has changed stays."""
        summary = view.summary
        if summary is None:
            self._title.setText(_("Samtalen er slut"))
            self._mode.setText(_("Opsummeringen laves …"))
            self.write.setEnabled(False)
            return
        if self._loaded != summary.key:
            self._load(summary)
        self._title.setText(outcome(summary.outcome))
        self._patient.setText(patient_label(view.context))
        self._mode.setText(_when(summary))
        self._people.setText("\n".join(_attendance(each, view) for each in summary.attendance))
        self.bands.show_facts(_bands(view, summary, can_write=can_write))
        self.write.setVisible(can_write)
        self.write.setEnabled(can_write and not view.is_busy and not view.written_back)
        self.decline.setText(_("Skriv &ikke i journalen") if can_write else _("&Færdig"))
        self.decline.setEnabled(not view.is_busy)

    def _load(self, summary: Summary) -> None:
        self._loaded = summary.key
        self.note.setPlainText(summary.note)
        code = summary.fee.fee.code if summary.fee.fee else NO_FEE
        for choice in self.fees.buttons():
            choice.setChecked(choice.property("code") == code)
        chosen = self.fees.checkedButton()
        if chosen is not None:
            # Of a group only the one that has had the focus is reached by Tab: it must be the one proposed.
            chosen.setFocus()
        self._reason.setText(_("Forslag: {reason}").format(reason=problem(summary.fee.rule)))


def _when(summary: Summary) -> str:
    end = danish(summary.ended_at)
    at = _("kl.")
    if summary.started_at is None:
        return f"{end:%d.%m.%Y}  ·  {at} {clock(end)}"
    length = duration(summary.ended_at - summary.started_at)
    return f"{end:%d.%m.%Y}  ·  {at} {clock(summary.started_at)}–{clock(end)}  ·  {length}"


def _attendance(each: Attendance, view: ConsultationView) -> str:
    name = each.label or (patient_label(view.context) if each.role.value == "patient" else "")
    who = f"{role(each.role)}: {name}" if name else role(each.role)
    minutes = round(each.present_s / 60)
    there = _("{minutes} min").format(minutes=max(1, minutes)) if each.present_s > 0 else _("ikke til stede")
    return f"{who}  ·  {there}"


def _bands(view: ConsultationView, summary: Summary, *, can_write: bool) -> list[BandFact]:
    bands = []
    if view.problem is not None:
        bands.append(BandFact("problem", trouble(view.problem), "danger", code=view.problem.code))
    if not can_write:
        text = problem("writeback.unsupported")
        bands.append(BandFact("cannot", text, "accent"))
    for code in summary.failures:
        text = problem(code, party=_whose(code, view))
        bands.append(BandFact(f"failure:{code}", text, "warning", code=code))
    return bands


def _whose(code: str, view: ConsultationView) -> str:
    """Return the names of the parties that a problem befell."""
    befallen = [each for each in view.parties if any(event.problem == code for event in each.history)]
    return ", ".join(party_name(each.party, view.context) for each in befallen) or _("en deltager")
