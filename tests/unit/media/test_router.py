"""Packets find their receiver with and without a=ssrc."""

from __future__ import annotations

from vdx_plugin.media.router import MAX_LEARNED, Routes


def routes(*, ssrcs: bool) -> Routes[str]:
    found: Routes[str] = Routes()
    found.add("sound", mid="0", ssrcs=[1] if ssrcs else [], payload_types=[96])
    found.add("camera", mid="1", ssrcs=[2] if ssrcs else [], payload_types=[97, 98])
    found.add("slides", mid="2", ssrcs=[3] if ssrcs else [], payload_types=[97, 98])
    return found


def test_the_mid_decides_between_two_lines_of_the_same_codec() -> None:
    """Camera and slides share payload types; without a=ssrc nothing else tells them apart."""
    table = routes(ssrcs=False)
    assert table.route(mid="1", ssrc=77, payload_type=97) == "camera"
    assert table.route(mid="2", ssrc=78, payload_type=97) == "slides"


def test_a_stream_once_told_apart_by_its_mid_is_known_by_its_ssrc() -> None:
    """Senders leave the MID out after the first packets (RFC 9143)."""
    table = routes(ssrcs=False)
    table.route(mid="2", ssrc=78, payload_type=97)
    assert table.route(mid=None, ssrc=78, payload_type=97) == "slides"
    assert table.by_ssrc(78) == "slides"


def test_a_payload_type_only_one_takes_is_enough() -> None:
    """The common case of one sound and one picture needs neither MID nor SSRC."""
    assert routes(ssrcs=False).route(mid=None, ssrc=5, payload_type=96) == "sound"


def test_a_payload_type_two_take_is_not_enough() -> None:
    """A guess would put the slides into the doctor's face."""
    assert routes(ssrcs=False).route(mid=None, ssrc=5, payload_type=97) is None


def test_a_declared_ssrc_decides_where_there_is_no_mid() -> None:
    """The form most nodes use."""
    assert routes(ssrcs=True).route(mid=None, ssrc=3, payload_type=97) == "slides"


def test_a_mid_outweighs_a_declared_ssrc() -> None:
    """A node that reuses an SSRC for another line says so by the MID."""
    assert routes(ssrcs=True).route(mid="1", ssrc=3, payload_type=97) == "camera"
    assert routes(ssrcs=True).route(mid=None, ssrc=3, payload_type=97) == "slides"


def test_a_payload_type_nobody_took_goes_nowhere() -> None:
    """Comfort noise and the like must not reach a decoder of another codec."""
    table = routes(ssrcs=True)
    assert table.route(mid="1", ssrc=2, payload_type=13) is None
    assert table.route(mid=None, ssrc=2, payload_type=13) is None


def test_an_unknown_mid_falls_back_to_the_rest() -> None:
    """Old clients number their lines differently in the header extension."""
    assert routes(ssrcs=False).route(mid="audio", ssrc=5, payload_type=96) == "sound"


def test_a_removed_receiver_is_forgotten_everywhere() -> None:
    """Otherwise packets go to a receiver that has been stopped."""
    table = routes(ssrcs=True)
    table.route(mid="1", ssrc=77, payload_type=97)
    table.remove("camera")
    assert table.route(mid="1", ssrc=77, payload_type=97) == "slides"
    assert table.by_ssrc(2) is None


def test_learning_ends_somewhere() -> None:
    """Each packet of a flood may carry another SSRC."""
    table = routes(ssrcs=False)
    for ssrc in range(1000, 1000 + 10 * MAX_LEARNED):
        table.route(mid="0", ssrc=ssrc, payload_type=96)
    assert table.by_ssrc(1000) == "sound"
    assert table.by_ssrc(1000 + MAX_LEARNED) is None
