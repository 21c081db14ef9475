"""Which servers an attempt uses."""

from __future__ import annotations

from vdx_plugin.domain.secret import Secret
from vdx_plugin.media.ice_servers import arranged
from vdx_plugin.media.pexip.replies import IceServer

STUN = IceServer(("stun:stun.example.test",))
TURN = IceServer(
    ("turns:turn.example.test:443?transport=tcp", "turn:turn.example.test?transport=tcp", "turn:turn.example.test"),
    Secret("u"),
    Secret("c"),
)


def relay_of(attempt: int) -> str:
    stun, relay = arranged((TURN, STUN), attempt)
    assert stun == STUN
    assert relay.username == Secret("u")
    return relay.urls[0]


def test_each_attempt_goes_a_narrower_way_and_then_from_the_beginning() -> None:
    """UDP is best for sound; a firewall that stops it lets port 443 through."""
    assert [relay_of(attempt) for attempt in range(4)] == [
        "turn:turn.example.test",
        "turn:turn.example.test?transport=tcp",
        "turns:turn.example.test:443?transport=tcp",
        "turn:turn.example.test",
    ]


def test_none_named_is_none_used() -> None:
    """Never a public one."""
    assert arranged((), 0) == ()
    assert arranged((STUN,), 5) == (STUN,)
