"""Our address on the way to the node, asked of this machine's own routing table."""

from __future__ import annotations

import pytest

from vdx_plugin.media.network import Network


async def test_a_node_on_this_machine_is_reached_from_this_machine() -> None:
    """The one route that every machine has."""
    network = Network()
    await network.learn("http://127.0.0.1:8080")
    assert network.sources() == ("127.0.0.1",)


@pytest.mark.parametrize("node", ["http://", "https://no-such-host.invalid", "nonsense", "https://" + "a" * 300])
async def test_a_node_that_cannot_be_found_is_no_news(node: str) -> None:
    """A name service that does not answer must not look like a changed network."""
    network = Network()
    await network.learn(node)
    assert network.sources() == network.sources()
