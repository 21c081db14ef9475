"""The program with its windows: Qt on this thread, everything else on the asyncio thread."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any

from vdx_plugin import log, settings
from vdx_plugin.app import Program, assemble
from vdx_plugin.runtime import Runtime
from vdx_plugin.service.outside import Outside
from vdx_plugin.settings import Settings
from vdx_plugin.store.sealing import KeyVault

_log = log.get("window")

CLOSE_LIMIT_S = 15.0
Companion = Callable[[Program], Coroutine[Any, Any, None]]


def run_with_window(
    chosen: Settings,
    *,
    runtime: Runtime | None = None,
    secrets: settings.Secrets = settings.secret,
    vault: KeyVault | None = None,
    companion: Companion | None = None,
    change: Callable[[Outside], Outside] = lambda outside: outside,
) -> int:
    """Show the program until its user quits; return the exit status.

    ``runtime`` is started already when given, and is then the caller's to close. ``companion`` runs beside the
    program on the asyncio thread and is cancelled when the program ends. ``change`` is ``assemble``'s. Raises what
    ``assemble`` raises.
    """
    from PySide6.QtWidgets import QApplication

    from vdx_plugin.ui.main import run_desktop

    app = QApplication(sys.argv[:1])
    app.setApplicationName("vdx-plugin")
    own = runtime is None
    if runtime is None:
        runtime = Runtime()
        runtime.start()
    try:
        program = runtime.submit(assemble(chosen, secrets=secrets, vault=vault, change=change)).result()
        work = [runtime.submit(program.desk.start())]
        if companion:
            work.append(runtime.submit(companion(program)))
        for future in work:
            future.add_done_callback(_tell_of_a_fault)
        try:
            return run_desktop(app, program.desk, runtime, chosen.data_dir / "windows.ini")
        finally:
            for future in work:
                future.cancel()
            runtime.submit(program.close()).result(CLOSE_LIMIT_S)
    finally:
        if own:
            runtime.close()


def _tell_of_a_fault(future: Future[None]) -> None:
    """Nobody waits for what runs beside the windows, so a fault in it would pass in silence."""
    if not future.cancelled() and (fault := future.exception()) is not None:
        _log.error("a part of the program has stopped", exc_info=fault)
