"""The questions before what cannot be undone with somebody in the call: a host's power, and another room."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QLineEdit, QVBoxLayout, QWidget

from vdx_plugin.domain.room import OtherRoom, other_room
from vdx_plugin.domain.secret import Secret
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, label
from vdx_plugin.ui.theme import TARGET, Theme


class MakeHostDialog(QDialog):
    """Emits ``confirmed``; **Behold som gæst** and Escape do nothing."""

    confirmed = Signal()

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Gør til vært"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        px = theme.px
        self.go = button(theme, _("&Gør til vært"), "danger", "people")
        self.stay = button(theme, _("&Behold som gæst"))
        self.go.clicked.connect(self._on_go)
        self.stay.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(24), px(24), px(24))
        column.setSpacing(px(8))
        column.addWidget(label(_("Gør {name} til vært?").format(name=name), "title"))
        words = _("En vært kan det samme som du: lukke folk ind, tage folk ud, også dig, og afslutte for alle.")
        column.addWidget(label(words))
        again = _("Du kan gøre {name} til gæst igen, men ikke fortryde, hvad der er sket imens.")
        column.addWidget(label(again.format(name=name), "quiet"))
        column.addSpacing(px(8))
        for part in (self.go, self.stay):
            column.addWidget(part)
        self.setMinimumWidth(px(400))
        # The harmless answer has the focus, so that a stray Enter or Space changes nothing.
        self.stay.setFocus()

    def _on_go(self) -> None:
        self.accept()
        self.confirmed.emit()


class SendElsewhereDialog(QDialog):
    """Emits ``room_chosen(OtherRoom)``; **Bliv her** and Escape do nothing."""

    room_chosen = Signal(object)

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWindowTitle(_("Flyt til et andet rum"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        px = theme.px
        self.go = button(theme, _("&Flyt til rummet"), "danger", "left")
        self.stay = button(theme, _("&Bliv her"), name=_("Lad {name} blive her").format(name=name))
        self.go.clicked.connect(self._on_go)
        self.stay.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(24), px(24), px(24))
        column.setSpacing(px(8))
        column.addWidget(label(_("Flyt {name} til et andet rum?").format(name=name), "title"))
        words = _("{name} tages ud af samtalen her og skal bruge sit link for at komme tilbage.")
        column.addWidget(label(words.format(name=name)))
        column.addSpacing(px(4))
        self.room = self._field(column, _("Rummets link, adresse eller nummer"), limit=2000)
        self.pin = self._field(column, _("Rummets pinkode for gæster, hvis det har en"), limit=20)
        self.pin.setEchoMode(QLineEdit.EchoMode.PasswordEchoOnEdit)
        self._told = label("", "small")
        column.addWidget(self._told)
        column.addSpacing(px(8))
        for part in (self.go, self.stay):
            column.addWidget(part)
        self.setMinimumWidth(px(440))
        self.room.textChanged.connect(self._show_choice)
        self.room.setFocus()
        self._show_choice()

    def _field(self, column: QVBoxLayout, name: str, *, limit: int) -> QLineEdit:
        field = QLineEdit()
        field.setAccessibleName(name)
        field.setMaxLength(limit)
        field.setMinimumHeight(self._theme.px(TARGET))
        column.addWidget(label(name, "strong"))
        column.addWidget(field)
        return field

    @property
    def chosen(self) -> OtherRoom | None:
        """The room as it stands in the fields; None for what is none."""
        found = other_room(self.room.text())
        if found is None or found.pin:
            return found
        return OtherRoom(found.alias, Secret(self.pin.text().strip()))

    def _show_choice(self) -> None:
        words, found = self.room.text().strip(), other_room(self.room.text())
        has_pin = found is not None and bool(found.pin)
        self.go.setEnabled(found is not None)
        self.pin.setEnabled(not has_pin)
        if has_pin:
            self._told.setText(_("Pinkoden står i linket."))
        elif words and found is None:
            self._told.setText(_("Det ligner hverken et link, en adresse eller et nummer."))
        else:
            self._told.setText(_("Indsæt linket fra invitationen til det andet rum, så følger pinkoden med."))

    def _on_go(self) -> None:
        chosen = self.chosen
        if chosen is not None:
            self.accept()
            self.room_chosen.emit(chosen)
