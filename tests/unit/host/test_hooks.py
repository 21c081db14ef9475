"""Each hook as the program calls it, with real packages that implement it; and what the caller does about bad ones."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from tests.fakes_clinic import NOON, HandClock, RememberingSink, context_of, summary
from tests.unit.host.guests import install, manifest, points_in
from vdx_plugin import hookspecs
from vdx_plugin.adapters import dummy
from vdx_plugin.domain.fees import FeeCode
from vdx_plugin.domain.patients import Patient, cpr
from vdx_plugin.domain.plan import Plan
from vdx_plugin.domain.summary import WriteBackReceipt
from vdx_plugin.host import AdapterHost
from vdx_plugin.host.hooks import HookCaller
from vdx_plugin.ports import Action, AuditEvent, CallState, Capability, ContextChange, Invitee, Veto, Words

SESSION = UUID(int=7)
PATIENT = dummy.PATIENTS[0]
WATCHER = """
    import threading
    from vdx_plugin.api.v1 import *
    from datetime import date

    seen = []
    told = threading.Event()

    def note(*what):
        seen.append(what)
        told.set()
"""


class House:
    """A host with guests that implement hooks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sink = RememberingSink()
        self.host: AdapterHost | None = None

    def install(self, name: str, hooks: str, *, capabilities: str = "") -> None:
        source = WATCHER + "".join(f"    {line}\n" for line in hooks.splitlines())
        install(self.folder, name, source, says=manifest(name, capabilities=capabilities))

    async def start(self) -> HookCaller:
        self.host = AdapterHost(clock=HandClock(), points=points_in(self.folder))
        await self.host.start(self.sink)
        return self.host.hooks

    def seen(self, name: str, count: int = 1) -> list[tuple[object, ...]]:
        """What a guest's hooks have noted, once there is so much of it."""
        module = __import__(f"{name}_guest")
        while len(module.seen) < count:
            assert module.told.wait(5), f"only {module.seen}"
            module.told.clear()
        return list(module.seen)


@pytest.fixture
async def house(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    made = House(tmp_path)
    yield made
    if made.host is not None:
        await made.host.stop()


def with_record(name: str, more: str) -> str:
    """A guest that brings the specimen under another name, and hooks besides."""
    return f"""
from vdx_plugin.adapters.dummy import DummySystem
class Guest(DummySystem):
    name = "{name}"
@hookimpl
def vdx_adapters(register):
    register("{name}", lambda setup: Guest(setup.clock))
{more}
"""


async def test_vdx_adapters(house):
    """The one hook that brings an adapter; a package without it may bring hooks alone."""
    house.install("wa_adapters", with_record("wa_adapters", ""), capabilities=", ".join(ALL))
    house.install("wa_hooks", "@hookimpl\ndef vdx_audit(event): pass")
    await house.start()
    assert {status.name: status.state for status in house.host.statuses()} == {
        "wa_adapters": "running",
        "wa_hooks": "running",
    }


async def test_vdx_actions_and_vdx_action_invoked(house):
    """What a plug-in puts into the record's menu comes back to it with the patient who was open."""
    offers = "@hookimpl\ndef vdx_actions():\n    return [Action('lab', Words('Svar', 'Results'))]\n"
    offers += "@hookimpl\ndef vdx_action_invoked(action_id, context):\n    note(action_id, context.source)"
    house.install("wb_menu", with_record("wb_menu", offers), capabilities=", ".join(ALL))
    await house.start()
    record = house.host._state.running["wb_menu"].adapter
    assert [action.id for action in record.menu] == ["start-video", "lab"]
    record.open_record()
    record.choose("lab")
    assert house.seen("wb_menu") == [("lab", "wb_menu")]
    record.choose("start-video")
    assert len(house.sink.starts) == 1
    await house.host.stop()
    assert record.menu == ()


async def test_vdx_identify_patient(house):
    """A national look-up fills in the name that a local call does not carry; never another person's."""
    knows = "from vdx_plugin.adapters.dummy import PATIENTS\n"
    house.install("wc_wrong", knows + "@hookimpl\ndef vdx_identify_patient(context): return PATIENTS[1]")
    house.install("wc_right", knows + "@hookimpl\ndef vdx_identify_patient(context): return PATIENTS[0]")
    await house.start()
    found = await house.host.complete(context_of("local", Patient((cpr("8512484901"),))))
    assert found.patient.name == PATIENT.name
    assert {status.name: status.faults for status in house.host.statuses()}["wc_wrong"] in (0, 1)


async def test_vdx_check_launch(house):
    """Any veto wins, and a plug-in that fails to answer vetoes not."""
    house.install("wd_breaks", "@hookimpl\ndef vdx_check_launch(context): return 1 / 0")
    house.install("wd_vetoes", "@hookimpl\ndef vdx_check_launch(context, now): return Veto('context.stale')")
    hooks = await house.start()
    assert await hooks.check_launch(context_of("local", PATIENT), NOON) == Veto("context.stale")
    assert {status.name: status.detail for status in house.host.statuses()}["wd_breaks"] == (
        "vdx_check_launch raised ZeroDivisionError"
    )


async def test_a_number_that_cannot_be_the_patients_stops_a_launch(house):
    """Ten digits in a text field are no proof, and fewer are proof of the contrary."""
    hooks = await house.start()
    veto = await hooks.check_launch(context_of("local", Patient((cpr("85124849"),))), NOON)
    assert veto == Veto("context.bad_number")


async def test_vdx_before_booking(house):
    """No room is booked against a veto."""
    house.install("we_no", "@hookimpl\ndef vdx_before_booking(context, plan): return Veto('room.not_ready')")
    hooks = await house.start()
    assert await hooks.before_booking(context_of("local", PATIENT), Plan(NOON, NOON, ())) == Veto("room.not_ready")


async def test_vdx_invitees(house):
    """Joined from all, and an answer that is no list of invitees is thrown away as a fault."""
    invites = "@hookimpl\ndef vdx_invitees(context): return [Invitee(PartyRole.HOSPITAL, gln='1')]"
    house.install("wf_one", invites)
    house.install("wf_two", "@hookimpl\ndef vdx_invitees(): return ['nobody']")
    hooks = await house.start()
    assert [each.gln for each in await hooks.invitees(context_of("local", PATIENT))] == ["1"]
    assert isinstance((await hooks.invitees(context_of("local", PATIENT)))[0], Invitee)
    assert {status.name: status.faults for status in house.host.statuses()}["wf_two"] == 2


async def test_vdx_summary_lines(house):
    """One line each, whatever a plug-in puts into it."""
    house.install("wg_lines", "@hookimpl\ndef vdx_summary_lines(summary): return ['Blodtryk\\n 130/80', ' ']")
    hooks = await house.start()
    assert await hooks.summary_lines(summary()) == ["Blodtryk 130/80"]


async def test_vdx_fee_code(house):
    """A code out of date is not proposed, whoever proposes it."""
    old = "@hookimpl\ndef vdx_fee_code(day): return FeeCode('0101', 'x', date(2000, 1, 1), date(2001, 1, 1))"
    house.install("wh_old", old)
    house.install("wh_new", "@hookimpl\ndef vdx_fee_code(summary): return FeeCode('6101', 'x', date(2020, 1, 1))")
    hooks = await house.start()
    assert await hooks.fee_code(summary(), date(2026, 11, 23)) == FeeCode("6101", "x", date(2020, 1, 1))


async def test_vdx_context_opened_vdx_context_changed_and_vdx_context_closed(house):
    """Told of the record that counts, once for each thing that happens."""
    watches = "@hookimpl\ndef vdx_context_opened(context): note('opened')\n"
    watches += "@hookimpl\ndef vdx_context_changed(old, new): note('changed')\n"
    watches += "@hookimpl\ndef vdx_context_closed(context, reason): note('closed', reason)"
    house.install("wi_watch", with_record("wi_watch", watches), capabilities=", ".join(ALL))
    await house.start()
    record = house.host._state.running["wi_watch"].adapter
    for number in (0, 0, 1):
        record.open_record(number)
    record.close_record()
    assert house.seen("wi_watch", 3) == [("opened",), ("changed",), ("closed", ContextChange.CLOSED)]


async def test_vdx_patient_merged(house):
    """Whoever keeps numbers of his own rewrites them."""
    watches = "@hookimpl\ndef vdx_patient_merged(retired, survivor): note(survivor.value)"
    house.install("wj_merge", with_record("wj_merge", watches), capabilities=", ".join(ALL))
    await house.start()
    house.host._state.running["wj_merge"].adapter.merge_records(cpr("7103792202"), cpr("8512484901"))
    assert house.seen("wj_merge") == [("8512484901",)]


async def test_vdx_room_booked_vdx_call_state_vdx_written_back_and_vdx_audit(house):
    """Told in the order in which it happened, one at a time."""
    watches = "@hookimpl\ndef vdx_room_booked(session_id, start): note('room', start)\n"
    watches += "@hookimpl\ndef vdx_call_state(session_id, state): note('state', state)\n"
    watches += "@hookimpl\ndef vdx_written_back(receipt): note('note', receipt.remote_id)\n"
    watches += "@hookimpl\ndef vdx_audit(event): note('audit', event.action)"
    house.install("wk_all", watches)
    hooks = await house.start()
    hooks.room_booked(SESSION, NOON, NOON)
    hooks.call_state(SESSION, CallState.RUNNING, NOON)
    hooks.written_back(SESSION, WriteBackReceipt("dummy", "n1", NOON))
    hooks.audit(AuditEvent(NOON, "hanne", "start", SESSION))
    assert house.seen("wk_all", 4) == [("room", NOON), ("state", "running"), ("note", "n1"), ("audit", "start")]


async def test_a_hook_that_hangs_costs_its_limit_and_three_times_its_place(house, monkeypatch):
    """Whoever hangs in every click is taken out of it, and says so."""
    gate = threading.Event()
    monkeypatch.setattr("threading.hook_gate", gate, raising=False)
    monkeypatch.setitem(hookspecs.LIMITS_S, "vdx_check_launch", 0.05)
    house.install("wl_hangs", "@hookimpl\ndef vdx_check_launch(): threading.hook_gate.wait()")
    hooks = await house.start()
    try:
        for _click in range(3):
            assert await hooks.check_launch(context_of("local", PATIENT), NOON) is None
        assert house.sink.notices == ["adapter.paused"]
        assert hooks.names("vdx_check_launch") == []
    finally:
        gate.set()


async def test_a_watcher_that_raises_is_counted_and_holds_up_nobody(house):
    """Telling returns at once, so its faults come in afterwards."""
    house.install("wm_raises", "@hookimpl\ndef vdx_audit(event): raise KeyError('secret')")
    hooks = await house.start()
    for _event in range(3):
        hooks.audit(AuditEvent(NOON, "hanne", "start", None))
    await house.sink.told.wait()
    assert house.sink.notices == ["adapter.paused"]
    (status,) = house.host.statuses()
    assert "secret" not in status.detail


def test_every_hook_has_a_test_that_carries_its_name_and_a_limit():
    """A hook nobody tries is a promise nobody keeps."""
    hooks = {name for name in vars(hookspecs.Hooks) if name.startswith("vdx_")}
    tests = " ".join(name for name in globals() if name.startswith("test_"))
    assert [hook for hook in sorted(hooks) if hook not in tests] == []
    assert set(hookspecs.LIMITS_S) == hooks


ALL = [f'"{ability}"' for ability in Capability]


def test_an_action_has_both_languages():
    """It stands in the record's menu, in the language of its user."""
    assert Action("x", Words("a", "b")).label.is_complete
