"""What to show to the others: a screen or one window, seen in a preview before anybody else sees it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from vdx_plugin.texts import _
from vdx_plugin.ui import icons
from vdx_plugin.ui.controls import button, label
from vdx_plugin.ui.screen_capture import Shown
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.video_view import VideoView


class ShareDialog(QDialog):
    """Emits ``looked_at(Shown)`` when another one is chosen and ``share_wanted`` at the end. Escape shows nothing."""

    looked_at = Signal(object)
    share_wanted = Signal()

    def __init__(self, theme: Theme, choices: Sequence[Shown], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Del skærm"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._theme, self._choices = theme, list(choices)
        px = theme.px
        self.list = QListWidget()
        self.list.setAccessibleName(_("Skærme og vinduer"))
        self.list.setMinimumWidth(px(260))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        for each in self._choices:
            name = "screen" if each.is_screen else "window"
            symbol = icons.icon(name, theme.color("text"), px(18), selected=theme.color("on_accent"))
            item = QListWidgetItem(symbol, each.title)
            item.setToolTip(each.title)
            self.list.addItem(item)
        self.preview = VideoView(theme)
        self.preview.setMinimumSize(px(384), px(216))
        self.preview.setAccessibleName(_("Det, de andre vil se"))
        self.preview.clear(_("Vælg en skærm eller et vindue."), "screen")
        self.share = button(theme, _("&Del"), "primary", "screen")
        self.share.setEnabled(False)
        self.share.clicked.connect(self._on_share)
        self.cancel = button(theme, _("&Annullér"))
        self.cancel.clicked.connect(self.reject)
        self._lay_out()
        self.list.currentRowChanged.connect(self._on_row)
        self.list.setFocus()

    def _lay_out(self) -> None:
        px = self._theme.px
        column = QVBoxLayout(self)
        column.setContentsMargins(px(24), px(24), px(24), px(24))
        column.setSpacing(px(12))
        column.addWidget(label(_("Hvad vil du vise?"), "title"))
        hint = _("Del helst ét vindue. På en hel skærm ses alt, også journalen og andre patienters navne.")
        column.addWidget(label(hint, "quiet"))
        row = QHBoxLayout()
        row.setSpacing(px(12))
        row.addWidget(self.list, 2)
        row.addWidget(self.preview, 3)
        column.addLayout(row, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(px(8))
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.share)
        column.addLayout(buttons)

    def _on_row(self, row: int) -> None:
        if 0 <= row < len(self._choices):
            # Only what has been seen can be shown.
            self.share.setEnabled(False)
            self.preview.clear(_("Henter billedet …"), "screen")
            self.looked_at.emit(self._choices[row])

    def show_image(self, image: QImage) -> None:
        """Show what the chosen one looks like now."""
        self.preview.show_image(image)
        self.share.setEnabled(True)

    def show_lost(self) -> None:
        """The chosen one cannot be captured."""
        self.share.setEnabled(False)
        self.preview.clear(
            _("Kan ikke vises. Vælg noget andet, eller giv programmet lov til at optage skærmen."), "screen"
        )

    def _on_share(self) -> None:
        self.share_wanted.emit()
        self.accept()
