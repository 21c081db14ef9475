"""The adapter ``local`` keeps the contract."""

from __future__ import annotations

from tests.contract.peers.local import LocalPeer
from vdx_plugin.testing.conformance import AdapterConformance
from vdx_plugin.testing.peer import Peer, Place


class TestLocal(AdapterConformance):
    name = "local"
    does_not_apply = {18: "the secret of the session has no end before the session's"}

    def make_peer(self, place: Place) -> Peer:
        return LocalPeer(place)
