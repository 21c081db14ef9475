"""One table from what a database says to what must happen next.

Numbers: sqlite.org "Result and Error Codes"; PostgreSQL manual, appendix "Error Codes". What has no row is
``store.failed``: every exception of a database driver is translated.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, StatementError

from vdx_plugin.errors import Unavailable
from vdx_plugin.store.engine import error_number

BY_NUMBER: Mapping[str, str] = {
    "sqlite:5": "store.locked",  # BUSY: another process writes
    "sqlite:6": "store.locked",
    "sqlite:11": "store.damaged",  # CORRUPT
    "sqlite:13": "store.full",
    "sqlite:26": "store.damaged",  # NOTADB
    "postgresql:53100": "store.full",
    "postgresql:28P01": "store.password",
    "postgresql:28000": "store.password",
    "postgresql:55P03": "store.locked",
    "postgresql:40P01": "store.locked",
    "postgresql:40001": "store.locked",
}

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG}) if hasattr(errno, "EDQUOT") else frozenset({28})


@contextmanager
def translated() -> Iterator[None]:
    """Turn exceptions of the database and the file system into Unavailable(``store.*``)."""
    try:
        yield
    except DBAPIError as error:
        number = error_number(error)
        raise Unavailable(BY_NUMBER.get(number, "store.failed"), number or type(error).__name__) from error
    except StatementError as error:
        # SQLAlchemy wraps what was wrong with a value before it reached the driver: a mistake of ours.
        raise (error.orig or error) from None
    except OSError as error:
        code = "store.full" if error.errno in _NO_ROOM else "store.failed"
        raise Unavailable(code, errno.errorcode.get(error.errno or 0, "OSError")) from error
