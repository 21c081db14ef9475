"""Logging that cannot tell who the patient is.

``get(name)`` gives a logger below ``vdx_plugin``. ``setup`` puts one filter in front of every handler: it
blots out anything that looks like a CPR number, a token or a PIN, and cuts every address down to scheme and
host. It is the second line of defence; the first is that nothing of the kind is handed to a logger.
"""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path
from typing import TextIO

_CPR = re.compile(r"\b\d{6}-?\d{4}\b|\b\d{6}-?\d[A-Z]{2}\d\b")
_URL = re.compile(r"\b(https?|wss?|vdx)://([^/\s\"'?]+)[^\s\"']*")
_SECRET = re.compile(
    r"(?i)\b((?:authorization[=: ]+)?bearer|token|pin|ticket|secret|password|authorization)\b([=: ]+)[^\s,;&\"']+"
)


def mask(text: str) -> str:
    """Return ``text`` without CPR numbers, secrets, and whatever follows the host of an address."""
    text = _URL.sub(r"\1://\2/…", text)
    text = _SECRET.sub(r"\1\2…", text)
    return _CPR.sub("……", text)


class MaskingFilter(logging.Filter):
    """Rewrite a record in place, its arguments and its traceback included."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = mask(record.getMessage())
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = mask(record.exc_text)
        return True


def get(name: str) -> logging.Logger:
    """Return the logger ``vdx_plugin.<name>``."""
    return logging.getLogger(f"vdx_plugin.{name.removeprefix('vdx_plugin.')}")


def setup(*, level: int = logging.INFO, stream: TextIO | None = None, file: Path | None = None) -> None:
    """Send the log to ``stream`` (standard error unless told) and to ``file``, masked, replacing earlier handlers."""
    handlers: list[logging.Handler] = [logging.StreamHandler(stream or sys.stderr)]
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(file, encoding="utf-8"))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s %(message)s"))
        handler.addFilter(MaskingFilter())
        handler.setLevel(level)
        root.addHandler(handler)
    root.setLevel(level)
    # httpx logs one line with the whole address for each request, aioice candidates, aiosmtpd mail addresses.
    for noisy in ("httpx", "httpcore", "aioice", "aiortc", "uvicorn.access", "alembic", "mail.log"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
