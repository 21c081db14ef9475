"""The conformance kit for those who write adapters: a pytest plug-in and the 25 checks of the contract.

``conformance`` has the class to derive from, made of ``bronze``, ``silver`` and ``gold``. ``peer`` is the other side: a
clinic system that a check can work with and make misbehave; ``peers`` has misbehaving ones that need no system at all.
``workplace`` joins peer, host and adapter for one check, with nothing else installed. ``stand_ins`` are a clock that
the test moves, the program's side of the desk, and patients that cannot exist. ``plugin`` gives pytest the fixtures
and tells the level at the end. ``checks`` says what a level is, purely.
"""

from vdx_plugin.testing.peer import NotOffered, Peer, Place
from vdx_plugin.testing.stand_ins import KNOWN, OTHER, PRACTICE, STRANGER, FakeVdx, VirtualClock

__all__ = [
    "KNOWN",
    "OTHER",
    "PRACTICE",
    "STRANGER",
    "AdapterConformance",
    "FakeVdx",
    "NotOffered",
    "Peer",
    "Place",
    "VirtualClock",
]


def __getattr__(name: str) -> object:
    # The checks need pytest, which the program does not install.
    if name == "AdapterConformance":
        from vdx_plugin.testing.conformance import AdapterConformance

        return AdapterConformance
    raise AttributeError(name)
