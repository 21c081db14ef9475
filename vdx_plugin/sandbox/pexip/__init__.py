"""A room server that speaks Pexip's client API v2, carries real media, and serves the guest web page.

From the outside in: ``endpoints`` and ``guest_page`` are HTTP; ``server`` knows the rooms in use and the tokens;
``meeting`` is the shell of one room and ``audience`` its open event streams. What the room decides is in pure
modules: ``state`` and ``rules`` (who waits, who may do what), ``roster`` (what each one sees and which events tell
it), ``layouts`` (who is in whose picture) and ``admission`` (PINs and tokens). Media enters through ``hop`` (ICE,
DTLS, SRTP of one participant), is counted and renumbered in ``leg``, and passed from one to the other by ``switch``;
the arithmetic is in ``streams`` and the offers and answers in ``sdp``, both pure.

Between signalling and media stands ``switch.Member``: who is in, who presents, who is in whose picture.

With two participants packets are forwarded untouched but for their numbers; with three or more each gets one of
the others (the one who speaks, else a host). Slides go from whoever presents to everybody who takes them, on a line
of their own. Nothing is transcoded: if one sends a codec the other did not offer, that picture is missing while the
sound goes on. Nothing is recorded.
"""

from __future__ import annotations

from vdx_plugin.sandbox.pexip.config import RoomServerConfig
from vdx_plugin.sandbox.pexip.leg import MediaCount
from vdx_plugin.sandbox.pexip.server import RoomServer

__all__ = ["MediaCount", "RoomServer", "RoomServerConfig"]
