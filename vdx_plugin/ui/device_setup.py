"""Opens the page of devices when it is first asked for, and keeps what is chosen there."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QRect, Signal

from vdx_plugin.ports import MediaChoice
from vdx_plugin.service.view import ChecksView
from vdx_plugin.ui.choices import keep_media, read_media
from vdx_plugin.ui.device_names import DeviceNames, DeviceSource
from vdx_plugin.ui.device_trial import DeviceTrial
from vdx_plugin.ui.devices import DevicesPage
from vdx_plugin.ui.placement import Placement
from vdx_plugin.ui.theme import Theme
from vdx_plugin.ui.windows import present

PAGE = (860, 780)
"""Size of the page at 100 %."""


class DeviceSetup(QObject):
    """Emits ``chosen(MediaChoice)``, and ``changed(DeviceNames)`` with what came.

    Qt multimedia is loaded with the first page or call, not with the program.
    """

    chosen = Signal(object)
    changed = Signal(object)
    check_wanted = Signal()

    def __init__(
        self,
        places: Placement,
        source: Callable[[], DeviceSource],
        trial: Callable[[], DeviceTrial],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._places, self._make_source, self._make_trial = places, source, trial
        self._source: DeviceSource | None = None
        self._trial: DeviceTrial | None = None
        self._page: DevicesPage | None = None
        self._names = DeviceNames()
        self._checks = ChecksView()

    @property
    def choice(self) -> MediaChoice:
        """The devices chosen on this workplace."""
        return read_media(self._places)

    def open(self, theme: Theme) -> None:
        """Show the page."""
        if self._trial is None:
            self._trial = self._make_trial()
        if self._page is None:
            self._page = DevicesPage(theme, self._heard_source(), self._trial, self.choice)
            self._page.choice_made.connect(self._on_choice)
            self._page.checks.check_wanted.connect(self._on_check)
            self._page.checks.show_checks(self._checks)
            self._places.restore(self._page, "devices", QRect(80, 80, theme.px(PAGE[0]), theme.px(PAGE[1])))
        present(self._page, is_active=True)

    def show_checks(self, checks: ChecksView) -> None:
        """Show the checks of this workplace."""
        self._checks = checks
        if self._page is not None:
            self._page.checks.show_checks(checks)

    def _on_check(self) -> None:
        # The check opens the devices itself, and some open for one program only.
        if self._page is not None:
            self._page.try_now.setChecked(False)
        self.check_wanted.emit()

    def close(self) -> None:
        """Take the page down and free the devices; the next one wears the theme of its day."""
        if self._page is not None:
            self._places.keep(self._page, "devices")
            self._page.hide()
            self._page.deleteLater()
            self._page = None

    def listen(self) -> None:
        """Hear of devices that come and go from now on, as a call must."""
        self._heard_source()

    def _heard_source(self) -> DeviceSource:
        if self._source is None:
            self._source = self._make_source()
            self._names = self._source.names()
            self._source.on_change(self._on_change)
        return self._source

    def _on_change(self) -> None:
        before, self._names = self._names, self._heard_source().names()
        if self._names == before:
            return
        if self._page is not None:
            self._page.show_devices()
        self.changed.emit(self._names.without(before))

    def choose(self, choice: MediaChoice) -> None:
        """Use other devices from now on, and remember them."""
        self._on_choice(choice)
        if self._page is not None:
            self._page.show_choice(choice)

    def _on_choice(self, choice: MediaChoice) -> None:
        keep_media(self._places, choice)
        self.chosen.emit(choice)
