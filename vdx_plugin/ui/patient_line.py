"""Who is open in the record: name large, birth date, age, masked number."""

from __future__ import annotations

from datetime import date

from PySide6.QtWidgets import QVBoxLayout, QWidget

from vdx_plugin.domain.context import ClinicContext
from vdx_plugin.texts import _, problem
from vdx_plugin.ui.controls import label
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import patient_facts, patient_name


class PatientLine(QWidget):
    """The patient open now, or how to open one."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._caption = label("", "small")
        self._name = label("", "title")
        self._facts = label("", "quiet")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(4))
        for part in (self._caption, self._name, self._facts):
            column.addWidget(part)

    def show_context(self, context: ClinicContext | None, today: date) -> None:
        """Show the patient; None says that none is open."""
        self._caption.setText(_("Åben i journalen") if context else _("Journalen"))
        if context is None:
            self._name.setText(_("Ingen patient er åben"))
            self._facts.setText(_("Åbn en patient i journalen. Så står patienten her, og du kan starte."))
            return
        self._name.setText(patient_name(context.patient))
        facts = patient_facts(context.patient, today)
        incomplete = not context.patient.is_complete
        self._facts.setText(problem("context.incomplete") if incomplete else facts)
