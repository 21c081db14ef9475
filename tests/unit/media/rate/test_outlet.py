"""What leaves a connection, seen where it is encrypted."""

from __future__ import annotations

from aiortc.rtp import HeaderExtensionsMap, RtpPacket

from vdx_plugin.media.rate.outlet import Outlet, Parcel


async def test_a_packet_sent_again_under_its_number_is_the_same_to_the_byte() -> None:
    """SRTP's key stream is of the number alone: another time in the header would give away what proves it genuine."""
    left: list[bytes] = []

    async def send(data: bytes) -> None:
        left.append(data)

    outlet, extensions = Outlet(send), HeaderExtensionsMap()
    extensions._HeaderExtensionsMap__ids.abs_send_time = 3  # as negotiated
    parcel = Parcel(RtpPacket(payload_type=97, sequence_number=7, payload=b"picture"), extensions)
    await outlet.send_now(parcel)
    parcel.packet.extensions.abs_send_time += 1
    await outlet.send_now(parcel)
    assert len(left) == 2
    assert left[0] == left[1]
