"""The kit itself: it finds what is wrong, and its fixtures and misbehaving peers do what they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vdx_plugin.errors import OutcomeUnknown
from vdx_plugin.testing import FakeVdx, VirtualClock
from vdx_plugin.testing.peer import Peer, Place
from vdx_plugin.testing.peers import Misbehaviour, misbehaving
from vdx_plugin.testing.scaffold import rendered
from vdx_plugin.testing.second import SECOND
from vdx_plugin.testing.stand_ins import context_of, summary_of
from vdx_plugin.testing.workplace import VdxHost, at_work

LOGS = 'told = v1.get_logger("x").info("%s", event) or event["patient"]'
NO_SYSTEM = 'v1.Identifier("", told["value"])'
SUCCESS = 'return v1.WriteBackReceipt(self.name, "x", self._clock.now())'
FAULTS = {
    "an old start is let through": ("old = not -v1.MAX_AGE <= now - context.opened_at <= v1.MAX_AGE", "old = False", 5),
    "a start is let through twice": ("context.version in self._used", "False", 6),
    "another workstation is let through": ('event["workstation"] != self._workstation', "False", 7),
    "a task is left behind": ("await self._tasks.close()", "pass", 2),
    "a patient is logged": ('told = event["patient"]', LOGS, 20),
    "a lost answer is taken for a success": ('raise v1.OutcomeUnknown("writeback.unknown")', SUCCESS, 11),
    "a number without its system": ('v1.Identifier(told["system"], told["value"])', NO_SYSTEM, 4),
    "a name that nobody gave": ('if told["family"] else None', "if True else None", 8),
    "no sentence for a problem": ('"acme.refused"', '"acme.unheard_of"', 24),
}


def outcome_of(folder: Path, number: int, old: str, new: str) -> str:
    """Break the template's adapter in one place and return what the kit says of one check."""
    files = rendered("acme")
    assert old in files["vdx_acme/__init__.py"]
    files["vdx_acme/__init__.py"] = files["vdx_acme/__init__.py"].replace(old, new)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    info = folder / "vdx_acme-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: vdx-acme\nVersion: 0.1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[vdx_plugin.adapters]\nacme = vdx_acme\n", encoding="utf-8")
    report = folder / "report.json"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", "-k", f"test_{number:02}"]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    subprocess.run(
        [*command, "--vdx-report", str(report)], cwd=folder, env=environment, capture_output=True, check=False
    )
    (row,) = json.loads(report.read_text(encoding="utf-8"))["acme"]
    return str(row["outcome"])


@pytest.mark.parametrize("fault", list(FAULTS))
def test_the_kit_finds(fault: str, tmp_path: Path) -> None:
    """A check that passes whatever the adapter does is worth nothing."""
    old, new, number = FAULTS[fault]
    assert outcome_of(tmp_path, number, old, new) == "failed"


async def test_the_host_of_the_kit_refuses_discovery(vdx_host: VdxHost, fake_vdx: FakeVdx) -> None:
    """What happens to be installed on a vendor's machine must not take part in his tests."""
    vdx_host.point(SECOND, "vdx_plugin.testing.second")
    await vdx_host.start(fake_vdx)
    assert [status.name for status in vdx_host.statuses()] == [SECOND]
    await vdx_host.stop()


def test_the_clock_of_the_kit_moves_when_the_test_moves_it(vdx_clock: VirtualClock) -> None:
    """And never by itself."""
    before = vdx_clock.now()
    vdx_clock.pass_by(seconds=61)
    assert (vdx_clock.now() - before).total_seconds() == 61


@pytest.mark.parametrize("kind", list(Misbehaviour))
async def test_a_misbehaving_receiver_leaves_the_outcome_unknown(kind: Misbehaviour, tmp_path: Path) -> None:
    """Whatever it does once the note has left, nobody knows whether it was filed."""
    place = Place(tmp_path, VirtualClock())
    async with misbehaving(kind, b"\x0bMSH|^~\\&|x\x1c\r") as port:
        peer = Peer(place)
        peer.settings = {"port": "0", "processing_id": "T", "note_port": str(port)}
        async with at_work("hl7v2", peer, place) as work:
            with pytest.raises(OutcomeUnknown):
                await work.host.write_back(context_of("hl7v2"), summary_of())
            assert "blocked" not in work.status.detail
