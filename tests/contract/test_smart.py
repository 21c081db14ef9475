"""The adapter ``smart`` keeps the contract."""

from __future__ import annotations

import pytest

from tests.contract.peers.smart import SmartPeer
from vdx_plugin.testing.conformance import AdapterConformance
from vdx_plugin.testing.peer import Peer, Place

pytestmark = pytest.mark.timeout(600)


class TestSmart(AdapterConformance):
    name = "smart"

    def make_peer(self, place: Place) -> Peer:
        return SmartPeer(place)
