"""The only meeting point of Qt and asyncio.

Outward: ``Operations.run`` hands a coroutine to the asyncio thread and calls back on Qt's. Inward: ``Newest`` takes
values from any thread and delivers only the newest on Qt's thread. No other module of ``ui`` knows the runtime.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from vdx_plugin import log
from vdx_plugin.errors import VdxError
from vdx_plugin.runtime import Runtime
from vdx_plugin.ui.desk_port import DeskPort, Unsubscribe

_log = log.get("ui.bridge")

VIEW_INTERVAL_MS = 40
PICTURE_INTERVAL_MS = 30
DETACH_LIMIT_S = 2.0


class Newest(QObject):
    """A mailbox with room for one value: ``put`` from any thread, ``arrived`` on Qt's, the newest wins.

    At most one delivery in ``interval_ms``. Nothing is delivered after ``close``.
    """

    arrived = Signal(object)
    _woken = Signal()

    def __init__(self, interval_ms: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._value: object = None
        self._is_pending = False
        self._is_closed = False
        self._since = QElapsedTimer()
        self._interval_ms = interval_ms
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._deliver)
        self._woken.connect(self._on_woken, Qt.ConnectionType.QueuedConnection)

    def put(self, value: object) -> None:
        """Offer a value, from any thread; one not yet delivered is replaced."""
        with self._lock:
            if self._is_closed:
                return
            self._value = value
            if self._is_pending:
                return
            self._is_pending = True
            # Under the lock, so that close() cannot destroy the object between the check and the signal.
            self._woken.emit()

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
        self._timer.stop()

    def _on_woken(self) -> None:
        wait_ms = self._interval_ms - self._since.elapsed() if self._since.isValid() else 0
        if wait_ms > 0:
            self._timer.start(wait_ms)
        else:
            self._deliver()

    def _deliver(self) -> None:
        with self._lock:
            value, self._value, self._is_pending = self._value, None, False
            if self._is_closed:
                return
        self._since.start()
        self.arrived.emit(value)


@dataclass(frozen=True, slots=True)
class _Outcome:
    value: object = None
    error: VdxError | None = None


@dataclass(slots=True)
class _Running:
    parent: QWidget
    future: Future[_Outcome]
    success: Callable[[Any], None]
    failure: Callable[[VdxError], None]


def _nothing(_: object) -> None:
    pass


class Operations(QObject):
    """Operations of windows: a parent, a coroutine, what follows success, what follows failure.

    An operation is cancelled when its parent is hidden or closed or ``close`` is called, and is silent after that.
    A command that must be carried through is therefore given a parent that outlives the window it came from.
    """

    _ended = Signal(int, object)

    def __init__(self, runtime: Runtime, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runtime = runtime
        self._running: dict[int, _Running] = {}
        self._count = 0
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        parent: QWidget,
        work: Coroutine[Any, Any, Any],
        *,
        success: Callable[[Any], None] = _nothing,
        failure: Callable[[VdxError], None] = _nothing,
    ) -> int:
        """Start ``work``; return a number by which ``cancel`` knows it. The callbacks run on Qt's thread."""
        self._count += 1
        number = self._count
        parent.installEventFilter(self)
        future = self._runtime.submit(_guarded(work))
        self._running[number] = _Running(parent, future, success, failure)
        # The callback runs on the asyncio thread and may only emit; this object lives as long as the application.
        future.add_done_callback(partial(self._emit_ended, number))
        return number

    def cancel(self, number: int) -> None:
        """Give up one operation; one that has ended is fine."""
        running = self._running.pop(number, None)
        if running is not None:
            running.future.cancel()

    def close(self) -> None:
        """Cancel whatever still runs."""
        for number in list(self._running):
            self.cancel(number)

    @property
    def is_idle(self) -> bool:
        return not self._running

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Spontaneous means the window system hid it (minimised): the user still wants the answer.
        if event.type() == QEvent.Type.Hide and not event.spontaneous():
            for number in [n for n, running in self._running.items() if running.parent is watched]:
                self.cancel(number)
        return False

    def _emit_ended(self, number: int, future: Future[_Outcome]) -> None:
        if not future.cancelled():
            self._ended.emit(number, future.result())

    def _on_ended(self, number: int, outcome: _Outcome) -> None:
        running = self._running.pop(number, None)
        if running is None:
            return
        if outcome.error is not None:
            running.failure(outcome.error)
        else:
            running.success(outcome.value)


async def _guarded(work: Coroutine[Any, Any, Any]) -> _Outcome:
    try:
        return _Outcome(value=await work)
    except VdxError as error:
        return _Outcome(error=error)
    except Exception as fault:  # noqa: BLE001 - an operation: a fault of ours must reach the window that waits for it
        _log.error("an operation failed", exc_info=fault)
        return _Outcome(error=VdxError("program.fault", type(fault).__name__))


class Bridge(QObject):
    """Brings the desk's states and pictures to Qt's thread, from ``open`` to ``close``."""

    def __init__(self, desk: DeskPort, runtime: Runtime, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._runtime = desk, runtime
        self._unsubscribe: Unsubscribe | None = None
        self.views = Newest(VIEW_INTERVAL_MS, self)
        self.remote_pictures = Newest(PICTURE_INTERVAL_MS, self)
        self.self_pictures = Newest(PICTURE_INTERVAL_MS, self)
        self.slides = Newest(PICTURE_INTERVAL_MS, self)
        self.operations = Operations(runtime, self)

    def open(self) -> None:
        """Subscribe; the present state is delivered first."""
        self._runtime.call(self._attach)

    def close(self) -> None:
        """Unsubscribe and cancel. Waits at most two seconds for the asyncio thread."""
        self.operations.close()
        for newest in (self.views, self.remote_pictures, self.self_pictures, self.slides):
            newest.close()
        try:
            self._runtime.submit(self._detach()).result(DETACH_LIMIT_S)
        except TimeoutError:
            _log.warning("the asyncio thread did not answer within %s s", DETACH_LIMIT_S)

    def _attach(self) -> None:
        self._unsubscribe = self._desk.on_view(self.views.put)
        # Pictures have no way back: a closed mailbox drops them.
        self._desk.on_remote_picture(self.remote_pictures.put)
        self._desk.on_self_picture(self.self_pictures.put)
        self._desk.on_slide(self.slides.put)
        self.views.put(self._desk.view)

    async def _detach(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
