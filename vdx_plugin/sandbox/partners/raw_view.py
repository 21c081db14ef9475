"""A message's own text laid out for reading, and exactly as it came."""

from __future__ import annotations

import json

from lxml import etree


def pretty(source: str, mime: str) -> str:
    """Return JSON or XML with one member a line; what cannot be read is returned as it is."""
    return _pretty_xml(source) if "xml" in mime else _pretty_json(source)


def _pretty_json(source: str) -> str:
    try:
        return json.dumps(json.loads(source), ensure_ascii=False, indent=2)
    except ValueError:
        return source


def _pretty_xml(source: str) -> str:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_blank_text=True)
    try:
        root = etree.fromstring(source.encode(), parser)
    except etree.XMLSyntaxError:
        return source
    text: str = etree.tostring(root, encoding="unicode", pretty_print=True)
    return text
