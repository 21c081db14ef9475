"""GNU Health 5.0 over Tryton's JSON-RPC, with the companion module ``vdx_video`` for the click inside the record.

``tryton`` speaks the protocol, ``mapping`` turns records into our values and back (pure), ``launching`` is the
loopback address that the record's action opens, ``writing`` puts a finished consultation into appointment, evaluation
and attachment, and ``adapter`` joins them to the contract.

GNU Health's own web client does not tell which patient is open; a context comes with the click, by a ticket.
"""

from vdx_plugin.adapters.gnuhealth.adapter import GnuHealthSystem, make, vdx_adapters

__all__ = ["GnuHealthSystem", "make", "vdx_adapters"]
