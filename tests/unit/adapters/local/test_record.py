"""What is remembered of the record on the screen, for whom, and for how long."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.contract.local_rig import LocalRig
from tests.fakes_clinic import NOON, PRACTICE, HandClock, RememberingSink
from vdx_plugin.adapters.local import (
    LocalSettings,
    LocalSystem,
    close_record,
    handshake,
    open_record,
    redeem_in_running_program,
)
from vdx_plugin.domain.patients import CPR, X_ECPR
from vdx_plugin.errors import Refused, Unavailable, Unreadable
from vdx_plugin.ports import ContextChange

SENTINEL = {
    "ydernummer": "12345",
    "initialer": "HH",
    "egenlaegeYdernummer": "012345",
    "egenlaegeInitialer": "BB",
    "cpr": "851248-4901",
}


@pytest.fixture
async def rig(tmp_path):
    made = LocalRig(tmp_path)
    await made.begin()
    yield made
    await made.end()


# --- AabnerJournal --------------------------------------------------------------------------------------------------


async def test_the_call_that_records_have_made_for_years_opens_a_patient(rig):
    """Five arguments under Sentinel's own names; no time, no nonce."""
    answer = await rig.post("/v1/sentinel/AabnerJournal", SENTINEL)
    assert answer.status_code == 204
    (context,) = rig.sink.contexts
    assert [(one.system, one.value) for one in context.patient.identifiers] == [(CPR, "8512484901")]
    assert (context.user.initials, context.organisation.provider_number) == ("HH", "012345")
    assert context.opened_at == NOON
    assert rig.sink.starts == []


async def test_a_replacement_number_is_not_taken_for_a_cpr_number(rig):
    """Its system is said, never guessed: two systems share one form."""
    number = {**SENTINEL, "cpr": "8512480AB1"}
    assert (await rig.post("/v1/sentinel/AabnerJournal", number)).status_code == 422
    assert (await rig.post("/v1/sentinel/AabnerJournal", {**number, "cprSystem": "x-ecpr"})).status_code == 204
    assert rig.sink.contexts[0].patient.identifiers[0].system == X_ECPR


@pytest.mark.parametrize("missing", list(SENTINEL))
async def test_every_argument_must_be_there(rig, missing):
    """The own doctor's may be empty, as out of hours, but a call without them is another call."""
    answer = await rig.post(
        "/v1/sentinel/AabnerJournal", {key: text for key, text in SENTINEL.items() if key != missing}
    )
    assert (answer.status_code, answer.json()["place"]) == (422, missing)


async def test_a_second_process_hands_the_call_over_and_tells_of_the_end(rig):
    """The command line of a record that cannot speak HTTP."""
    await asyncio.to_thread(open_record, b"\xef\xbb\xbf" + json.dumps(SENTINEL).encode(), rig.folder)
    assert len(rig.sink.contexts) == 1
    await asyncio.to_thread(close_record, ContextChange.USER_LEFT, rig.folder)
    assert rig.sink.closings == [ContextChange.USER_LEFT]


@pytest.mark.parametrize("call", [b"", b"{", b"8512484901", json.dumps({**SENTINEL, "cpr": "12"}).encode()])
async def test_a_broken_call_is_refused_before_it_is_sent(rig, call):
    """With the place, and nothing of what stood there."""
    with pytest.raises(Unreadable) as caught:
        await asyncio.to_thread(open_record, call, rig.folder)
    assert "8512484901" not in str(caught.value)
    assert rig.sink.contexts == []


async def test_the_socket_carries_the_calls_of_the_port(rig):
    """For a record that may not open a network connection at all."""
    shake = handshake.read(rig.folder)
    line = httpx.AsyncHTTPTransport(uds=shake.socket)
    async with httpx.AsyncClient(transport=line, base_url="http://localhost") as client:
        headers = {"Authorization": f"Bearer {shake.secret}"}
        assert (await client.post("/v1/context/open", json=rig.body(), headers=headers)).status_code == 204
        assert (await client.post("/v1/context/open", json=rig.body())).status_code == 401
        strange = {**headers, "Host": f"127.0.0.1:{shake.port}"}
        assert (await client.post("/v1/context/open", json=rig.body(), headers=strange)).status_code == 403
    assert len(rig.sink.contexts) == 1


# --- data minimisation ----------------------------------------------------------------------------------------------


def forgetful(folder: Path, clock: HandClock) -> LocalSystem:
    settings = LocalSettings(forget_after=timedelta(milliseconds=50))
    return LocalSystem(settings, clock, PRACTICE, folder / "handshake.json")


async def opened(system: LocalSystem, path: str = "/v1/sentinel/AabnerJournal") -> None:
    shake = system.handshake
    assert shake is not None
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{shake.port}", trust_env=False) as client:
        headers = {"Authorization": f"Bearer {shake.secret}"}
        (await client.post(path, json=SENTINEL, headers=headers)).raise_for_status()


async def test_a_record_on_which_nothing_is_done_is_forgotten(tmp_path):
    """A Sentinel feed tells of every record that is opened; of most nothing is to become."""
    sink, system = RememberingSink(), forgetful(tmp_path, HandClock())
    await system.start(sink)
    await opened(system)
    sink.told.clear()
    async with asyncio.timeout(5):
        await sink.told.wait()
    assert sink.closings == [ContextChange.CLOSED]
    assert await system.current() is None
    await system.stop()


async def test_nobody_is_forgotten_during_a_call(tmp_path):
    """The window would say that the record is closed, which it is not."""
    sink, system = RememberingSink(), forgetful(tmp_path, HandClock())
    await system.start(sink)
    sink.in_call = True
    await opened(system)
    record = system._session.record
    record._grow_old()
    assert (sink.closings, record.context is not None) == ([], True)
    sink.in_call = False
    record._grow_old()
    assert (sink.closings, record.context) == ([ContextChange.CLOSED], None)
    await system.stop()


async def test_nothing_about_a_patient_is_written_to_the_disk(rig):
    """What is opened is known in memory and nowhere else."""
    await rig.open_record()
    await rig.post("/v1/ticket", rig.body())
    await rig.post("/v1/sentinel/AabnerJournal", SENTINEL)
    written = b"".join([file.read_bytes() for file in rig.folder.rglob("*") if file.is_file()])
    assert b"secret" in written
    assert b"8512484901" not in written
    assert "Prøvesen".encode() not in written


async def test_a_settled_note_leaves_its_key_and_not_its_text(rig):
    """The receipt must be known for a repeat; the note is in the record now."""
    from tests.contract.local_rig import NAMED
    from tests.fakes_clinic import context_of, summary

    await rig.system.write_back(context_of("local", NAMED), summary())
    (entry,) = rig.system._session.letterbox._entries.values()
    assert (entry.body, entry.receipt.accepted) == (None, True)


# --- another user ---------------------------------------------------------------------------------------------------


async def test_another_user_of_the_record_closes_what_the_last_one_had(rig):
    """A shared workstation, and a record that does not say goodbye."""
    await rig.open_record()
    await rig.post("/v1/context/open", rig.body(user_id="bent"))
    assert rig.sink.closings == [ContextChange.USER_LEFT]
    assert [context.user.id for context in rig.sink.contexts] == ["hanne", "bent"]


async def test_the_next_users_ticket_is_good_and_closes_what_the_last_one_had(rig):
    """The first thing the record tells of him may be a link."""
    await rig.open_record()
    issued = (await rig.post("/v1/ticket", rig.body(user_id="bent"))).json()
    assert rig.sink.closings == [ContextChange.USER_LEFT]
    assert await rig.system.current() is None
    await asyncio.to_thread(redeem_in_running_program, issued["url"], rig.folder)
    assert rig.sink.starts[0].user.id == "bent"


async def test_a_question_about_a_record_that_is_replaced_is_answered_no(rig):
    """The start would else wait, and then guess."""
    rig._polling.cancel()
    await asyncio.gather(rig._polling, return_exceptions=True)
    await rig.open_record()
    asking = asyncio.create_task(rig.system.confirm(rig.sink.contexts[-1]))
    await asyncio.sleep(0)
    await rig.post("/v1/context/open", rig.body(user_id="bent"))
    assert await asking is False


async def test_the_programs_of_two_users_live_side_by_side_and_do_not_hear_each_other(tmp_path):
    """One loopback for all users of a terminal server: other port, other secret, other socket."""
    sinks = [RememberingSink(), RememberingSink()]
    systems = [LocalSystem(LocalSettings(), HandClock(), PRACTICE, tmp_path / n / "handshake.json") for n in "ab"]
    for system, sink in zip(systems, sinks, strict=True):
        await system.start(sink)
    shakes = [system.handshake for system in systems]
    assert len({(one.port, one.secret, one.socket) for one in shakes}) == 2
    assert len({one.port for one in shakes} | {one.socket for one in shakes} | {one.secret for one in shakes}) == 6
    async with httpx.AsyncClient(trust_env=False) as client:
        address = f"http://127.0.0.1:{shakes[0].port}/v1/sentinel/AabnerJournal"
        headers = {"Authorization": f"Bearer {shakes[1].secret}"}
        assert (await client.post(address, json=SENTINEL, headers=headers)).status_code == 401
    assert [sink.contexts for sink in sinks] == [[], []]
    for system in systems:
        await system.stop()


@pytest.mark.parametrize("mode", [0o666, 0o620])
def test_a_handshake_file_that_others_may_write_is_not_believed(tmp_path, mode):
    """Somebody else's file would send our tickets to somebody else's program."""
    file = tmp_path / "handshake.json"
    file.write_text('{"port": 1, "secret": "x"}')
    file.chmod(mode)
    with pytest.raises(Unavailable, match=r"ticket\.no_program"):
        handshake.read(tmp_path)
    file.chmod(0o600)
    assert handshake.read(tmp_path).port == 1


def test_a_handshake_file_of_another_user_is_not_believed(tmp_path, monkeypatch):
    """The same, by its owner."""
    import os

    file = tmp_path / "handshake.json"
    file.write_text('{"port": 1, "secret": "x"}')
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(Unavailable, match=r"ticket\.no_program"):
        handshake.read(tmp_path)


async def test_tickets_of_the_last_user_are_foreign_to_the_next(rig):
    """Also where the next one came by a Sentinel call."""
    issued = (await rig.post("/v1/ticket", rig.body())).json()
    await rig.post("/v1/sentinel/AabnerJournal", SENTINEL)
    with pytest.raises(Refused, match=r"ticket\.foreign"):
        await asyncio.to_thread(redeem_in_running_program, issued["url"], rig.folder)
    assert rig.sink.starts == []
