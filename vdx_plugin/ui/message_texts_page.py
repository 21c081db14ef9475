"""The texts of messages to patients and interpreters: chosen, edited, and seen beside as their reader gets them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QTextCursor
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from vdx_plugin.ports import MessageTexts, TextName
from vdx_plugin.texts import _, problem
from vdx_plugin.ui.controls import button, label
from vdx_plugin.ui.flow import FlowLayout
from vdx_plugin.ui.message_text_choice import MessageTextChoice
from vdx_plugin.ui.message_text_preview import MessageTextPreview
from vdx_plugin.ui.theme import Theme

_Place = tuple[str, TextName]


class MessageTextsPage(QWidget):
    """Emits ``keep_wanted(language, name, text)``. What was typed and not saved stays while others are looked at."""

    keep_wanted = Signal(str, object, str)

    def __init__(self, theme: Theme, texts: MessageTexts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._texts = theme, texts
        self._drafts: dict[_Place, str] = {}
        self.setProperty("kind", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(_("Beskedtekster"))
        self.choice = MessageTextChoice(theme, texts)
        self.choice.changed.connect(self._show_chosen)
        self.edit = QPlainTextEdit()
        self.edit.setAccessibleName(_("Teksten"))
        self.edit.setTabChangesFocus(True)
        self.edit.textChanged.connect(self._on_typed)
        self._places = QWidget()
        self._flow = FlowLayout(theme.px(4), is_centred=False)
        self._places.setLayout(self._flow)
        self._faults = label("")
        self._faults.setProperty("tone", "danger")
        self._state = label("", "small")
        self.preview = MessageTextPreview(theme)
        self.standard = button(theme, _("Gendan &standard"))
        self.standard.clicked.connect(self._on_standard)
        self.undo = button(theme, _("&Fortryd ændringer"))
        self.undo.clicked.connect(self._on_undo)
        self.close_button = button(theme, _("&Luk"))
        self.close_button.clicked.connect(self.close)
        self.keep = button(theme, _("&Gem teksten"), "primary")
        self.keep.clicked.connect(self._on_keep)
        self._lay_out()
        QShortcut(QKeySequence.StandardKey.Save, self, self._on_keep)
        QShortcut(QKeySequence("Escape"), self, self.close)
        self._show_chosen()

    def _lay_out(self) -> None:
        px = self._theme.px
        outer = QVBoxLayout(self)
        outer.setContentsMargins(px(24), px(24), px(24), px(16))
        outer.setSpacing(px(12))
        outer.addWidget(label(_("Beskedtekster"), "title"))
        help_text = _("Det, patienter og tolke får på sms og e-mail. Intet i dem siger, hvem patienten er.")
        outer.addWidget(label(help_text, "quiet"))
        outer.addWidget(self.choice)
        middle = QGridLayout()
        middle.setHorizontalSpacing(px(24))
        middle.setVerticalSpacing(px(8))
        middle.addWidget(label(_("Teksten"), "strong"), 0, 0)
        middle.addWidget(label(_("Sådan ser modtageren den"), "strong"), 0, 1)
        left = QVBoxLayout()
        left.setSpacing(px(8))
        for part in (self.edit, label(_("Sæt ind, hvor markøren står:"), "small"), self._places, self._faults):
            left.addWidget(part, 1 if part is self.edit else 0)
        middle.addLayout(left, 1, 0)
        middle.addWidget(self.preview, 1, 1)
        for column in (0, 1):
            middle.setColumnStretch(column, 1)
        middle.setRowStretch(1, 1)
        outer.addLayout(middle, 1)
        outer.addWidget(self._state)
        low = QHBoxLayout()
        low.setSpacing(px(8))
        for part in (self.standard, self.undo):
            low.addWidget(part)
        low.addStretch(1)
        low.addWidget(self.close_button)
        low.addWidget(self.keep)
        outer.addLayout(low)

    # --- what is shown ------------------------------------------------------------------------------------------------

    @property
    def _chosen(self) -> _Place:
        return self.choice.language.code, self.choice.name

    def _kept(self) -> str:
        return self._texts.text(*self._chosen)

    def _show_chosen(self) -> None:
        language, name = self.choice.language, self.choice.name
        option = self.edit.document().defaultTextOption()
        is_rtl = language.is_right_to_left
        option.setTextDirection(Qt.LayoutDirection.RightToLeft if is_rtl else Qt.LayoutDirection.LeftToRight)
        option.setAlignment(Qt.AlignmentFlag.AlignRight if is_rtl else Qt.AlignmentFlag.AlignLeft)
        self.edit.document().setDefaultTextOption(option)
        self.edit.setPlainText(self._drafts.get(self._chosen, self._kept()))
        while old := self._flow.takeAt(0):
            widget = old.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for place in self._texts.places(name):
            chip = button(self._theme, f"{{{place}}}", "chip", name=_("Indsæt {place}").format(place=place))
            chip.clicked.connect(lambda _on=False, place=place: self._insert(place))
            self._flow.addWidget(chip)
        self._refresh()

    def _refresh(self) -> None:
        language, name, text = self.choice.language, self.choice.name, self.edit.toPlainText()
        faults = self._texts.check(name, text)
        self._faults.setText("\n".join(problem(fault.code, place=fault.place) for fault in faults))
        self._faults.setVisible(bool(faults))
        if not faults:
            self.preview.show_preview(name, self._texts.preview(language.code, name, text), language)
        self.preview.setEnabled(not faults)
        is_changed = text.strip() != self._kept().strip()
        self.keep.setEnabled(is_changed and not faults)
        self.undo.setEnabled(is_changed)
        self.standard.setEnabled(text.strip() != self._texts.standard(language.code, name))
        self._state.setText(self._state_words(is_changed=is_changed))

    def _state_words(self, *, is_changed: bool) -> str:
        language, name = self.choice.language, self.choice.name
        if is_changed:
            return _("Ikke gemt endnu. Der sendes fortsat efter den gamle tekst.")
        if self._kept() != self._texts.standard(language.code, name):
            return _("Klinikkens egen tekst.")
        if language.code not in ("da", "en"):
            return _("Standardteksten. Den er oversat af os: lad en tolk læse den, før I bruger sproget.")
        return _("Standardteksten.")

    def show_kept(self) -> None:
        """What was to be saved is saved."""
        self._drafts.pop(self._chosen, None)
        self._refresh()

    # --- what the user does -------------------------------------------------------------------------------------------

    def _on_typed(self) -> None:
        text = self.edit.toPlainText()
        if text.strip() == self._kept().strip():
            self._drafts.pop(self._chosen, None)
        else:
            self._drafts[self._chosen] = text
        self._refresh()

    def _insert(self, place: str) -> None:
        cursor = self.edit.textCursor()
        # Alone on its line, as it must be.
        needs_line = place == "link" and not cursor.atBlockStart()
        cursor.insertText(f"\n{{{place}}}" if needs_line else f"{{{place}}}")
        self.edit.setFocus()

    def _on_standard(self) -> None:
        self._replace(self._texts.standard(*self._chosen))

    def _on_undo(self) -> None:
        self._replace(self._kept())

    def _replace(self, text: str) -> None:
        """Put another text into the field so that Ctrl+Z brings back the one before."""
        cursor = self.edit.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)

    def _on_keep(self) -> None:
        if self.keep.isEnabled():
            self.keep_wanted.emit(*self._chosen, self.edit.toPlainText().strip())
