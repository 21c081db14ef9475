"""The host with real packages on disk, most of them broken in one way."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path

import pytest

from tests.fakes_clinic import NOON, HandClock, RememberingSink, context_of, summary
from tests.unit.host.guests import good, install, points_in, with_method
from vdx_plugin.adapters import dummy
from vdx_plugin.domain.patients import Patient, cpr
from vdx_plugin.errors import OutcomeUnknown, Refused, Unavailable, Unsupported
from vdx_plugin.host import AdapterHost, installed
from vdx_plugin.host.guard import Guard, Limits
from vdx_plugin.host.loading import load
from vdx_plugin.host.watch import watched
from vdx_plugin.ports import AdapterStatus, Capability

SHORT = Limits(start_s=0.3, ask_s=0.3, write_back_s=0.3, stop_s=0.3)


class Clinic:
    """A folder of guests and a host over them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sink = RememberingSink()
        self.host: AdapterHost | None = None

    def install(self, **sources: str) -> None:
        for name, source in sources.items():
            install(self.folder, name, source)

    async def start(self, *, disabled: tuple[str, ...] = (), import_limit_s: float = 5.0) -> AdapterHost:
        self.host = AdapterHost(
            clock=HandClock(),
            data_dir=self.folder / "data",
            points=points_in(self.folder),
            limits=SHORT,
            disabled=disabled,
            import_limit_s=import_limit_s,
        )
        await self.host.start(self.sink)
        return self.host

    def adapter(self, name: str) -> dummy.DummySystem:
        assert self.host is not None
        adapter = self.host._state.running[name].adapter
        assert isinstance(adapter, dummy.DummySystem)
        return adapter

    def status(self, name: str) -> AdapterStatus:
        assert self.host is not None
        return next(status for status in self.host.statuses() if status.name == name)


@pytest.fixture
async def clinic(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    made = Clinic(tmp_path)
    yield made
    if made.host is not None:
        await made.host.stop()


async def test_a_package_that_raises_at_import_leaves_the_others_running(clinic):
    """pluggy's own loader would have stopped at the first."""
    clinic.install(bad_import="raise ImportError('no such SDK')", fine_a=good("fine_a"))
    host = await clinic.start()
    assert clinic.status("bad_import").state == "failed"
    assert clinic.status("bad_import").reason == "adapter.import_failed"
    assert clinic.status("fine_a").state == "running"
    assert host.can("fine_a", Capability.DIRECTORY)
    assert clinic.sink.notices == ["adapter.import_failed"]


async def test_a_package_that_exits_at_import_does_not_take_the_program_along(clinic):
    """SystemExit is no Exception, so a broad catch of those alone would let it through."""
    clinic.install(exiting="import sys\nsys.exit(3)", fine_b=good("fine_b"))
    await clinic.start()
    assert clinic.status("exiting").reason == "adapter.import_failed"
    assert clinic.status("fine_b").state == "running"


async def test_a_package_that_hangs_at_import_is_left_behind(clinic, monkeypatch):
    """A vendor's SDK that waits for its licence server must not hold up the clinic."""
    gate = threading.Event()
    monkeypatch.setattr("threading.guest_gate", gate, raising=False)
    clinic.install(hanging="import threading\nthreading.guest_gate.wait()", fine_c=good("fine_c"))
    try:
        await clinic.start(import_limit_s=0.5)
        assert clinic.status("hanging").state == "failed"
        assert clinic.status("hanging").detail == "import did not end in time"
        assert clinic.status("fine_c").state == "running"
    finally:
        gate.set()


async def test_a_package_that_hangs_at_import_does_not_keep_the_others_waiting(clinic, monkeypatch):
    """A patient opened in those seconds would be lost."""
    gate = threading.Event()
    monkeypatch.setattr("threading.guest_gate_2", gate, raising=False)
    clinic.install(hanging_2="import threading\nthreading.guest_gate_2.wait()", fine_g=good("fine_g"))
    starting = asyncio.ensure_future(clinic.start(import_limit_s=60))
    try:
        async with asyncio.timeout(20):
            # Nothing tells when an adapter is up.
            while clinic.host is None or all(s.name != "fine_g" for s in clinic.host.statuses()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert not starting.done()
    finally:
        gate.set()
        await starting
    assert clinic.status("hanging_2").reason == "adapter.invalid"


async def test_a_disabled_package_is_not_imported(clinic):
    """Whoever switches an adapter off because it crashes the program must be able to start the program."""
    clinic.install(off_one="raise AssertionError('imported')", fine_d=good("fine_d"))
    await clinic.start(disabled=("off_one",))
    assert clinic.status("off_one").state == "disabled"
    assert clinic.sink.notices == []


async def test_a_name_taken_twice_goes_to_the_first(clinic):
    """Two adapters of one name could not be told apart when a note is to be written."""
    install(clinic.folder, "twin", good("twin"), module="twin_a")
    install(clinic.folder, "twin", good("twin"), module="twin_b")
    await clinic.start()
    twins = [status for status in clinic.host.statuses() if status.name == "twin"]
    assert sorted((status.state, status.reason) for status in twins) == [
        ("failed", "adapter.duplicate"),
        ("running", ""),
    ]


async def test_a_hook_that_does_not_exist_is_an_error(clinic):
    """A mistyped hook would otherwise be an adapter that silently never appears."""
    clinic.install(mistyped=good("mistyped") + "\n    @hookimpl\n    def vdx_adaptors(register):\n        pass\n")
    await clinic.start()
    assert clinic.status("mistyped").reason == "adapter.invalid"


async def test_an_adapter_without_a_method_of_the_contract_is_refused(clinic):
    """It would fail in the middle of a consultation instead of at the start of the day."""
    clinic.install(partial=with_method("partial", "write_back = None"))
    await clinic.start()
    assert clinic.status("partial").reason == "adapter.invalid"
    assert clinic.status("partial").detail == "write_back missing"


async def test_an_adapter_that_raises_in_start_is_shown_with_its_reason(clinic):
    """The clinic must see which connection is out and why."""
    clinic.install(start_raises=with_method("start_raises", "async def start(self, sink): raise KeyError('x')"))
    await clinic.start()
    status = clinic.status("start_raises")
    assert (status.state, status.reason, status.detail) == ("failed", "adapter.raised", "start raised KeyError")


async def test_an_adapter_that_hangs_in_a_call_costs_its_time_limit_and_no_more(clinic):
    """A record system that does not answer must not keep the doctor from starting."""
    slow = with_method("slow", "async def complete(self, context): await asyncio.Event().wait()")
    clinic.install(slow=slow, willing=good("willing"))
    host = await clinic.start()
    asked = context_of("slow", Patient((dummy.PATIENTS[0].identifiers[0],)))
    completed = await host.complete(asked)
    assert completed.patient.is_complete
    assert completed.source == "slow"
    assert clinic.status("slow").faults == 1


async def test_three_faults_in_a_row_pause_an_adapter_until_it_is_enabled(clinic):
    """One that always fails would cost its time limit at every click."""
    clinic.install(faulty=with_method("faulty", "async def appointments(self, start, end): return 1 / 0"))
    host = await clinic.start()
    for _attempt in range(3):
        assert await host.appointments(NOON, NOON) == []
    assert clinic.status("faulty").state == "paused"
    assert clinic.status("faulty").reason == "adapter.paused"
    assert not host.can("faulty", Capability.WRITE_BACK)
    assert clinic.sink.notices == ["adapter.paused"]
    await host.enable("faulty")
    assert clinic.status("faulty").state == "running"
    assert clinic.status("faulty").faults == 0


async def test_a_paused_adapter_is_not_heard_and_its_record_is_closed(clinic):
    """Nobody would tell of the next change of patient, so the open record cannot be trusted."""
    clinic.install(talker=with_method("talker", "async def appointments(self, start, end): return 1 / 0"))
    host = await clinic.start()
    adapter = host._state.running["talker"].adapter
    adapter.open_record()
    for _attempt in range(3):
        await host.appointments(NOON, NOON)
    assert len(clinic.sink.closings) == 1
    adapter.open_record(1)
    assert len(clinic.sink.contexts) == 1


async def test_a_refusal_is_an_answer_and_no_fault():
    """The record saying no, day in and day out, is a record that works."""
    guard = Guard("asked", lambda: None)

    async def refuse() -> None:
        raise Refused("writeback.refused")

    for _attempt in range(4):
        with pytest.raises(Refused):
            await guard.call("write_back", 1.0, refuse())
    assert (guard.faults, guard.paused) == (0, False)


async def test_a_write_that_fails_midway_has_an_unknown_outcome(clinic):
    """The note may stand in the record; writing it elsewhere could leave it there twice."""
    raising = "async def write_back(self, context, summary): raise OSError('cable')"
    clinic.install(writer=with_method("writer", raising + _without("READ_BACK")), another=good("another"))
    host = await clinic.start()
    with pytest.raises(OutcomeUnknown, match=r"writeback\.unknown"):
        await host.write_back(context_of("writer", dummy.PATIENTS[0]), summary())


async def test_a_note_goes_to_the_owner_and_else_to_one_that_can_write(clinic):
    """A link in the record may open a consultation in a system that takes its notes another way."""
    clinic.install(own=good("own"), reader=with_method("reader", _without("WRITE_BACK")), aaa=good("aaa"))
    host = await clinic.start()
    patient = dummy.PATIENTS[0]
    assert (await host.write_back(context_of("own", patient), summary())).adapter == "own"
    assert (await host.write_back(context_of("reader", patient), summary())).adapter == "aaa"


async def test_without_anybody_who_can_write_the_note_is_unsupported(clinic):
    """The doctor must be told to copy the text, not to wait."""
    clinic.install(reader_b=with_method("reader_b", _without("WRITE_BACK")))
    host = await clinic.start()
    with pytest.raises(Unsupported, match=r"writeback\.unsupported"):
        await host.write_back(context_of("reader_b", dummy.PATIENTS[0]), summary())


async def test_an_unknown_outcome_is_resolved_by_reading_and_not_by_writing_again(clinic):
    """A blind repeat is how a note comes to stand twice."""
    loses = "async def write_back(self, context, summary):\n    await super().write_back(context, summary)\n"
    clinic.install(loser=with_method("loser", loses + "    raise OSError('answer lost')"))
    host = await clinic.start()
    receipt = await host.write_back(context_of("loser", dummy.PATIENTS[0]), summary())
    assert receipt.remote_id == "note-1"
    assert list(clinic.adapter("loser").notes) == [summary().key]


async def test_a_note_that_reading_does_not_find_may_be_written_again(clinic):
    """Then it is known not to stand there, and the doctor is told to try again instead of to look."""
    clinic.install(deaf=with_method("deaf", "async def write_back(self, context, summary): raise OSError('cable')"))
    host = await clinic.start()
    with pytest.raises(Unavailable, match=r"writeback\.unavailable"):
        await host.write_back(context_of("deaf", dummy.PATIENTS[0]), summary())


async def test_an_adapter_that_lies_about_its_capabilities_is_found_out_and_not_asked_again(clinic):
    """It said that it takes notes; offered once more it would fail once more."""
    lying = "async def write_back(self, context, summary):\n    from vdx_plugin.api.v1 import Unsupported\n"
    clinic.install(lying=with_method("lying", lying + "    raise Unsupported('writeback.unsupported')"))
    host = await clinic.start()
    assert host.can("lying", Capability.WRITE_BACK)
    with pytest.raises(Unsupported):
        await host.write_back(context_of("lying", dummy.PATIENTS[0]), summary())
    assert not host.can("lying", Capability.WRITE_BACK)
    assert Capability.WRITE_BACK not in clinic.status("lying").capabilities
    assert clinic.status("lying").faults == 1


async def test_an_event_that_no_capability_covers_is_not_passed_on(clinic):
    """Read before anything is offered means: nothing comes that was not offered."""
    clinic.install(mute=with_method("mute", _without("CONTEXT")))
    await clinic.start()
    clinic.adapter("mute").open_record()
    assert clinic.sink.contexts == []
    assert clinic.status("mute").detail == "opened without the capability context"


async def test_a_receipt_under_another_adapters_name_counts_for_nothing(clinic):
    """The wrong system's answer must not close the note."""
    wrong = "async def write_back(self, context, summary):\n    from dataclasses import replace\n"
    wrong += "    return replace(await super().write_back(context, summary), adapter='other')"
    clinic.install(mixed=with_method("mixed", wrong + _without("READ_BACK")))
    host = await clinic.start()
    with pytest.raises(OutcomeUnknown):
        await host.write_back(context_of("mixed", dummy.PATIENTS[0]), summary())


def _without(capability: str) -> str:
    return (
        "\nfrom vdx_plugin.api.v1 import Capabilities, Capability\n"
        f"capabilities = Capabilities(frozenset(Capability) - {{Capability.{capability}}})\n"
    )


async def test_a_completion_with_another_patient_is_thrown_away(clinic):
    """The wrong name over the right number is the worst a directory can do."""
    wrong = "async def complete(self, context):\n    from dataclasses import replace\n"
    wrong += "    from vdx_plugin.adapters.dummy import PATIENTS\n    return replace(context, patient=PATIENTS[1])"
    clinic.install(liar=with_method("liar", wrong))
    host = await clinic.start()
    asked = context_of("local", Patient((cpr("8512484901"),)))
    assert not (await host.complete(asked)).patient.is_complete
    assert clinic.status("liar").faults == 1


async def test_a_record_is_closed_only_by_the_adapter_that_opened_it(clinic):
    """Two systems on one desktop: the idle one closing must not take the open patient away."""
    clinic.install(desk_a=good("desk_a"), desk_b=good("desk_b"))
    host = await clinic.start()
    first, second = (host._state.running[name].adapter for name in ("desk_a", "desk_b"))
    second.open_record()
    first.open_record()
    second.close_record()
    assert clinic.sink.closings == []
    first.close_record()
    assert len(clinic.sink.closings) == 1


async def test_an_event_from_another_thread_is_heard_on_the_loop(clinic):
    """Vendors' SDKs call back on threads of their own."""
    clinic.install(threaded=good("threaded"))
    host = await clinic.start()
    adapter = host._state.running["threaded"].adapter
    await asyncio.to_thread(adapter.open_record)
    await asyncio.wait_for(clinic.sink.told.wait(), 2)
    assert clinic.sink.contexts[0].source == "threaded"


async def test_disabling_stops_an_adapter_and_enabling_starts_it_again(clinic):
    """Done by hand under Forbindelser while the program runs."""
    clinic.install(switched=good("switched"))
    host = await clinic.start()
    await host.disable("switched")
    assert clinic.status("switched").state == "disabled"
    await host.enable("switched")
    assert clinic.status("switched").state == "running"


async def test_enabling_a_package_that_was_off_from_the_start_imports_it_then(clinic):
    """It had not been imported, so there is nothing to switch on before it is."""
    clinic.install(late=good("late"), beside=good("beside"))
    host = await clinic.start(disabled=("late",))
    await host.enable("late")
    assert [(s.name, s.state) for s in host.statuses()] == [("beside", "running"), ("late", "running")]


async def test_stopping_ends_calls_that_still_run(clinic):
    """An adapter that waits for ever must not keep the program from closing."""
    slow = "async def confirm(self, context):\n    await asyncio.Event().wait()"
    clinic.install(waiting=with_method("waiting", slow))
    host = await clinic.start()
    asking = asyncio.create_task(host.confirm(context_of("waiting", dummy.PATIENTS[0])))
    await asyncio.sleep(0)
    await host.stop()
    assert await asking is False
    assert len(asyncio.all_tasks()) == 1


async def test_who_blocks_the_loop_is_named(caplog):
    """Everything stutters when one adapter blocks, and nobody would know which."""
    guard = Guard("blocker", lambda: None)

    async def block() -> int:
        import time

        await asyncio.sleep(0)
        time.sleep(0.3)  # noqa: ASYNC251 - this is the offence
        return 7

    with caplog.at_level(logging.WARNING):
        assert await guard.call("confirm", 2.0, block()) == 7
    assert "blocker" in caplog.text
    assert "confirm blocked the program" in guard.detail


async def test_a_watched_coroutine_hears_its_cancellation():
    """The watch stands between the loop and the coroutine and must pass on what it gets."""
    heard: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            heard.append("cancelled")
            raise

    async def run() -> None:
        await watched(wait(), lambda _s: None)

    task = asyncio.create_task(run())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert heard == ["cancelled"]


async def test_cancelling_a_call_cancels_what_the_adapter_does():
    """A window that was closed waits for nobody, and nothing may go on behind it."""
    guard = Guard("left", lambda: None)
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    calling = asyncio.create_task(guard.call("confirm", 60.0, work()))
    await begun.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    async with asyncio.timeout(2):
        await ended.wait()
    assert guard.faults == 0


async def test_what_an_adapter_raised_is_not_in_the_log(clinic, caplog):
    """An exception of a guest may quote the record."""
    raising = "async def appointments(self, start, end): raise ValueError('Ditte Prøvesen')"
    clinic.install(leaky=with_method("leaky", raising))
    host = await clinic.start()
    with caplog.at_level(logging.DEBUG):
        await host.appointments(NOON, NOON)
    assert "appointments raised ValueError" in caplog.text
    assert "Ditte" not in caplog.text


def test_the_built_in_adapters_are_found_by_the_same_road():
    """What is true for us must be true for a vendor's package."""
    names = {status.name: status for status in installed()}
    assert names["dummy"].state == "loaded"
    assert Capability.WRITE_BACK in names["dummy"].capabilities


def test_a_guest_cannot_take_a_built_in_name(tmp_path, monkeypatch):
    """Ours come first, whatever the guest's entry point is called."""
    from vdx_plugin.host.loading import registered_entry_points

    monkeypatch.syspath_prepend(tmp_path)
    install(tmp_path, "dummy", good("dummy"), module="aaaa")
    points = [point for point in registered_entry_points() if point.name == "dummy"]
    assert [point.value for point in points] == ["vdx_plugin.adapters.dummy", "aaaa"]
    loaded = load(points)
    assert [found.manifest.vendor for found in loaded.found] == ["vdx-plugin"]
    assert [status.reason for status in loaded.rejected] == ["adapter.duplicate"]
