"""From the click on Start video to the first picture of the other side, and where the time goes.

Each run has a fresh program with its windows, so that the first consultation of a process (sign-in, imports) and later
ones are told apart. The far end knows nothing before the click: it follows its link as soon as the room is locked, and
is let in as soon as it waits.
"""

from __future__ import annotations

from typing import Any

from tests.bench import browser, place
from tests.bench.browser import Chromium
from tests.bench.child import Child
from tests.bench.figures import Figures
from tests.bench.place import Place

FIRST = "Click: first consultation of a process (signs in, imports media), far end on our client"
LATER = "Click: a later consultation, far end on our client"
CHROMIUM = "Click: a later consultation, far end on Chromium (opens the page, camera, presses Join)"
MANY = "Click: one consultation after the other in one process, far end on our client"
COLD = "Click: no room ready in the pool"
OURS = "Joining an open room in which the doctor sends: our client"
THEIRS = "Joining an open room in which the doctor sends: Chromium"
PROVISION_S = 1.0
_STEPS = (
    ("step_room", "click -> room ready"),
    ("step_lock", "click -> entered and locked"),
    ("step_invitations", "click -> invitations written down"),
    ("step_video", "click -> our media offered"),
    ("waiting", "click -> far end waits at the door"),
    ("picture", "click -> first remote picture"),
)


async def measure(figures: Figures, runs: int, *, with_browser: bool) -> None:
    """Do ``runs`` runs with rooms ready in the pool."""
    async with place.sandbox() as here, Child("tests.bench.guest") as guest:
        if not with_browser:
            for _run in range(runs):
                await _run_once(figures, here, guest, None, browser_first=False)
            return
        async with browser.running() as chromium:
            for run in range(runs):
                await _run_once(figures, here, guest, chromium, browser_first=run % 2 == 1)


async def measure_many(figures: Figures, clicks: int) -> None:
    """Hold ``clicks`` consultations in one process, after its first: enough of them that the slow ones show."""
    async with place.sandbox() as here, Child("tests.bench.guest") as guest, here.doctor() as doctor:
        for part in (FIRST, *[MANY] * clicks):
            await _consult(figures, part, here, doctor, guest)
            await guest.ask("leave")
            await doctor.ask("end")


async def measure_cold(figures: Figures, runs: int) -> None:
    """Do ``runs`` clicks where the sandbox must first make a room; its delay is subtracted."""
    async with place.sandbox(provision_delay_s=PROVISION_S, pool_size=0) as here, here.doctor() as doctor:
        name = f"click -> room ready, less {PROVISION_S * 1000:.0f} ms in which the sandbox makes it"
        for _run in range(runs):
            doctor.forget()
            await doctor.ask("click")
            figures.add(COLD, name, "ms", (await doctor.event("step_room"))["after_ms"] - PROVISION_S * 1000)
            await doctor.event("step_video")
            await doctor.ask("end")
    figures.note(
        "A room being made is asked for every 250 ms here, every 3 s against VDX, which adds half of that on average."
    )


async def _run_once(
    figures: Figures, here: Place, guest: Child, chromium: Chromium | None, *, browser_first: bool
) -> None:
    async with here.doctor() as doctor:
        await _consult(figures, FIRST, here, doctor, guest)
        await guest.ask("leave")
        await doctor.ask("end")
        link = await _consult(figures, LATER, here, doctor, guest)
        await guest.ask("leave")
        await doctor.ask("open_the_door")
        if chromium is not None and browser_first:
            await _chromium_joins(figures, chromium, link)
        await _guest_joins(figures, here, guest, link)
        if chromium is not None and not browser_first:
            await _chromium_joins(figures, chromium, link)
        await doctor.ask("end")
        if chromium is not None:
            await _consult_chromium(figures, doctor, chromium)
            await chromium.leave()
            await doctor.ask("end")


async def _consult(figures: Figures, part: str, here: Place, doctor: Child, guest: Child) -> str:
    """Click, let the far end in, and return its link."""
    doctor.forget()
    await doctor.ask("click")
    link = str((await doctor.event("link"))["url"])
    await guest.ask("enter", link=link, node=here.node)
    await _note_steps(figures, part, doctor)
    _note_ours(figures, part, "our join: ", await doctor.ask("timings"))
    return link


async def _consult_chromium(figures: Figures, doctor: Child, chromium: Chromium) -> None:
    doctor.forget()
    await doctor.ask("click")
    await chromium.enter((await doctor.event("link"))["url"])
    await _note_steps(figures, CHROMIUM, doctor)
    marks = await chromium.seen()
    figures.add(CHROMIUM, "Chromium: link -> Join pressed", "ms", marks["pressed"])
    figures.add(CHROMIUM, "Chromium: Join pressed -> its first picture", "ms", marks["decoded"] - marks["pressed"])


async def _note_steps(figures: Figures, part: str, doctor: Child) -> None:
    for event, name in _STEPS:
        figures.add(part, name, "ms", (await doctor.event(event))["after_ms"])


def _note_ours(figures: Figures, part: str, prefix: str, timings: dict[str, Any]) -> None:
    figures.add(part, f"{prefix}token, first roster", "ms", timings["token_ms"])
    figures.add(part, f"{prefix}opening devices (test card)", "ms", timings["devices_ms"])
    figures.add(part, f"{prefix}SDP offer made", "ms", timings["offer_ms"])
    figures.add(part, f"{prefix}SDP answered", "ms", timings["answer_ms"] - timings["offer_ms"])
    figures.add(part, f"{prefix}ICE and DTLS", "ms", timings["connect_ms"])


async def _guest_joins(figures: Figures, here: Place, guest: Child, link: str) -> None:
    await guest.ask("enter", link=link, node=here.node)
    seen = await guest.ask("seen")
    timings = seen["timings"]
    _note_ours(figures, OURS, "", timings)
    known_ms = timings["devices_ms"] + timings["answer_ms"] + timings["connect_ms"]
    figures.add(OURS, "connected -> first picture decoded", "ms", timings["first_video_ms"] - known_ms)
    figures.add(OURS, "enter -> first picture decoded, all of it", "ms", seen["first_video_s"] * 1000)
    await guest.ask("leave")


async def _chromium_joins(figures: Figures, chromium: Chromium, link: str) -> None:
    await chromium.enter(link)
    at = await chromium.seen()
    figures.add(THEIRS, "token", "ms", at["token"] - at["join"])
    figures.add(THEIRS, "SDP offer made", "ms", at["offer"] - at["token"])
    figures.add(THEIRS, "SDP answered", "ms", at["answer"] - at["offer"])
    figures.add(THEIRS, "ICE and DTLS", "ms", at["connected"] - at["answer"])
    figures.add(THEIRS, "connected -> first picture decoded", "ms", at["decoded"] - at["connected"])
    figures.add(THEIRS, "enter -> first picture decoded, all of it", "ms", at["decoded"] - at["join"])
    await chromium.leave()
