"""``python -m tests.bench.media``: our client against Chromium on the same bad lines."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from tests.bench import media_content as content
from tests.bench.line_model import CONDITIONS
from tests.bench.media_run import MEASURED_S, WARM_UP_S, Call, Plan, as_row, run
from tests.bench.media_table import table

_NAMES = [condition.name for condition in CONDITIONS]


def main(arguments: list[str]) -> None:
    """Run what was asked for and print the table."""
    asked = _parser().parse_args(arguments)
    content.picture_file(), content.sound_file()
    calls = asyncio.run(_run_all(asked))
    print(table(calls))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.media", description=__doc__)
    parser.add_argument("--conditions", default=",".join(_NAMES), help=f"of: {', '.join(_NAMES)}".replace("%", "%%"))
    parser.add_argument("--seeds", type=int, default=5, help="how many")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--only", choices=("ours", "chromium"), help="without the other of each pair")
    parser.add_argument("--codec", choices=("VP8", "H264"), default="VP8")
    parser.add_argument("--echo", action="store_true", help="with echo cancellation, for what it costs")
    parser.add_argument("--warm-up", type=float, default=WARM_UP_S, help="seconds before measuring")
    parser.add_argument("--measured", type=float, default=MEASURED_S, help="seconds measured")
    parser.add_argument("--keep", type=Path, help="append each call to this file, one JSON object a line")
    return parser


async def _run_all(asked: argparse.Namespace) -> list[Call]:
    calls = []
    for condition in asked.conditions.split(","):
        for seed in range(asked.first_seed, asked.first_seed + asked.seeds):
            for ours in {"ours": (True,), "chromium": (False,), None: (False, True)}[asked.only]:
                plan = Plan(condition.strip(), seed, ours, asked.codec, asked.echo, asked.warm_up, asked.measured)
                call = await run(plan)
                calls.append(call)
                print(f"{call.condition}, seed {seed}, {call.ends}: relay late {call.relay_late_ms}", file=sys.stderr)
                if asked.keep:
                    with asked.keep.open("a") as out:
                        out.write(json.dumps(as_row(call)) + "\n")
    return calls


if __name__ == "__main__":
    main(sys.argv[1:])
