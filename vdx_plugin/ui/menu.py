"""The dock's menu. Language, text size and colours wait while a consultation runs: its windows are not rebuilt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from vdx_plugin.texts import _
from vdx_plugin.ui.theme import SCALES


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user has chosen on this workplace. ``colours`` is system, light or dark."""

    language: str = "da"
    scale: float = 1.0
    colours: str = "system"
    is_on_top: bool = False


class DockMenu(QMenu):
    """Emits what was picked. ``is_busy`` greys out what must wait for the consultation's end; ``waiting`` messages are
    counted."""

    calendar_picked = Signal()
    diagnosis_picked = Signal()
    messages_picked = Signal()
    partners_picked = Signal()
    teams_picked = Signal()
    devices_picked = Signal()
    figures_picked = Signal()
    adapters_picked = Signal()
    texts_picked = Signal()
    about_picked = Signal()
    quit_picked = Signal()
    choices_made = Signal(object)

    def __init__(self, choices: Choices, *, is_busy: bool, waiting: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices = choices
        self.addAction(_("Kalender …"), self.calendar_picked.emit)
        self.addAction(_("Kan jeg nå VDX? …"), self.diagnosis_picked.emit)
        messages = _("Beskeder ({count}) …").format(count=waiting) if waiting else _("Beskeder …")
        self.addAction(messages, self.messages_picked.emit)
        self.addAction(_("Partnere …"), self.partners_picked.emit)
        self.addAction(_("Faste hold …"), self.teams_picked.emit)
        self.addSeparator()
        self.addAction(_("Kamera, mikrofon og højttaler …"), self.devices_picked.emit)
        self.addAction(_("Tal for forbindelsen …"), self.figures_picked.emit).setEnabled(is_busy)
        self.addAction(_("Forbindelser …"), self.adapters_picked.emit)
        self.addAction(_("Beskedtekster …"), self.texts_picked.emit)
        self.addSeparator()
        on_top = self.addAction(_("Altid øverst"))
        on_top.setCheckable(True)
        on_top.setChecked(choices.is_on_top)
        on_top.toggled.connect(lambda on: self._choose(is_on_top=on))
        later = _("Kan ændres, når samtalen er slut")
        languages = {"da": _("Dansk"), "en": _("Engelsk")}
        scales = {scale: f"{round(scale * 100)} %" for scale in SCALES}
        colours = {"system": _("Som systemet"), "light": _("Lyse"), "dark": _("Mørke")}
        parts: tuple[tuple[str, str, Mapping[Any, str]], ...] = (
            (_("Sprog"), "language", languages),
            (_("Tekststørrelse"), "scale", scales),
            (_("Farver"), "colours", colours),
        )
        for title, field, options in parts:
            part = self.addMenu(title)
            self._fill(part, field, options)
            part.setEnabled(not is_busy)
            part.setToolTip(later if is_busy else "")
        if is_busy:
            self.addAction(later).setEnabled(False)
        self.addSeparator()
        self.addAction(_("Om programmet"), self.about_picked.emit)
        self.addAction(_("Afslut programmet"), self.quit_picked.emit)

    def _fill(self, part: QMenu, field: str, options: Mapping[Any, str]) -> None:
        group = QActionGroup(part)
        for value, words in options.items():
            action = part.addAction(words)
            action.setCheckable(True)
            action.setChecked(getattr(self._choices, field) == value)
            action.triggered.connect(lambda _on=False, v=value: self._choose(**{field: v}))
            group.addAction(action)

    def _choose(self, **change: Any) -> None:
        self.choices_made.emit(replace(self._choices, **change))
