"""The page at /_sandbox/ and what it sets."""

from __future__ import annotations

import httpx

from tests.unit.sandbox.conftest import Api
from vdx_plugin.sandbox.faults import Fault
from vdx_plugin.sandbox.server import Sandbox


async def test_a_fault_is_set_and_cleared_from_the_page(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """Every field of the form means something, and one comes back to the page."""
    form = {
        "back": "/_sandbox/",
        "kind": "twice",
        "method": "POST",
        "path": "/videoapi/",
        "times": "",
        "delay_s": "0.5",
        "status": "503",
    }
    set_ = await web.post("/_sandbox/faults", data=form)
    assert (set_.status_code, set_.headers["location"]) == (303, "/_sandbox/")
    assert list(sandbox.faults.waiting().values()) == [
        Fault("twice", "POST", "/videoapi/", times=None, delay_s=0.5, status=503)
    ]
    assert "Anmodningen udføres to gange" in (await web.get("/_sandbox/")).text
    cleared = await web.post("/_sandbox/faults", data={"back": "/_sandbox/", "clear": "1"})
    assert cleared.headers["location"] == "/_sandbox/"
    assert not sandbox.faults.waiting()


async def test_one_is_sent_back_nowhere_else(web: httpx.AsyncClient) -> None:
    """Not even a sandbox needs an open redirect."""
    answer = await web.post("/_sandbox/faults", data={"back": "https://evil.test/", "clear": "1"})
    assert answer.headers["location"] == "/"


async def test_roles_are_given_and_taken(sandbox: Sandbox, web: httpx.AsyncClient, api: Api) -> None:
    """The old token is worth nothing then: rights show in the next."""
    assert (await api.call("GET", "/info")).status_code == 200
    await web.post("/_sandbox/roles", data={"role": ["meeting-admin", "invented"]})
    assert sandbox.signin.clients[sandbox.config.client_id].roles == ("meeting-admin",)
    assert (await api.call("GET", "/info")).status_code == 401


async def test_the_panel_works_while_everything_fails(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """Or nobody could end an outage."""
    sandbox.faults.add(Fault("status", path="/", times=None))
    assert (await web.get("/_sandbox/")).status_code == 200
    assert (await web.get("/")).status_code == 503


async def test_each_change_is_in_the_audit_and_no_pin_is_shown(
    sandbox: Sandbox, web: httpx.AsyncClient, api: Api
) -> None:
    """VDX keeps both PINs in clear in its audit; the page and the list do not."""
    meeting = await api.book(hostPin=48291355, guestPin=77120466)
    await api.call("PATCH", f"/meetings/{meeting['uuid']}", {"subject": "Ny"})
    await api.call("DELETE", f"/meetings/{meeting['uuid']}")
    listed = await web.get("/_sandbox/audit")
    events = [event["auditEvent"] for event in listed.json() if event["auditEvent"]["resource"] == "meeting"]
    assert [event["operation"] for event in events] == ["create", "update", "delete"]
    assert {event["user"] for event in events} == {sandbox.config.email}
    for text in (listed.text, (await web.get("/_sandbox/")).text):
        assert "48291355" not in text
        assert "77120466" not in text


async def test_a_change_that_cannot_be_audited_is_not_made(sandbox: Sandbox, api: Api) -> None:
    """As at VDX: the publication fails and the booking is rolled back."""
    meeting = await api.book()
    for method, path, body in (
        ("POST", "/meetings", api.booking()),
        ("PATCH", f"/meetings/{meeting['uuid']}", {"subject": "Ny"}),
        ("DELETE", f"/meetings/{meeting['uuid']}", None),
    ):
        sandbox.faults.add(Fault("audit_down"))
        assert (await api.call(method, path, body)).status_code == 500
    assert [kept.subject for kept in sandbox.meetings.meetings.values()] == ["Videokonsultation"]


async def test_a_request_can_be_carried_out_twice(sandbox: Sandbox, api: Api) -> None:
    """A gateway that repeats: without an id of the caller's own there are two meetings."""
    sandbox.faults.add(Fault("twice", "POST", "/videoapi/"))
    assert (await api.call("POST", "/meetings", api.booking())).status_code == 200
    assert len(sandbox.meetings.meetings) == 2
