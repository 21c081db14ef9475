"""What adapters cost: ``python -m tests.bench.adapters``. Hooks, start-up, launches, HL7 messages; about a minute.

Everything runs in this process, with the real host and the real adapters; the dock is drawn but shown nowhere.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import sys
import tempfile
import textwrap
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from tests.bench.figures import Figures
from tests.contract.peers.hl7v2 import Hl7Peer
from tests.contract.peers.local import LocalPeer
from tests.fakes_clinic import NOON, HandClock, RememberingSink, context_of
from tests.unit.adapters.hl7v2.samples import good
from tests.unit.host.guests import good as guest
from tests.unit.host.guests import install, points_in
from vdx_plugin.adapters.dummy import PATIENTS
from vdx_plugin.domain.patients import Patient
from vdx_plugin.host import AdapterHost
from vdx_plugin.host.tracing import Trace
from vdx_plugin.ports import AuditEvent
from vdx_plugin.testing.peer import Place
from vdx_plugin.testing.stand_ins import VirtualClock
from vdx_plugin.testing.workplace import Workplace, at_work
from vdx_plugin.ui import scenes
from vdx_plugin.ui.dock import Dock
from vdx_plugin.ui.theme import LIGHT, Theme

PLUGS = 20
HOOKS = """
    from vdx_plugin.api.v1 import hookimpl

    @hookimpl
    def vdx_check_launch(context):
        return None

    @hookimpl
    def vdx_audit(event):
        pass
"""


async def hooks(figures: Figures, folder: Path) -> None:
    """Measure a vote of twenty plug-ins, and telling them something."""
    for number in range(PLUGS):
        install(folder, f"plug{number}", textwrap.dedent(HOOKS))
    host = AdapterHost(clock=HandClock(), points=points_in(folder), trace=Trace())
    await host.start(RememberingSink())
    context, event = context_of("bench", PATIENTS[0]), AuditEvent(NOON, "bench", "start", None)
    for _call in range(200):
        began = time.perf_counter()
        await host.hooks.check_launch(context, NOON)
        figures.add("hooks, 20 plug-ins", "a vote (vdx_check_launch), all answered", "ms", _ms(began))
    for _call in range(50):
        began = time.perf_counter()
        host.hooks.audit(event)
        figures.add("hooks, 20 plug-ins", "telling (vdx_audit), until we go on", "ms", _ms(began))
        await asyncio.sleep(0.005)
    await host.stop()


async def start_up(figures: Figures, folder: Path) -> None:
    """Measure the start with twenty adapters installed, of which two are on."""
    for number in range(PLUGS):
        install(folder, f"installed{number}", guest(f"installed{number}"))
    off = [f"installed{number}" for number in range(2, PLUGS)]
    for _round in range(10):
        host = AdapterHost(clock=HandClock(), points=points_in(folder), disabled=off)
        began = time.perf_counter()
        await host.start(RememberingSink())
        figures.add("start-up", "20 adapters installed, 2 on, until both run", "ms", _ms(began))
        await host.stop()
    imported = sum(f"installed{number}_guest" in sys.modules for number in range(PLUGS))
    figures.note(f"Of 20 installed adapters {imported} were imported.")


async def launches(figures: Figures, folder: Path) -> None:
    """Measure a ticket until the dock shows its patient, and a thousand launches' memory."""
    dock = Dock(Theme(LIGHT))
    dock.resize(320, 860)
    dock.show()
    place = Place(folder, VirtualClock())
    peer = LocalPeer(place)
    async with at_work("local", peer, place) as work:
        for number in range(60):
            ticket = await peer._ticket()
            work.vdx.starts.clear()
            began = time.perf_counter()
            await peer._redeem(ticket)
            await work.until(lambda: work.vdx.starts, "the launch")
            dock.show_view(scenes.idle(work.vdx.starts[-1]), NOON, {})
            dock.grab()
            if number >= 10:
                figures.add("launches", "ticket redeemed until the dock has painted the patient", "ms", _ms(began))
        await _memory(figures, work, peer)
    dock.close()


async def _memory(figures: Figures, work: Workplace, peer: LocalPeer) -> None:
    for number in range(1000):
        await peer.click_start()
        work.vdx.starts.clear()
        if number in (199, 999):
            gc.collect()
            figures.add("launches", f"memory after {number + 1} launches", "MB", _resident_mb())


async def messages(figures: Figures, folder: Path) -> None:
    """Measure HL7 messages until their patient can be looked up, and one of three megabytes."""
    place = Place(folder, VirtualClock())
    peer = Hl7Peer(place)
    async with at_work("hl7v2", peer, place) as work:
        for rate, count in ((1, 5), (50, 250)):
            spent: list[float] = []
            for number in range(count):
                began = time.perf_counter()
                await _until_visible(work, peer, f"Ditte {rate} {number}")
                spent.append(_ms(began))
                await asyncio.sleep(max(0.0, 1 / rate - (time.perf_counter() - began)))
            for value in spent:
                figures.add("HL7", f"message in until its patient is found, {rate}/s", "ms", value)
            figures.note(f"HL7 at {rate}/s: 95th percentile {_p95(spent):.1f} ms of {count}.")
    with tempfile.TemporaryDirectory() as large:
        await _large(figures, Path(large))


async def _until_visible(work: Workplace, peer: Hl7Peer, given: str) -> None:
    """Send the patient under another name each time: the same bytes again would be acknowledged and passed over."""
    await peer._send(good("adt_a04_email").replace(b"Ditte", given.encode("ascii")))
    found = await work.host.complete(context_of("bench", Patient(PATIENTS[0].identifiers)))
    if found.patient.name is None or not found.patient.name.given.startswith(given):
        raise RuntimeError("the patient is not there")


async def _large(figures: Figures, folder: Path) -> None:
    place = Place(folder, VirtualClock())

    class Roomy(Hl7Peer):
        async def start(self) -> None:
            await super().start()
            self.settings = {**self.settings, "max_bytes": "5000000"}

    padded = good("adt_a04_email").rstrip(b"\r") + b"\rZZZ|1|" + b"x" * 3_000_000 + b"\r"
    roomy = Roomy(place)
    async with at_work("hl7v2", roomy, place):
        for number in range(3):
            began = time.perf_counter()
            await roomy._send(padded.replace(b"Ditte", b"Ditte%d" % number))
            figures.add("HL7", "message of 3 MB in until it is acknowledged", "ms", _ms(began))


def _ms(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[18] if len(values) > 1 else values[0]


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


PARTS: dict[str, Callable[[Figures, Path], Awaitable[None]]] = {
    "hooks": hooks,
    "start": start_up,
    "launches": launches,
    "messages": messages,
}


async def measure(names: list[str]) -> Figures:
    """Measure the parts named, all where none is."""
    figures = Figures()
    for name, part in PARTS.items():
        if not names or name in names:
            with tempfile.TemporaryDirectory() as folder:
                sys.path.insert(0, folder)
                try:
                    await part(figures, Path(folder))
                except Exception as error:  # noqa: BLE001 - what was measured is told, whatever a later part does
                    figures.note(f"{name} stopped: {type(error).__name__}: {error}")
                finally:
                    sys.path.remove(folder)
    return figures


def main(arguments: list[str]) -> int:
    app = QApplication.instance() or QApplication([])
    load = os.getloadavg()[0]
    figures = asyncio.run(measure(arguments))
    print(f"{os.cpu_count()} cores, load {load:.1f} before, {os.getloadavg()[0]:.1f} after")
    print(figures.table())
    app.processEvents()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
