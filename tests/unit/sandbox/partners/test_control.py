"""The partners worked by machine, as tests and benchmarks do it."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.unit.sandbox.partners.samples import CLINIC_GLN, HEADER_ID, HOSPITAL, invitation
from tests.unit.sandbox.partners.test_hub import parcel, resent
from vdx_plugin.sandbox.partners.bundle import Message, text
from vdx_plugin.sandbox.server import Sandbox

ONE = f"/partners/control/{HOSPITAL.gln}"


def numbered(number: int) -> dict[str, Any]:
    """Return an invitation of its own identity."""
    source = json.dumps({**invitation(), "id": str(uuid4())})
    found: dict[str, Any] = json.loads(source.replace(HEADER_ID, f"00000000-0000-4000-8000-{number:012d}"))
    return found


async def test_a_counting_partner_counts_and_does_nothing_else(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """Ten thousand messages cost ids only; each repetition is named."""
    assert (await web.put(ONE, json={"behaviour": "count"})).json()["behaviour"] == "count"
    for number in range(5):
        await sandbox.partners.hand_in(parcel(numbered(number)))
    again = numbered(3)
    await sandbox.partners.hand_in(parcel(again))
    await sandbox.partners.hand_in(parcel(again))
    told = (await web.get(ONE)).json()
    assert (told["received"], told["messages"], told["bundles"], told["threads"]) == (7, 5, 6, 1)
    assert told["repeated_messages"] == {"count": 1, "first": {"00000000-0000-4000-8000-000000000003": 3}}
    assert told["repeated_bundles"] == {"count": 1, "first": {again["id"]: 2}}
    assert sandbox.partners.letters(HOSPITAL.gln) == []
    assert await sandbox.partners.waiting(CLINIC_GLN, 0.05) == []


async def test_every_message_is_counted_whatever_the_behaviour(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """The figures are the proof that nothing was sent twice; emptying the inbox begins anew."""
    for _ in range(2):
        await sandbox.partners.hand_in(parcel(resent()))
    told = next(one for one in (await web.get("/partners/control")).json() if one["gln"] == HOSPITAL.gln)
    assert (told["received"], told["messages"], told["repeated_messages"]["count"]) == (2, 1, 1)
    assert (await web.delete(ONE)).status_code == 204
    assert (await web.get(ONE)).json()["received"] == 0
    assert (await web.get(f"{ONE}/messages")).json() == []


async def test_an_answer_and_an_acknowledgement_can_be_ordered(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """Also from a silent partner, whose person writes all the same."""
    await web.put(ONE, json={"behaviour": "silent"})
    await sandbox.partners.hand_in(parcel(invitation()))
    answered = await web.post(f"{ONE}/messages/{HEADER_ID}/answer", json={"words": "Vi kommer."})
    assert answered.status_code == 201
    refused = {"code": "fatal-error", "issue": "MSG_Receiver_Identifier_UNKNOWN"}
    assert (await web.post(f"{ONE}/messages/{HEADER_ID}/acknowledge", json=refused)).status_code == 202
    came = [Message(json.loads(entry.parcel.body)) for entry in await sandbox.partners.waiting(CLINIC_GLN, 5)]
    assert [one.event for one in came] == ["care-communication-message", "acknowledgement-message"]
    assert came[0].header_id == answered.json()["id"]
    assert came[1].response == (HEADER_ID, "fatal-error")
    issue = text(came[1].first("OperationOutcome"), "issue", "details", "coding", "code")
    assert issue == "MSG_Receiver_Identifier_UNKNOWN"
    listed = (await web.get(f"{ONE}/messages")).json()
    assert [(one["outgoing"], one["said"]) for one in listed] == [(True, []), (False, ["fatal-error"])]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/partners/control/5790000000951", None, 404),
        ("PUT", ONE, {"behaviour": "rude"}, 400),
        ("PUT", ONE, [1], 400),
        ("PUT", ONE, "{", 400),
        ("POST", f"{ONE}/messages/unknown/answer", {"words": "Ja"}, 404),
        ("POST", f"{ONE}/messages/unknown/answer", {}, 400),
        ("POST", f"{ONE}/messages/unknown/acknowledge", {"code": "ok"}, 404),
        ("POST", f"{ONE}/messages/unknown/acknowledge", {"code": "perhaps"}, 400),
        ("POST", f"{ONE}/messages/unknown/acknowledge", {"code": "fatal-error", "issue": "X"}, 400),
    ],
)
async def test_wrong_orders_are_refused(
    web: httpx.AsyncClient, method: str, path: str, body: object, status: int
) -> None:
    """A benchmark that misspells its order must hear of it."""
    content = body if isinstance(body, str) else json.dumps(body)
    assert (await web.request(method, path, content=content)).status_code == status
