"""CDS Hooks: a small service by which a web record shows "Start video consultation" beside the patient.

A clinic, or the record's vendor, runs it once; the record calls it when a patient is opened or an appointment is being
booked, and shows the card it answers. ``bearer`` says which calls are to be believed (pure), ``keys`` fetches the key
sets of the records that may call, ``calls`` reads what they send (pure), ``cards`` makes the answer (pure),
``feedback`` counts what became of the cards, ``service`` joins them to HTTP, and ``running`` runs it from its settings.

No answer, address, file or log line of it holds anything about a patient: a card leads to the program or to a launch,
and it is the launch that knows who is open.

Source: CDS Hooks 2.0.1, and 3.0.0-ballot for the form of errors.
"""

from vdx_plugin.cds_hooks.bearer import Trusted
from vdx_plugin.cds_hooks.cards import Links
from vdx_plugin.cds_hooks.feedback import FeedbackFile
from vdx_plugin.cds_hooks.keys import KeySets
from vdx_plugin.cds_hooks.service import CardService

__all__ = ["CardService", "FeedbackFile", "KeySets", "Links", "Trusted"]
