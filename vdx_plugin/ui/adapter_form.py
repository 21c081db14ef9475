"""The settings of one connection as a form made from its manifest, with help and faults beside the field."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from vdx_plugin import texts
from vdx_plugin.ports import AdapterStatus, Health, HealthState, Setting, SettingKind
from vdx_plugin.texts import _, problem
from vdx_plugin.ui.adapters_page import title_of
from vdx_plugin.ui.controls import ChoiceField, StateLine, button, label, set_style
from vdx_plugin.ui.theme import TARGET, Theme
from vdx_plugin.ui.wording import Word, adapter_health


class SettingField(QWidget):
    """One setting: label, field, help, and what is wrong with it."""

    changed = Signal()

    def __init__(self, theme: Theme, setting: Setting, value: str, *, is_set: bool) -> None:
        super().__init__()
        self.setting = setting
        language = texts.language()
        words = setting.label.said(language)
        self.input = _input(theme, setting, words, value, is_set=is_set)
        self._fault = label("", "small")
        set_style(self._fault, tone="danger")
        self._fault.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(4))
        if setting.kind is not SettingKind.SWITCH:
            caption: QLabel = label(f"{words} *" if setting.required else words, "strong")
            caption.setBuddy(self.input)
            column.addWidget(caption)
        column.addWidget(self._with_choice_of_folder(theme) if setting.kind is SettingKind.FOLDER else self.input)
        if setting.help.said(language):
            column.addWidget(label(setting.help.said(language), "small"))
        column.addWidget(self._fault)
        for change in ("textChanged", "toggled", "currentIndexChanged"):
            if hasattr(self.input, change):
                getattr(self.input, change).connect(lambda *_arguments: self.changed.emit())

    def _with_choice_of_folder(self, theme: Theme) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(8))
        choose = button(theme, _("Vælg …"), name=_("Vælg mappe"))
        choose.clicked.connect(self._on_choose)
        row.addWidget(self.input, 1)
        row.addWidget(choose)
        return holder

    def _on_choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.setting.label.said(texts.language()), self.value)
        if chosen and isinstance(self.input, QLineEdit):
            self.input.setText(chosen)

    @property
    def is_secret(self) -> bool:
        return self.setting.kind is SettingKind.SECRET

    @property
    def value(self) -> str:
        """What stands in the field, as text."""
        if isinstance(self.input, QCheckBox):
            return "yes" if self.input.isChecked() else "no"
        if isinstance(self.input, QComboBox):
            return str(self.input.currentData() or "")
        return self.input.text().strip() if isinstance(self.input, QLineEdit) else ""

    def show_fault(self, code: str) -> None:
        """Say what is wrong, or with an empty code nothing."""
        self._fault.setText(problem(code) if code else "")
        self._fault.setVisible(bool(code))


def _input(theme: Theme, setting: Setting, words: str, value: str, *, is_set: bool) -> QWidget:
    language = texts.language()
    if setting.kind is SettingKind.SWITCH:
        box = QCheckBox(words)
        box.setMinimumHeight(theme.px(TARGET))
        box.setChecked(value == "yes")
        return box
    if setting.kind is SettingKind.CHOICE:
        field = ChoiceField(theme, words)
        for choice in setting.choices:
            field.addItem(choice.label.said(language), choice.value)
        field.setCurrentIndex(max(0, field.findData(value)))
        return field
    line = QLineEdit(value)
    line.setAccessibleName(words)
    line.setAccessibleDescription(setting.help.said(language))
    line.setMinimumHeight(theme.px(TARGET))
    if setting.kind is SettingKind.SECRET:
        line.setEchoMode(QLineEdit.EchoMode.Password)
        line.setPlaceholderText(_("Gemt. Skriv kun for at ændre.") if is_set else "")
    return line


class AdapterForm(QDialog):
    """Emits ``try_wanted(values, secrets)`` and ``save_wanted(values, secrets)``. Values never hold a secret."""

    try_wanted = Signal(object, object)
    save_wanted = Signal(object, object)

    def __init__(self, theme: Theme, status: AdapterStatus, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Indstillinger for {name}").format(name=title_of(status)))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._theme, self._manifest, self._name = theme, status.manifest, status.name
        settings = status.manifest.settings if status.manifest else ()
        self.fields = {
            setting.name: SettingField(
                theme,
                setting,
                status.settings.get(setting.name, setting.default) if setting.kind is not SettingKind.SECRET else "",
                is_set=setting.name in status.secrets_set,
            )
            for setting in settings
        }
        self._answer = StateLine(theme)
        self._answer.show_word(Word(_("Ikke prøvet endnu"), "ring"))
        self._reason = label("", "small")
        self._reason.hide()
        self.try_button = button(theme, _("&Prøv nu"), "", "retry")
        self.save_button = button(theme, _("&Gem"), "primary")
        self.cancel_button = button(theme, _("F&ortryd"))
        self.try_button.clicked.connect(self._on_try)
        self.save_button.clicked.connect(self._on_save)
        self.cancel_button.clicked.connect(self.reject)
        self._lay_out(title_of(status))
        for field in self.fields.values():
            field.changed.connect(self._check)

    def _lay_out(self, title: str) -> None:
        px = self._theme.px
        outer = QVBoxLayout(self)
        outer.setContentsMargins(px(24), px(24), px(24), px(16))
        outer.setSpacing(px(12))
        outer.addWidget(label(title, "title"))
        inside = QWidget()
        inside.setProperty("kind", "scrolled")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, px(8), 0)
        column.setSpacing(px(16))
        for field in self.fields.values():
            column.addWidget(field)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        outer.addWidget(area, 1)
        outer.addWidget(self._answer)
        outer.addWidget(self._reason)
        low = QHBoxLayout()
        low.setSpacing(px(8))
        low.addWidget(self.try_button)
        low.addStretch(1)
        low.addWidget(self.cancel_button)
        low.addWidget(self.save_button)
        outer.addLayout(low)
        self.setMinimumWidth(px(440))

    @property
    def values(self) -> dict[str, str]:
        """What stands in the fields, secrets apart."""
        return {name: field.value for name, field in self.fields.items() if not field.is_secret}

    @property
    def secrets(self) -> dict[str, str]:
        """The secrets that were typed."""
        return {name: field.value for name, field in self.fields.items() if field.is_secret and field.value}

    def _check(self) -> bool:
        """Show the fault beside each field; True when there is none."""
        faults: Mapping[str, str] = self._manifest.faults(self.values) if self._manifest else {}
        for name, field in self.fields.items():
            field.show_fault("" if field.is_secret else faults.get(name, ""))
        return all(self.fields[name].is_secret for name in faults)

    def _on_try(self) -> None:
        if self._check():
            self._reason.hide()
            self.try_button.setEnabled(False)
            self._answer.show_word(Word(_("Prøver …"), "running", "accent"))
            self.try_wanted.emit(self.values, self.secrets)

    def _on_save(self) -> None:
        if self._check():
            self.save_wanted.emit(self.values, self.secrets)

    def show_health(self, health: Health) -> None:
        """Show what came of trying."""
        self.try_button.setEnabled(True)
        good = Word(_("Det virker"), "check", "accent")
        self._answer.show_word(good if health.state is HealthState.GOOD else adapter_health(health.state))
        self.show_reason(problem(health.reason, **{"name": self._name, **health.facts}) if health.reason else "")

    def show_refusal(self, code: str, field: str | None) -> None:
        """Show why it could not be tried or kept: beside its field, or below where there is none."""
        self.try_button.setEnabled(True)
        self._answer.show_word(Word(_("Ikke gemt"), "warning", "danger"))
        if field in self.fields:
            self.fields[field].show_fault(code)
        else:
            self.show_reason(problem(code, name=self._name))

    def show_reason(self, words: str) -> None:
        self._reason.setText(words)
        self._reason.setVisible(bool(words))
