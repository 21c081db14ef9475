"""Video consultations from the open patient record, over VDX (MedCom's national video hub).

The package is a house of rooms, and inner rooms know nothing of outer ones. ``errors``, ``log`` and
``texts`` lie at the bottom. ``domain`` holds values and rules without any input or output. ``ports`` and
``hookspecs`` say what the outside must be able to do. ``service`` holds what a doctor can do. ``booking``,
``invitations``, ``store``, ``media``, ``adapters``, ``monitoring`` and ``ui`` each fill one port and do not
know each other. ``app`` is the one place that joins them. ``docs/architecture.md`` has the drawing.
"""

__version__ = "0.1.0"
