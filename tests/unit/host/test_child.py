"""An adapter in a process of its own: the same contract, and whatever becomes of it stays there."""

from __future__ import annotations

import asyncio
import inspect
import os
from pathlib import Path

import pytest

from tests.fakes_clinic import NOON, HandClock, RememberingSink, context_of, summary
from tests.unit.host.guests import install, manifest, points_in
from vdx_plugin.adapters import dummy
from vdx_plugin.domain.patients import Patient
from vdx_plugin.errors import OutcomeUnknown, Refused, Unavailable, Unreadable
from vdx_plugin.host import AdapterHost, wire
from vdx_plugin.host.child import ProcessAdapter
from vdx_plugin.host.manifests import manifest_of
from vdx_plugin.ports import AdapterSetup, AdapterSink, Capability, ClinicSystem, HealthState

DITTE = dummy.PATIENTS[0]
CHILD = """
    import asyncio, os, sys
    from pathlib import Path
    from vdx_plugin.adapters.dummy import DummySystem, PATIENTS
    from vdx_plugin.api.v1 import Refused, hookimpl

    print("printed at import")

    class Guest(DummySystem):
        name = "{name}"
        folder = ""

        async def start(self, sink):
            await super().start(sink)
            self.sink = sink
            self.open_record()

        async def confirm(self, context):
            os._exit(3)

        async def diagnostics(self):
            return {{"pid": str(os.getpid()), "argv": " ".join(sys.argv), "in_call": str(self.sink.in_call),
                    "environment": " ".join(os.environ), "printed": str(sys.stdout.write("x"))}}

        async def appointments(self, start, end):
            return [][1]

        async def written(self, context, key):
            os.write(self.sink._send.__self__._output.fileno(), b"no json\\n")
            await asyncio.sleep(60)

    @hookimpl
    def vdx_adapters(register):
        register("{name}", lambda setup: Guest(setup.clock))
"""


class Processes:
    def __init__(self, folder: Path) -> None:
        self.folder, self.sink = folder, RememberingSink()
        self.host = AdapterHost(clock=HandClock(), points=points_in(folder))

    @property
    def adapter(self) -> ProcessAdapter:
        adapter = self.host.running("apart").adapter
        assert isinstance(adapter, ProcessAdapter)
        return adapter

    async def until(self, holds) -> None:
        async with asyncio.timeout(20):
            while not holds():
                self.sink.told.clear()
                await self.sink.told.wait()


@pytest.fixture
async def processes(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("VDX_SECRET_OF_THE_PROGRAM", "x")
    install(tmp_path, "apart", CHILD.format(name="apart"), says=manifest("apart", runner="process"))
    made = Processes(tmp_path)
    await made.host.start(made.sink)
    yield made
    await made.host.stop()


async def test_an_adapter_in_its_own_process_keeps_the_same_contract(processes):
    """Context, completion, note, refusal and diagnosis cross as they are."""
    await processes.until(lambda: processes.sink.contexts)
    assert processes.sink.contexts[0].patient == DITTE
    assert (await processes.host.complete(context_of("x", Patient(DITTE.identifiers)))).patient.name == DITTE.name
    receipt = await processes.host.write_back(context_of("apart", DITTE), summary())
    assert (receipt.adapter, receipt.remote_id) == ("apart", "note-1")
    with pytest.raises(Refused, match=r"writeback\.refused"):
        await processes.host.write_back(context_of("apart", Patient(())), summary(2))
    assert processes.host.can("apart", Capability.WRITE_BACK)


async def test_nothing_of_the_program_is_in_its_arguments_or_environment(processes):
    """They can be read by every program on the machine."""
    processes.sink.in_call = True
    told = await processes.adapter.diagnostics()
    assert int(told["pid"]) != os.getpid()
    assert told["argv"].endswith("apart_guest")
    assert "VDX_SECRET_OF_THE_PROGRAM" not in told["environment"]
    assert told["in_call"] == "True"


async def test_what_fails_in_the_process_is_a_fault_here(processes):
    """Its exception stays where it was raised; three pause it as any other."""
    for _attempt in range(3):
        assert await processes.host.appointments(NOON, NOON) == []
    assert processes.host.statuses()[0].state == "paused"


async def test_a_crash_costs_its_calls_is_told_and_the_process_starts_again(processes):
    """The call that runs on video knows nothing of it."""
    processes.adapter._pause_s = 0.05
    first = (await processes.adapter.diagnostics())["pid"]
    assert await processes.host.confirm(context_of("apart", DITTE)) is False
    await processes.until(lambda: len(processes.sink.contexts) > 1 and processes.adapter._process.returncode is None)
    assert "adapter.process_gone" in processes.sink.notices
    assert processes.sink.closings
    assert (await processes.adapter.diagnostics())["pid"] != first
    assert processes.adapter._pause_s == 0.1
    assert (await processes.adapter.health()).state is HealthState.GOOD


async def test_a_crash_while_a_note_is_written_leaves_its_outcome_unknown(processes):
    """It may stand in the record."""
    adapter = processes.adapter
    adapter._process.kill()
    await adapter._process.wait()
    with pytest.raises(OutcomeUnknown):
        await adapter.write_back(context_of("apart", DITTE), summary())


async def test_a_process_that_sends_what_is_no_message_is_ended(processes):
    """Half of what it says next might be believed."""
    with pytest.raises(Unavailable):
        await processes.adapter.written(context_of("apart", DITTE), summary().key)


async def test_stopping_leaves_no_process_behind(processes):
    """Whoever switches it off expects it gone."""
    process = processes.adapter._process
    await processes.host.disable("apart")
    assert process.returncode is not None


async def test_settings_are_tried_in_a_process_of_their_own(processes):
    """The running one goes on undisturbed."""
    point = points_in(processes.folder)[0]
    trial = ProcessAdapter(point.module, manifest_of(point), AdapterSetup())
    assert (await trial.try_settings()).state is HealthState.GOOD


def test_the_wire_covers_the_whole_contract():
    """A method added to the contract must cross as well."""
    calls = {name for name, thing in vars(ClinicSystem).items() if inspect.iscoroutinefunction(thing)}
    events = {name for name, thing in vars(AdapterSink).items() if inspect.isfunction(thing)}
    events |= {name for base in AdapterSink.__mro__ for name in vars(base) if inspect.isfunction(vars(base)[name])}
    assert set(wire.CALLS) == calls
    assert set(wire.EVENTS) == {name for name in events if not name.startswith("_")}


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"{", b"[" * 100_000, b"3"])
def test_a_line_that_is_no_message_is_unreadable(data):
    """Whatever a process writes."""
    with pytest.raises(Unreadable):
        wire.read_line(data)


@pytest.mark.parametrize("values", [None, [], [1], [{"source": "x"}], ["8512484901", 2]])
def test_values_of_another_type_are_unreadable_and_not_quoted(values):
    """They may hold a patient."""
    with pytest.raises(Unreadable) as caught:
        wire.unpacked(wire.EVENTS["opened"], values)
    assert "8512484901" not in str(caught.value)


def test_contexts_and_summaries_come_through_the_wire_unchanged():
    """Every field, whatever is added to them."""
    kinds, values = wire.CALLS["write_back"][0], (context_of("apart", DITTE), summary())
    assert tuple(wire.unpacked(kinds, wire.packed(kinds, values))) == values


def test_a_line_too_long_is_refused_before_it_is_sent():
    """Three megabytes pass, four do not."""
    assert wire.line({"x": "y" * 3_000_000})
    with pytest.raises(Unreadable):
        wire.line({"x": "y" * 4_000_000})
