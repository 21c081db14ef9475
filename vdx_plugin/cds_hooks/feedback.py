"""What became of the cards: one line each in a CSV file, with nothing in it about patient, user or record."""

from __future__ import annotations

import asyncio
import csv
from collections import Counter, OrderedDict
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from uuid import UUID

from vdx_plugin.cds_hooks.calls import Outcome

COLUMNS = ("day", "service", "outcome", "reason")
MOST_REMEMBERED = 10_000


class FeedbackFile:
    """Appends to ``path``. The same word on the same card is counted once, however often a record repeats it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counted: OrderedDict[tuple[UUID, str], None] = OrderedDict()
        self._writing = asyncio.Lock()

    async def add(self, service: str, outcomes: Sequence[Outcome], day: date) -> None:
        """Count what is new among the outcomes. Raises OSError."""
        async with self._writing:
            new = {(one.card, one.outcome): one for one in outcomes if (one.card, one.outcome) not in self._counted}
            rows = [(day.isoformat(), service, one.outcome, one.reason) for one in new.values()]
            await asyncio.to_thread(self._append, rows)
            self._counted.update(dict.fromkeys(new))
            while len(self._counted) > MOST_REMEMBERED:
                self._counted.popitem(last=False)

    def _append(self, rows: Sequence[tuple[str, ...]]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self._path.exists()
        with self._path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if is_new:
                writer.writerow(COLUMNS)
            writer.writerows(rows)


def count(path: Path) -> Counter[tuple[str, str, str]]:
    """Return how often each outcome came, by service, outcome and reason; empty where there is no file."""
    if not path.exists():
        return Counter()
    with path.open(encoding="utf-8", newline="") as file:
        return Counter((row["service"], row["outcome"], row["reason"]) for row in csv.DictReader(file))
