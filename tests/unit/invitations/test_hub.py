"""The message endpoint: what goes over the wire, and what each failure means."""

from __future__ import annotations

import base64
import contextlib
import inspect
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from tests.unit.invitations.samples import HOSPITAL_PARTY, NOW, OWN, ROOM, composer, consultation, ids
from vdx_plugin.errors import (
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Refused,
    SignInNeeded,
    Unavailable,
    Unreadable,
    VdxError,
)
from vdx_plugin.invitations import acknowledgement, codes
from vdx_plugin.invitations.endpoint import meaning, translated
from vdx_plugin.invitations.hub import HubSettings, MessageHub
from vdx_plugin.invitations.message import read_message, write_json
from vdx_plugin.invitations.transport import Carrier, Incoming, Mailbox
from vdx_plugin.ports import OutboxDraft

Handler = Callable[[httpx.Request], httpx.Response]


def draft() -> OutboxDraft:
    return composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())


def hub(handler: Handler) -> MessageHub:
    client = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    return MessageHub(HubSettings("http://127.0.0.1:9/partners/", "5790000000104"), client, ids(700))


async def test_it_is_carrier_and_mailbox() -> None:
    """Both Protocols are kept by one object."""
    one = hub(lambda request: httpx.Response(202, json={"receipt": "r"}))
    carrier: Carrier = one
    mailbox: Mailbox = one
    assert carrier is mailbox
    await one.close()


async def test_a_letter_is_handed_over_with_its_envelope() -> None:
    """Sender, receiver, a new envelope id for each send, and the statistical name with the category."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202, json={"receipt": "r-1"})

    one = hub(handler)
    assert [await one.send(draft()), await one.send(draft())] == ["mailbox:r-1", "mailbox:r-1"]
    await one.close()
    headers = seen[0].headers
    assert seen[0].url.path == "/partners/messages"
    assert headers["x-sender-gln"] == "5790000000104"
    assert headers["x-receiver-gln"] == "5790000000203"
    assert headers["x-document-name"] == "MCM:FDIS91#telemedicine"
    assert headers["content-type"] == codes.FHIR_JSON
    assert UUID(headers["x-envelope-id"]) != UUID(seen[1].headers["x-envelope-id"])
    assert seen[0].content == draft().payload


async def test_an_acknowledgement_is_named_by_its_code() -> None:
    """MCM:FCTL#ok: the network counts by it."""
    names: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        names.append(request.headers["x-document-name"])
        return httpx.Response(202, json={"receipt": "r"})

    ack = acknowledgement.build(read_message(draft().payload, codes.FHIR_JSON), OWN, NOW, ids(50))
    one = hub(handler)
    await one.send(OutboxDraft(**{**_fields(draft()), "payload": write_json(ack)}))
    await one.close()
    assert names == ["MCM:FCTL#ok"]


def _fields(one: OutboxDraft) -> dict[str, object]:
    return {name: getattr(one, name) for name in OutboxDraft.__slots__}


async def test_the_mailbox_is_asked_to_wait_and_emptied_one_by_one() -> None:
    """Long poll, then delete what was dealt with; a receipt that is gone already is fine."""
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.raw_path.decode()}")
        if request.method == "DELETE":
            return httpx.Response(204 if len(asked) == 2 else 404)
        entry = {
            "receipt": "r-7",
            "mime": codes.FHIR_JSON,
            "sender_gln": "5790000000203",
            "body": base64.b64encode("æ".encode()).decode(),
        }
        return httpx.Response(200, json={"messages": [entry]})

    one = hub(handler)
    (incoming,) = await one.receive()
    await one.settle(incoming)
    await one.settle(incoming)
    await one.close()
    assert incoming == Incoming("r-7", codes.FHIR_JSON, "5790000000203", "æ".encode())
    assert asked[0] == "GET /partners/mailbox/5790000000104?wait_s=20"
    assert asked[1] == "DELETE /partners/mailbox/5790000000104/r-7"


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"[]", b'{"messages": 3}', b'{"messages": [{"body": 7}, 5]}', b"[" * 5000]
)
async def test_a_mangled_mailbox_gives_entries_or_unreadable(content: bytes) -> None:
    """Whatever the endpoint says, the loop goes on."""
    one = hub(lambda request: httpx.Response(200, content=content))
    with contextlib.suppress(Unreadable):
        assert all(isinstance(entry, Incoming) for entry in await one.receive())
    await one.close()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (401, SignInNeeded),
        (403, SignInNeeded),
        (404, NotFound),
        (409, Refused),
        (413, Refused),
        (415, Refused),
        (408, Unavailable),
        (429, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
        (502, OutcomeUnknown),
        (504, OutcomeUnknown),
    ],
)
async def test_each_status_says_what_must_happen_next(status: int, kind: type[VdxError]) -> None:
    """Try later, ask first, act, or give up."""
    one = hub(lambda request: httpx.Response(status))
    with pytest.raises(kind) as caught:
        await one.send(draft())
    assert type(caught.value) is kind
    await one.close()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError("x"), Unavailable),
        (httpx.ConnectTimeout("x"), Unavailable),
        (httpx.PoolTimeout("x"), Unavailable),
        (httpx.ReadTimeout("x"), OutcomeUnknown),
        (httpx.WriteError("x"), OutcomeUnknown),
        (httpx.RemoteProtocolError("x"), OutcomeUnknown),
        (httpx.UnsupportedProtocol("x"), Misconfigured),
        (httpx.InvalidURL("x"), Misconfigured),
    ],
)
def test_each_failure_is_known_by_whether_the_other_side_can_have_acted(error: Exception, kind: type[VdxError]) -> None:
    """Silence after the request went out is not a no."""
    assert type(meaning(error)) is kind
    assert "x" not in meaning(error).detail.replace("Proxy", "")


def test_no_exception_of_httpx_lacks_a_meaning() -> None:
    """A new one in a later version must not slip through the border."""
    family = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL)
    for _, foreign in inspect.getmembers(httpx, inspect.isclass):
        if issubclass(foreign, Exception) and foreign is not httpx.CookieConflict:
            assert issubclass(foreign, family), foreign
            with pytest.raises(VdxError), translated():
                raise foreign.__new__(foreign)
