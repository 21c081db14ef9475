"""For record systems that can call a program on the workstation: context in, a click on Start video, notes out.

``endpoint`` decides who may call, ``calls`` reads what they say, ``tickets`` are the launches that a link or a command
line may carry, ``letterbox`` holds notes until they are fetched, ``handshake`` is the file by which callers find
us, ``redeeming`` is what our own second process does with a ticket. ``adapter`` joins them.
"""

from vdx_plugin.adapters.local.adapter import LocalSettings, LocalSystem, make, vdx_adapters
from vdx_plugin.adapters.local.redeeming import redeem_in_running_program

__all__ = ["LocalSettings", "LocalSystem", "make", "redeem_in_running_program", "vdx_adapters"]
