"""The demo clinic's own mail, between the plug-in's local call and the partners' hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes_clinic import PRACTICE, HandClock, RememberingSink
from vdx_plugin.adapters.local import LocalSettings, LocalSystem
from vdx_plugin.api.v1 import RecordLetter
from vdx_plugin.errors import Refused
from vdx_plugin.sandbox.clinic import ClinicPost
from vdx_plugin.sandbox.clinic.helper_call import HelperCall
from vdx_plugin.sandbox.partners import PartnerHub, PartnerTimes
from vdx_plugin.sandbox.partners.values import Parcel

OURS, THEIRS = "5790000000104", "5790000000203"
BODY = b'{"resourceType": "Bundle"}'


@pytest.fixture
async def hub() -> AsyncIterator[PartnerHub]:
    made = PartnerHub((), lambda: datetime.now(UTC), PartnerTimes())
    await made.waiting(THEIRS)
    yield made
    await made.close()


@pytest.fixture
async def plugin(hub: PartnerHub, tmp_path: Path) -> AsyncIterator[LocalSystem]:
    """The plug-in, and the clinic that calls it."""
    file = tmp_path / "handshake.json"
    system = LocalSystem(LocalSettings(letters=True, receipt_limit_s=5), HandClock(), PRACTICE, file)
    await system.start(RememberingSink())
    call = HelperCall(file, provider_number="099999", initials="KE")
    serving = asyncio.create_task(call.serve(ClinicPost(hub, OURS)))
    yield system
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await system.stop()


async def test_a_letter_of_the_plugin_lies_in_the_partners_mailbox_once(plugin: LocalSystem, hub: PartnerHub) -> None:
    """The same message again is the same envelope."""
    letter = RecordLetter("m-1", THEIRS, "MCM:FDIS91#telemedicine", "application/fhir+json", BODY)
    first = await plugin.send_letter(letter)
    assert await plugin.send_letter(letter) == first
    (entry,) = await hub.waiting(THEIRS)
    assert (entry.parcel.sender_gln, entry.parcel.body, entry.parcel.document_name) == (OURS, BODY, letter.name)


async def test_a_letter_to_a_number_nobody_has_is_refused(plugin: LocalSystem) -> None:
    """The doctor is to hear that it will never arrive."""
    letter = RecordLetter("m-2", "5790000009999", "MCM:FDIS91#telemedicine", "application/fhir+json", BODY)
    with pytest.raises(Refused):
        await plugin.send_letter(letter)


async def test_a_letter_for_us_leaves_the_mailbox_when_it_is_settled_and_not_before(
    plugin: LocalSystem, hub: PartnerHub
) -> None:
    """What we lose with our memory is brought again."""
    await hub.deliver(Parcel(THEIRS, OURS, "e-1", "application/fhir+json", BODY))
    async with asyncio.timeout(10):
        while not (found := await plugin.letters()):
            await hub.waiting(THEIRS, 0.05)
        assert (found[0].sender_gln, found[0].body) == (THEIRS, BODY)
        assert len(await hub.waiting(OURS)) == 1
        await plugin.settle_letter(found[0].receipt)
        while await hub.waiting(OURS):
            await hub.waiting(THEIRS, 0.05)
