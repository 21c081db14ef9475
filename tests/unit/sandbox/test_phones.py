"""The telephones, driven over HTTP as a gateway's client and a person would."""

from __future__ import annotations

import httpx
import pytest

from vdx_plugin.sandbox.phones import KEY, MESSAGES_PATH, PAGE_PATH
from vdx_plugin.sandbox.server import Sandbox

HEADERS = {"Authorization": f"Bearer {KEY}"}
MESSAGE = {"to": "+4520123456", "message": "Hej <b>du</b>\nhttps://video.example/?a=1"}


async def test_a_message_is_on_its_telephone_and_on_the_start_page(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """With its link to press, its cost, and nothing of it read as markup."""
    answer = await web.post(MESSAGES_PATH, json=MESSAGE, headers=HEADERS)
    assert answer.status_code == 201
    shown = (await web.get(PAGE_PATH)).text
    assert "+45 20 12 34 56" in shown
    assert "&lt;b&gt;" in shown
    assert '<a href="https://video.example/?a=1"' in shown
    assert "1 sms" in shown
    assert "1 sms" in (await web.get("/")).text


async def test_a_telephone_that_is_off_gets_its_messages_later(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """So that "sent" and "arrived" can be told apart in the demo."""
    number = (await web.post(MESSAGES_PATH, json=MESSAGE, headers=HEADERS)).json()["id"]
    for is_off, status in ((True, "accepted"), (False, "delivered")):
        await web.post(PAGE_PATH, data={"number": MESSAGE["to"]}, follow_redirects=True)
        assert (MESSAGE["to"] in sandbox.phones.off) is is_off
        answer = await web.get(f"{MESSAGES_PATH}/{number}", headers=HEADERS)
        assert answer.json() == {"status": status}
    await web.post(PAGE_PATH, data={"number": "+4599999999"}, follow_redirects=True)
    assert sandbox.phones.off == set()


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (MESSAGE, {}, 401),
        (MESSAGE, {"Authorization": "Bearer guessed"}, 401),
        ({"to": "+4520123456"}, HEADERS, 400),
        ([], HEADERS, 400),
        ({"to": "20123456", "message": "Hej"}, HEADERS, 422),
        ({"to": "+4520123456", "message": " "}, HEADERS, 422),
    ],
)
async def test_what_a_gateway_would_refuse_is_refused(
    sandbox: Sandbox, web: httpx.AsyncClient, body: object, headers: dict[str, str], status: int
) -> None:
    """A client's mistake must show in the demo, not first at a real gateway."""
    assert (await web.post(MESSAGES_PATH, json=body, headers=headers)).status_code == status
    assert sandbox.phones.messages == []


async def test_a_message_nobody_sent_has_no_status(web: httpx.AsyncClient) -> None:
    """And nobody without the key is told anything."""
    assert (await web.get(f"{MESSAGES_PATH}/7", headers=HEADERS)).status_code == 404
    assert (await web.get(f"{MESSAGES_PATH}/7")).status_code == 401
