"""Reading XML that a stranger wrote: no document type, no entities, no network, no trust in a declaration."""

from __future__ import annotations

import re

from lxml import etree

from vdx_plugin.errors import Unreadable

_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?encoding\s*=""")


def parser_for(body: bytes, *, long_texts: bool = False) -> etree.XMLParser:
    """Return a parser that does no more work than ``body`` is long.

    A file that says another character set and holds UTF-8 is read as UTF-8: such files are known from the field, and
    UTF-8 proves itself. ``long_texts`` lifts libxml's limit of ten million characters for one text.
    """
    says_so = _DECLARED.match(body.removeprefix(b"\xef\xbb\xbf")) is not None
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=long_texts,
        remove_comments=True,
        encoding="utf-8" if says_so and _is_utf8(body) else None,
    )


def parse(body: bytes, *, long_texts: bool = False) -> etree._Element:
    """Return the root element. Raises Unreadable(``invite.unreadable``) for anything else than plain XML."""
    try:
        root = etree.fromstring(body, parser_for(body, long_texts=long_texts))
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        line = getattr(error, "lineno", None)
        raise Unreadable("invite.unreadable", "not XML", place=f"line {line}" if line else "") from None
    if root.getroottree().docinfo.doctype:
        raise Unreadable("invite.unreadable", "a document type is not allowed")
    return root


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
