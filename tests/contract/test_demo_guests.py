"""The demo's guests in their own process: they come by their links, are seen, and go with the pipe."""

from __future__ import annotations

from urllib.parse import quote

from tests.contract.room_server import ALIAS, GUEST_PIN, serve
from tests.contract.test_call_engine import doctor_in
from vdx_plugin.demo.guests import Visit, visiting
from vdx_plugin.ports import MediaChoice, RosterChanged

LINK = f"https://portal.test/guest/?conference={quote(ALIAS)}&pin={GUEST_PIN}&name=Patient&tag=patient"


async def test_guests_come_are_seen_and_go() -> None:
    """Two by one link, as a couple at one patient's; nobody is left behind when the demo ends."""
    async with serve() as served, doctor_in(served) as doctor:
        await doctor.call.start_media(MediaChoice(use_test_card=True))

        def names() -> list[str]:
            people = [event.participants for event in doctor.of(RosterChanged)][-1]
            return sorted(person.display_name for person in people if not person.is_host)

        async with visiting(Visit([LINK], served.node, 2, "TESTGÆST")):
            await doctor.until(lambda: names() == ["Patient", "Patient 2"])
            await doctor.until(lambda: doctor.call.received().frames >= 20)
        await doctor.until(lambda: names() == [])
