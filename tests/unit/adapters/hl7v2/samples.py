"""The messages under ``fixtures/hl7v2`` and short ways to read them."""

from __future__ import annotations

from pathlib import Path

from vdx_plugin.adapters.hl7v2 import decoding, reading
from vdx_plugin.adapters.hl7v2.news import News, news_of

FOLDER = Path(__file__).parents[4] / "fixtures" / "hl7v2"
GOOD = sorted((FOLDER / "good").glob("*.hl7"))
DAMAGED = sorted((FOLDER / "damaged").glob("*.hl7"))


def good(name: str) -> bytes:
    return (FOLDER / "good" / f"{name}.hl7").read_bytes()


def damaged(name: str) -> bytes:
    return (FOLDER / "damaged" / f"{name}.hl7").read_bytes()


def news(payload: bytes, processing_id: str = "T") -> News:
    """Take a message all the way from bytes to the one thing it says."""
    (said,) = news_of(reading.read(decoding.decode(payload)), processing_id=processing_id)
    return said
