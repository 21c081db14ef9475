"""The fault panel: its rules, and what a client sees of each fault."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.unit.sandbox.conftest import Api
from vdx_plugin.sandbox.faults import Fault, FaultPanel, read_fault
from vdx_plugin.sandbox.server import Sandbox


def test_a_fault_is_used_up_by_the_requests_it_is_meant_for() -> None:
    """Method, path and number of hits decide; everything else passes."""
    panel = FaultPanel()
    panel.add(Fault("status", method="POST", path="/videoapi/", times=2))
    assert panel.take_request("GET", "/videoapi/v2/meetings") is None
    assert panel.take_request("POST", "/partners/messages") is None
    assert panel.take_request("POST", "/videoapi/v2/meetings") is not None
    assert panel.take_request("POST", "/videoapi/v2/meetings") is not None
    assert panel.take_request("POST", "/videoapi/v2/meetings") is None


def test_a_fault_without_a_number_stays_until_cleared() -> None:
    """An outage lasts."""
    panel = FaultPanel()
    panel.add(Fault("provision_fails", times=None))
    assert panel.take("provision_fails")
    assert panel.take("provision_fails")
    panel.clear()
    assert not panel.take("provision_fails")


def test_a_fault_is_read_from_json_and_from_a_form() -> None:
    """Forms send everything as text, and an empty field means the default."""
    assert read_fault({"kind": "delay", "delay_s": "0.5", "times": "", "method": "post"}) == Fault(
        "delay", method="POST", delay_s=0.5, times=None
    )
    with pytest.raises(ValueError, match="unknown"):
        read_fault({"kind": "explode"})


async def test_a_status_fault_answers_without_carrying_out(api: Api) -> None:
    """A 503 before the write: nothing was booked."""
    api.sandbox.faults.add(Fault("status", method="POST", path="/videoapi/", status=503))
    answer = await api.call("POST", "/meetings", api.booking())
    assert answer.status_code == 503
    assert not api.sandbox.meetings.meetings


@pytest.mark.parametrize(
    ("kind", "seen_as"),
    [("hang_after", httpx.ReadTimeout), ("drop_after", (httpx.ReadError, httpx.RemoteProtocolError))],
)
async def test_a_booking_whose_answer_is_lost_is_made_all_the_same(
    api: Api, kind: str, seen_as: type[Exception] | tuple[type[Exception], ...]
) -> None:
    """The case for which a client must choose the uuid itself and ask before it tries again."""
    api.sandbox.faults.add(read_fault({"kind": kind, "method": "POST", "path": "/videoapi/"}))
    async with httpx.AsyncClient(timeout=0.5) as impatient:
        caller = Api(api.sandbox, impatient, api._headers["Authorization"].removeprefix("Bearer "))
        with pytest.raises(seen_as):
            await caller.call("POST", "/meetings", api.booking())
    assert len(api.sandbox.meetings.meetings) == 1


async def test_a_connection_cut_before_the_work_books_nothing(api: Api) -> None:
    """The other half of not knowing: this time nothing happened."""
    api.sandbox.faults.add(Fault("drop_before", method="POST", path="/videoapi/"))
    with pytest.raises(httpx.TransportError):
        await api.call("POST", "/meetings", api.booking())
    assert not api.sandbox.meetings.meetings


async def test_a_token_can_be_born_run_out(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """A client must survive a token that is refused at once, and must not loop."""
    config = sandbox.config
    sandbox.faults.add(Fault("expired_token"))
    form = {"grant_type": "client_credentials", "client_id": config.client_id, "client_secret": config.client_secret}
    token = (await web.post(sandbox.token_url, data=form)).json()["access_token"]
    assert (await Api(sandbox, web, token).call("GET", "/info")).status_code == 401
    again = (await web.post(sandbox.token_url, data=form)).json()["access_token"]
    assert (await Api(sandbox, web, again).call("GET", "/info")).status_code == 200


async def test_the_panel_is_worked_over_http(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """A person or another program sets, sees and clears faults; the panel itself never fails."""
    added = await web.post("/_sandbox/faults", json={"kind": "status", "path": "/", "times": None})
    assert added.status_code == 201
    listed = await web.get("/_sandbox/faults")
    assert [fault["kind"] for fault in listed.json()] == ["status"]
    assert (await web.get("/")).status_code == 503
    assert (await web.delete("/_sandbox/faults")).json() == []
    assert (await web.get("/")).status_code == 200
    assert (await web.post("/_sandbox/faults", json={"kind": "explode"})).status_code == 400
    assert not sandbox.faults.waiting()


async def test_a_delayed_answer_comes(api_as: Callable[..., Api]) -> None:
    """Slow is not lost."""
    api = api_as("meeting-user")
    api.sandbox.faults.add(Fault("delay", delay_s=0.02))
    assert (await api.call("GET", "/info")).status_code == 200
    assert not api.sandbox.faults.waiting()
