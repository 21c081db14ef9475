"""Numbered versions of the directory on disk: none is overwritten, and one small file says which of them hold.

Version 12 is ``partners-000012.csv`` and ``teams-000012.csv``; ``history`` lists the numbers, the newest last. A
version is written whole and flushed before ``history`` is replaced, so a crash leaves the version before.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vdx_plugin.errors import Unavailable

KEPT = 30
"""How many earlier versions can be gone back to."""


class PartnerFiles:
    """Blocking; call it off the asyncio thread. Every method raises Unavailable(``partners.disk``)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def newest(self) -> tuple[bytes, bytes] | None:
        """Return partners and teams of the version that holds; None before the first."""
        with _disk():
            numbers = self._numbers()
            if not numbers:
                return None
            return self._file("partners", numbers[-1]).read_bytes(), self._file("teams", numbers[-1]).read_bytes()

    def count(self) -> int:
        """Return how many versions there are to go back to, the one that holds among them."""
        with _disk():
            return len(self._numbers())

    def add(self, partners: bytes, teams: bytes) -> None:
        """Write a new version and let it hold."""
        with _disk():
            self._folder.mkdir(parents=True, exist_ok=True)
            number = max((int(path.stem[-6:]) for path in self._folder.glob("partners-*.csv")), default=0) + 1
            _write(self._file("partners", number), partners)
            _write(self._file("teams", number), teams)
            numbers = [*self._numbers(), number]
            self._hold(numbers[-KEPT:])
            self._clear(numbers[:-KEPT])

    def step_back(self) -> bool:
        """Let the version before hold again; False when there is none."""
        with _disk():
            numbers = self._numbers()
            if len(numbers) < 2:
                return False
            self._hold(numbers[:-1])
            return True

    def _numbers(self) -> list[int]:
        history = self._folder / "history"
        return [int(line) for line in history.read_text("ascii").split()] if history.exists() else []

    def _hold(self, numbers: list[int]) -> None:
        _write(self._folder / "history", "".join(f"{number}\n" for number in numbers).encode())

    def _clear(self, numbers: list[int]) -> None:
        for number in numbers:
            for name in ("partners", "teams"):
                self._file(name, number).unlink(missing_ok=True)

    def _file(self, name: str, number: int) -> Path:
        return self._folder / f"{name}-{number:06}.csv"


def _write(path: Path, content: bytes) -> None:
    """Put ``content`` in the place of the file, all of it or nothing."""
    aside = path.with_suffix(".new")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise Unavailable("partners.disk", type(error).__name__) from error
