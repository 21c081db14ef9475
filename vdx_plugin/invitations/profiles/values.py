"""Whether a value can be of its FHIR type, and whether it fits a fixed value or a pattern.

Source: FHIR R4, Data Types (the regular expression of each primitive); ElementDefinition.fixed and .pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from vdx_plugin.invitations.message import text_at

_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONE = r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DATE = r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?"

_TEXTS = {
    "string": r"[ \r\n\t\S]+",
    "markdown": r"[ \r\n\t\S]+",
    "code": r"[^\s]+(\s[^\s]+)*",
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "uri": r"\S+",
    "url": r"\S+",
    "canonical": r"\S+",
    "oid": r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+",
    "uuid": r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "date": _DATE,
    "dateTime": rf"{_DATE}|{_DAY}T{_TIME}{_ZONE}",
    "instant": rf"{_DAY}T{_TIME}{_ZONE}",
    "time": _TIME,
    # In R4 spaces may break up the groups of four. Only the letters are looked at: files are large.
    "base64Binary": r"[0-9A-Za-z+/=\s]+",
}
_PATTERNS = {name: re.compile(pattern, re.ASCII if name == "id" else 0) for name, pattern in _TEXTS.items()}
_LEAST = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}
PRIMITIVES = frozenset({*_TEXTS, *_LEAST, "boolean", "decimal", "xhtml"})

_XHTML = "{http://www.w3.org/1999/xhtml}"
_TAGS = re.compile(
    "a|abbr|acronym|address|b|big|blockquote|br|caption|cite|code|col|colgroup|dd|del|dfn|div|dl|dt|em|h[1-6]|hr|i|img|"
    "ins|kbd|li|ol|p|pre|q|samp|small|span|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|tt|ul|var"
)


def is_of_type(kind: str, value: Any) -> bool:
    """True when a JSON value can be a primitive of that type. Types we do not know are not judged."""
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in _LEAST:
        return isinstance(value, int) and not isinstance(value, bool) and _LEAST[kind] <= value < 2**31
    if kind == "decimal":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "xhtml":
        return isinstance(value, str)
    pattern = _PATTERNS.get(kind)
    return pattern is None or (isinstance(value, str) and pattern.fullmatch(value) is not None)


def fits(pattern: Any, value: Any) -> bool:
    """True when ``value`` holds all that the pattern holds: FHIR's sense of ``pattern[x]``."""
    if isinstance(pattern, Mapping):
        return isinstance(value, Mapping) and all(fits(wanted, value.get(name)) for name, wanted in pattern.items())
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(fits(wanted, one) for one in value) for wanted in pattern)
    return bool(pattern == value)


def is_plain_xhtml(div: Any) -> bool:
    """txt-1 and txt-2: one XHTML ``div`` with formatting only, and with something to read in it."""
    if not isinstance(div, str):
        return False
    try:
        root = etree.fromstring(div.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return False
    tags = {str(one.tag).removeprefix(_XHTML) for one in root.iter(etree.Element)}
    handlers = [name for one in root.iter(etree.Element) for name in map(str, one.attrib) if name.startswith("on")]
    if root.tag != f"{_XHTML}div" or not all(map(_TAGS.fullmatch, tags)) or handlers:
        return False
    return bool("".join(map(str, root.itertext())).strip()) or "img" in tags


def _has_something(value: Any) -> bool:
    return any(name != "id" for name in value) if isinstance(value, Mapping) else value is not None


def _has_value_or_extensions(value: Any) -> bool:
    return ("extension" in value) != any(name.startswith("value") for name in value)


# FHIR's own invariants that stand on every element or every resource: read from the specification and written here by
# hand, since in FHIRPath they would take nearly all of the time. A message without contained resources keeps
# dom-2 to dom-5; one with them is asked in FHIRPath.
BY_HAND: dict[str, Callable[[Any], bool]] = {
    "ele-1": _has_something,
    "ext-1": _has_value_or_extensions,
    "txt-1": is_plain_xhtml,
    "txt-2": is_plain_xhtml,
    "dom-6": lambda value: bool(text_at(value, "text", "div")),
}
