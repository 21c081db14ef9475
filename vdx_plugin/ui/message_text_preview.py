"""A message as its reader gets it: a text message in its bubble with what it costs, or a mail."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QStackedLayout, QTextBrowser, QVBoxLayout, QWidget

from vdx_plugin.ports import TextForm, TextLanguage, TextName, TextPreview
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import card, label
from vdx_plugin.ui.theme import Theme


def cost(shown: TextPreview) -> str:
    """Say how long a text message is, and why."""
    alphabet = "" if shown.is_small_alphabet else _(" Skrifttegnene fylder dobbelt.")
    if shown.parts == 1:
        return _("{count} tegn: 1 sms.").format(count=shown.characters) + alphabet
    return _("{count} tegn: {parts} sms'er.").format(count=shown.characters, parts=shown.parts) + alphabet


class MessageTextPreview(QWidget):
    """Shows the newest text that could be sent; greyed while what is typed could not."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._bubble, column = card(theme)
        self._bubble.setProperty("tone", "bubble")
        self._text = label("")
        column.addWidget(self._text)
        self._cost = label("", "small")
        self.page = QTextBrowser()
        self.page.setProperty("kind", "paper")
        self.page.setAccessibleName(_("Sådan ser modtageren mailen"))
        # A link in a preview leads nowhere.
        self.page.setOpenLinks(False)
        texts = QWidget()
        inside = QVBoxLayout(texts)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(theme.px(8))
        for part in (self._bubble, self._cost):
            inside.addWidget(part)
        inside.addStretch(1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(texts)
        self._stack.addWidget(self.page)

    def show_preview(self, name: TextName, shown: TextPreview, language: TextLanguage) -> None:
        """Show a text with invented facts."""
        is_rtl = language.is_right_to_left
        direction = Qt.LayoutDirection.RightToLeft if is_rtl else Qt.LayoutDirection.LeftToRight
        self._text.setLayoutDirection(direction)
        # Left is where reading begins: Qt turns it round with the direction.
        self._text.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._text.setText(_breakable(shown.text))
        self._cost.setText(cost(shown) if name.form is TextForm.SMS else "")
        if name.form is TextForm.BODY:
            self.page.setHtml(shown.html)
        self._stack.setCurrentIndex(1 if name.form is TextForm.BODY else 0)

    @property
    def text(self) -> str:
        """What is shown now."""
        if self._stack.currentIndex() == 1:
            return self.page.toPlainText()
        return self._text.text().replace("\u200b", "")

    @property
    def bubble(self) -> QFrame:
        return self._bubble

    @property
    def cost_words(self) -> str:
        return self._cost.text()


def _breakable(text: str) -> str:
    """Let long addresses break where a telephone would break them."""
    return re.sub(r"([/?&=%])", "\\1\u200b", text)
