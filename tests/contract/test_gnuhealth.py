"""The adapter ``gnuhealth`` keeps the contract, with GNU Health itself beside it."""

from __future__ import annotations

import pytest

from tests.contract.peers.gnuhealth import GnuHealthPeer
from vdx_plugin.testing.conformance import AdapterConformance
from vdx_plugin.testing.peer import Peer, Place


@pytest.mark.timeout(300)
class TestGnuHealth(AdapterConformance):
    name = "gnuhealth"
    does_not_apply = {
        14: "only an appointment can conflict, and the kit's context has none; see tests/interop/test_gnuhealth.py",
    }

    def make_peer(self, place: Place) -> Peer:
        return GnuHealthPeer(place)
