"""What this program is, its version and its licence."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

import vdx_plugin
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import button, label
from vdx_plugin.ui.theme import Theme


class AboutDialog(QDialog):
    """Closed by its button or Escape."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Om programmet"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        px = theme.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(24), px(24), px(16))
        column.setSpacing(px(8))
        column.addWidget(label("vdx-plugin", "title"))
        column.addWidget(label(_("Videokonsultation fra den åbne patientjournal, over VDX.")))
        version = _("Version {version}  ·  Mozilla Public License 2.0").format(version=vdx_plugin.__version__)
        column.addWidget(label(version, "quiet"))
        close = button(theme, _("&Luk"))
        close.clicked.connect(self.accept)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self.setMinimumWidth(px(400))
