"""Messages damaged at random: taken or refused, shown, acknowledged, answered or not, and never a crash."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import httpx
import pytest

from tests.unit.sandbox.partners.samples import CLINIC_GLN, HOSPITAL, invitation
from tests.unit.sandbox.partners.test_hub import parcel
from vdx_plugin.sandbox.partners import Partner, PartnerFormat, PartnerTimes
from vdx_plugin.sandbox.partners.answers import Json
from vdx_plugin.sandbox.partners.bundle import Unreadable
from vdx_plugin.sandbox.partners.hub import Unanswerable
from vdx_plugin.sandbox.partners.values import XML_MIME
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig

PARTNERS = (
    HOSPITAL,
    replace(HOSPITAL, gln="5790000000302", answers_in=XML_MIME),
    replace(HOSPITAL, gln="5790000000500", format=PartnerFormat.CONVERTED),
)
VALUES = (None, 7, True, "", "x", [], {}, [[]], [7], {"a": []}, "9999-12-31T23:59:59-14:00", "\u202e<b>", ["a", {}])
ROUNDS = 25


def _places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in pairs:
        yield from _places(child, (*path, key))


def _damaged(dice: random.Random) -> Json:
    """Return an invitation in which one to three members are gone or have another value."""
    bundle = invitation()
    for _ in range(dice.randint(1, 3)):
        *way, last = dice.choice(list(_places(bundle)))
        target: Json = bundle
        for step in way:
            target = target[step]  # type: ignore[index]
        if dice.random() < 0.3:
            del target[last]  # type: ignore[arg-type]
        else:
            target[last] = copy.deepcopy(dice.choice(VALUES))  # type: ignore[index]
    return bundle


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("partner", PARTNERS, ids=["json", "xml", "xdis91"])
async def test_a_damaged_message_is_taken_or_refused_and_shown(seed: int, partner: Partner) -> None:
    """Whatever shape a member has, the page opens, and the partner goes on."""
    gln = partner.gln
    dice = random.Random(seed)
    config = SandboxConfig(partners=PARTNERS, partner_times=PartnerTimes(acknowledge_s=0), pool_size=0)
    async with Sandbox(config).running() as sandbox, httpx.AsyncClient(base_url=sandbox.base_url) as web:
        hub = sandbox.partners
        for _ in range(ROUNDS):
            hub.forget(gln)
            try:
                await hub.hand_in(parcel(_damaged(dice), receiver_gln=gln))
            except Unreadable:
                assert hub.unreadable(gln) == 1
                continue
            for letter in hub.letters(gln):
                page = await web.get(f"/partners/{gln}/{quote(letter.header_id, safe='')}")
                assert page.status_code == 200
                try:
                    await hub.reply(gln, letter.header_id, "Ja", "Mia Test")
                except Unanswerable:
                    assert not letter.is_right
            assert (await web.get(f"/partners/{gln}/")).status_code == 200
            for entry in await hub.waiting(CLINIC_GLN):
                await hub.confirm(CLINIC_GLN, entry.receipt)
