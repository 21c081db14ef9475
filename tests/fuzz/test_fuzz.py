"""A little of each kind of hostile input, the same every time; ``python -m tests.fuzz`` goes on for longer."""

from __future__ import annotations

import asyncio
import math
import random
from pathlib import Path

import pytest

from tests.fuzz.running import TARGETS, Tally, again, fuzz, smaller, write
from tests.fuzz.targets import Input


@pytest.mark.parametrize(
    ("kind", "inputs"), [("rtp", 300), ("rtcp", 300), ("stun", 300), ("sdp", 8), ("sse", 300), ("json", 150)]
)
async def test_nothing_a_hostile_peer_sends_gets_out_of_the_engine_or_stops_it(kind: str, inputs: int) -> None:
    """No exception in a task, thread or callback, no input that holds the loop, and the call works afterwards."""
    tally = Tally()
    found = await fuzz(kind, f"test/{kind}", inputs=inputs, until_s=math.inf, tally=tally)
    assert found is None, found.error
    assert tally.inputs == inputs


class Leaky:
    """A target that lets out what it is given as soon as there is a zero in it, as something of ours might."""

    async def open(self) -> None:
        self.took: list[bytes] = []

    def next(self, chance: random.Random) -> Input:
        return Input("x", bytes([chance.randrange(8)]))

    async def feed(self, item: Input) -> None:
        self.took.append(item.data)
        if b"\x00" in self.took and b"\x01" in self.took:
            asyncio.get_running_loop().call_soon(int, "not a number")

    async def check(self) -> None:
        await asyncio.sleep(0)

    async def close(self) -> None:
        pass


async def test_what_gets_out_in_a_callback_is_found_and_made_small(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two inputs of many are to blame, and the file that is kept shows it again."""
    monkeypatch.setitem(TARGETS, "leaky", Leaky)
    found = await fuzz("leaky", "1", inputs=200, until_s=math.inf, tally=Tally())
    assert found is not None
    small = await smaller(found)
    assert sorted(item.data for item in small.inputs) == [b"\x00", b"\x01"]
    assert "not a number" in await again(write(small, tmp_path).read_text("utf-8"))
