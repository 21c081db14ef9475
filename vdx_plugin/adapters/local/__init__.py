"""For record systems that can call a program on the workstation: context in, a click on Start video, notes out.

``endpoint`` decides who may call and listens at two doors, ``calls`` reads what they say, ``answering`` does it.
``record`` is what is known of the screen and for how long, ``tickets`` are the launches that a link or a command line
may carry. Notes and letters go out through ``roads``: the ``letterbox`` of the long poll, or the ``notes_folder``;
letters come into the ``in_tray``. ``handshake`` is the file by which callers find us, ``calling`` what our own second
process does. ``settings`` and ``adapter`` join them.
"""

from vdx_plugin.adapters.local.adapter import LocalSystem, make, vdx_adapters
from vdx_plugin.adapters.local.calling import close_record, open_record, redeem_in_running_program
from vdx_plugin.adapters.local.settings import LocalSettings

__all__ = [
    "LocalSettings",
    "LocalSystem",
    "close_record",
    "make",
    "open_record",
    "redeem_in_running_program",
    "vdx_adapters",
]
