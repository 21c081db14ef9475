"""Silver: notes exactly once, conflicts and outages told, reconnects, every alphabet."""

from __future__ import annotations

import logging
from functools import partial

import pytest

from vdx_plugin.domain.patients import Patient
from vdx_plugin.errors import Conflict, OutcomeUnknown, Refused, SignInNeeded, Unavailable, VdxError
from vdx_plugin.ports import Capability
from vdx_plugin.testing.bronze import _listen
from vdx_plugin.testing.checks import Level
from vdx_plugin.testing.peer import NotOffered
from vdx_plugin.testing.running_checks import Conformant, check
from vdx_plugin.testing.stand_ins import HARD_NAMES, KNOWN, STRANGER, context_of, named, summary_of
from vdx_plugin.testing.workplace import Workplace

HARD_NOTE = "Blodtryk målt; søn og Åse enige. Næste gang: ½ time, 37 °C – «ok»."


class Silver(Conformant):
    """The checks of the level silver."""

    @check(10, Level.SILVER, "the system away before, during and after: host alive, told once, reconnects")
    async def test_10_a_system_that_goes_away_and_comes_back_is_lived_with(self, work: Workplace) -> None:
        """It is restarted every night, and nobody restarts our program for that."""
        overheard = _listen()
        try:
            await work.peer.stop()
            for _look in range(3):
                await work.host.look()
            if work.can(Capability.WRITE_BACK):
                with pytest.raises((Unavailable, Refused)):
                    await work.host.write_back(context_of(self.name), summary_of())
        finally:
            logging.getLogger().removeHandler(overheard)
        warnings = [record for record in overheard.records if record.levelno >= logging.WARNING]
        from_adapter = [record for record in warnings if f"adapters.{self.name}" in record.name]
        assert len({record.getMessage() for record in from_adapter}) == len(from_adapter), "one loss logged repeatedly"
        await work.peer.start()
        await work.host.enable(self.name)
        await work.peer.ready(work.adapter)
        assert work.status.state == "running", f"{work.status.reason} {work.status.detail}"
        if work.can(Capability.WRITE_BACK):
            await work.host.write_back(context_of(self.name), summary_of())

    @check(11, Level.SILVER, "a system that does not answer blocks nothing", Capability.WRITE_BACK)
    async def test_11_a_system_that_never_answers_costs_the_limit_and_blocks_nothing(self, work: Workplace) -> None:
        """The window is drawn and the call goes on, whatever the record does."""
        work.peer.hangs = True
        with pytest.raises(Unavailable):
            await work.host.write_back(context_of(self.name), summary_of())
        assert "blocked the program" not in work.status.detail
        work.peer.hangs = False

    @check(13, Level.SILVER, "a note written twice is one entry", Capability.WRITE_BACK)
    async def test_13_a_note_written_twice_is_one_entry_and_two_notes_are_two(self, work: Workplace) -> None:
        """After a crash the program does not know and writes again; the key tells, not the patient or the day."""
        context = context_of(self.name)
        first = await work.host.write_back(context, summary_of(1))
        again = await work.host.write_back(context, summary_of(1))
        assert (first.adapter, first.remote_id) == (self.name, again.remote_id)
        assert set(await work.peer.notes()) == {summary_of(1).key}
        await work.host.write_back(context, summary_of(2))
        assert set(await work.peer.notes()) == {summary_of(1).key, summary_of(2).key}
        with pytest.raises(VdxError):
            await work.host.write_back(context_of(self.name, STRANGER), summary_of(3))
        assert set(await work.peer.notes()) == {summary_of(1).key, summary_of(2).key}, "a stranger's note was filed"

    @check(14, Level.SILVER, "a record changed meanwhile is a conflict", Capability.WRITE_BACK)
    async def test_14_a_record_changed_meanwhile_is_told_and_not_overwritten(self, work: Workplace) -> None:
        """The doctor sees both versions and decides; the program never does."""
        work.peer.conflicts = True
        if not await _can(work, "conflicts"):
            raise NotOffered("a conflict")
        with pytest.raises(Conflict):
            await work.host.write_back(context_of(self.name), summary_of())
        assert summary_of().key not in await work.peer.notes()

    @check(15, Level.SILVER, "a lost answer is unknown and resolved by a read", Capability.WRITE_BACK)
    async def test_15_a_lost_answer_is_unknown_and_is_resolved_to_one_entry(self, work: Workplace) -> None:
        """The one case in which a second entry is most likely."""
        if not await _can(work, "loses_answers"):
            raise NotOffered("a lost answer")
        work.peer.loses_answers = True
        try:
            await work.host.write_back(context_of(self.name), summary_of())
        except OutcomeUnknown:
            assert not work.can(Capability.READ_BACK), "it can be read back and was not"
        assert set(await work.peer.notes()) == {summary_of().key}
        work.peer.loses_answers = False
        await work.host.write_back(context_of(self.name), summary_of())
        assert set(await work.peer.notes()) == {summary_of().key}

    @check(17, Level.SILVER, "names and notes of every alphabet come through whole")
    async def test_17_names_and_notes_of_every_alphabet_come_through(self, work: Workplace) -> None:
        """Danish, Greenlandic, Arabic: a name with a hole in it is another name."""
        if work.can(Capability.CONTEXT):
            for name in HARD_NAMES:
                before = len(work.vdx.opened_contexts)
                await work.peer.open_record(named(KNOWN, name))
                await work.until(partial(_has_opened_more, work, before), "the record is open")
                told = (await work.host.complete(work.vdx.opened_contexts[-1])).patient.name
                assert told == name or told is None, "a name came through changed"
        elif work.can(Capability.DIRECTORY):
            await work.peer.fill()
            told = (await work.host.complete(context_of("other", Patient(KNOWN.identifiers)))).patient.name
            assert told is not None
            assert (told.family, told.given.split(" ")[0]) == ("Prøvesen", "Ditte")
        if work.can(Capability.WRITE_BACK):
            await work.host.write_back(context_of(self.name), summary_of(note=HARD_NOTE))
            assert HARD_NOTE in (await work.peer.notes())[summary_of().key]

    @check(18, Level.SILVER, "expired credentials ask for a login and keep the note", Capability.WRITE_BACK)
    async def test_18_expired_credentials_ask_for_a_login_and_lose_no_note(self, work: Workplace) -> None:
        """A login lasts ten hours, and a note is written after the last consultation of the day."""
        if not await _can(work, "expired"):
            raise NotOffered("expired credentials")
        work.peer.expired = True
        with pytest.raises(SignInNeeded):
            await work.host.write_back(context_of(self.name), summary_of())
        work.peer.expired = False
        await work.host.write_back(context_of(self.name), summary_of())
        assert set(await work.peer.notes()) == {summary_of().key}


def _has_opened_more(work: Workplace, before: int) -> bool:
    return len(work.vdx.opened_contexts) > before


async def _can(work: Workplace, flag: str) -> bool:
    """A peer declares a flag it acts upon by having it in its own class."""
    return flag in {name for kind in type(work.peer).__mro__[:-2] for name in vars(kind)} or flag in vars(work.peer)
