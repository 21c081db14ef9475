"""The connections to clinic systems: how each fares and why, what it can and cannot do, in which order they count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from vdx_plugin import texts
from vdx_plugin.domain.danish_time import danish
from vdx_plugin.ports import AdapterStatus, Capability, Health
from vdx_plugin.texts import _, problem
from vdx_plugin.ui.controls import StateLine, button, card, label
from vdx_plugin.ui.flow import FlowLayout
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.wording import adapter_health, adapter_state


def ability(value: Capability) -> str:
    """Return what an adapter can do, in words."""
    return {
        Capability.CONTEXT: _("åben patient"),
        Capability.DIRECTORY: _("opslag af patient"),
        Capability.APPOINTMENTS: _("aftaler"),
        Capability.CONFIRM: _("bekræfter patienten"),
        Capability.WRITE_BACK: _("skriver i journalen"),
        Capability.READ_BACK: _("læser notatet efter"),
        Capability.START_ACTION: _("startknap i journalen"),
        Capability.ACTIONS: _("menupunkter i journalen"),
        Capability.MERGE: _("sammenlagte journaler"),
        Capability.LETTERS: _("breve gennem journalen"),
    }[value]


def title_of(status: AdapterStatus) -> str:
    """Return what the connection calls itself, in the language in use."""
    return status.manifest.title.said(texts.language()) if status.manifest else status.name


class AdaptersPage(QWidget):
    """Emits what the user wants with a connection, by its name; shows nothing by itself."""

    enable_wanted = Signal(str)
    disable_wanted = Signal(str)
    prefer_wanted = Signal(str, bool)
    """Name, and whether it shall count more."""
    settings_wanted = Signal(str)
    report_wanted = Signal()
    look_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: tuple[AdapterStatus, ...] | None = None
        self.setProperty("kind", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(_("Forbindelser"))
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.look_button = button(theme, _("&Undersøg igen"), "", "retry")
        self.look_button.clicked.connect(self.look_wanted)
        self.report_button = button(theme, _("&Kopiér rapport til support"), "", "copy")
        self.report_button.clicked.connect(self.report_wanted)
        self.close_button = button(theme, _("&Luk"))
        self.close_button.clicked.connect(self.close)
        self._lay_out()
        QShortcut(QKeySequence("Escape"), self, self.close)

    def _lay_out(self) -> None:
        px = self._theme.px
        outer = QVBoxLayout(self)
        outer.setContentsMargins(px(24), px(24), px(24), px(16))
        outer.setSpacing(px(12))
        outer.addWidget(label(_("Forbindelser til journalsystemer"), "title"))
        quiet = _("En forbindelse, der fejler, stopper ikke de andre. Viser to hver sin patient, gælder den øverste.")
        outer.addWidget(label(quiet, "quiet"))
        outer.addWidget(self._area, 1)
        outer.addWidget(label(_("Rapporten nævner ingen patienter, personer eller adgangskoder."), "quiet"))
        low = FlowLayout(px(8), is_centred=False)
        for part in (self.look_button, self.report_button, self.close_button):
            low.addWidget(part)
        outer.addLayout(low)

    def showEvent(self, event: QShowEvent) -> None:
        # Nobody opens it to look at what was true this morning.
        self.look_wanted.emit()
        super().showEvent(event)

    def show_adapters(self, adapters: Sequence[AdapterStatus]) -> None:
        """Show how each fares, in the order in which they count."""
        if tuple(adapters) == self._shown:
            return
        self._shown = tuple(adapters)
        inside = QWidget()
        inside.setProperty("kind", "scrolled")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self._theme.px(8))
        for place, status in enumerate(adapters):
            column.addWidget(self._card(status, is_first=place == 0, is_last=place == len(adapters) - 1))
        if not adapters:
            column.addWidget(label(_("Ingen forbindelser er installeret. Ring til support."), "quiet"))
        column.addStretch(1)
        self._area.setWidget(inside)

    def _card(self, status: AdapterStatus, *, is_first: bool, is_last: bool) -> QWidget:
        frame, inside = card(self._theme)
        inside.addWidget(label(title_of(status), "strong"))
        if status.health is not None and status.state == "running":
            self._add_health(inside, status.name, status.health)
        else:
            state = StateLine(self._theme)
            state.show_word(adapter_state(status.state))
            inside.addWidget(state)
        if status.reason:
            inside.addWidget(label(problem(status.reason, **self._named({"name": status.name, **status.facts}))))
            inside.addWidget(label(f"{status.reason}  {status.detail}".strip(), "small"))
        for line in _abilities(status):
            inside.addWidget(label(line, "small"))
        inside.addWidget(label(_about(status), "small"))
        inside.addLayout(self._actions(status, is_first=is_first, is_last=is_last))
        return frame

    def _named(self, facts: Mapping[str, str | int]) -> dict[str, str | int]:
        """Return the facts with connections by the title that the user knows."""
        titles = {status.name: title_of(status) for status in self._shown or ()}
        return {key: titles.get(str(fact), fact) for key, fact in facts.items()}

    def _add_health(self, inside: QVBoxLayout, name: str, health: Health) -> None:
        line = StateLine(self._theme)
        since = _("siden {time}").format(time=f"{danish(health.since):%d.%m. %H:%M}") if health.since else ""
        line.show_word(adapter_health(health.state), since)
        inside.addWidget(line)
        if health.reason:
            inside.addWidget(label(problem(health.reason, **self._named({"name": name, **health.facts}))))

    def _actions(self, status: AdapterStatus, *, is_first: bool, is_last: bool) -> FlowLayout:
        title, row = title_of(status), FlowLayout(self._theme.px(8), is_centred=False)
        if status.state in ("disabled", "paused", "failed"):
            enable = button(self._theme, _("Slå til"), name=_("Slå {name} til").format(name=title))
            enable.clicked.connect(lambda: self.enable_wanted.emit(status.name))
            row.addWidget(enable)
        if status.state != "disabled":
            disable = button(self._theme, _("Slå fra"), name=_("Slå {name} fra").format(name=title))
            disable.clicked.connect(lambda: self.disable_wanted.emit(status.name))
            row.addWidget(disable)
        if status.manifest is not None and status.manifest.settings and status.state != "disabled":
            settings = button(self._theme, _("Indstillinger"), name=_("Indstillinger for {name}").format(name=title))
            settings.clicked.connect(lambda: self.settings_wanted.emit(status.name))
            row.addWidget(settings)
        for words, spoken, up, is_end in (
            (_("Op"), _("Lad {name} gælde mere"), True, is_first),
            (_("Ned"), _("Lad {name} gælde mindre"), False, is_last),
        ):
            move = button(self._theme, words, name=spoken.format(name=title))
            move.setEnabled(not is_end)
            move.clicked.connect(lambda _checked=False, up=up: self.prefer_wanted.emit(status.name, up))
            row.addWidget(move)
        return row


def _abilities(status: AdapterStatus) -> list[str]:
    can = [ability(each) for each in Capability if each in status.capabilities]
    cannot = [ability(each) for each in Capability if each not in status.capabilities]
    if not can:
        return []
    lines = [_("Kan: {abilities}").format(abilities=", ".join(can))]
    return lines + ([_("Kan ikke: {abilities}").format(abilities=", ".join(cannot))] if cannot else [])


def _about(status: AdapterStatus) -> str:
    known = status.manifest
    parts = [status.name, status.version, known.vendor if known else "", known.licence if known else ""]
    return "  ·  ".join(part for part in parts if part)
