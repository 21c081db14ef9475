"""A small record system with synthetic patients, as real input for the plug-in.

It knows the plug-in only by the standards: ``feed`` holds HL7 v2 messages that ``mllp`` sends, and ``helper_call`` is
the local call in the shape Danish record systems know from Sentinel, over which ``post`` also lets it carry MedCom
messages. ``clinic`` is the record system itself and ``pages`` what its user sees. Notes come back by MLLP as MDM^T02.
"""

from vdx_plugin.sandbox.clinic.clinic import ClinicConfig, DemoClinic
from vdx_plugin.sandbox.clinic.post import ClinicPost

__all__ = ["ClinicConfig", "ClinicPost", "DemoClinic"]
