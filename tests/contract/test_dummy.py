"""The specimen keeps the contract."""

from __future__ import annotations

from tests.contract.peers.dummy import DummyPeer
from vdx_plugin.testing.conformance import AdapterConformance
from vdx_plugin.testing.peer import Peer, Place


class TestDummy(AdapterConformance):
    name = "dummy"
    does_not_apply = {
        5: "it is clicked in memory, and there is no launch that could be late",
        6: "it is clicked in memory, and there is no launch that could be repeated",
        7: "it is clicked in memory, and there is nobody else",
        10: "it is in memory and cannot be away",
        11: "nothing is asked over a line",
        12: "nothing can be sent to it",
        14: "nobody else writes in its records",
        15: "nothing can be lost in memory",
        18: "nobody signs in",
    }

    def make_peer(self, place: Place) -> Peer:
        return DummyPeer(place)
