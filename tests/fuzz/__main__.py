"""Hostile input into the running media engine for as long as is wanted: ``python -m tests.fuzz --help``.

Each finding is made small and kept as a file, which ``--again`` puts in once more. Ends with 1 where something was
found: an exception that got out anywhere, an input that took half a second of processor time, a call that does not work
afterwards, or memory that grew.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from tests.fuzz.running import MAX_GROWTH_MB, TARGETS, Tally, again, run, write


def main() -> int:
    """Run and print; return 1 where something was found."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", default=",".join(TARGETS))
    options.add_argument("--keep", type=Path, default=Path(), help="folder for what is found")
    options.add_argument("--again", type=Path, help="a file of an earlier run")
    given = options.parse_args()
    if given.again:
        error = asyncio.run(again(given.again.read_text("utf-8")))
        print(error or "nothing goes wrong any more")
        return 1 if error else 0
    kinds = given.only.split(",")
    if unknown := set(kinds) - set(TARGETS):
        options.error(f"no such kind: {', '.join(sorted(unknown))}")
    tallies, memory = asyncio.run(run(kinds, given.seed, given.minutes))
    return 1 if _report(given.seed, tallies, memory, given.keep) else 0


def _report(seed: int, tallies: dict[str, Tally], memory: list[float], folder: Path) -> bool:
    """Print the table, keep what was found, and return whether anything was."""
    print(f"seed {seed}; memory after round 1 {memory[0]:.0f} MB, after round {len(memory)} {memory[-1]:.0f} MB")
    print(f"{'':6} {'inputs':>9} {'a second':>9} {'slowest ms':>11} {'grown MB':>9} {'findings':>9}")
    for kind, tally in tallies.items():
        rate = tally.inputs / tally.took_s if tally.took_s else 0.0
        slowest_ms, found = tally.slowest_s * 1000, len(tally.findings)
        print(f"{kind:6} {tally.inputs:>9} {rate:>9.0f} {slowest_ms:>11.1f} {tally.grown_mb:>9.1f} {found:>9}")
    findings = [found for tally in tallies.values() for found in tally.findings]
    for found in findings:
        print(f"\n{found.kind}, seed {found.seed}: {len(found.inputs)} inputs in {write(found, folder)}\n{found.error}")
    grew = memory[-1] - memory[0] > MAX_GROWTH_MB
    if grew:
        print(f"\nMEMORY GREW by {memory[-1] - memory[0]:.0f} MB")
    return grew or bool(findings)


if __name__ == "__main__":
    sys.exit(main())
