"""When a consultation is to be: now, or later with its time, as a series, or in a colleague's name."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from vdx_plugin.domain.danish_time import danish, danish_day
from vdx_plugin.domain.plan import DEFAULT_LENGTH
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import ChoiceField, button, label, set_style
from vdx_plugin.ui.theme import TARGET, Theme
from vdx_plugin.ui.time_form import Check, TimeForm, no_complaints

MOST_REPEATS = 12


class WhenCard(QFrame):
    """Emits ``changed``. ``is_later`` says which of the two; ``is_good`` that nothing is at fault."""

    changed = Signal()

    def __init__(self, theme: Theme, check: Check = no_complaints) -> None:
        super().__init__()
        self._theme = theme
        self.setProperty("kind", "card")
        self.now = QRadioButton(_("&Nu"))
        self.later = QRadioButton(_("S&enere"))
        group = QButtonGroup(self)
        for each in (self.now, self.later):
            group.addButton(each)
        self.now.setChecked(True)
        self.form = TimeForm(theme, check)
        self.more = button(theme, _("&Gentag, eller book for en kollega"), "plain", "more")
        self.more.setCheckable(True)
        self._extra = self._make_extra()
        self._lay_out()
        self.later.toggled.connect(self._on_later)
        self.more.toggled.connect(self._extra.setVisible)
        self.form.changed.connect(self._on_form)
        self._on_later(False)

    def _make_extra(self) -> QWidget:
        self.every = ChoiceField(self._theme, _("Gentag"))
        for words, days in ((_("Kun denne gang"), 0), (_("Hver uge"), 7), (_("Hver 2. uge"), 14), (_("Hver dag"), 1)):
            self.every.addItem(words, days)
        self.times = ChoiceField(self._theme, _("Antal gange"))
        for count in range(2, MOST_REPEATS + 1):
            self.times.addItem(_("{count} gange i alt").format(count=count), count)
        for field in (self.every, self.times):
            field.setMinimumContentsLength(14)
        self.times.setEnabled(False)
        self.every.currentIndexChanged.connect(lambda _index: self.times.setEnabled(self.every.currentData() > 0))
        self.colleague = QLineEdit()
        self.colleague.setPlaceholderText(_("Kollegas e-mail; tomt er i eget navn"))
        self.colleague.setAccessibleName(_("Book for en kollega, e-mail"))
        self.colleague.setMinimumHeight(self._theme.px(TARGET))
        self.colleague.textChanged.connect(self._on_colleague)
        self._colleague_note = label("", "small")
        set_style(self._colleague_note, tone="danger")
        self._colleague_note.hide()
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self._theme.px(8))
        row = QHBoxLayout()
        row.setSpacing(self._theme.px(8))
        row.addWidget(self.every)
        row.addWidget(self.times)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.colleague)
        column.addWidget(self._colleague_note)
        return holder

    def _lay_out(self) -> None:
        px = self._theme.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(12), px(12), px(12), px(12))
        column.setSpacing(px(8))
        column.addWidget(label(_("Hvornår"), "heading"))
        row = QHBoxLayout()
        row.setSpacing(px(16))
        row.addWidget(self.now)
        row.addWidget(self.later)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.form)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._extra)

    def begin(self, now: datetime) -> None:
        """Start over with now, and the next full hour for later."""
        hour = danish(now).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        self.now.setChecked(True)
        self.more.setChecked(False)
        self.every.setCurrentIndex(0)
        self.colleague.clear()
        self.form.set_first_day(danish_day(now))
        self.form.set_span(hour, hour + DEFAULT_LENGTH)

    @property
    def is_later(self) -> bool:
        return self.later.isChecked()

    @property
    def is_good(self) -> bool:
        """True when it can be carried out as it stands."""
        return not self.is_later or self.form.is_good

    @property
    def organised_by(self) -> str:
        """The colleague's address, empty for our own name."""
        return self.colleague.text().strip() if self.more.isChecked() else ""

    @property
    def series(self) -> tuple[int, timedelta]:
        """How many meetings, and how far apart."""
        days = int(self.every.currentData())
        if not self.more.isChecked() or not days:
            return 1, timedelta(days=7)
        return int(self.times.currentData()), timedelta(days=days)

    def _on_later(self, checked: bool) -> None:
        self.form.setVisible(checked)
        self.more.setVisible(checked)
        self._extra.setVisible(checked and self.more.isChecked())
        self.form.refresh()

    def _on_colleague(self, _text: str) -> None:
        self.form.organised_by = self.organised_by
        self.form.refresh()

    def _on_form(self) -> None:
        words = self.form.complaints.get("organizedByEmail", "")
        self._colleague_note.setText(words)
        self._colleague_note.setVisible(bool(words))
        self.changed.emit()
