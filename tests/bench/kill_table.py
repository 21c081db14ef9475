"""The kill table: ``python -m tests.bench.kill_table`` kills a process at each step of each message and counts.

What it means is in docs/reliability.md; the same is a test, ``tests/e2e/test_kill_table.py``.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.e2e.kill_table import ROWS, killing, table


async def main() -> int:
    """Print the table and what was wrong; return 1 if anything was."""
    with tempfile.TemporaryDirectory(prefix="vdx-kill-") as folder:
        async with killing(Path(folder)) as kills:
            rows = [await kills.row(road, message) for road, message in ROWS]
    print(table(rows))
    faults = [fault for row in rows for fault in row.faults]
    print("\n".join(faults) or "\nNothing was lost and nothing came twice.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
