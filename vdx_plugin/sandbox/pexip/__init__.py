"""A room server that speaks Pexip's client API v2, carries real media, and serves the guest web page.

From the outside in: ``endpoints`` and ``guest_page`` are HTTP; ``server`` knows the rooms in use and the tokens;
``meeting`` is the shell of one room. What the room decides is in the pure modules ``rules`` (who waits, who may
do what), ``roster`` (what each one sees and which events tell it) and ``admission`` (PINs and tokens). Media
enters through ``hop`` (ICE, DTLS, SRTP of one participant), is counted and renumbered in ``leg``, and passed
from one to the other by ``switch``; the arithmetic is in ``streams`` and the offers and answers in ``sdp``, both
pure.

With two participants packets are forwarded untouched but for their numbers; with three or more each gets one of
the others (the one who speaks, else a host). Nothing is transcoded: if one sends a codec the other did not
offer, that picture is missing while the sound goes on. There is no mixing, no composed picture, no slides, and
no direct media. Nothing is recorded.
"""

from __future__ import annotations

from vdx_plugin.sandbox.pexip.config import RoomServerConfig
from vdx_plugin.sandbox.pexip.leg import MediaCount
from vdx_plugin.sandbox.pexip.server import RoomServer

__all__ = ["MediaCount", "RoomServer", "RoomServerConfig"]
