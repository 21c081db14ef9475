"""The steps of recovery carried out: one at a time, each failure named for what comes next."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import pytest

from vdx_plugin.errors import NotFound, OutcomeUnknown, Refused, Unavailable, VdxError
from vdx_plugin.media import mending
from vdx_plugin.media.mending import Means, Mender
from vdx_plugin.media.network import Network
from vdx_plugin.media.recovery import PathState, Step

STEPS = (Step.PROBE, Step.NEW_PATH, Step.NEW_CALL, Step.NEW_TOKEN)


class Addresses(Network):
    known: tuple[str, ...] = ("192.0.2.1",)

    def sources(self) -> tuple[str, ...]:
        return self.known


@dataclass
class Rig:
    """A mender whose steps do what ``fails`` says, and what it told."""

    fails: dict[Step, VdxError] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    network: Addresses = field(default_factory=Addresses)
    now_s: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.gate.set()
        steps = {step: lambda step=step: self.take(step) for step in STEPS}
        tell = self.done.append
        means = Means(steps, lambda: tell("broken"), lambda: tell("mended"), lambda: tell("given up"))
        self.mender = Mender(means, self.network)

    async def take(self, step: Step) -> None:
        self.done.append(str(step))
        await self.gate.wait()
        if step in self.fails:
            raise self.fails[step]

    async def look(self, *, after_s: float = 0.0, silent_s: float = 60.0) -> None:
        self.now_s += after_s
        self.mender.look(self.now_s, PathState.CONNECTED, silent_s=silent_s)
        if self.gate.is_set():
            await self.rest()

    async def rest(self) -> None:
        work = self.mender._work
        if work is not None:
            await work


@pytest.mark.parametrize(
    ("error", "follows"),
    [
        (Unavailable("call.unreachable"), "probe"),
        (OutcomeUnknown("call.unreachable"), "probe"),
        (Refused("call.token_gone"), "new_token"),
        (Refused("call.refused"), "new_call"),
        (NotFound("call.not_found"), "new_call"),
        (Unavailable("media.no_path"), "new_call"),
    ],
)
async def test_what_goes_wrong_with_a_new_path_decides_what_is_tried_next(error: VdxError, follows: str) -> None:
    """A node out of reach is waited for, one that says no is asked for something else."""
    rig = Rig({Step.NEW_PATH: error})
    for _ in range(3):
        await rig.look(after_s=1.0)
    assert rig.done == ["broken", "probe", "new_path", follows]
    await rig.mender.close()


async def test_broken_and_mended_are_told_once_each() -> None:
    """The window shows a band, and takes it down again."""
    rig = Rig({Step.PROBE: Unavailable("call.unreachable")})
    for _ in range(4):
        await rig.look(after_s=1.0)
    await rig.look(after_s=1.0, silent_s=0.0)
    await rig.look(after_s=1.0, silent_s=0.0)
    assert [each for each in rig.done if each != "probe"] == ["broken", "mended"]
    assert rig.mender.mends == 0
    await rig.mender.close()


async def test_one_step_at_a_time() -> None:
    """Two offers at once would leave the node with one of them and us with the other."""
    rig = Rig()
    rig.gate.clear()
    await rig.look()
    await asyncio.sleep(0)
    rig.mender.begin(Step.NEW_CALL)
    await rig.look(after_s=10.0)
    assert rig.done == ["broken", "probe"]
    await rig.mender.close()


async def test_a_step_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network may go away in the middle of it."""
    monkeypatch.setattr(mending, "STEP_LIMIT_S", 0.0)
    rig = Rig()
    rig.gate.clear()
    await rig.look()
    await rig.rest()
    assert rig.done == ["broken", "probe"]
    await rig.mender.close()


async def test_a_changed_address_makes_it_impatient() -> None:
    """Half a second of silence is enough where the old address is gone."""
    rig = Rig()
    await rig.look(silent_s=0.6)
    assert rig.done == []
    rig.network.known = ("192.0.2.9",)
    await rig.look(silent_s=0.6)
    assert rig.done == ["broken", "probe"]
    await rig.mender.close()


async def test_a_token_that_is_gone_is_told_as_a_broken_line() -> None:
    """The doctor sees that nothing passes, and why is no concern of theirs."""
    rig = Rig()
    rig.mender.forget_token()
    rig.now_s = time.monotonic() + 0.1
    await rig.look(silent_s=0.0)
    await rig.look(after_s=1.0, silent_s=0.0)
    assert rig.done == ["broken", "new_token", "mended"]
    assert rig.mender.mends == 1
    await rig.mender.close()
