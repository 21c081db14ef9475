"""The adapter ``gdt`` keeps the contract."""

from __future__ import annotations

from tests.contract.peers.gdt import GdtPeer
from vdx_plugin.testing.conformance import AdapterConformance
from vdx_plugin.testing.peer import Peer, Place


class TestGdt(AdapterConformance):
    name = "gdt"
    does_not_apply = {
        14: "a folder cannot say that the record was changed",
        18: "nobody signs in to a folder",
    }

    def make_peer(self, place: Place) -> Peer:
        return GdtPeer(place)
