"""The plug-in host: finds adapters, keeps each from harming the others, and shows them to the core as one.

``loading`` reads the names under the entry-point group without importing what is disabled, and imports each of the
rest in a thread of its own with a time limit. ``guard`` makes every call to an adapter: it holds the call to its
time limit, turns whatever foreign comes out into an error of ours, and counts faults; three in a row pause the
adapter until somebody enables it again. ``watch`` tells by name who blocks the loop. ``systems`` joins the adapters
into ``ports.ClinicSystems``; ``inlet`` is the one door through which adapters tell the core anything.

An adapter is code in our process. The host protects the others from its mistakes, not from malice: a thread that
hangs in an import stays until the program ends, and a coroutine that blocks holds up everybody and is only named.
"""

from vdx_plugin.host.loading import installed
from vdx_plugin.host.systems import AdapterHost

__all__ = ["AdapterHost", "installed"]
