"""Checking a message against FHIR packages that a site has installed: MedCom's profiles as MedCom publishes them.

``archive`` reads a package from a ``package.tgz`` or a folder, ``shelf`` keeps packages on the disk, ``definitions``
finds a definition by its canonical address. ``snapshot`` makes a tree of a StructureDefinition, ``walker`` goes along
it through a message, asking ``slices`` which slice an element belongs to, ``values`` whether a value fits,
``terminology`` whether a code is in a value set, ``references`` what a reference means, and ``invariants`` about
everything written in FHIRPath. ``patches`` puts right what is published with a fault. ``checker`` is what the rest of
the program uses.

The sense of each word follows FHIR R4 (4.0.1): Profiling, ElementDefinition, Terminologies. Left out on purpose:
extensible and preferred bindings, codes of systems that are not installed, re-slicing.
"""

from vdx_plugin.invitations.profiles.archive import Package, read_package
from vdx_plugin.invitations.profiles.checker import ProfileChecker
from vdx_plugin.invitations.profiles.shelf import Installed, Shelf

__all__ = ["Installed", "Package", "ProfileChecker", "Shelf", "read_package"]
