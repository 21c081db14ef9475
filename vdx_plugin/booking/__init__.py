"""Rooms and meetings at the national video hub, by its video API.

``rooms.VdxRooms`` fills ``ports.RoomBooking``, for a call that starts now, and ``meetings.VdxMeetings`` fills
``ports.MeetingBook``, for those booked for later (``shelf`` keeps what was last heard of them);
``opening.open_vdx`` makes both from a ``VdxAccess``. Below them ``client`` is the API as it is, one method per end
point, ``models`` what goes over the wire and ``wire`` the two writings of it: version 2, and version 1 as met behind
MedCom's local certificate proxy. ``auth`` keeps and renews tokens, ``person`` gets one for somebody who signs in by the
browser, ``pace`` keeps looks at one room apart, ``pins`` draws the PINs we choose ourselves, ``limits`` is what a form
asks before it sends, and ``faults`` the one table that turns answers and httpx's exceptions into the errors of this
program. ``health`` asks whether all of it works, ``diagnosis`` says so in words. ``history`` and ``sms`` are VDX's two
neighbours, unproven against the real ones.
"""

from vdx_plugin.booking.access import ApiVersion, VdxAccess
from vdx_plugin.booking.health import VdxHealth
from vdx_plugin.booking.meetings import VdxMeetings
from vdx_plugin.booking.opening import Vdx, open_rooms, open_vdx
from vdx_plugin.booking.rooms import Patience, VdxRooms

__all__ = [
    "ApiVersion",
    "Patience",
    "Vdx",
    "VdxAccess",
    "VdxHealth",
    "VdxMeetings",
    "VdxRooms",
    "open_rooms",
    "open_vdx",
]
