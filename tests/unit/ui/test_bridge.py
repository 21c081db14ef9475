"""Where Qt and asyncio meet."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.unit.ui.conftest import shown
from vdx_plugin.errors import Unavailable, VdxError
from vdx_plugin.runtime import Runtime
from vdx_plugin.ui.bridge import Newest, Operations


def test_values_put_in_a_burst_arrive_as_the_newest_alone(qtbot: QtBot) -> None:
    """Pictures and views are not queued: a slow window must not fall behind the call."""
    newest = Newest(0)
    arrived: list[object] = []
    newest.arrived.connect(arrived.append)
    for number in range(100):
        newest.put(number)
    with qtbot.waitSignal(newest.arrived):
        pass
    assert arrived == [99]


def test_the_last_value_is_delivered_even_when_it_comes_too_soon(qtbot: QtBot) -> None:
    """Throttling may skip what lies between, never the state that stays."""
    newest = Newest(20)
    arrived: list[object] = []
    newest.arrived.connect(arrived.append)
    newest.put("first")
    qtbot.waitUntil(lambda: arrived == ["first"])
    newest.put("second")
    newest.put("third")
    qtbot.waitUntil(lambda: arrived == ["first", "third"])


def test_a_value_from_another_thread_arrives_on_qts_own(qtbot: QtBot, qapp: QApplication) -> None:
    """A widget touched from another thread crashes sooner or later."""
    newest = Newest(0)
    threads: list[bool] = []
    newest.arrived.connect(lambda _value: threads.append(QThread.currentThread() is qapp.thread()))
    with qtbot.waitSignal(newest.arrived):
        worker = threading.Thread(target=newest.put, args=(1,))
        worker.start()
        worker.join()
    assert threads == [True]


def test_nothing_arrives_after_close(qtbot: QtBot, qapp: QApplication) -> None:
    """A decoder may hand over a picture while the window is being taken down."""
    newest = Newest(0)
    arrived: list[object] = []
    newest.arrived.connect(arrived.append)
    newest.put(1)
    newest.close()
    newest.put(2)
    qapp.processEvents()
    assert arrived == []


async def _answer() -> int:
    return 42


async def _fail() -> None:
    raise Unavailable("vdx.unreachable")


async def _slip() -> None:
    raise KeyError("a mistake of ours")


def test_a_result_comes_back_on_qts_thread(qtbot: QtBot, qapp: QApplication, runtime: Runtime) -> None:
    """The success callback touches widgets."""
    operations, window = Operations(runtime), QWidget()
    qtbot.addWidget(window)
    got: list[tuple[int, bool]] = []
    operations.run(window, _answer(), success=lambda v: got.append((v, QThread.currentThread() is qapp.thread())))
    qtbot.waitUntil(lambda: got == [(42, True)])
    assert operations.is_idle


def test_a_failed_operation_hands_over_our_error(qtbot: QtBot, runtime: Runtime) -> None:
    """The code of the error is what the window finds its sentence by."""
    operations, window = Operations(runtime), QWidget()
    qtbot.addWidget(window)
    failed: list[VdxError] = []
    operations.run(window, _fail(), failure=failed.append)
    qtbot.waitUntil(lambda: [error.code for error in failed] == ["vdx.unreachable"])


def test_a_mistake_of_ours_is_logged_and_shown_as_a_fault(
    qtbot: QtBot, runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    """A button that does nothing and says nothing is the worst answer."""
    operations, window = Operations(runtime), QWidget()
    qtbot.addWidget(window)
    failed: list[VdxError] = []
    with caplog.at_level(logging.ERROR, "vdx_plugin"):
        operations.run(window, _slip(), failure=failed.append)
        qtbot.waitUntil(lambda: bool(failed))
    assert failed[0].code == "program.fault"
    assert "an operation failed" in caplog.text


def test_closing_the_window_cancels_its_operation(qtbot: QtBot, qapp: QApplication, runtime: Runtime) -> None:
    """A search for a window that is gone must neither run on nor call back."""
    operations, window = Operations(runtime), shown(qtbot, QWidget())
    cancelled, begun = threading.Event(), threading.Event()
    called: list[object] = []

    async def wait_for_ever() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    operations.run(window, wait_for_ever(), success=called.append, failure=called.append)
    assert begun.wait(5)
    window.close()
    assert cancelled.wait(5)
    qapp.processEvents()
    assert called == []
    assert operations.is_idle


def test_an_operation_of_a_hidden_parent_is_carried_through(qtbot: QtBot, runtime: Runtime) -> None:
    """Commands are parented on a widget that is never shown, so that closing a window ends no call."""
    operations, anchor = Operations(runtime), QWidget()
    qtbot.addWidget(anchor)
    window = shown(qtbot, QWidget())
    got: list[int] = []
    operations.run(anchor, _answer(), success=got.append)
    window.close()
    qtbot.waitUntil(lambda: got == [42])
