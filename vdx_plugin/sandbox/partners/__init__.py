"""The partners: a message hub with mailboxes, and the hospitals, municipalities and nursing homes behind it.

``routes`` is the HTTP face and says how messages are handed in and fetched. ``hub`` keeps mailboxes and lets partners
answer. ``bundle`` and ``fhir_xml`` read messages, ``checks`` says what is wrong with them, ``answers`` writes
acknowledgements and replies, ``letter_view`` is what a reader sees, ``directory`` lists the demo's partners. All of it
is written from MedCom's rules and shares no code with the sending side, so that each checks the other.
"""

from vdx_plugin.sandbox.partners.directory import demo_partners
from vdx_plugin.sandbox.partners.hub import PartnerHub
from vdx_plugin.sandbox.partners.routes import routes
from vdx_plugin.sandbox.partners.values import Behaviour, Count, Partner, PartnerKind, PartnerTimes

__all__ = ["Behaviour", "Count", "Partner", "PartnerHub", "PartnerKind", "PartnerTimes", "demo_partners", "routes"]
