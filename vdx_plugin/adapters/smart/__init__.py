"""SMART App Launch 2.2 as a native client: the record opens our address, and FHIR R4 carries context and note.

``settings`` says which records may launch. ``launching`` is the loopback address with its two ends, the launch and the
return. ``discovery`` reads what a record says of its authorisation server, ``signing_in`` holds the rules of one
authorisation from launch to code, ``identity`` verifies the id_token, ``tokens`` exchanges, renews and revokes.
``scopes`` says what was granted, ``fhir`` asks and writes under it, ``mapping`` turns resources into our values and
back (pure), ``writing`` puts a finished consultation into the record, and ``adapter`` joins them to the contract.

A launch is bound to one patient, and so is its token: each patient has a session of its own, kept in memory only. The
patient is the one named in the token answer and nobody else; nothing is ever inferred from a search.
"""

from vdx_plugin.adapters.smart.adapter import SmartSystem, make, vdx_adapters

__all__ = ["SmartSystem", "make", "vdx_adapters"]
