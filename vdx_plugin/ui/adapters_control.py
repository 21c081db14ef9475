"""The page of connections and the forms of their settings, from their windows to the desk."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from vdx_plugin.errors import Refused, VdxError
from vdx_plugin.ports import AdapterStatus
from vdx_plugin.ui.adapter_form import AdapterForm
from vdx_plugin.ui.bridge import Operations
from vdx_plugin.ui.commands import Commands
from vdx_plugin.ui.desk_port import DeskPort
from vdx_plugin.ui.own_notices import OwnNotices
from vdx_plugin.ui.windows import Windows, present


class AdaptersControl(QObject):
    """Serves the windows it is joined to."""

    def __init__(
        self, desk: DeskPort, operations: Operations, commands: Commands, notices: OwnNotices, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._desk, self._operations = desk, operations
        self._commands, self._notices = commands, notices
        self._windows: Windows | None = None
        self._adapters: Sequence[AdapterStatus] = ()
        self.form: AdapterForm | None = None
        """The form that is open."""

    def join(self, windows: Windows) -> None:
        """Serve new windows."""
        self._windows = windows
        page, desk, run = windows.adapters, self._desk, self._commands.run
        page.enable_wanted.connect(lambda name: run(desk.enable_adapter(name)))
        page.disable_wanted.connect(lambda name: run(desk.disable_adapter(name)))
        page.prefer_wanted.connect(lambda name, up: run(desk.prefer_adapter(name, up=up)))
        page.look_wanted.connect(lambda: run(desk.look_at_adapters()))
        page.report_wanted.connect(lambda: run(desk.adapters_report(), success=self._on_report))
        page.settings_wanted.connect(self.open_form)

    def show(self, adapters: Sequence[AdapterStatus]) -> None:
        """Show the newest state."""
        self._adapters = adapters
        if self._windows is not None:
            self._windows.adapters.show_adapters(adapters)

    def open_page(self) -> None:
        """Open the page."""
        if self._windows is not None:
            present(self._windows.adapters, is_active=True)

    def open_form(self, name: str) -> None:
        """Open the settings of one connection."""
        status = next((each for each in self._adapters if each.name == name), None)
        if self._windows is None or status is None:
            return
        form = self.form = AdapterForm(self._windows.theme, status, self._windows.adapters)
        failed = self._refused(form)
        form.try_wanted.connect(
            lambda values, secrets: self._operations.run(
                form, self._desk.try_adapter(name, values, secrets), success=form.show_health, failure=failed
            )
        )
        form.save_wanted.connect(
            lambda values, secrets: self._operations.run(
                form,
                self._desk.configure_adapter(name, values, secrets),
                success=lambda _nothing: self._on_saved(form),
                failure=failed,
            )
        )
        form.open()

    @staticmethod
    def _refused(form: AdapterForm) -> Callable[[VdxError], None]:
        def show(error: VdxError) -> None:
            form.show_refusal(error.code, error.field if isinstance(error, Refused) else None)

        return show

    def _on_saved(self, form: AdapterForm) -> None:
        form.accept()
        self._notices.confirm("adapter.saved")

    def _on_report(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._notices.confirm("report.copied")
