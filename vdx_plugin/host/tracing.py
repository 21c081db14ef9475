"""``VDX_TRACE=1``: every call to and from an adapter on standard error, with arguments masked by their type."""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import date
from enum import Enum
from uuid import UUID

from vdx_plugin import log

VARIABLE = "VDX_TRACE"


def masked(value: object) -> str:
    """Return what may be shown of an argument: what kind of thing it is, never what it says.

    Only values that cannot tell who anybody is are written out: numbers, times, ids of our own, closed words.
    """
    if value is None or isinstance(value, bool | int | float | UUID):
        return str(value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, date):
        # A bare date may be a birth date; a moment is not.
        return value.isoformat() if hasattr(value, "hour") else "date"
    if isinstance(value, str):
        return f"str[{len(value)}]"
    if isinstance(value, list | tuple | set | frozenset):
        return f"{type(value).__name__}[{len(value)}]"
    if dataclasses.is_dataclass(value):
        return type(value).__name__
    return type(value).__name__


class Trace:
    """Writes one line for each call; silent unless switched on, and then costs one comparison."""

    def __init__(self, write: Callable[[str], object] | None = None) -> None:
        switched_on = os.environ.get(VARIABLE, "") not in ("", "0")
        self._write = write or (sys.stderr.write if switched_on else None)

    @property
    def is_on(self) -> bool:
        return self._write is not None

    def line(self, name: str, what: str, arguments: Mapping[str, object], came_to: str) -> None:
        """Write one line."""
        if self._write is not None:
            shown = ", ".join(f"{key}={masked(value)}" for key, value in arguments.items())
            self._write(log.mask(f"vdx-trace {name} {what}({shown}) {came_to}") + "\n")

    @contextmanager
    def call(self, name: str, what: str, arguments: Mapping[str, object]) -> Generator[None, None, None]:
        """Trace what happens inside, with its time and the kind of error that came out."""
        if self._write is None:
            yield
            return
        began = time.perf_counter()
        came_to = "ok"
        try:
            yield
        except BaseException as error:
            came_to = type(error).__name__
            raise
        finally:
            self.line(name, what, arguments, f"{came_to} {(time.perf_counter() - began) * 1000:.1f} ms")
