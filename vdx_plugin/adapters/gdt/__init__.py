"""GDT 2.1: a folder in which the record system and we leave files for each other.

``lines`` is the form of a file, ``meaning`` what a patient's file says, ``result`` the file we write; all three are
pure. ``folder`` has the traps of files, and works in threads; ``adapter`` looks into the folder and joins them to the
contract.
"""

from vdx_plugin.adapters.gdt.adapter import GdtSystem, make, vdx_adapters

__all__ = ["GdtSystem", "make", "vdx_adapters"]
