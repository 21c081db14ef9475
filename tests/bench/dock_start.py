"""One start of the program, up to the first paint of its strip: ``python -m tests.bench.dock_start STAMP``.

STAMP is ``time.time()`` just before the process was made. It runs the command ``vdx-plugin run`` as installed, with two
additions: stamps on the way, and an end after the first paint. It prints where the time went as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

HEAVY = ("aiortc", "av", "alembic", "fhir", "hl7apy", "icalendar", "matplotlib", "openpyxl", "numpy", "lxml")


class Stamps:
    """Moments of the start, in milliseconds since the process was made."""

    def __init__(self, began_s: float) -> None:
        self._began_s = began_s
        self.at_ms: dict[str, float] = {}

    def take(self, name: str) -> None:
        """Keep the first moment of that name."""
        self.at_ms.setdefault(name, (time.time() - self._began_s) * 1000)


def stamped(stamps: Stamps) -> None:
    """Import what a start imports and put stamps between its steps; nothing of what they do is changed."""
    import PySide6.QtWidgets  # noqa: F401 - to tell Qt's share of the imports from ours

    stamps.take("qt")
    # All that the command imports before it makes a window, so that its share of the time can be told.
    from vdx_plugin import cli, settings, window  # noqa: F401

    stamps.take("program")
    from vdx_plugin.ui import main

    stamps.take("windows")
    window.run_with_window = _after(stamps, "settings", window.run_with_window)
    # A stamp around the real one: the module imported the name, so mypy does not see it as its own.
    window.assemble = _after(stamps, "application", window.assemble)  # type: ignore[attr-defined]
    show = main.run_desktop

    def shown(app: Any, *arguments: Any, **more: Any) -> int:
        stamps.take("store")
        watch = first_paint(app, stamps)
        app.installEventFilter(watch)
        status = show(app, *arguments, **more)
        app.removeEventFilter(watch)
        return status

    main.run_desktop = shown


def _after(stamps: Stamps, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    def stamped_work(*arguments: Any, **more: Any) -> Any:
        stamps.take(name)
        return work(*arguments, **more)

    return stamped_work


def first_paint(app: Any, stamps: Stamps) -> Any:
    """Return an event filter that stamps the strip's first paint and ends the program after it."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    from vdx_plugin.ui.dock import Dock

    class FirstPaint(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and isinstance(watched, Dock) and "painted" not in stamps.at_ms:
                stamps.take("painted")
                loaded = [name for name in HEAVY if name in sys.modules]
                print(json.dumps({"at_ms": stamps.at_ms, "heavy": loaded, "modules": len(sys.modules)}), flush=True)
                QTimer.singleShot(0, lambda: app.exit(0))
            return False

    return FirstPaint(app)


def main() -> None:
    """Start as ``vdx-plugin run`` does."""
    stamps = Stamps(float(sys.argv[1]))
    stamps.take("interpreter")
    sys.argv = ["vdx-plugin", "run"]
    stamped(stamps)
    from vdx_plugin.cli import main as program

    program()


if __name__ == "__main__":
    main()
