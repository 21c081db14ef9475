"""The front door: what cannot be read is refused with its reason, and what is right is taken in both forms."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import httpx
import pytest

from tests.unit.sandbox.partners.samples import CLINIC_GLN, HEADER_ID, HOSPITAL, invitation
from vdx_plugin.sandbox.partners import Behaviour, Conduct, PartnerDoor
from vdx_plugin.sandbox.partners.fhir_xml import write_xml
from vdx_plugin.sandbox.partners.values import JSON_MIME, XML_MIME
from vdx_plugin.sandbox.server import Sandbox

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE Bundle [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>
<Bundle xmlns="http://hl7.org/fhir"><id value="&d;"/></Bundle>"""
OUTSIDE = b"""<!DOCTYPE Bundle SYSTEM "http://127.0.0.1:9/evil.dtd"><Bundle xmlns="http://hl7.org/fhir"/>"""


def headers(mime: str = JSON_MIME, **more: str) -> dict[str, str]:
    envelope = {"X-Sender-Gln": CLINIC_GLN, "X-Receiver-Gln": HOSPITAL.gln, "X-Envelope-Id": str(uuid4())}
    return {"Content-Type": mime, **envelope, **{name.replace("_", "-"): value for name, value in more.items()}}


def _with_text(text: str) -> bytes:
    bundle = invitation()
    bundle["entry"][1]["resource"]["payload"][0]["contentString"] = text
    return json.dumps(bundle).encode()


@pytest.mark.parametrize(
    ("body", "mime", "reason"),
    [
        (b"", JSON_MIME, "not_json"),
        (b"{", JSON_MIME, "not_json"),
        (b"[1, 2]", JSON_MIME, "not_a_bundle"),
        (b'{"resourceType": "Patient"}', JSON_MIME, "not_a_bundle"),
        (b'{"resourceType": "Bundle", "entry": 7}', JSON_MIME, "no_message_header"),
        (b"[" * 200_000, JSON_MIME, "too_deep"),
        (b'{"resourceType": "Bundle", "x": ' + b"[" * 90 + b"]" * 90 + b"}", JSON_MIME, "too_deep"),
        ("æøå".encode("latin-1"), JSON_MIME, "not_utf8"),
        (json.dumps(invitation(), ensure_ascii=False).encode("utf-16"), JSON_MIME, "not_utf8"),
        (_with_text("Kl. 13\x00"), JSON_MIME, "control_characters"),
        (_with_text("Kl. 13\ud800"), JSON_MIME, "control_characters"),
        (b"<Bundle", XML_MIME, "not_xml"),
        (b"<Bundle/>", XML_MIME, "not_xml"),
        (BOMB, XML_MIME, "document_type"),
        (OUTSIDE, XML_MIME, "document_type"),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><Bundle xmlns="http://hl7.org/fhir"/>', XML_MIME, "not_utf8"),
        (write_xml(invitation()).decode().encode("latin-1"), XML_MIME, "not_utf8"),
        (b"<a>" * 5000, XML_MIME, "not_xml"),
        (json.dumps(invitation()).encode(), XML_MIME, "not_xml"),
        (write_xml(invitation()), JSON_MIME, "not_json"),
    ],
    ids=lambda value: value[:12].decode("ascii", "replace") if isinstance(value, bytes) else None,
)
async def test_what_cannot_be_read_is_refused_with_its_reason(
    sandbox: Sandbox, web: httpx.AsyncClient, body: bytes, mime: str, reason: str
) -> None:
    """Said at once, without content, and the partner goes on working."""
    url = f"{sandbox.partner_url}/messages"
    refused = await web.post(url, content=body, headers=headers(mime))
    assert (refused.status_code, refused.json()) == (400, {"error": "message_unreadable", "reason": reason})
    assert sandbox.partners.unreadable(HOSPITAL.gln) == 1
    assert (await web.post(url, content=json.dumps(invitation()), headers=headers())).status_code == 202
    assert sandbox.partners.count().distinct == 1


@pytest.mark.parametrize(
    ("more", "status", "error"),
    [
        ({"Content-Type": "text/plain"}, 415, "mime_unknown"),
        ({"Content-Type": f"{JSON_MIME}; charset=iso-8859-1"}, 415, "charset_unknown"),
        ({"X-Sender-Gln": "5790000000105"}, 400, "envelope_incomplete"),
        ({"X-Receiver-Gln": ""}, 400, "envelope_incomplete"),
        ({"X-Envelope-Id": ""}, 400, "envelope_incomplete"),
        ({"X-Receiver-Gln": "5790000000951"}, 404, "receiver_unknown"),
    ],
)
async def test_a_wrong_envelope_is_refused(
    sandbox: Sandbox, web: httpx.AsyncClient, more: dict[str, str], status: int, error: str
) -> None:
    """Each fault has its own word."""
    body = json.dumps(invitation())
    refused = await web.post(f"{sandbox.partner_url}/messages", content=body, headers={**headers(), **more})
    assert (refused.status_code, refused.json()) == (status, {"error": error})
    assert sandbox.partners.count().received_total == 0


async def test_what_is_too_large_is_refused_before_it_is_kept() -> None:
    """With a length that says so, and in pieces without one."""

    async def nothing(*_: object) -> None:
        raise AssertionError("the door lets nothing past")

    door = PartnerDoor(nothing, None, longest=1000)  # type: ignore[arg-type]  # no hub is reached
    transport = httpx.ASGITransport(door)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"x" * 100

    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as client:
        for content in (b"x" * 1001, pieces()):
            refused = await client.post("/partners/messages", content=content, headers=headers())
            assert (refused.status_code, refused.json()) == (413, {"error": "too_large"})


@pytest.mark.parametrize(("mime", "body"), [(JSON_MIME, json.dumps(invitation()).encode()), (XML_MIME, None)])
async def test_a_bare_message_is_taken_for_another_networks_double(
    sandbox: Sandbox, web: httpx.AsyncClient, mime: str, body: bytes | None
) -> None:
    """Only the message and its form are needed; the sender stands in it."""
    content = write_xml(invitation()) if body is None else body
    url = f"/partners/{HOSPITAL.gln}/messages"
    taken = await web.post(url, content=content, headers={"Content-Type": f"{mime}; charset=UTF-8"})
    assert taken.status_code == 202
    letter = sandbox.partners.letter(HOSPITAL.gln, HEADER_ID)
    assert letter is not None
    assert (letter.other_gln, letter.findings) == (CLINIC_GLN, ())


async def test_a_partner_that_is_down_takes_nothing(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """With an answer, or with none at all."""
    url, body = f"{sandbox.partner_url}/messages", json.dumps(invitation())
    sandbox.partners.behave(HOSPITAL.gln, Behaviour.DOWN)
    refused = await web.post(url, content=body, headers=headers())
    assert (refused.status_code, refused.json()) == (503, {"error": "partner_down"})
    sandbox.partners.behave(HOSPITAL.gln, Conduct(Behaviour.DOWN, cuts=True))
    with pytest.raises(httpx.TransportError):
        await web.post(url, content=body, headers=headers())
    assert sandbox.partners.count().received_total == 0


@pytest.fixture
def tasks() -> Iterator[list[asyncio.Task[httpx.Response]]]:
    started: list[asyncio.Task[httpx.Response]] = []
    yield started
    assert all(task.done() for task in started)


async def test_an_early_acknowledgement_is_read_before_handing_in_returns(
    sandbox: Sandbox, web: httpx.AsyncClient, tasks: list[asyncio.Task[httpx.Response]]
) -> None:
    """The sender learns that it was received before it knows that it was sent."""
    sandbox.partners.behave(HOSPITAL.gln, Behaviour.EARLY)
    url, body = f"{sandbox.partner_url}/messages", json.dumps(invitation())
    sending = asyncio.create_task(web.post(url, content=body, headers=headers()), name="sending")
    tasks.append(sending)
    (entry,) = await sandbox.partners.waiting(CLINIC_GLN, 5)
    assert entry.parcel.document_name == "MCM:FCTL#ok"
    # The door holds its answer as long as nobody confirms, so waiting longer can only show a fault, never make one.
    done, _ = await asyncio.wait({sending}, timeout=0.3)
    assert not done
    await sandbox.partners.confirm(CLINIC_GLN, entry.receipt)
    assert (await sending).status_code == 202
