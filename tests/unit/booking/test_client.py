"""The API as it is: paths, limits, and what is left out of prints."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import httpx
import pytest

from vdx_plugin.booking.client import AT_ONCE, VdxClient
from vdx_plugin.booking.models import CreateMeeting, PatchMeeting, SchedulingInfo
from vdx_plugin.errors import Unreadable

from .vdx_double import MEETING, NOW


def client_of(handler: httpx.MockTransport) -> VdxClient:
    return VdxClient("https://vdx.test/videoapi/v2/", httpx.Auth(), transport=handler)


async def test_never_more_than_four_requests_are_under_way() -> None:
    """VDX locks a row for each look at a room."""
    under_way, most, gate = 0, 0, asyncio.Event()

    async def handle(_request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == AT_ONCE:
            asyncio.get_running_loop().call_soon(gate.set)
        await gate.wait()
        under_way -= 1
        return httpx.Response(200, json={"info": []})

    client = client_of(httpx.MockTransport(handle))
    await asyncio.gather(*(client.info() for _ in range(10)))
    await client.aclose()
    assert most == AT_ONCE


async def test_each_request_has_an_id_of_its_own() -> None:
    """VDX logs x-request-id, so support on both sides can speak of the same call."""
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["x-request-id"])
        return httpx.Response(200, json=[])

    client = client_of(httpx.MockTransport(handle))
    await client.pool()
    await client.templates()
    assert len(set(seen)) == 2


async def test_a_label_is_searched_for_alone() -> None:
    """C.23: VDX obeys one criterion and ignores the others."""
    paths: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.raw_path.decode())
        return httpx.Response(200, json=[])

    assert await client_of(httpx.MockTransport(handle)).meetings_labelled("b-1") == []
    assert paths == ["/videoapi/v2/meetings?label=b-1"]


@pytest.mark.parametrize("body", [b"<html>hotel wifi</html>", b"[]", b'{"uuid": 1}'])
async def test_a_page_that_is_not_vdx_is_unreadable(body: bytes) -> None:
    """A 200 from a network's sign-in page is not a booking."""
    client = client_of(httpx.MockTransport(lambda _request: httpx.Response(200, content=body)))
    with pytest.raises(Unreadable):
        await client.meeting(MEETING)


async def test_a_template_is_read_with_its_odd_names() -> None:
    """vMRAvailableBefore is spelt unlike everything else."""
    body = {"hostPinRequired": True, "guestPinRequired": False, "vMRAvailableBefore": 15, "ivrTheme": "x"}
    client = client_of(httpx.MockTransport(lambda _request: httpx.Response(200, json=body)))
    template = await client.template(7)
    assert template.vmr_available_before == 15
    assert template.model_extra == {"ivrTheme": "x"}


def test_a_room_does_not_print_its_pins() -> None:
    """Unknown fields are kept, and may hold links with PINs: none of them is printed."""
    info = SchedulingInfo.model_validate(
        {
            "uuid": MEETING,
            "uriWithDomain": "1@x",
            "provisionStatus": "PROVISIONED_OK",
            "hostPin": 482913,
            "more": "7712",
        }
    )
    assert "482913" not in f"{info!r}{info}"
    assert "7712" not in f"{info!r}{info}"


def test_a_request_does_not_print_its_pins() -> None:
    """Nor does what we send."""
    assert "482913" not in repr(PatchMeeting(host_pin=482913))


def test_an_address_that_vdx_cannot_hold_is_stopped_here() -> None:
    """A.12: over 100 characters the server answers 500, not 400."""
    with pytest.raises(ValueError, match="organized_by_email"):
        CreateMeeting(uuid=uuid4(), subject="x", start_time=NOW, end_time=NOW, organized_by_email="a" * 101)
