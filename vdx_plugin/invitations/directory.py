"""The PartnerDirectory port over a table in a file, as a spreadsheet writes it, with a report of every refused row.

Columns: id, name, role, sor, gln, channel, email, phone, and optionally category and wants_pin (``ja``/``nej``).
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vdx_plugin.domain.parties import Channel, Partner, PartyRole
from vdx_plugin.errors import Misconfigured
from vdx_plugin.invitations import codes
from vdx_plugin.invitations.identifier_checks import is_gln, is_sor

_COLUMNS = frozenset({"id", "name", "role", "sor", "gln", "channel", "email", "phone"})
_PRACTICE = "practice"
"""Role of the practice's own row, which other parts read; nobody invites himself."""

_ROLE_WORDS = {
    PartyRole.HOSPITAL: "sygehus hospital afdeling ambulatorium",
    PartyRole.MUNICIPALITY: "kommune hjemmepleje hjemmesygepleje",
    PartyRole.NURSING_HOME: "plejehjem plejecenter",
    PartyRole.INTERPRETER: "tolk tolkebureau",
    PartyRole.PATIENT: "patient",
    PartyRole.OTHER: "andre",
}
_LONG = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa"})
_SHORT = str.maketrans({"æ": "ae", "ø": "o", "å": "a"})


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was left out. ``line`` is the line in the file, ``reason`` a Danish sentence for who keeps it."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Entry:
    partner: Partner
    name_words: tuple[frozenset[str], ...]
    role_words: tuple[frozenset[str], ...]


class TableDirectory:
    """Implements ``ports.PartnerDirectory``; ``refused`` tells what was left out of it."""

    def __init__(self, partners: Sequence[Partner], refused: Sequence[RefusedRow] = ()) -> None:
        self.refused = tuple(refused)
        self._entries = [
            _Entry(partner, _words(partner.name), _words(_ROLE_WORDS[partner.role])) for partner in partners
        ]

    def all(self) -> Sequence[Partner]:
        """Return every partner in the order of the file."""
        return [entry.partner for entry in self._entries]

    def search(self, text: str, limit: int = 20) -> Sequence[Partner]:
        """Return the partners of whom every word typed begins a word of name or role; best first.

        Case and accents do not count; ``æ ø å`` may be typed as ``ae oe aa`` or ``o a``. No words find all.
        """
        wanted = _words(text)
        found = [(rank, entry.partner) for entry in self._entries if (rank := _rank(entry, wanted)) is not None]
        found.sort(key=lambda pair: (pair[0], pair[1].name))
        return [partner for _, partner in found[:limit]]


def read_directory(content: bytes) -> TableDirectory:
    """Read a table. Raises Misconfigured(``settings.partners``) when it is no such table at all."""
    table = csv.DictReader(io.StringIO(_decode(content)), delimiter=_delimiter(_decode(content)))
    try:
        if table.fieldnames is None or not {name.strip() for name in table.fieldnames if name} >= _COLUMNS:
            raise Misconfigured("settings.partners", "columns are missing", setting="partners")
        return _directory(table)
    except csv.Error as error:
        raise Misconfigured("settings.partners", f"line {table.line_num}", setting="partners") from error


def _directory(table: csv.DictReader[str]) -> TableDirectory:
    partners: dict[str, Partner] = {}
    refused: list[RefusedRow] = []
    for row in table:
        # Cells beyond the last column come under no name.
        cells = {name.strip(): (cell or "").strip() for name, cell in row.items() if name}
        if not any(cells.values()) or cells["role"] == _PRACTICE:
            continue
        reason = "id'et er brugt før" if cells["id"] in partners else _fault(cells)
        if reason:
            refused.append(RefusedRow(table.line_num, reason))
        else:
            partners[cells["id"]] = _partner(cells)
    return TableDirectory(tuple(partners.values()), refused)


def _fault(cells: Mapping[str, str]) -> str:
    """Say what is wrong with a row; empty when it can be used."""
    channel, role = cells["channel"], cells["role"]
    tests = (
        (not cells["id"], "id mangler"),
        (not cells["name"], "navn mangler"),
        (role not in tuple(PartyRole), "ukendt rolle"),
        (channel not in tuple(Channel), "ukendt kanal"),
        (bool(cells["gln"]) and not is_gln(cells["gln"]), "lokationsnummeret har forkert længde eller kontrolciffer"),
        (bool(cells["sor"]) and not is_sor(cells["sor"]), "SOR-id skal være mindst 11 cifre"),
        (channel == Channel.MEDCOM and not (cells["gln"] and cells["sor"]), "MedCom kræver lokationsnummer og SOR-id"),
        (channel == Channel.MEDCOM and role == PartyRole.INTERPRETER, "tolke må ikke få patientens oplysninger"),
        (channel == Channel.EMAIL and "@" not in cells["email"], "e-mailadressen mangler"),
        (bool(cells.get("category")) and cells["category"] not in codes.CATEGORIES, "ukendt kategori"),
        (cells.get("wants_pin", "") not in ("", "ja", "nej"), "wants_pin skal være ja eller nej"),
    )
    return next((reason for is_wrong, reason in tests if is_wrong), "")


def _partner(cells: Mapping[str, str]) -> Partner:
    return Partner(
        id=cells["id"],
        name=cells["name"],
        role=PartyRole(cells["role"]),
        channel=Channel(cells["channel"]),
        sor=cells["sor"] or None,
        gln=cells["gln"] or None,
        email=cells["email"] or None,
        phone=cells["phone"] or None,
        category=cells.get("category") or "telemedicine",
        wants_pin=cells.get("wants_pin") != "nej",
    )


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What a Danish spreadsheet writes unless told otherwise.
        return content.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return ";" if first.count(";") > first.count(",") else ","


def _words(text: str) -> tuple[frozenset[str], ...]:
    """Each word in the spellings by which it may be typed."""
    cleaned = "".join(character if character.isalnum() else " " for character in text.casefold())
    return tuple(frozenset({_fold(word, _LONG), _fold(word, _SHORT)}) for word in cleaned.split())


def _fold(word: str, table: Mapping[int, str]) -> str:
    plain = unicodedata.normalize("NFC", word).translate(table)
    return "".join(one for one in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(one))


def _begins(typed: frozenset[str], words: Sequence[frozenset[str]]) -> bool:
    return any(form.startswith(one) for word in words for form in word for one in typed)


def _rank(entry: _Entry, wanted: Sequence[frozenset[str]]) -> int | None:
    """0 when the name begins with the first word, 1 for the name, 2 when the role is needed, None for no match."""
    if not all(_begins(one, (*entry.name_words, *entry.role_words)) for one in wanted):
        return None
    if not all(_begins(one, entry.name_words) for one in wanted):
        return 2
    return 0 if not wanted or _begins(wanted[0], entry.name_words[:1]) else 1
