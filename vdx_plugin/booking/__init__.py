"""Rooms at the national video hub, by its video API version 2.

``rooms.VdxRooms`` fills ``ports.RoomBooking`` and is what the rest of the program sees; ``opening.open_rooms`` makes
it from a ``VdxAccess``. Below it ``client`` is the API as it is, one method per end point, ``models`` what goes over
the wire, ``auth`` how a token is got and renewed, ``pins`` the PINs we choose ourselves, and ``faults`` the one table
that turns answers and httpx's exceptions into the errors of this program. ``health`` asks whether all of it works.
"""

from vdx_plugin.booking.access import VdxAccess
from vdx_plugin.booking.health import VdxHealth
from vdx_plugin.booking.opening import open_rooms
from vdx_plugin.booking.rooms import Patience, VdxRooms

__all__ = ["Patience", "VdxAccess", "VdxHealth", "VdxRooms", "open_rooms"]
