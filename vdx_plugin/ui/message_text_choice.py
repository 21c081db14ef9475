"""Which text of a message is meant: for whom, in which language, on which occasion, in which form."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from vdx_plugin.ports import MessageTexts, TextForm, TextKind, TextLanguage, TextName, TextReader
from vdx_plugin.texts import _
from vdx_plugin.ui.controls import ChoiceField, label
from vdx_plugin.ui.theme import Theme


def reader_words(reader: TextReader) -> str:
    return {TextReader.PATIENT: _("Patienten"), TextReader.GUEST: _("Tolk og andre")}[reader]


def kind_words(kind: TextKind) -> str:
    return {
        TextKind.INVITATION: _("Invitation"),
        TextKind.MOVE: _("Ændret tid"),
        TextKind.CANCELLATION: _("Aflysning"),
        TextKind.REMINDER: _("Påmindelse"),
        TextKind.DELAY: _("Forsinkelse"),
        TextKind.FEE: _("Gebyr for tolk"),
    }[kind]


def form_words(form: TextForm) -> str:
    return {
        TextForm.SMS: _("Sms"),
        TextForm.SUBJECT: _("E-mailens emne"),
        TextForm.BODY: _("E-mailens tekst"),
    }[form]


class MessageTextChoice(QWidget):
    """Emits ``changed`` when another text is meant. Offers only what there is."""

    changed = Signal()

    def __init__(self, theme: Theme, texts: MessageTexts) -> None:
        super().__init__()
        self._texts = texts
        self._languages = {language.code: language for language in texts.languages()}
        self.reader = ChoiceField(theme, _("Til"))
        self.tongue = ChoiceField(theme, _("Sprog"))
        self.kind = ChoiceField(theme, _("Besked"))
        self.form = ChoiceField(theme, _("Form"))
        for reader in TextReader:
            self.reader.addItem(reader_words(reader), reader)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.px(12))
        grid.setVerticalSpacing(theme.px(4))
        for column, field in enumerate(self._fields):
            title = label(field.accessibleName(), "small")
            title.setBuddy(field)
            grid.addWidget(title, 0, column)
            grid.addWidget(field, 1, column)
            grid.setColumnStretch(column, 1)
            field.currentIndexChanged.connect(self._on_changed)
        self._fill()

    @property
    def _fields(self) -> tuple[ChoiceField, ...]:
        return self.reader, self.tongue, self.kind, self.form

    @property
    def language(self) -> TextLanguage:
        return self._languages[str(self.tongue.currentData())]

    @property
    def name(self) -> TextName:
        return TextName(
            TextReader(self.reader.currentData()),
            TextKind(self.kind.currentData()),
            TextForm(self.form.currentData()),
        )

    def choose(self, language: str, name: TextName) -> None:
        """Choose a text."""
        for field, value in zip(self._fields, (name.reader, language, name.kind, name.form), strict=True):
            field.setCurrentIndex(field.findData(value))

    def _on_changed(self, _index: int) -> None:
        self._fill()
        self.changed.emit()

    def _fill(self) -> None:
        """Offer the languages, occasions and forms that there are, keeping what is chosen where it stays possible."""
        reader = TextReader(self.reader.currentData())
        spoken = [
            language
            for language in self._languages.values()
            if any(name.reader is reader for name in self._texts.names(language.code))
        ]
        _offer(self.tongue, [(language.name, language.code) for language in spoken])
        names = [name for name in self._texts.names(self.language.code) if name.reader is reader]
        _offer(self.kind, [(kind_words(kind), kind) for kind in dict.fromkeys(name.kind for name in names)])
        forms = [name.form for name in names if name.kind == self.kind.currentData()]
        _offer(self.form, [(form_words(form), form) for form in forms])


def _offer(field: ChoiceField, items: list[tuple[str, str]]) -> None:
    if [field.itemData(at) for at in range(field.count())] == [value for _words, value in items]:
        return
    chosen = field.currentData()
    field.blockSignals(True)
    field.clear()
    for words, value in items:
        field.addItem(words, value)
    field.setCurrentIndex(max(0, field.findData(chosen)))
    field.blockSignals(False)
