"""Naming whoever blocks the asyncio loop: each step of a watched coroutine is timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

T = TypeVar("T")

BLOCKED_S = 0.25


@coroutine
def watched(work: Coroutine[Any, Any, T], on_blocked: Callable[[float], None]) -> Generator[Any, Any, T]:
    """Await ``work``; tell ``on_blocked`` the seconds of any step that held the loop for more than ``BLOCKED_S``.

    A step is what runs between two real awaits. Tasks that ``work`` starts itself are not seen.
    """
    resume: Callable[[], Any] = lambda: work.send(None)  # noqa: E731 - replaced by the next way to go on
    while True:
        began = time.monotonic()
        try:
            wanted = resume()
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            held_s = time.monotonic() - began
            if held_s > BLOCKED_S:
                on_blocked(held_s)
        resume = yield from _next_step(work, wanted)


def _next_step(work: Coroutine[Any, Any, T], wanted: Any) -> Generator[Any, Any, Callable[[], Any]]:
    try:
        answer = yield wanted
    except BaseException as error:  # noqa: BLE001 - a cancellation or failure belongs inside the coroutine
        reason = error
        return lambda: work.throw(reason)
    return lambda: work.send(answer)
