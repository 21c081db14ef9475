"""The organisation's recipes for rooms, to be read: they are changed at VDX."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from vdx_plugin.domain.booked import RoomTemplate
from vdx_plugin.texts import _
from vdx_plugin.ui.agenda_wording import template_facts, template_safety, template_title
from vdx_plugin.ui.controls import StateLine, button, card, label
from vdx_plugin.ui.theme import Theme


class TemplatesDialog(QDialog):
    """Shows the recipes it is given."""

    def __init__(self, theme: Theme, templates: Sequence[RoomTemplate], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Mødeskabeloner"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        px = theme.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(24), px(24), px(16))
        column.setSpacing(px(12))
        column.addWidget(label(_("Mødeskabeloner"), "title"))
        column.addWidget(label(_("Opskrifter på rum i VDX. De rettes af support, ikke her."), "quiet"))
        for template in templates:
            frame, inside = card(theme)
            inside.addWidget(label(template_title(template), "strong"))
            safety = StateLine(theme)
            safety.show_word(template_safety(template))
            inside.addWidget(safety)
            inside.addWidget(label(template_facts(template), "quiet"))
            column.addWidget(frame)
        if not templates:
            column.addWidget(label(_("Praksissen har ingen egne skabeloner, så regionens bruges."), "quiet"))
        column.addStretch(1)
        self.close_button = button(theme, _("&Luk"))
        self.close_button.clicked.connect(self.reject)
        column.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignRight)
        self.setMinimumWidth(px(440))
