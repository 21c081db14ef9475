"""The log's second line of defence."""

from __future__ import annotations

import io
import logging

import pytest

from vdx_plugin import log


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("patient 251248-9996 opened", "251248"),
        ("patient 2512489996 opened", "2512489996"),
        ("patient 0703921VJ5 opened", "0703921VJ5"),
        ("GET https://rooms.example/guest/?conference=12&pin=4829 200", "4829"),
        ("vdx://start/v1?ticket=abcdef", "abcdef"),
        ("Authorization: Bearer eyJhbGciOi", "eyJhbGciOi"),
        ("pin=482913", "482913"),
        ("ticket: T-1234567", "T-1234567"),
    ],
)
def test_what_slips_through_is_blotted_out(text: str, gone: str) -> None:
    """Foreign libraries log what they like."""
    assert gone not in log.mask(text)


def test_the_host_of_an_address_stays_for_support() -> None:
    """Support must see which server did not answer."""
    assert "https://rooms.example/" in log.mask("no answer from https://rooms.example/api/x?token=1")


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def test_arguments_and_tracebacks_are_masked_as_well(stream: io.StringIO) -> None:
    """An exception text is the likeliest place for a number to hide."""
    before = logging.getLogger().handlers[:]
    try:
        log.setup(stream=stream)
        try:
            raise ValueError("cannot parse 2512489996")
        except ValueError:
            log.get("test").exception("failed for %s", "2512489996")
    finally:
        logging.getLogger().handlers[:] = before
    assert "failed for" in stream.getvalue()
    assert "ValueError" in stream.getvalue()
    assert "2512489996" not in stream.getvalue()
