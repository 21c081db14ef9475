"""The adapter ``fhircast`` keeps the contract."""

from __future__ import annotations

from tests.contract.peers.fhircast import FhircastPeer
from vdx_plugin.testing.conformance import AdapterConformance
from vdx_plugin.testing.peer import Peer, Place


class TestFhircast(AdapterConformance):
    name = "fhircast"

    def make_peer(self, place: Place) -> Peer:
        return FhircastPeer(place)
