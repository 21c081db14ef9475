"""One measured call: two ends, a bad line between them, and what came of it in each direction."""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from typing import Any

from tests.bench import media_content as content
from tests.bench.child import Child
from tests.bench.line_model import ROUND_TRIP_S
from tests.bench.line_proxy import flows_of, through
from tests.bench.media_ends import Account, End, chromium_end, our_end
from tests.bench.media_sound import Compared, compare

WARM_UP_S = 6.0
MEASURED_S = 20.0
_LOOP_S = content.PICTURES / content.FPS


@dataclass(frozen=True, slots=True)
class Way:
    """One direction of one call: what its receiver made of what its sender sent. None is what could not be measured."""

    unreal_percent: float | None
    """Sound that was concealed, late or missing."""
    stoi: float | None
    sound_ms: float | None
    """Capture to playout, without the network."""
    buffer_ms: float | None
    freezes: int
    frozen_s: float
    fps: float
    width: int
    kbps: float
    ramp_s: float | None
    queue_p95_ms: float
    picture_ms: float | None
    lip_ms: float | None
    """How much later the picture comes than the sound."""
    first_picture_ms: float | None


@dataclass(frozen=True, slots=True)
class Call:
    """Both directions of one call between ``ends``; the first is the far end's sending."""

    ends: str
    condition: str
    seed: int
    ways: tuple[Way, Way]
    cores: tuple[float, float]
    relay_late_ms: dict[str, float]
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. ``ours`` puts our client at the near end, else Chromium stands at both."""

    condition: str
    seed: int
    ours: bool
    codec: str = "VP8"
    echo: bool = False
    """Whether both ends take echo and noise out of their sound; off, the sound sent is the sound given."""
    warm_up_s: float = WARM_UP_S
    measured_s: float = MEASURED_S


async def run(plan: Plan) -> Call:
    """Run one call."""
    async with AsyncExitStack() as stack:
        near_end = our_end(plan.codec, echo=plan.echo) if plan.ours else chromium_end(plan.codec, echo=plan.echo)
        relay = await stack.enter_async_context(Child("tests.bench.line_proxy"))
        far: End = await stack.enter_async_context(chromium_end(plan.codec, echo=plan.echo))
        near: End = await stack.enter_async_context(near_end)
        ports = await relay.ask("open", condition=plan.condition, seed=plan.seed)
        await connect(far, near, relay, ports)
        await asyncio.sleep(plan.warm_up_s)
        began_s = time.monotonic()
        await asyncio.gather(far.begin(), near.begin())
        await asyncio.sleep(plan.measured_s)
        accounts = await asyncio.gather(far.end(), near.end())
        carried = await relay.ask("report", from_s=began_s, until_s=began_s + plan.measured_s)
    return await asyncio.to_thread(_call, plan, (accounts[0], accounts[1]), carried)


async def connect(far: End, near: End, relay: Child, ports: list[int]) -> None:
    """Let the near end offer, as our client does. The far end is told the relay's first port, the near the other."""
    offer, near_at = through(await near.offer(), ports[0])
    answer, far_at = through(await far.answer(offer), ports[1])
    await relay.ask("aim", ends=[list(far_at), list(near_at)], flows=flows_of(answer))
    await near.accept(answer)


def _call(plan: Plan, accounts: tuple[Account, Account], carried: dict[str, Any]) -> Call:
    far, near = accounts
    ways = (_way(far, near, carried["ways"][0]), _way(near, far, carried["ways"][1]))
    ends = "Chromium - ours" if plan.ours else "Chromium - Chromium"
    detail = {"far": far.detail, "near": near.detail, "ways": carried["ways"], "rescued": near.heard.rescued}
    cores = (far.cpu_cores, near.cpu_cores)
    return Call(ends, plan.condition, plan.seed, ways, cores, carried["late_ms"], detail)


def _way(sender: Account, receiver: Account, carried: dict[str, Any]) -> Way:
    sound = compare(sender.sound_sent, receiver.sound_got) if receiver.sound_got else Compared()
    sound_ms = statistics.median(sound.delays_ms) if sound.delays_ms else None
    picture_ms = _picture_ms(sender.pictures_sent, receiver.pictures_got)
    heard, seen = receiver.heard, receiver.seen
    return Way(
        100 * heard.unreal_s / heard.total_s if heard.total_s else None,
        statistics.mean(sound.stoi) if sound.stoi else None,
        None if sound_ms is None else sound_ms - ROUND_TRIP_S / 2 * 1000,
        heard.buffer_ms,
        seen.freezes,
        seen.frozen_s,
        seen.fps,
        seen.width,
        carried["kbps"]["video"],
        carried["ramp_s"],
        carried["queue_p95_ms"],
        None if picture_ms is None else picture_ms - ROUND_TRIP_S / 2 * 1000,
        None if picture_ms is None or sound_ms is None else picture_ms - sound_ms,
        receiver.first_picture_ms,
    )


def _picture_ms(sent: list[tuple[float, int]], got: list[tuple[float, int]]) -> float | None:
    """Return the median time from a picture's taking to its showing."""
    if not sent or not got:
        return None
    # Cameras of both kinds keep to one beat from first to last, so a few pictures tell when each was taken.
    began_s = statistics.median((at_s - number / content.FPS - sent[0][0]) % _LOOP_S for at_s, number in sent)
    lags = [(at_s - number / content.FPS - sent[0][0] - began_s + 1.0) % _LOOP_S - 1.0 for at_s, number in got]
    return statistics.median(lags) * 1000


def as_row(call: Call) -> dict[str, Any]:
    """Return a call as plain data."""
    return asdict(call)
