"""One partner to look at and to change: its fields, who receives for it, and whether the register knows a way."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from vdx_plugin.domain.parties import Channel, Partner
from vdx_plugin.ports import Reach
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import StateLine, button, label
from vdx_plugin.ui.partner_fields import PartnerFields
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import Word, reach

Check = Callable[[Partner], Mapping[str, str]]


class PartnerForm(QWidget):
    """Emits ``saved(partner)``, ``remove_wanted(partner_id)`` and ``try_wanted(partner)``."""

    saved = Signal(object)
    remove_wanted = Signal(str)
    try_wanted = Signal(object)

    def __init__(self, theme: Theme, check: Check) -> None:
        super().__init__()
        self._check = check
        self._is_checked = False
        self.partner: Partner | None = None
        self._title = label("", "heading")
        self._hint = label(_("Vælg en partner i listen, eller opret en ny."), "quiet")
        self._receiver = label("", "quiet")
        self._reach = StateLine(theme)
        self.fields = PartnerFields(theme)
        self.fields.changed.connect(self._on_changed)
        self.save = button(theme, _("&Gem"), "primary", "check")
        self.save.clicked.connect(self._on_save)
        self.try_out = button(theme, _("&Prøv nu"), "", "info")
        self.try_out.setToolTip(_("Spørg adresseregistret, om de kan modtage"))
        self.try_out.clicked.connect(self._on_try)
        self.remove = button(theme, _("&Fjern"), "plain", "cross")
        self.remove.clicked.connect(self._on_remove)
        self._lay_out(theme)
        self.clear()

    def _lay_out(self, theme: Theme) -> None:
        px = theme.px
        page = QWidget()
        page.setProperty("kind", "scrolled")
        inner = QVBoxLayout(page)
        inner.setContentsMargins(0, 0, px(8), px(8))
        inner.setSpacing(px(8))
        for part in (self._title, self._hint, self._receiver, self._reach, self.fields):
            inner.addWidget(part)
        inner.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(page)
        low = QHBoxLayout()
        low.setSpacing(px(8))
        low.addWidget(self.remove)
        low.addStretch(1)
        low.addWidget(self.try_out)
        low.addWidget(self.save)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(8))
        column.addWidget(self._area, 1)
        column.addLayout(low)

    def clear(self) -> None:
        """Show nobody."""
        self.partner = None
        self._title.hide()
        self._hint.show()
        for part in (self._receiver, self._reach, self.fields, self.save, self.try_out, self.remove):
            part.hide()

    def show_partner(self, partner: Partner, *, fixed: bool = False, is_new: bool = False) -> None:
        """Show a partner; a fixed one is only read, and in a new one nothing is at fault before it is saved."""
        self.partner, self._is_checked = partner, not is_new
        self._title.setText(_("Ny partner") if is_new else partner.name)
        self._title.show()
        self._hint.setText(_("Står i den fil, indstillingerne peger på, og rettes dér."))
        self._hint.setVisible(fixed)
        self._receiver.setText(_receiver(partner))
        self._receiver.setVisible(bool(_receiver(partner)))
        self._reach.hide()
        self.fields.show_partner(partner)
        self.fields.set_fixed(fixed=fixed)
        self.fields.show()
        self.save.setVisible(not fixed)
        self.remove.setVisible(not fixed and not is_new)
        self.try_out.setVisible(partner.channel is Channel.MEDCOM and not is_new)
        self._refresh()
        self._area.verticalScrollBar().setValue(0)

    def show_reach(self, told: Reach) -> None:
        """Show what the register answered."""
        self._reach.show_word(reach(told))
        self._reach.show()

    def _refresh(self) -> str:
        faults = self._check(self.fields.partner()) if self._is_checked else {}
        return self.fields.show_faults(faults)

    def _on_changed(self) -> None:
        self._reach.hide()
        self._refresh()

    def _on_save(self) -> None:
        self._is_checked = True
        first = self._refresh()
        if first:
            field = self.fields.fields[first]
            field.editor.setFocus()
            self._area.ensureWidgetVisible(field)
        else:
            self.saved.emit(self.fields.partner())

    def _on_try(self) -> None:
        if self.partner is not None:
            self._reach.show_word(Word(_("Spørger adresseregistret …"), "running"))
            self._reach.show()
            self.try_wanted.emit(self.partner)

    def _on_remove(self) -> None:
        if self.partner is not None:
            self.remove_wanted.emit(self.partner.id)


def _receiver(partner: Partner) -> str:
    """Say which level receives for the partner; empty where it receives itself."""
    if partner.channel is not Channel.MEDCOM or partner.gln:
        return ""
    unit = partner.served_by
    if unit is None:
        return ""
    return _("Beskeder går til {unit} ({gln}), som giver dem videre.").format(unit=unit.name, gln=unit.gln)
