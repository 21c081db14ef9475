"""Text messages over HTTP against the sandbox's gateway and VDX's own service, and what each failure means."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from tests.unit.invitations.samples import NOW, ROOM, SMS_PARTY, composer, consultation, ids
from vdx_plugin.booking.sms import SmsClient
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import (
    Misconfigured,
    OutcomeUnknown,
    Refused,
    SignInNeeded,
    Unavailable,
    VdxError,
)
from vdx_plugin.invitations import sms
from vdx_plugin.invitations.arrivals import Arrival, ArrivalWatch
from vdx_plugin.invitations.sms_gateway import GatewaySettings, SmsGateway, nested
from vdx_plugin.invitations.transport import Carrier
from vdx_plugin.invitations.vdx_sms import VdxSms
from vdx_plugin.ports import OutboxDraft
from vdx_plugin.sandbox.faults import Fault
from vdx_plugin.sandbox.phones import KEY, MESSAGES_PATH
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig

SENT_TO = "+4520123456"


def draft() -> OutboxDraft:
    return composer().invitation(consultation(SMS_PARTY), SMS_PARTY, ROOM, NOW, ids())


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxConfig(pool_size=0)).running() as sandbox:
        yield sandbox


@pytest.fixture
async def gateway(sandbox: Sandbox) -> AsyncIterator[SmsGateway]:
    carrier = SmsGateway(settings(sandbox), httpx.AsyncClient())
    yield carrier
    await carrier.close()


def settings(sandbox: Sandbox) -> GatewaySettings:
    return GatewaySettings(
        sandbox.text_url, id_path="id", report_url=f"{sandbox.text_url}/{{id}}", secret=Secret(f"Bearer {KEY}")
    )


async def test_a_message_reaches_the_telephone_as_it_was_composed(sandbox: Sandbox, gateway: SmsGateway) -> None:
    """Number in the one form, the link whole, and the gateway's own name for it as receipt."""
    port: Carrier = gateway
    receipt = await port.send(draft())
    (message,) = sandbox.phones.messages
    assert (message.to, receipt) == (SENT_TO, str(message.id))
    assert message.text == sms.read(draft().payload).text


async def test_a_message_arrives_when_the_telephone_is_on(sandbox: Sandbox, gateway: SmsGateway) -> None:
    """Sent is not arrived, and the desk says which."""
    sandbox.phones.off.add(SENT_TO)
    receipt = await gateway.send(draft())
    assert await gateway.look(draft(), receipt) is Arrival.OPEN
    sandbox.phones.off.clear()
    assert await gateway.look(draft(), receipt) is Arrival.ARRIVED
    assert await gateway.look(draft(), "404") is Arrival.OPEN
    assert await gateway.look(draft(), "") is Arrival.OPEN


@pytest.mark.parametrize(
    ("fault", "error", "arrived"),
    [
        (Fault("status", path=MESSAGES_PATH, status=503), Unavailable, 0),
        (Fault("status", path=MESSAGES_PATH, status=429), Unavailable, 0),
        (Fault("status", path=MESSAGES_PATH, status=401), SignInNeeded, 0),
        (Fault("status", path=MESSAGES_PATH, status=402), SignInNeeded, 0),
        (Fault("status", path=MESSAGES_PATH, status=404), Misconfigured, 0),
        (Fault("status", path=MESSAGES_PATH, status=422), Refused, 0),
        (Fault("status", path=MESSAGES_PATH, status=500), OutcomeUnknown, 0),
        (Fault("status", path=MESSAGES_PATH, status=204), OutcomeUnknown, 0),
        (Fault("drop_after", path=MESSAGES_PATH), OutcomeUnknown, 1),
        (Fault("drop_before", path=MESSAGES_PATH), OutcomeUnknown, 0),
    ],
    ids=lambda value: f"{value.kind}-{value.status}" if isinstance(value, Fault) else None,
)
async def test_each_failure_says_whether_it_may_have_gone_out(
    sandbox: Sandbox, gateway: SmsGateway, fault: Fault, error: type[VdxError], arrived: int
) -> None:
    """Only what surely was not taken is sent again: nobody wants the same message twice at night."""
    sandbox.faults.add(fault)
    with pytest.raises(VdxError) as caught:
        await gateway.send(draft())
    assert type(caught.value) is error
    assert len(sandbox.phones.messages) == arrived
    assert "20123456" not in str(caught.value)
    assert "pin=" not in str(caught.value)


async def test_a_gateway_that_is_not_there_is_tried_again(sandbox: Sandbox) -> None:
    """Nothing can have been sent where nobody listens."""
    for url, error in (("http://127.0.0.1:9/sms", Unavailable), ("nowhere", Misconfigured)):
        carrier = SmsGateway(replace(settings(sandbox), url=url), httpx.AsyncClient())
        with pytest.raises(error):
            await carrier.send(draft())
        await carrier.close()


async def recorded(settings: GatewaySettings, answer: httpx.Response) -> tuple[httpx.Request, str]:
    """Send one message to a gateway of another kind; return what it was asked and the receipt."""
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer

    carrier = SmsGateway(settings, httpx.AsyncClient(transport=httpx.MockTransport(handle)))
    receipt = await carrier.send(draft())
    await carrier.close()
    return asked[0], receipt


async def test_a_gateway_with_nested_json_gets_it_so() -> None:
    """Some take several receivers in a list, and answer with a list of numbers."""
    form = GatewaySettings(
        "https://sms.example/rest/mtsms",
        to_field="recipients.0.msisdn",
        fields={"sender": "Laegehuset"},
        plain_digits=True,
        id_path="ids.0",
    )
    request, receipt = await recorded(form, httpx.Response(200, json={"ids": [421332671]}))
    body = json.loads(request.content)
    assert body["recipients"] == [{"msisdn": "4520123456"}]
    assert body["sender"] == "Laegehuset"
    assert receipt == "421332671"
    assert "authorization" not in request.headers


async def test_a_gateway_with_a_form_gets_one() -> None:
    """Older ones read form fields, and answer with plain text that says nothing."""
    form = GatewaySettings("https://sms.example/send", is_form=True, text_field="body", id_path="id")
    request, receipt = await recorded(form, httpx.Response(200, text="OK"))
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert b"to=%2B4520123456" in request.content
    assert receipt == ""


@pytest.mark.parametrize("values", [{"a": "x", "a.b": "y"}, {"a.1": "x"}, {"a.0": "x", "a.b": "y"}])
def test_names_of_fields_that_do_not_fit_are_a_matter_of_settings(values: dict[str, str]) -> None:
    """Told as such, before anything is sent."""
    with pytest.raises(Misconfigured):
        nested(values)


# --- VDX ------------------------------------------------------------------------------------------------------------


class Service:
    """VDX's service, as far as it is known."""

    def __init__(self, *words: str) -> None:
        self.sent: list[tuple[UUID, str, str]] = []
        self._words = words

    async def send(self, meeting_id: UUID, message: str, to: str) -> None:
        self.sent.append((meeting_id, message, to))

    async def words(self, meeting_id: UUID) -> tuple[str, ...]:
        return self._words

    async def aclose(self) -> None: ...


def with_link(portal: str) -> OutboxDraft:
    room = replace(ROOM, portal_link=Secret(portal))
    return composer().invitation(consultation(SMS_PARTY), SMS_PARTY, room, NOW, ids())


async def test_vdx_sends_the_partys_own_link_unless_told_otherwise() -> None:
    """The meeting's short link names no party, and a stranger would knock."""
    service = Service()
    await VdxSms(service).send(draft())
    ((meeting_id, text, to),) = service.sent
    assert (meeting_id, to) == (ROOM.meeting_id, SENT_TO)
    assert "tag=p-sms" in text


async def test_vdx_puts_its_own_link_where_ours_stood() -> None:
    """For a VDX that insists on it."""
    service = Service()
    await VdxSms(service, uses_meeting_link=True).send(with_link("https://portal.example/?pin=3788"))
    assert service.sent[0][1].splitlines()[-1] == "%meeting_url%"


@pytest.mark.parametrize("portal", ["", "https://portal.example/", "https://portal.example/?pin=918273", "x?pin=1111"])
async def test_vdxs_own_link_is_not_sent_where_it_lets_in_as_host(portal: str) -> None:
    """With a careless template it carries the host PIN; after a change of PIN the old one."""
    service = Service()
    with pytest.raises(Refused) as caught:
        await VdxSms(service, uses_meeting_link=True).send(with_link(portal))
    assert caught.value.code == "sms.unsafe_link"
    assert service.sent == []


@pytest.mark.parametrize(
    ("words", "arrival"),
    [
        ((), Arrival.OPEN),
        (("DELIVERED",), Arrival.ARRIVED),
        (("delivered", "DELIVERED"), Arrival.ARRIVED),
        (("DELIVERED", "SENT"), Arrival.OPEN),
    ],
)
async def test_vdx_says_arrived_only_when_all_have(words: tuple[str, ...], arrival: Arrival) -> None:
    """It does not say whose message is whose."""
    assert await VdxSms(Service(*words)).look(draft(), "") is arrival


async def test_a_message_through_vdx_is_on_the_telephone_page_too(sandbox: Sandbox) -> None:
    """The demo shows both roads in one place."""
    carrier = VdxSms(SmsClient(sandbox.sms_url, None))
    with pytest.raises(Refused):
        await carrier.send(draft())  # no such meeting
    await carrier.close()
    assert sandbox.phones.messages == []


# --- the watch ------------------------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 10, 7, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


class Words:
    """Answers in turn; an error is raised."""

    def __init__(self, *answers: Arrival | VdxError) -> None:
        self.answers = list(answers)

    async def look(self, draft: OutboxDraft, receipt: str) -> Arrival:
        answer = self.answers.pop(0) if self.answers else Arrival.OPEN
        if isinstance(answer, VdxError):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([Arrival.OPEN, Arrival.ARRIVED, Arrival.ARRIVED], [Arrival.ARRIVED]),
        ([Unavailable("invite.unreachable"), Arrival.LOST], [Arrival.LOST]),
        ([Arrival.OPEN, Arrival.OPEN, Arrival.OPEN, Arrival.ARRIVED], []),
    ],
    ids=["arrived", "lost", "given up"],
)
async def test_a_message_is_asked_about_until_something_is_known(
    answers: list[Arrival | VdxError], told: list[Arrival]
) -> None:
    """And not for ever."""
    heard: list[Arrival] = []
    clock = Clock()

    async def hear(_draft: OutboxDraft, arrival: Arrival) -> None:
        heard.append(arrival)

    watch = ArrivalWatch(Words(*answers), clock, hear, give_up=timedelta(minutes=3))
    watch.watch(draft(), "7")
    for _round in range(4):
        clock.time += timedelta(minutes=1)
        await watch.look()
    assert heard == told


async def test_the_watch_runs_by_itself_and_sleeps_when_nothing_is_open() -> None:
    """As a task of the delivery."""
    heard = asyncio.Event()

    async def hear(_draft: OutboxDraft, _arrival: Arrival) -> None:
        heard.set()

    watch = ArrivalWatch(Words(Arrival.ARRIVED), Clock(), hear, every_s=0.0)
    task = asyncio.create_task(watch.run())
    watch.watch(draft(), "7")
    async with asyncio.timeout(10):
        await heard.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
