"""A field of a form: its name above, and below it what it is for, or what is wrong with what stands in it."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from vdx_plugin.ui.controls import label, set_style
from vdx_plugin.ui.theme import TARGET, Theme


def line_edit(theme: Theme, name: str) -> QLineEdit:
    """Return a field for one line of text, at target height."""
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setMinimumHeight(theme.px(TARGET))
    return field


class FormField(QWidget):
    """``editor`` is the field itself. A fault takes the place of the explanation and is read out with the field."""

    def __init__(self, theme: Theme, words: str, editor: QWidget, explanation: str = "") -> None:
        super().__init__()
        self.editor = editor
        self._explanation = explanation
        self._note = label(explanation, "small")
        title = label(words, "small", wrap=False)
        title.setBuddy(editor)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(4))
        for part in (title, editor, self._note):
            column.addWidget(part)
        self.say("")

    def say(self, fault: str) -> None:
        """Show a fault; empty shows the explanation again."""
        words = fault or self._explanation
        set_style(self._note, tone="danger" if fault else "")
        self._note.setText(words)
        self._note.setVisible(bool(words))
        self.editor.setAccessibleDescription(words)

    @property
    def note(self) -> str:
        return self._note.text()
