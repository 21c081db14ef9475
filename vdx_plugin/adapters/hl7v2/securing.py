"""TLS with certificates on both sides, from files in PEM form.

One certificate is ours, whether we listen or call; one file of authorities says whose certificates the other side may
show. Nobody is let in without one.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from vdx_plugin.api.v1 import Misconfigured, Secret

NO_PASSPHRASE = Secret("")


@dataclass(frozen=True, slots=True)
class Papers:
    """Where the PEM files lie. ``key`` may be empty when the certificate's file holds the key too."""

    certificate: str
    key: str
    authorities: str
    passphrase: Secret = NO_PASSPHRASE

    def for_listening(self) -> ssl.SSLContext:
        """Return what a listener needs; the caller must show a certificate. Reads files. Raises Misconfigured."""
        return self._context(ssl.PROTOCOL_TLS_SERVER)

    def for_calling(self) -> ssl.SSLContext:
        """Return what a caller needs; the name in the receiver's certificate is compared. Raises Misconfigured."""
        return self._context(ssl.PROTOCOL_TLS_CLIENT)

    def _context(self, side: int) -> ssl.SSLContext:
        context = ssl.SSLContext(side)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            context.load_cert_chain(self.certificate, self.key or None, self.passphrase.reveal)
            context.load_verify_locations(self.authorities)
        except (OSError, ValueError) as error:
            # ssl.SSLError is an OSError; its text may hold a path, its kind is enough.
            raise Misconfigured("hl7v2.certificate", type(error).__name__) from error
        return context
