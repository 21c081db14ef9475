"""The message hub: mailboxes, behaviours, duplicates and counts."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from tests.unit.sandbox.partners.samples import CLINIC_GLN, HEADER_ID, HOSPITAL, invitation, resource
from vdx_plugin.sandbox.clock import SandboxClock
from vdx_plugin.sandbox.partners import Behaviour, Count, PartnerHub, PartnerKind, PartnerTimes
from vdx_plugin.sandbox.partners.answers import Json, acknowledgement
from vdx_plugin.sandbox.partners.answers import reply as answer
from vdx_plugin.sandbox.partners.bundle import Message, Unreadable, items, text
from vdx_plugin.sandbox.partners.hub import EnvelopeConflict, UnknownReceiver
from vdx_plugin.sandbox.partners.values import JSON_MIME, XML_MIME, Answer, MailboxEntry, Parcel
from vdx_plugin.sandbox.server import Sandbox


@pytest.fixture
async def hub() -> AsyncIterator[PartnerHub]:
    hub = PartnerHub((HOSPITAL,), SandboxClock().now, PartnerTimes(acknowledge_s=0.01, slow_s=30))
    task = asyncio.create_task(hub.run(), name="hub")
    yield hub
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def parcel(bundle: Json, **more: object) -> Parcel:
    values: dict[str, object] = {
        "sender_gln": CLINIC_GLN,
        "receiver_gln": HOSPITAL.gln,
        "envelope_id": str(uuid4()),
        "mime": JSON_MIME,
        "body": json.dumps(bundle).encode(),
    }
    return Parcel(**{**values, **more})  # type: ignore[arg-type]


def resent() -> Json:
    return {**invitation(), "id": str(uuid4())}


def said(entry: MailboxEntry) -> tuple[str, str]:
    header = Message(json.loads(entry.parcel.body)).header
    return text(header, "response", "identifier"), text(header, "response", "code")


async def answers(hub: PartnerHub, count: int = 1) -> list[tuple[str, str]]:
    """Return what came back once ``count`` answers are there, and confirm them."""
    came: list[MailboxEntry] = []
    while len(came) < count:
        entries = await hub.waiting(CLINIC_GLN, 5)
        came.extend(entries)
        for entry in entries:
            assert await hub.confirm(CLINIC_GLN, entry.receipt)
    return [said(entry) for entry in came]


async def test_a_right_message_is_acknowledged_in_the_senders_mailbox(hub: PartnerHub) -> None:
    """The receipt of handing in says nothing of this."""
    receipt = await hub.hand_in(parcel(invitation(), document_name="MCM:FDIS91#telemedicine"))
    assert receipt
    assert await answers(hub) == [(HEADER_ID, "ok")]
    assert hub.answer(HOSPITAL.gln, HEADER_ID) == Answer("ok")


async def test_a_broken_message_is_a_fatal_error_with_its_reasons(hub: PartnerHub) -> None:
    """The sender's user must learn what to do."""
    bundle = invitation()
    resource(bundle, "Communication")["status"] = "completed"
    await hub.hand_in(parcel(bundle))
    entry = (await hub.waiting(CLINIC_GLN, 5))[0]
    assert said(entry) == (HEADER_ID, "fatal-error")
    assert entry.parcel.document_name == "MCM:FCTL#fatal-error"
    outcome = Message(json.loads(entry.parcel.body)).first("OperationOutcome")
    assert outcome["issue"][0]["details"]["coding"][0]["code"] == "MSG_VALUESET_VALUE_UNKNOWN"


async def test_a_duplicate_is_counted_answered_again_and_shown_once(hub: PartnerHub) -> None:
    """The proof that nothing was doubled rests on these figures."""
    for _ in range(3):
        await hub.hand_in(parcel(resent()))
    assert await answers(hub, 3) == [(HEADER_ID, "ok")] * 3
    assert hub.count() == Count(received_total=3, distinct=1, threads=1)
    assert hub.counts() == {PartnerKind.HOSPITAL: Count(3, 1, 1)}
    assert len(hub.letters(HOSPITAL.gln)) == 1
    assert hub.times_came(HOSPITAL.gln, HEADER_ID) == 3
    assert hub.findings(HOSPITAL.gln) == []


@pytest.mark.parametrize(
    ("behaviour", "first", "second"),
    [
        (Behaviour.OK, ["ok"], ["ok"]),
        (Behaviour.REJECT, ["fatal-error"], ["fatal-error"]),
        (Behaviour.TRANSIENT, ["transient-error"], ["ok"]),
        (Behaviour.DUPLICATE, ["ok", "ok"], ["ok", "ok"]),
        (Behaviour.CONTRADICTORY, ["ok", "fatal-error"], ["ok", "fatal-error"]),
    ],
)
async def test_each_behaviour_answers_a_message_and_its_resend(
    hub: PartnerHub, behaviour: Behaviour, first: list[str], second: list[str]
) -> None:
    """After a transient error the next attempt succeeds; everything else is answered as before."""
    hub.behave(HOSPITAL.gln, behaviour)
    await hub.hand_in(parcel(invitation()))
    assert [code for _, code in await answers(hub, len(first))] == first
    await hub.hand_in(parcel(resent()))
    assert [code for _, code in await answers(hub, len(second))] == second


async def test_a_duplicating_partner_acknowledges_the_later_message_first(hub: PartnerHub) -> None:
    """Whoever goes by the order of what comes is led astray."""
    hub.behave(HOSPITAL.gln, Behaviour.DUPLICATE)
    hub.times = PartnerTimes(acknowledge_s=0.1)
    later = resent()
    resource(later, "MessageHeader")["id"] = "00000000-0000-4000-8000-000000000002"
    await hub.hand_in(parcel(invitation()))
    await hub.hand_in(parcel(later))
    assert [key[-1] for key, _ in await answers(hub, 4)] == ["2", "1", "2", "1"]


async def test_a_duplicating_partner_sends_an_answer_twice_under_one_identity(hub: PartnerHub) -> None:
    """A repetition has the same MessageHeader.id and a new Bundle.id."""
    await hub.hand_in(parcel(invitation()))
    await answers(hub)
    hub.behave(HOSPITAL.gln, Behaviour.DUPLICATE)
    sent = await hub.reply(HOSPITAL.gln, HEADER_ID, "Vi deltager.", "Mia Test")
    came: list[Message] = []
    while len(came) < 2:
        for entry in await hub.waiting(CLINIC_GLN, 5):
            came.append(Message(json.loads(entry.parcel.body)))
            await hub.confirm(CLINIC_GLN, entry.receipt)
    assert {one.header_id for one in came} == {sent.header_id}
    assert len({one.bundle_id for one in came}) == 2


async def test_a_reply_that_leaves_out_what_was_said_before_is_noticed(hub: PartnerHub) -> None:
    """All earlier texts of the thread are repeated unchanged, the partner's own among them (governance, rule 3)."""
    await hub.hand_in(parcel(invitation()))
    first = await hub.reply(HOSPITAL.gln, HEADER_ID, "Vi deltager.", "Mia Test")
    at = first.arrived_at + timedelta(minutes=5)
    forgetful = answer(Message(invitation()), "AFLYST", HOSPITAL, "Karen Madsen", at, lambda: str(uuid4()))
    await hub.hand_in(parcel(forgetful))
    assert "thread-payloads" in {finding.rule for finding in hub.findings(HOSPITAL.gln)}
    complete = answer(Message(first.bundle), "AFLYST", HOSPITAL, "Karen Madsen", at, lambda: str(uuid4()))
    hub.forget(HOSPITAL.gln)
    await hub.hand_in(parcel(invitation()))
    await hub.hand_in(parcel(dict(first.bundle)))
    await hub.hand_in(parcel(complete))
    assert "thread-payloads" not in {finding.rule for finding in hub.findings(HOSPITAL.gln)}


async def test_a_letter_that_comes_late_stands_where_it_was_written(hub: PartnerHub) -> None:
    """A thread is sorted by the time of its texts, and an answer goes to the newest of them."""
    at = SandboxClock().now()
    moved = answer(Message(invitation()), "ÆNDRET TID", HOSPITAL, "Karen Madsen", at, lambda: str(uuid4()))
    await hub.hand_in(parcel(moved))
    await hub.hand_in(parcel(invitation()))
    moved_id = Message(moved).header_id
    assert [letter.header_id for letter in hub.thread(HOSPITAL.gln, Message(moved).thread_id)] == [moved_id, HEADER_ID]
    sent = await hub.reply(HOSPITAL.gln, HEADER_ID, "Vi deltager.", "Mia Test")
    assert items(Message(sent.bundle).own_provenance, "entity")[0]["what"]["reference"].endswith(moved_id)


async def test_an_ok_is_never_followed_by_a_refusal(hub: PartnerHub) -> None:
    """Never ok first and an error later for the same message."""
    await hub.hand_in(parcel(invitation()))
    await answers(hub)
    hub.behave(HOSPITAL.gln, Behaviour.REJECT)
    await hub.hand_in(parcel(resent()))
    assert await answers(hub) == [(HEADER_ID, "ok")]


async def test_the_silent_and_the_slow_leave_the_mailbox_empty(hub: PartnerHub) -> None:
    """They keep the letter all the same."""
    for behaviour in (Behaviour.SILENT, Behaviour.SLOW):
        hub.behave(HOSPITAL.gln, behaviour)
        await hub.hand_in(parcel(resent()))
    assert await hub.waiting(CLINIC_GLN, 0.05) == []
    assert hub.count().distinct == 1


async def test_the_same_envelope_gives_the_same_receipt(hub: PartnerHub) -> None:
    """A transport that repeats itself is harmless; another message in the old envelope is not."""
    first = parcel(invitation())
    assert await hub.hand_in(first) == await hub.hand_in(first)
    with pytest.raises(EnvelopeConflict):
        await hub.hand_in(parcel(resent(), envelope_id=first.envelope_id))
    assert hub.findings(HOSPITAL.gln) == []


async def test_a_careless_resend_is_noticed(hub: PartnerHub) -> None:
    """Bundle.id must be new at every sending, and the content the same."""
    await hub.hand_in(parcel(invitation()))
    changed = invitation()
    resource(changed, "Communication")["topic"] = {"text": "Et andet emne"}
    await hub.hand_in(parcel(changed))
    assert {finding.rule for finding in hub.findings(HOSPITAL.gln)} == {"bundle-id-reused", "resend-changed"}
    letter = hub.letter(HOSPITAL.gln, HEADER_ID)
    assert letter is not None
    assert resource(dict(letter.bundle), "Communication")["topic"] == {"text": "Videomøde 14.10.2026 kl. 13.00"}


async def test_an_unknown_receiver_is_refused_and_rubbish_is_never_answered(hub: PartnerHub) -> None:
    """Without an id there is nothing an acknowledgement could name."""
    with pytest.raises(UnknownReceiver):
        await hub.hand_in(parcel(invitation(), receiver_gln="5790000000999"))
    with pytest.raises(Unreadable):
        await hub.hand_in(parcel(invitation(), body=b"not a message", mime=XML_MIME))
    assert await hub.waiting(CLINIC_GLN, 0.05) == []
    assert hub.unreadable(HOSPITAL.gln) == 1


async def test_a_reply_waits_for_the_clinic_and_its_acknowledgement_is_noted(hub: PartnerHub) -> None:
    """The way of an answer: out to the clinic, back comes its acknowledgement, which nobody acknowledges."""
    hub.behave(HOSPITAL.gln, Behaviour.SILENT)
    await hub.hand_in(parcel(invitation()))
    sent = await hub.reply(HOSPITAL.gln, HEADER_ID, "Vi deltager.", "Mia Test")
    entry = (await hub.waiting(CLINIC_GLN, 5))[0]
    assert Message(json.loads(entry.parcel.body)).header_id == sent.header_id
    await hub.confirm(CLINIC_GLN, entry.receipt)
    heard = acknowledgement(Message(sent.bundle), Answer("ok"), HOSPITAL, HOSPITAL.gln, sent.arrived_at, lambda: "a")
    await hub.hand_in(parcel(heard))
    assert hub.acknowledged(HOSPITAL.gln, sent.header_id) == "ok"
    assert await hub.waiting(CLINIC_GLN, 0.05) == []


async def test_messages_go_in_and_out_over_http(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """The interface a client of the hub is written against."""
    headers = {
        "Content-Type": JSON_MIME,
        "X-Sender-Gln": CLINIC_GLN,
        "X-Receiver-Gln": HOSPITAL.gln,
        "X-Envelope-Id": str(uuid4()),
    }
    url, body = sandbox.partner_url, json.dumps(invitation()).encode()
    handed_in = await web.post(f"{url}/messages", content=body, headers=headers)
    assert handed_in.status_code == 202
    assert handed_in.json()["receipt"]
    waiting = (await web.get(f"{url}/mailbox/{CLINIC_GLN}", params={"wait_s": "5"})).json()["messages"]
    assert [one["document_name"] for one in waiting] == ["MCM:FCTL#ok"]
    assert Message(json.loads(base64.b64decode(waiting[0]["body"]))).event == "acknowledgement-message"
    entry = f"{url}/mailbox/{CLINIC_GLN}/{waiting[0]['receipt']}"
    assert (await web.delete(entry)).status_code == 204
    assert (await web.delete(entry)).status_code == 404
    assert (await web.get(f"{url}/mailbox/{CLINIC_GLN}")).json() == {"messages": []}
    assert sandbox.partners.count().distinct == 1


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"Content-Type": "text/plain"}, 415, "mime_unknown"),
        ({"X-Sender-Gln": "5790000000105"}, 400, "envelope_incomplete"),
        ({"X-Envelope-Id": ""}, 400, "envelope_incomplete"),
        ({"X-Receiver-Gln": "5790001987244"}, 404, "receiver_unknown"),
    ],
)
async def test_a_wrong_envelope_is_refused_at_the_door(
    sandbox: Sandbox, web: httpx.AsyncClient, change: dict[str, str], status: int, error: str
) -> None:
    """The hub looks at the envelope, never into the message."""
    headers = {
        "Content-Type": JSON_MIME,
        "X-Sender-Gln": CLINIC_GLN,
        "X-Receiver-Gln": HOSPITAL.gln,
        "X-Envelope-Id": "e",
        **change,
    }
    answer = await web.post(f"{sandbox.partner_url}/messages", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
