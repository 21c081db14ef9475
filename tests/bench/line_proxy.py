"""A bad line between two programs that talk WebRTC: a UDP relay on loopback that treats packets as ``line_model`` says.

``python -m tests.bench.line_proxy`` is its own process, because a relay that shares a loop with anything else adds
that thing's delays to the line's. ``Relay`` is the relay itself, on a thread, for tests that need no such precision.
Each end is told the relay's port in place of the other end's address (``through``); the relay sees which stream a
packet belongs to by its payload type, which SRTP leaves readable, and tells how late it was itself.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import os
import re
import select
import socket
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.bench.child import Line as ChildLine
from tests.bench.line_model import BY_NAME, Line, both_ways
from vdx_plugin.media.line import percentile

Address = tuple[str, int]

HOST = "127.0.0.1"
BIN_S = 0.1
SHARES = (50, 95, 99, 100)
SOUND_HZ = 48_000
_CANDIDATE = re.compile(r"^a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 (\d+) typ host.*$", re.IGNORECASE | re.MULTILINE)
_ANY_CANDIDATE = re.compile(r"^a=candidate:.*\r?\n", re.MULTILINE)
_RTPMAP = re.compile(r"^a=rtpmap:(\d+) ([\w-]+)/", re.MULTILINE)


def through(sdp: str, port: int) -> tuple[str, Address]:
    """Return a description that leads to ``port`` of this machine, and where it led before.

    Raises ValueError where it named no address of loopback.
    """
    found = _CANDIDATE.search(sdp)
    if found is None:
        raise ValueError("no candidate on loopback")
    lines: list[str] = []
    for line in _ANY_CANDIDATE.sub("", sdp).splitlines():
        lines.append(line)
        if line.startswith("a=mid:"):
            lines.append(f"a=candidate:1 1 udp 2122260223 {HOST} {port} typ host")
    return "\r\n".join(lines) + "\r\n", (HOST, int(found[1]))


def flows_of(sdp: str) -> dict[int, str]:
    """Return which stream each payload type of a description belongs to: ``audio``, ``video`` or ``rtx``."""
    flows: dict[int, str] = {}
    for section in sdp.split("\nm=")[1:]:
        kind = section.split(" ", 1)[0]
        flows |= {int(payload): "rtx" if name == "rtx" else kind for payload, name in _RTPMAP.findall(section)}
    return flows


@dataclass(slots=True)
class Tally:
    """What one direction carried. Times are ``time.monotonic``."""

    packets: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    dropped: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    bins: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    """Bytes that were sent in each tenth of a second, by stream."""
    waits: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    """When each packet came to the narrow place, and how long it waited there, by stream."""
    beats: list[tuple[float, float]] = field(default_factory=list)
    """When each packet of sound came to the line, and by how much that was after its own time, from some origin."""
    first_video_s: float | None = None

    def note(self, flow: str, size: int, at_s: float, *, arrives: bool) -> None:
        self.packets[flow] += 1
        self.dropped[flow] += not arrives
        self.bins[flow][int(at_s / BIN_S)] += size
        if flow == "video" and self.first_video_s is None:
            self.first_video_s = at_s

    def kbps(self, flow: str, from_s: float, until_s: float) -> float:
        """Return what was sent between two moments, kbit/s."""
        first, last = int(from_s / BIN_S), int(until_s / BIN_S)
        sent = sum(size for number, size in self.bins[flow].items() if first <= number < last)
        return sent * 8 / 1000 / max(BIN_S, (last - first) * BIN_S)

    def ramp_s(self, kbps: float, window_bins: int = 5) -> float | None:
        """Return how long after the first picture half a second went at this rate; None if it never did."""
        if self.first_video_s is None:
            return None
        bins, first = self.bins["video"], int(self.first_video_s / BIN_S)
        for number in range(first + window_bins, max(bins) + 1):
            if sum(bins.get(number - back, 0) for back in range(window_bins)) * 8 / 1000 / (window_bins * BIN_S) > kbps:
                return (number + 1) * BIN_S - self.first_video_s
        return None

    def report(self, from_s: float, until_s: float) -> dict[str, Any]:
        every = [each for waits in self.waits.values() for each in _within(waits, from_s, until_s)]
        beats = _within(self.beats, from_s, until_s)
        first = min(beats, default=0.0)
        return {
            "packets": dict(self.packets),
            "dropped": dict(self.dropped),
            "kbps": {flow: self.kbps(flow, from_s, until_s) for flow in ("audio", "video", "rtx")},
            "ramp_s": self.ramp_s(1500),
            "queue_p95_ms": (percentile(every, 0.95) or 0.0) * 1000,
            "sound_wait_ms": _shares_ms(_within(self.waits["audio"], from_s, until_s)),
            "sound_late_ms": _shares_ms([each - first for each in beats]),
        }


def _within(rows: list[tuple[float, float]], from_s: float, until_s: float) -> list[float]:
    return [value for at_s, value in rows if from_s <= at_s < until_s]


def _shares_ms(values: list[float]) -> dict[str, float]:
    return {f"p{share}": (percentile(values, share / 100) or 0.0) * 1000 for share in SHARES}


class Relay:
    """Stands between two ends. Tell each end the port of its side (``ports``), then ``aim``. Close it when done."""

    def __init__(self, there: Line, back: Line) -> None:
        self._sockets = [_bound(), _bound()]
        self.ports: tuple[int, int] = (self._sockets[0].getsockname()[1], self._sockets[1].getsockname()[1])
        self._lines = (there, back)
        self._ends: list[Address | None] = [None, None]
        self._flows: dict[int, str] = {}
        self._due: list[tuple[float, int, int, bytes]] = []
        self._order = itertools.count()
        self._ended = False
        self.is_cut = False
        """While it is, nothing passes and nothing is told of it."""
        self.tallies = (Tally(), Tally())
        self.taken = 0
        """Packets from either end, those it did not pass on included."""
        self.late_s: list[float] = []
        self._thread = threading.Thread(target=self._run, name="bench-relay", daemon=True)
        self._thread.start()

    def aim(self, first: Address, second: Address, flows: dict[int, str] | None = None) -> None:
        """Say where the two ends are. What comes from elsewhere is dropped."""
        self._flows = flows or {}
        self._ends = [first, second]

    def close(self) -> None:
        """Stop and free the ports."""
        self._ended = True
        self._thread.join()
        for each in self._sockets:
            each.close()

    def _run(self) -> None:
        while not self._ended:
            wait_s = min(0.1, max(0.0, self._due[0][0] - time.monotonic())) if self._due else 0.1
            ready, _, _ = select.select(self._sockets, [], [], wait_s)
            for side in (0, 1):
                if self._sockets[side] in ready:
                    self._take_all(side)
            self._send_due()

    def _take_all(self, side: int) -> None:
        while True:
            try:
                packet, source = self._sockets[side].recvfrom(2048)
            except (BlockingIOError, ConnectionError):
                return
            if source != self._ends[side]:
                continue
            self.taken += 1
            if not self.is_cut:
                self._take(side, packet, time.monotonic())

    def _take(self, side: int, packet: bytes, at_s: float) -> None:
        line, tally, flow = self._lines[side], self.tallies[side], self._flow(packet)
        if line.condition.rate_bps is not None:
            tally.waits[flow].append((at_s, line.queue_s(at_s)))
        if flow == "audio":
            tally.beats.append((at_s, at_s - int.from_bytes(packet[4:8], "big") / SOUND_HZ))
        due_s = line.fate(packet, at_s, flow)
        tally.note(flow, len(packet), at_s, arrives=due_s is not None)
        if due_s is not None:
            heapq.heappush(self._due, (due_s, next(self._order), 1 - side, packet))

    def _flow(self, packet: bytes) -> str:
        """Tell the stream by the first bytes (RFC 7983): STUN, DTLS, RTCP, or the payload type's."""
        if len(packet) < 2 or packet[0] < 4:
            return "stun"
        if packet[0] < 64:
            return "dtls"
        return "rtcp" if 192 <= packet[1] <= 223 else self._flows.get(packet[1] & 0x7F, "other")

    def _send_due(self) -> None:
        while self._due and self._due[0][0] <= (now_s := time.monotonic()):
            due_s, _, side, packet = heapq.heappop(self._due)
            end = self._ends[side]
            if end is None or self.is_cut:
                continue
            self.late_s.append(now_s - due_s)
            # An end that has closed its port answers with an error, which is no concern of the line's.
            with suppress(ConnectionError, BlockingIOError):
                self._sockets[side].sendto(packet, end)


def _bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        made.setsockopt(socket.SOL_SOCKET, option, 4 * 1024 * 1024)
    made.bind((HOST, 0))
    made.setblocking(False)
    return made


class RelayChild:
    """Answers the bench: one relay per process."""

    def __init__(self) -> None:
        self._relay: Relay | None = None

    async def open(self, condition: str, seed: int) -> list[int]:
        """Open a relay, in place of one that was open, and return its ports."""
        self.close()
        self._relay = Relay(*both_ways(BY_NAME[condition], seed))
        return list(self._relay.ports)

    async def aim(self, ends: list[list[Any]], flows: dict[str, str]) -> None:
        """Say where the ends are and which payload type belongs to which stream."""
        first, second = ((str(host), int(port)) for host, port in ends)
        self._the_relay().aim(first, second, {int(payload): flow for payload, flow in flows.items()})

    async def cut(self, *, cut: bool) -> None:
        """Let nothing pass, or everything again."""
        self._the_relay().is_cut = cut

    async def report(self, from_s: float, until_s: float) -> dict[str, Any]:
        """Return what went through between two moments, each way, and how late the relay was."""
        relay = self._the_relay()
        return {"ways": [tally.report(from_s, until_s) for tally in relay.tallies], "late_ms": _shares_ms(relay.late_s)}

    def close(self) -> None:
        """Close the relay."""
        if self._relay is not None:
            self._relay.close()

    def _the_relay(self) -> Relay:
        if self._relay is None:
            raise RuntimeError("no relay is open")
        return self._relay


async def main() -> None:
    """Run until the bench closes its end."""
    # Where it may, it goes before what it measures: its lateness would be taken for the line's.
    with suppress(OSError, AttributeError):
        os.nice(-10)
    child = RelayChild()
    handlers = {"open": child.open, "aim": child.aim, "cut": child.cut, "report": child.report}
    await ChildLine().serve(handlers)
    child.close()


if __name__ == "__main__":
    asyncio.run(main())
