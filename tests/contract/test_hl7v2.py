"""The adapter ``hl7v2`` keeps the contract."""

from __future__ import annotations

from tests.contract.peers.hl7v2 import Hl7Peer
from vdx_plugin.testing.conformance import AdapterConformance
from vdx_plugin.testing.peer import Peer, Place


class TestHl7v2(AdapterConformance):
    name = "hl7v2"
    does_not_apply = {18: "MLLP has no sign-in"}

    def make_peer(self, place: Place) -> Peer:
        return Hl7Peer(place)
