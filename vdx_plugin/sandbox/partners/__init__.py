"""The partners: a message hub with mailboxes, and the hospitals, municipalities and nursing homes behind it.

``door`` takes messages in over HTTP, ``routes`` gives out the mailboxes, ``control`` lets tests and benchmarks set how
partners behave and count what came, ``pages`` lets a person play a partner. ``hub`` holds them together: ``mailboxes``,
one ``inbox`` with its ``tally`` per partner, and ``conduct``, the rules of how systems answer.

``bundle`` and ``fhir_xml`` read messages, ``checks`` says what is wrong with them, ``answers`` writes acknowledgements
and replies out of ``resources``. ``old_system`` is a partner on the old form behind the network's ``conversion`` to and
from ``xdis91``. ``letter_view``, ``old_view`` and ``raw_view`` are what a reader sees, ``directory`` lists the demo's
partners. All of it is written from MedCom's rules and shares no code with the sending side, so that each checks the
other.
"""

from vdx_plugin.sandbox.partners.directory import demo_partners
from vdx_plugin.sandbox.partners.door import PartnerDoor
from vdx_plugin.sandbox.partners.hub import PartnerHub
from vdx_plugin.sandbox.partners.routes import routes
from vdx_plugin.sandbox.partners.values import (
    Behaviour,
    Conduct,
    Count,
    Parcel,
    Partner,
    PartnerFormat,
    PartnerKind,
    PartnerTimes,
)

__all__ = [
    "Behaviour",
    "Conduct",
    "Count",
    "Parcel",
    "Partner",
    "PartnerDoor",
    "PartnerFormat",
    "PartnerHub",
    "PartnerKind",
    "PartnerTimes",
    "demo_partners",
    "routes",
]
