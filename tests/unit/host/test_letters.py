"""Letters through the mail of a record system: which adapter carries them, and what its mistakes mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes_clinic import HandClock, RememberingSink
from tests.unit.host.guests import good, install, manifest, points_in, with_method
from vdx_plugin.errors import OutcomeUnknown, Refused, Unavailable, Unsupported
from vdx_plugin.host import AdapterHost
from vdx_plugin.host.guard import Limits
from vdx_plugin.ports import Capability, RecordIncoming, RecordLetter

LETTER = RecordLetter("m-1", "5790000000203", "MCM:FDIS91#telemedicine", "application/fhir+json", b"{2509479989}")
CAME = RecordIncoming("r-1", "5790000000203", "application/fhir+json", b"{}")
WITHOUT = ", ".join(f'"{one}"' for one in Capability if one is not Capability.LETTERS)


@pytest.fixture
async def hosting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(tmp_path)
    hosts: list[AdapterHost] = []

    async def start(*, limits: Limits | None = None, says: str = "", **guests: str) -> AdapterHost:
        for name, source in guests.items():
            install(tmp_path, name, source, says=manifest(name, capabilities=says) if says else None)
        host = AdapterHost(clock=HandClock(), points=points_in(tmp_path), limits=limits)
        await host.start(RememberingSink())
        hosts.append(host)
        return host

    yield start
    for host in hosts:
        await host.stop()


def adapter(host: AdapterHost, name: str):
    return host._state.running[name].adapter


async def test_send_letter_hands_the_message_to_the_record(hosting) -> None:
    """And gives the record's own receipt back; sent once more it lies there once."""
    host = await hosting(la=good("la"))
    assert await host.send_letter(LETTER) == "m-1"
    assert await host.send_letter(LETTER) == "m-1"
    assert list(adapter(host, "la").out_tray.values()) == [LETTER]


async def test_letters_come_until_settle_letter_has_taken_them_out(hosting) -> None:
    """What was not written down here must come again."""
    host = await hosting(lb=good("lb"))
    adapter(host, "lb").in_tray["r-1"] = CAME
    assert list(await host.letters()) == list(await host.letters()) == [CAME]
    await host.settle_letter("r-1")
    await host.settle_letter("r-1")
    assert list(await host.letters()) == []


async def test_without_a_record_that_carries_letters_they_wait(hosting) -> None:
    """It may only be paused, or not started yet; the outbox tries again."""
    can_no_letters = "capabilities = Capabilities(frozenset(set(Capability) - {Capability.LETTERS}))"
    source = "from vdx_plugin.api.v1 import Capabilities, Capability\n" + with_method("lc", can_no_letters)
    host = await hosting(says=WITHOUT, lc=source)
    for asking in (host.send_letter(LETTER), host.letters(), host.settle_letter("r-1")):
        with pytest.raises(Unavailable, match=r"invite\.unreachable"):
            await asking


async def test_a_record_that_fails_midway_may_have_sent_the_letter(hosting) -> None:
    """It goes out again under the same id, which the receiver recognises; a second adapter is not tried."""
    raising = "async def send_letter(self, letter): raise OSError('2509479989')"
    host = await hosting(ld=with_method("ld", raising), le=good("le"))
    with pytest.raises(OutcomeUnknown, match=r"invite\.unknown") as caught:
        await host.send_letter(LETTER)
    assert "2509479989" not in str(caught.value)
    assert adapter(host, "le").out_tray == {}


async def test_a_record_that_hangs_does_not_hold_up_the_program(hosting) -> None:
    """Each call has its limit."""
    hanging = "async def letters(self): await asyncio.sleep(60)"
    host = await hosting(limits=Limits(ask_s=0.05), lf=with_method("lf", hanging))
    with pytest.raises(Unavailable, match=r"adapter\.slow"):
        await host.letters()


async def test_a_refusal_of_the_record_is_its_answer(hosting) -> None:
    """An unknown receiver stays unknown."""
    refusing = "async def send_letter(self, letter):\n    from vdx_plugin.errors import Refused\n    raise Refused('x')"
    host = await hosting(lg=with_method("lg", refusing))
    with pytest.raises(Refused):
        await host.send_letter(LETTER)


async def test_a_record_that_says_it_can_and_cannot_is_asked_no_more(hosting) -> None:
    """The next one that can is asked instead."""
    lying = "async def letters(self):\n    from vdx_plugin.errors import Unsupported\n    raise Unsupported('x')"
    host = await hosting(lh=with_method("lh", lying), li=good("li"))
    adapter(host, "li").in_tray["r-1"] = CAME
    with pytest.raises(Unsupported):
        await host.letters()
    assert list(await host.letters()) == [CAME]


async def test_what_is_no_letter_is_left_out(hosting) -> None:
    """A guest may return anything."""
    host = await hosting(lj=with_method("lj", "async def letters(self): return ['words', None]"))
    assert list(await host.letters()) == []
