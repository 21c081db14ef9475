"""The plug-in host: finds adapters, keeps each from harming the others, and shows them to the core as one.

``manifests`` reads what a package says of itself with none of its code run; ``loading`` imports those that are on and
fit, each in a thread of its own with a time limit. ``guard`` makes every call to an adapter: it holds the call to its
time limit, turns whatever foreign comes out into an error of ours, and counts faults; three in a row pause the
adapter until somebody enables it again. ``watch`` tells by name who blocks the loop, ``tracing`` shows every call,
masked.

``inlet`` is the one door through which adapters tell the core anything, ``desktop`` the rule which of two open patients
counts. ``hooks`` calls what plug-ins add, vote and watch, each in its own thread. ``running`` is one adapter and how it
fares, ``life`` starts and stops them, ``asking`` and ``letters`` put the core's questions, ``systems`` adds the care
that a person takes of them, with ``kept`` for what was chosen and ``report`` for support. ``child``, ``child_main``
and ``wire`` let an adapter live in a process of its own.

An adapter is code in our process, unless its manifest asks for one of its own. The host protects the others from its
mistakes, not from malice: a thread that hangs in an import stays until the program ends, and a coroutine that blocks
holds up everybody and is only named.
"""

from vdx_plugin.host.loading import installed
from vdx_plugin.host.systems import AdapterHost

__all__ = ["AdapterHost", "installed"]
