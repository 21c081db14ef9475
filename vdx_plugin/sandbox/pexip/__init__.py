"""A room server that speaks Pexip's client API v2, carries real media, and serves the guest web page.

From the outside in: ``endpoints`` and ``guest_page`` are HTTP; ``server`` knows the rooms in use and the tokens;
``meeting`` is the shell of one room and ``audience`` its open event streams. What the room decides is in pure
modules: ``state`` and ``rules`` (who waits, who may do what), ``roster`` (what each one sees and which events tell
it), ``layouts`` (who is in whose picture) and ``admission`` (PINs and tokens). Media enters through ``hop`` (ICE,
DTLS, SRTP of one participant), is counted and renumbered in ``leg``, and carried from one to the other by
``switch``; ``feeds`` decides between forwarding and ``mixing``, and ``scenes`` what is mixed. The arithmetic of packets
is in ``streams``, that of a line's rate in ``transport_cc`` and ``estimate``, and the offers and answers in ``sdp``,
all pure.

``stills`` keeps slides as pictures for those without a line for them, and ``room_page`` shows the rooms to a person.
``mirror`` is the switch of a test call, ``direct`` passes signals between two who connect to each other, and
``telephones`` acts out those whom a room calls. Between signalling and media stands ``scenes.Member``: who is in, who
presents, who is in whose picture.

Two participants get each other's packets untouched but for their numbers. Three or more, two who do not know each
other's codecs, and whoever meets a telephone get one composed picture and one mixed sound each, without themselves.
Slides go from whoever presents to everybody who takes them, on a line of their own, or into the picture of those
who want them there. Nothing is recorded.
"""

from __future__ import annotations

from vdx_plugin.sandbox.pexip.config import RoomServerConfig
from vdx_plugin.sandbox.pexip.leg_streams import MediaCount
from vdx_plugin.sandbox.pexip.server import RoomServer

__all__ = ["MediaCount", "RoomServer", "RoomServerConfig"]
