"""A table as a spreadsheet writes it: its character set, its delimiter, its rows by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence

from vdx_plugin.errors import Unreadable

Cells = Mapping[str, str]


def read_rows(content: bytes, needed: Collection[str]) -> list[tuple[int, Cells]]:
    """Return each row that is not empty, with its line in the file; every cell is stripped.

    Raises Unreadable(``partners.no_table``) when it is no table, or has not the ``needed`` columns.
    """
    text = _decode(content)
    table = csv.DictReader(io.StringIO(text), delimiter=_delimiter(text))
    try:
        names = {name.strip() for name in table.fieldnames or () if name}
        lacking = [name for name in needed if name not in names]
        if lacking:
            raise Unreadable("partners.no_table", "columns are missing", columns=", ".join(lacking))
        return list(_rows(table))
    except csv.Error as error:
        raise Unreadable("partners.no_table", f"line {table.line_num}", columns="?") from error


def write_rows(columns: Sequence[str], rows: Sequence[Cells]) -> bytes:
    """Return a table that ``read_rows`` and a Danish spreadsheet read alike."""
    page = io.StringIO(newline="")
    table = csv.DictWriter(page, columns, delimiter=";", lineterminator="\r\n")
    table.writeheader()
    table.writerows(rows)
    # The mark tells a spreadsheet that the letters are UTF-8.
    return page.getvalue().encode("utf-8-sig")


def _rows(table: csv.DictReader[str]) -> Iterator[tuple[int, Cells]]:
    for row in table:
        # Cells beyond the last column come under no name.
        cells = {name.strip(): (cell or "").strip() for name, cell in row.items() if name}
        if any(cells.values()):
            yield table.line_num, cells


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What a Danish spreadsheet writes unless told otherwise.
        return content.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return ";" if first.count(";") > first.count(",") else ","
