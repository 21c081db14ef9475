"""HL7 v2 over MLLP: a feed of patients and appointments comes in, the finished note goes out.

Bytes pass inward through one module each. ``framing`` cuts them into blocks, ``decoding`` makes text of a block,
``reading`` makes segments of the text, ``news`` says what they mean, ``directory`` remembers it. All five are pure.
``mapping`` builds what we send (the only module that knows hl7apy), ``sending`` delivers it and judges the answer,
``receiving`` listens, ``securing`` has the certificates of both, ``chosen`` the settings, and ``adapter`` joins them
into the contract.

Whatever comes in is either taken and acknowledged, or refused with a condition and a place; never half of each.
"""

from vdx_plugin.adapters.hl7v2.adapter import Hl7System, make, vdx_adapters
from vdx_plugin.adapters.hl7v2.chosen import Hl7Settings

__all__ = ["Hl7Settings", "Hl7System", "make", "vdx_adapters"]
