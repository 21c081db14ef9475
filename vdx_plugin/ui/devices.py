"""Choose camera, microphone and speaker, with help beside the field, and try them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from vdx_plugin.ports import MediaChoice
from vdx_plugin.texts import _
from vdx_plugin.ui.check_card import CheckCard
from vdx_plugin.ui.controls import ChoiceField, button, card, label
from vdx_plugin.ui.device_names import DeviceNames, DeviceSource
from vdx_plugin.ui.device_trial import DeviceTrial
from vdx_plugin.ui.theme import TARGET, Theme
from vdx_plugin.ui.video_view import VideoView

TEST_CARD = "\0test-card"
"""Stands for the test card among the cameras; no camera has this name."""


class DevicesPage(QWidget):
    """Emits ``choice_made(MediaChoice)`` at each change. A device that is chosen but absent stays chosen."""

    choice_made = Signal(object)

    def __init__(
        self, theme: Theme, source: DeviceSource, trial: DeviceTrial, choice: MediaChoice, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._source, self._trial, self.choice = theme, source, trial, choice
        self.setProperty("kind", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(_("Kamera, mikrofon og højttaler"))
        self.camera = ChoiceField(theme, _("Kamera"))
        self.microphone = ChoiceField(theme, _("Mikrofon"))
        self.speaker = ChoiceField(theme, _("Højttaler"))
        self.cancel_echo = QCheckBox(_("&Fjern ekko og støj fra min lyd"))
        self.cancel_echo.setMinimumHeight(theme.px(TARGET))
        self.picture = VideoView(theme, is_mirrored=True)
        self.picture.setFixedHeight(theme.px(160))
        self.picture.setAccessibleName(_("Billede fra dit kamera"))
        self.picture.clear(_("Tryk på Prøv nu for at se dit billede."), "camera")
        self.meter = QProgressBar()
        self.meter.setRange(0, 100)
        self.meter.setTextVisible(False)
        self.meter.setAccessibleName(_("Mikrofonens niveau"))
        self.try_now = button(theme, _("&Prøv nu"), "primary", "camera")
        self.try_now.setCheckable(True)
        self.try_now.toggled.connect(self._on_try)
        self.play = button(theme, _("&Spil en tone"))
        self.play.clicked.connect(lambda: trial.play_tone(self.choice))
        self.record = button(theme, _("&Optag og hør"), "", "microphone")
        self.record.clicked.connect(self._on_record)
        self.checks = CheckCard(theme)
        self.close_button = button(theme, _("&Luk"))
        self.close_button.clicked.connect(self.close)
        self._lay_out()
        self.show_devices()
        for field in (self.camera, self.microphone, self.speaker):
            field.currentIndexChanged.connect(self._on_choice)
        self.cancel_echo.toggled.connect(self._on_choice)
        QShortcut(QKeySequence("Escape"), self, self.close)

    def _lay_out(self) -> None:
        px = self._theme.px
        outer = QVBoxLayout(self)
        outer.setContentsMargins(px(24), px(24), px(24), px(16))
        outer.setSpacing(px(12))
        outer.addWidget(label(_("Kamera, mikrofon og højttaler"), "title"))
        inside, area = QWidget(), QScrollArea()
        inside.setProperty("kind", "scrolled")
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        columns = QHBoxLayout(inside)
        columns.setContentsMargins(0, 0, px(4), 0)
        columns.setSpacing(px(16))
        columns.addLayout(self._choosing(), 1)
        columns.addLayout(self._trying(), 1)
        area.setWidget(inside)
        outer.addWidget(area, 1)
        low = QHBoxLayout()
        low.addStretch(1)
        low.addWidget(self.close_button)
        outer.addLayout(low)

    def _trying(self) -> QVBoxLayout:
        px = self._theme.px
        column = QVBoxLayout()
        column.setSpacing(px(12))
        column.addWidget(self.picture)
        column.addWidget(label(_("Sig noget: stregen skal flytte sig."), "small"))
        column.addWidget(self.meter)
        row = QHBoxLayout()
        row.setSpacing(px(8))
        for part in (self.try_now, self.record, self.play):
            row.addWidget(part)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.checks)
        column.addStretch(1)
        return column

    def _choosing(self) -> QVBoxLayout:
        column = QVBoxLayout()
        frame, inside = card(self._theme)
        choices = (
            (_("Kamera"), self.camera, _("De andre ser dette billede.")),
            (_("Mikrofon"), self.microphone, _("Brug helst et headset, så der ikke er ekko.")),
            (_("Højttaler"), self.speaker, _("Vælg det samme headset som mikrofonen.")),
        )
        for name, field, help_text in choices:
            caption = label(name, "strong")
            caption.setBuddy(field)
            inside.addWidget(caption)
            inside.addWidget(field)
            inside.addWidget(label(help_text, "small"))
        inside.addWidget(self.cancel_echo)
        inside.addWidget(label(_("Lad den stå til, medmindre jeres headset selv gør det."), "small"))
        column.addWidget(frame)
        column.addStretch(1)
        return column

    def show_devices(self) -> None:
        """Show the devices there are now."""
        names: DeviceNames = self._source.names()
        camera = TEST_CARD if self.choice.use_test_card else self.choice.camera
        _fill(self.camera, _("Systemets kamera"), names.cameras, camera, ((_("Testbillede med ur"), TEST_CARD),))
        _fill(self.microphone, _("Systemets mikrofon"), names.microphones, self.choice.microphone)
        _fill(self.speaker, _("Systemets højttaler"), names.speakers, self.choice.speaker)
        self.cancel_echo.blockSignals(True)
        self.cancel_echo.setChecked(self.choice.cancel_echo)
        self.cancel_echo.blockSignals(False)

    def show_choice(self, choice: MediaChoice) -> None:
        """Show what was chosen elsewhere."""
        self.choice = choice
        self.show_devices()

    def _on_choice(self, _value: object) -> None:
        camera = self.camera.currentData()
        self.choice = MediaChoice(
            camera=None if camera == TEST_CARD else camera,
            microphone=self.microphone.currentData(),
            speaker=self.speaker.currentData(),
            use_test_card=camera == TEST_CARD,
            video_codec=self.choice.video_codec,
            cancel_echo=self.cancel_echo.isChecked(),
        )
        self.choice_made.emit(self.choice)
        if self.try_now.isChecked():
            self._trial.start(self.choice, self._on_picture, self.meter.setValue)

    def _on_try(self, is_on: bool) -> None:
        self.try_now.setText(_("Stop &prøven") if is_on else _("&Prøv nu"))
        if is_on:
            self.picture.clear(_("Der er intet billede endnu. Tjek, at kameraet er tændt og ikke dækket."), "camera")
            self._trial.start(self.choice, self._on_picture, self.meter.setValue)
        else:
            self._trial.stop()
            self.meter.setValue(0)
            self.picture.clear(_("Tryk på Prøv nu for at se dit billede."), "camera")

    def _on_record(self) -> None:
        """Record for a moment and play it: whether others can understand it is heard, not measured."""
        self.record.setEnabled(False)
        self.record.setText(_("Tal nu …"))
        self._trial.record(self.choice, self._on_recorded)

    def _on_recorded(self) -> None:
        self.record.setEnabled(True)
        self.record.setText(_("&Optag og hør"))

    def _on_picture(self, picture: QImage) -> None:
        self.picture.show_image(picture)

    def hideEvent(self, event: QHideEvent) -> None:
        # The devices must be free for the call.
        self.try_now.setChecked(False)
        super().hideEvent(event)


def _fill(
    field: QComboBox, default: str, names: Sequence[str], chosen: str | None, more: Sequence[tuple[str, str]] = ()
) -> None:
    field.blockSignals(True)
    field.clear()
    field.addItem(default, None)
    for name in names:
        field.addItem(name, name)
    for words, value in more:
        field.addItem(words, value)
    if chosen is not None and field.findData(chosen) < 0:
        field.addItem(_("{name} (ikke tilsluttet)").format(name=chosen), chosen)
    field.setCurrentIndex(max(0, field.findData(chosen)))
    field.blockSignals(False)
