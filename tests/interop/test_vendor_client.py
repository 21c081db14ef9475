"""The room vendor's own client, in Chromium, against our room server: the server is what that client expects."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import av
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright
from roompeer import ALIAS, GUEST_PIN, HOST_PIN, Peer, Served, only_loopback, peers, serve
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from tests.chromium import ARGUMENTS, find_chromium
from tests.peers.pexip import packed
from vdx_plugin.domain.secret import Secret
from vdx_plugin.media.call import PexipCall
from vdx_plugin.media.engine import PexipEngine
from vdx_plugin.ports import (
    CallEvent,
    ChatReceived,
    JoinTarget,
    MediaChoice,
    ScreenPicture,
    Slides,
    SlidesChanged,
    VideoPicture,
    ignore_picture,
)
from vdx_plugin.sandbox.pexip import RoomServerConfig
from vdx_plugin.sandbox.rooms import VirtualRoom

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
WITHIN_S = 40


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        await browser.close()


class Vendor:
    """One page with the vendor's client in it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def join(self, name: str, pin: str | None = None, **more: Any) -> int:
        """Enter; return the HTTP status of the door."""
        values = {"alias": ALIAS, "name": name, **({"pin": pin} if pin else {}), **more}
        status: int = await self.page.evaluate("values => window.client.join(values)", values)
        return status

    async def command(self, name: str, **values: Any) -> Any:
        """Give the client one of its own commands."""
        return await self.page.evaluate("([name, values]) => window.client.command(name, values)", [name, values])

    async def figures(self) -> dict[str, Any]:
        """Return what it has decoded."""
        found: dict[str, Any] = await self.page.evaluate("window.client.figures()")
        return found

    async def me(self) -> str:
        """Return its own uuid, once it is in the roster."""
        await self.until("onParticipants")
        row = await self.page.evaluate("window.client.me()")
        return str(row["uuid"])

    async def codec(self) -> str:
        """Return what the main picture comes in."""
        found: str = await self.page.evaluate("window.client.codec()")
        return found

    async def told(self, signal: str) -> list[Any]:
        """Return what a signal of the client has said so far."""
        seen: list[Any] = await self.page.evaluate("name => window.client.told(name)", signal)
        return seen

    async def until(self, signal: str, holds: Callable[[Any], bool] = lambda value: True) -> Any:
        """Wait for a signal whose value ``holds``."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                found = [value for value in await self.told(signal) if holds(value)]
                if found:
                    return found[-1]
                await asyncio.sleep(0.1)

    async def decodes(self, what: str = "main", *, frames: int = 10) -> dict[str, Any]:
        """Wait until it has decoded so many more pictures of ``main`` or ``slides``, and heard something."""
        first = (await self.figures())[what]
        async with asyncio.timeout(WITHIN_S):
            while True:
                found = await self.figures()
                if found[what] - first >= frames and found["energy"] > 0:
                    return found
                await asyncio.sleep(0.1)


@asynccontextmanager
async def meeting(
    chromium: Browser, config: RoomServerConfig | None = None, *, room: VirtualRoom | None = None, people: int = 2
) -> AsyncIterator[tuple[Served, list[Vendor]]]:
    """Run a room with so many vendor's clients ready to join it; a page's error fails the test."""
    page_files = Mount("/vendor", StaticFiles(directory=packed(), html=True))
    async with serve(config, more=[page_files], **({"room": room} if room else {})) as served:
        context = await chromium.new_context()
        wrong: list[str] = []
        vendors = []
        for _ in range(people):
            page = await context.new_page()
            page.on("pageerror", lambda error: wrong.append(str(error)))
            await page.goto(f"{served.base}/vendor/")
            vendors.append(Vendor(page))
        try:
            yield served, vendors
        finally:
            await context.close()
        assert wrong == []


async def in_the_room(chromium_people: list[Vendor]) -> None:
    """Have the first enter as host and the others as guests."""
    for number, person in enumerate(chromium_people):
        name, pin = ("Patient", GUEST_PIN) if number else ("Læge", HOST_PIN)
        assert await person.join(name, pin) == 200


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_host_and_guest_see_and_hear_each_other(chromium: Browser, codec: str) -> None:
    """The plain consultation: both PINs, sound and picture both ways, in either codec."""
    async with meeting(chromium, RoomServerConfig(video_codec=codec, other_codecs=False)) as (_, people):
        await in_the_room(people)
        await asyncio.gather(*(person.decodes() for person in people))
        assert [await person.codec() for person in people] == [f"video/{codec}"] * 2


async def test_the_door_speaks_as_the_client_expects(chromium: Browser) -> None:
    """Which PIN is wanted, that one was wrong, and what stands behind a reception."""
    async with meeting(chromium, people=1) as (served, (guest,)):
        served.directory.open(VirtualRoom("velkomst", None, None, reception=True))
        assert await guest.join("Patient") == 403
        assert await guest.until("onPinRequired") == {"hasHostPin": True, "hasGuestPin": True}
        await guest.join("Patient", "0000")
        assert (await guest.until("onError"))["error"] == "Invalid PIN"
        assert await guest.join("Patient", alias="velkomst") == 403
        assert await guest.until("onExtension") == "standard"
        assert await guest.join("Patient", HOST_PIN, alias="velkomst", extension=ALIAS) == 200
        await guest.until("onParticipants")


async def test_a_guest_without_pin_enters_where_only_hosts_have_one(chromium: Browser) -> None:
    """The client writes ``none`` for a PIN a guest does not have."""
    async with meeting(chromium, room=VirtualRoom(ALIAS, HOST_PIN, None)) as (_, (host, guest)):
        assert await guest.join("Patient", "none") == 200
        await guest.until("onServiceType", lambda kind: kind == "waiting_room")
        await host.join("Læge", HOST_PIN)
        await guest.until("onServiceType", lambda kind: kind == "conference")
        await asyncio.gather(host.decodes(), guest.decodes())


async def test_a_consultation_as_it_is_held(chromium: Browser) -> None:
    """Locked, knocked at, let in, talked in, muted, and ended for all."""
    async with meeting(chromium) as (_, (host, guest)):
        await host.join("Læge", HOST_PIN)
        await host.command("lock", lock=True)
        await host.until("onConferenceStatus", lambda value: value["status"]["locked"])
        await guest.join("Patient", GUEST_PIN)
        await guest.until("onServiceType", lambda kind: kind == "waiting_room")
        waiting = await host.until("onParticipantJoined", lambda value: value[0]["participant"]["isWaiting"])
        uuid = waiting[0]["participant"]["uuid"]
        await host.command("admit", participantUuid=uuid)
        await asyncio.gather(host.decodes(), guest.decodes())

        await host.command("sendMessage", payload="Kan du høre mig?")
        assert (await guest.until("onMessage"))["message"] == "Kan du høre mig?"
        await guest.command("sendMessage", payload="Ja")
        assert (await host.until("onMessage"))["displayName"] == "Patient"
        await host.command("mute", mute=True, participantUuid=uuid)
        await guest.until("onMyselfMuted", lambda muted: muted)
        await host.command("spotlight", enable=True, participantUuid=uuid)
        await guest.until("onMe", lambda value: value["participant"]["isSpotlight"])
        await host.command("setLayout", transforms={"layout": "4:0"})
        await guest.until("onLayoutUpdate", lambda value: value["view"] == "4:0")
        await host.command("disconnectAll")
        assert (await guest.until("onDisconnected"))["errorCode"] == "#pex125"
        assert await host.told("onFailedRequest") == []


async def test_slides_go_from_one_to_the_other_and_back(chromium: Browser) -> None:
    """Over the connection that stands, beside the main picture; the second takes the floor from the first."""
    async with meeting(chromium) as (_, people):
        await in_the_room(people)
        host, guest = people
        await asyncio.gather(host.decodes(), guest.decodes())
        await host.page.evaluate("window.client.present()")
        await guest.decodes("slides")
        await guest.page.evaluate("window.client.present()")
        await host.decodes("slides")
        await guest.page.evaluate("window.client.stopPresenting()")
        await host.until("onPresentationConnectionChange", lambda state: state["recv"] == "disconnected")
        await asyncio.gather(host.decodes(), guest.decodes())
        assert [(await person.figures())["connections"] for person in people] == [1, 1]


async def test_slides_come_as_stills_to_whoever_has_no_line_for_them(
    chromium: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older client, or one whose line for slides was refused, still sees what the doctor shows."""
    only_loopback(monkeypatch)
    async with meeting(chromium, people=1) as (served, (host,)):
        guest = Peer(served, "Patient", GUEST_PIN)
        async with peers(guest):
            await host.join("Læge", HOST_PIN)
            await guest.join()
            await guest.call()
            await host.decodes()
            assert (await guest.fetch("presentation.jpeg")).status_code == 404
            await host.page.evaluate("window.client.present()")
            await guest.until(lambda: guest.named("presentation_frame"))
            still = await guest.fetch("presentation_high.jpeg?id=1")
            (picture,) = list(av.open(io.BytesIO(still.content)).decode(video=0))
            assert picture.width * 9 == picture.height * 16
            await host.page.evaluate("window.client.stopPresenting()")
            await guest.until(lambda: guest.named("presentation_stop"))
            assert (await guest.fetch("presentation.jpeg")).status_code == 404


async def test_one_is_put_out_one_promoted_and_one_sent_elsewhere(chromium: Browser) -> None:
    """What only a host may do with people."""
    elsewhere = "720002@rooms.sandbox.test"
    async with meeting(chromium, people=3) as (served, people):
        served.directory.open(VirtualRoom(elsewhere, HOST_PIN, GUEST_PIN))
        await in_the_room(people)
        host, guest, interpreter = people
        me = await guest.me()
        await host.command("setRole", participantUuid=me, role="chair")
        await guest.until("onMe", lambda value: value["participant"]["isHost"])
        other = await interpreter.me()
        await guest.command("transfer", participantUuid=other, destination=elsewhere, role="guest")
        assert (await interpreter.until("onTransfer"))["alias"] == elsewhere
        await host.until("onParticipantLeft", lambda value: value[0]["participant"]["uuid"] == other)
        await host.command("kick", participantUuid=me)
        assert (await guest.until("onDisconnected"))["errorCode"] == "#pex124"


async def test_a_telephone_joins(chromium: Browser) -> None:
    """The client's own dialling, to somebody who answers."""
    async with meeting(chromium, RoomServerConfig(ring_s=0.2), people=1) as (_, (host,)):
        await host.join("Læge", HOST_PIN)
        dialled = await host.command("dial", destination="+4512345678", role="GUEST", protocol="sip")
        (uuid,) = dialled["data"]["result"]
        await host.until("onParticipantJoined", lambda value: value[0]["participant"]["uuid"] == uuid)
        await host.until("onParticipantUpdated", lambda value: not value[0]["participant"]["isConnecting"])


async def test_two_connect_to_each_other_until_a_third_comes(chromium: Browser) -> None:
    """Direct media: the media does not pass the server, chat goes over the data channel, and all go back through it."""
    room = VirtualRoom(ALIAS, HOST_PIN, GUEST_PIN, direct_media=True)
    async with meeting(chromium, room=room, people=3) as (served, (host, guest, third)):
        await host.join("Læge", HOST_PIN, directMedia=True)
        await guest.join("Patient", GUEST_PIN, directMedia=True)
        await asyncio.gather(host.decodes(), guest.decodes())
        assert served.server.counts(ALIAS) == {}
        await guest.command("sendMessage", payload="Hej")
        assert (await host.until("onMessage"))["message"] == "Hej"
        codes = [await person.until("onSecureCheckCode", bool) for person in (host, guest)]
        assert codes[0] == codes[1]

        await third.join("Tolk", GUEST_PIN, directMedia=True)
        await host.until("onTransfer", lambda value: value["target"] == "transcoded")
        await asyncio.gather(host.decodes(), guest.decodes(), third.decodes())
        assert len(served.server.counts(ALIAS)) == 3


@dataclass
class Ours:
    """Our own client in the room, with what it was told."""

    call: PexipCall
    events: list[CallEvent]
    slides: list[VideoPicture]

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while True:
                if holds():
                    return
                await asyncio.sleep(0.05)

    async def decodes(self, *, frames: int = 10) -> None:
        """Wait until it has decoded so many more pictures, and heard something."""
        first = self.call.received()
        wanted = first.frames + frames
        await self.until(lambda: self.call.received().frames >= wanted)
        await self.until(lambda: self.call.received().audible_s > first.audible_s)

    def states(self) -> list[Slides]:
        return [event.slides for event in self.events if isinstance(event, SlidesChanged)]

    def chat(self) -> list[str]:
        return [event.message.text for event in self.events if isinstance(event, ChatReceived)]


@asynccontextmanager
async def ours_in(served: Served, name: str, pin: str) -> AsyncIterator[Ours]:
    """Enter with our own client, with a test card for a camera."""
    events: list[CallEvent] = []
    slides: list[VideoPicture] = []
    target = JoinTarget(served.base, ALIAS, Secret(pin), name)
    call = await PexipEngine().enter(
        target,
        events.append,
        on_remote_picture=ignore_picture,
        on_self_picture=ignore_picture,
        on_slide=slides.append,
    )
    try:
        await call.start_media(MediaChoice(use_test_card=True))
        yield Ours(call, events, slides)
    finally:
        await call.leave()


@pytest.mark.parametrize("hosting", [True, False], ids=["ours is host", "ours is guest"])
async def test_our_client_and_the_vendors_see_hear_and_write_to_each_other(chromium: Browser, hosting: bool) -> None:
    """A doctor in our window and a patient in the vendor's page, and the other way about."""
    mine, theirs = (HOST_PIN, GUEST_PIN) if hosting else (GUEST_PIN, HOST_PIN)
    async with meeting(chromium, people=1) as (served, (vendor,)):
        async with ours_in(served, "Vores", mine) as ours:
            await vendor.join("Deres", theirs)
            await asyncio.gather(ours.decodes(), vendor.decodes())
            await ours.call.send_chat("Goddag")
            assert (await vendor.until("onMessage"))["message"] == "Goddag"
            await vendor.command("sendMessage", payload="Dav")
            await ours.until(lambda: "Dav" in ours.chat())
        await vendor.until("onParticipantLeft")


BLUE = ScreenPicture(640, 480, 640 * 4, bytes((255, 0, 0, 0)) * (640 * 480))
MIDDLE_OF_SLIDE = """() => {
    const video = document.getElementById("slides"), canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d");
    pen.drawImage(video, 0, 0, 1, 1);
    return [video.videoWidth, video.videoHeight, ...pen.getImageData(0, 0, 1, 1).data];
}"""


async def test_our_client_and_the_vendors_show_slides_to_each_other(chromium: Browser) -> None:
    """The doctor's screen in the vendor's page, in full size and colour, and what the page shows in our window."""
    async with (
        meeting(chromium, people=1) as (served, (vendor,)),
        ours_in(served, "Vores", HOST_PIN) as ours,
    ):
        await vendor.join("Deres", GUEST_PIN)
        await asyncio.gather(ours.decodes(), vendor.decodes())
        await ours.call.present()
        ours.call.show_screen(BLUE)
        await vendor.decodes("slides", frames=3)
        width, height, red, _green, blue, _alpha = await vendor.page.evaluate(MIDDLE_OF_SLIDE)
        assert (width, height) == (640, 480)
        assert blue > 200 > 60 > red

        await vendor.page.evaluate("window.client.present()")
        await ours.until(lambda: len(ours.slides) >= 1)
        # Chromium begins smaller where it does not know the line yet.
        assert 16 * ours.slides[-1].height == 9 * ours.slides[-1].width
        # A single colour that changes: no picture is like the first.
        await ours.until(lambda: len(ours.slides) >= 10)
        shades = {bytes(picture.planes[1][:1]) + bytes(picture.planes[2][:1]) for picture in ours.slides}
        assert len(shades) > 2
        await vendor.page.evaluate("window.client.stopPresenting()")
        await ours.until(lambda: ours.states()[-1] is Slides.NONE)
        assert ours.states() == [Slides.OURS, Slides.THEIRS, Slides.NONE]
        await asyncio.gather(ours.decodes(), vendor.decodes())
