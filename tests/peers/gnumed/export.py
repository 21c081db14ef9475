"""Runs inside GNUmed's own Python: makes one invented person and lets GNUmed write the GDT file.

Called as ``export.py GNUMED_FOLDER FILE ENCODING``. Nothing of GNUmed is copied: its business layer is imported from
the Debian package, and the person is given the few columns the exporter reads in place of a row of the database.
"""

from __future__ import annotations

import builtins
import sys
from datetime import UTC, datetime

COLUMNS = {
    "pk_identity": 4711,
    "lastnames": "Prøvesen-Åhøj",
    "firstnames": "Ditte Æble",
    "dob": datetime(1948, 12, 25, tzinfo=UTC),
    "gender": "f",
}


def main(gnumed: str, target: str, encoding: str) -> None:
    sys.path.insert(0, gnumed)
    vars(builtins)["_"] = lambda text, *_more: text
    from Gnumed.business.gmPerson import cPerson

    person = cPerson.__new__(cPerson)
    person._idx = {name: place for place, name in enumerate(COLUMNS)}
    person._payload = list(COLUMNS.values())
    person.export_as_gdt(filename=target, encoding=encoding)


if __name__ == "__main__":
    main(*sys.argv[1:4])
