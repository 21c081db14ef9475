"""What must outlive the process: consultations, the outbox, measures and the audit log, in one database.

``opening.open_store`` gives a ``Store`` whose parts fill the ports: ``consultations``, ``outbox``, ``letters``,
``measures``, ``audit``. All of it is SQLAlchemy Core on one thread of its own (``thread``); what differs between
SQLite and PostgreSQL is in ``engine``. Tables are in ``schema`` and grow by numbered ``migrations``. What says who the
patient is never lies open in the file: ``codec`` turns it into JSON and ``sealing`` seals that. ``faults`` translates.
"""

from vdx_plugin.store.opening import KEEP_PAYLOADS, Store, open_store
from vdx_plugin.store.sealing import AesSealer, Sealer, keep_shared_key, new_key, open_sealer, shared_sealer

__all__ = [
    "KEEP_PAYLOADS",
    "AesSealer",
    "Sealer",
    "Store",
    "keep_shared_key",
    "new_key",
    "open_sealer",
    "open_store",
    "shared_sealer",
]
