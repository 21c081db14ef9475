"""Gold: merges, a change of patient during a call, two systems at once, entries in the record, a thousand launches."""

from __future__ import annotations

import gc
from importlib.metadata import EntryPoint

from vdx_plugin.domain.patients import Patient
from vdx_plugin.errors import VdxError
from vdx_plugin.ports import START_VIDEO, Capability
from vdx_plugin.testing.checks import Level
from vdx_plugin.testing.peer import Place
from vdx_plugin.testing.running_checks import Conformant, check
from vdx_plugin.testing.second import SECOND
from vdx_plugin.testing.stand_ins import KNOWN, OTHER, context_of, summary_of
from vdx_plugin.testing.workplace import Workplace, at_work

LAUNCHES = 1000
WARM = 200
BURST = 10
OBJECTS = 2000
"""Objects that 800 launches may leave: two and a half each would be a leak, a handful of caches is not."""


class Gold(Conformant):
    """The checks of the level gold."""

    @check(9, Level.GOLD, "a change of patient is followed while idle and refused during a call", Capability.CONTEXT)
    async def test_09_a_change_of_patient_is_followed_while_idle_and_refused_during_a_call(
        self, work: Workplace
    ) -> None:
        """The consultation is bound to the patient it was begun with."""
        await work.peer.open_record(OTHER)
        await work.until(lambda: work.vdx.context, "the first record is open")
        await work.peer.open_record(KNOWN)
        await work.until(lambda: _shows(work, KNOWN), "the change is followed while idle")
        work.vdx.context = await work.host.complete(work.vdx.context)  # type: ignore[arg-type]  # it is open
        work.vdx.start_consultation()
        await work.peer.open_record(OTHER)
        await work.until(lambda: work.vdx.refused_changes, "the change during the call is told")
        assert work.vdx.session is not None
        assert work.vdx.session.patient.is_same_person(KNOWN)
        if work.can(Capability.WRITE_BACK):
            # The record shows OTHER by now; the note must go where the consultation belongs.
            await work.host.write_back(work.vdx.session, summary_of())
            assert summary_of().key in await work.peer.notes()

    @check(16, Level.GOLD, "a merge while a note waits: it goes to the survivor", Capability.MERGE)
    async def test_16_a_merge_is_told_and_a_waiting_note_goes_to_the_survivor(self, work: Workplace) -> None:
        """The patient had a replacement number until the real one was found."""
        await work.peer.fill()
        retired, survivor = OTHER.identifiers[0], KNOWN.identifiers[0]
        await work.peer.merge(retired, survivor)
        await work.until(lambda: work.vdx.merges, "the merge is told")
        assert work.vdx.merges == [(retired, survivor)]
        if work.can(Capability.WRITE_BACK):
            try:
                await work.host.write_back(context_of(self.name, KNOWN), summary_of())
            except VdxError as refused:
                raise AssertionError(f"the survivor's record takes no note: {refused.code}") from refused
            assert summary_of().key in await work.peer.notes()

    @check(19, Level.GOLD, "two systems with two patients: one counts, and the conflict is told", bare=True)
    async def test_19_with_another_system_beside_it_one_counts_and_the_conflict_is_told(self, place: Place) -> None:
        """Two records on one screen is when the wrong patient is called."""
        peer = self.make_peer(place)
        second = EntryPoint(SECOND, "vdx_plugin.testing.second", "vdx_plugin.adapters")
        async with at_work(self.name, peer, place, factory=self.factory(), more=[second]) as work:
            beside = work.host.running(SECOND)
            assert beside is not None
            assert beside.adapter is not None
            beside.adapter.open_record(OTHER)  # type: ignore[attr-defined]  # our own, see ``second``
            if not work.can(Capability.CONTEXT):
                assert work.vdx.notices == []
                return
            await work.peer.open_record(KNOWN)
            await work.until(lambda: "adapter.conflict" in work.vdx.notices, "the conflict is told")
            await work.host.prefer(SECOND, up=True)
            await work.host.prefer(SECOND, up=True)
            assert _shows(work, OTHER), "the one that counts is not the one shown"

    @check(21, Level.GOLD, "entries put into the record are taken away again", Capability.ACTIONS)
    async def test_21_entries_in_the_record_come_and_go_with_the_adapter(self, work: Workplace) -> None:
        """After an uninstallation the record must be as it was."""
        assert START_VIDEO in await work.peer.menu()
        await work.host.disable(self.name)
        assert list(await work.peer.menu()) == []
        await work.host.enable(self.name)
        await work.peer.ready(work.adapter)
        assert START_VIDEO in await work.peer.menu()

    @check(25, Level.GOLD, f"{LAUNCHES} launches: memory flat")
    async def test_25_a_thousand_launches_leave_memory_flat(self, work: Workplace) -> None:
        """A month of a large practice, without a restart. Counted in objects, which no busy machine changes."""
        await work.peer.fill()
        await _launches(work, WARM)
        before = _objects()
        await _launches(work, LAUNCHES - WARM)
        assert _objects() - before < OBJECTS, "launches leave something behind"
        assert work.status.state == "running"


def _shows(work: Workplace, patient: Patient) -> bool:
    return work.vdx.context is not None and work.vdx.context.patient.is_same_person(patient)


async def _launches(work: Workplace, count: int) -> None:
    """So many patients opened and closed, a few at a time; or asked for, where the system opens none."""
    for _burst in range(count // BURST):
        for _launch in range(BURST):
            if work.can(Capability.CONTEXT):
                await work.peer.open_record(KNOWN)
                await work.peer.close_record()
            else:
                await work.host.complete(context_of("other", KNOWN))
                await work.host.appointments(work.clock.now(), work.clock.now())
        if work.can(Capability.CONTEXT):
            await work.until(lambda: work.vdx.closings and work.vdx.context is None, "the last record is closed")
        work.vdx.opened_contexts.clear()
        work.vdx.closings.clear()


def _objects() -> int:
    gc.collect()
    return len(gc.get_objects())
