"""FHIRcast 3.0.0 (STU 3): follows the patient that other programs on the desktop have open, and refuses during a call.

``events`` reads and writes what goes over the wire (pure), ``follow`` is the table of what to answer and to tell
(pure), ``hub`` subscribes and keeps the websocket, ``adapter`` joins them to the contract.
"""

from vdx_plugin.adapters.fhircast.adapter import FhircastSystem, make, vdx_adapters

__all__ = ["FhircastSystem", "make", "vdx_adapters"]
