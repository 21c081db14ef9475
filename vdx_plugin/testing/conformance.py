"""The 25 checks of the contract as one class to derive from."""

from __future__ import annotations

from vdx_plugin.testing.bronze import Bronze
from vdx_plugin.testing.checks import Check
from vdx_plugin.testing.gold import Gold
from vdx_plugin.testing.running_checks import ATTRIBUTE
from vdx_plugin.testing.silver import Silver


class AdapterConformance(Bronze, Silver, Gold):
    """Derive from it in a test module: set ``name``, and return your clinic system's stand-in from ``make_peer``.

    Each check runs the installed adapter in a host of its own, against a peer of its own, in a folder of its own. One
    that does not apply says why; one that the peer cannot bring about counts as not shown.
    """


CHECKS: tuple[Check, ...] = tuple(
    sorted(
        (
            getattr(getattr(AdapterConformance, name), ATTRIBUTE)
            for name in dir(AdapterConformance)
            if name.startswith("test_")
        ),
        key=lambda check: check.number,
    )
)
"""Every check, by number."""
