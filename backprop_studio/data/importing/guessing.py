"""Finds out how a table is written down and what its columns are, from how it begins."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from backprop_studio.data.dataset import Task
from backprop_studio.data.importing.layout import (
    DELIMITERS,
    Column,
    Kind,
    Layout,
    Missing,
    Plan,
    Role,
    is_infinite,
    is_missing,
    is_number,
)
from backprop_studio.data.importing.result import MAX_CLASSES

SAMPLE_BYTES = 2**18
"""What is looked at to tell delimiter and decimal mark."""

_LINES = 200
_FEW = 10
"""So many different whole numbers in a target look like classes."""

_MANY = 50
"""A column of more different words than this, hardly one of which comes twice, names its rows."""

_MOSTLY = 0.8
_TARGETS = (
    "target", "label", "class", "output", "species", "category", "outcome", "result",
    "diagnosis", "quality", "price", "survived",
)  # fmt: skip
_CLASSES = frozenset({"label", "class", "species", "category", "diagnosis", "survived"})
"""Names of targets whose whole numbers are classes, also where there are many."""

_IDS = frozenset({"id", "index", "idx", "key", "uid", "uuid", "guid", "row", "rownames", "#"})
_DATE = re.compile(
    r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{2}|\d{4}))([T ,]\s?\d.*)?",
    re.ASCII,
)
_WHOLE = re.compile(r"[+-]?\d+([.,]0*)?", re.ASCII)
_ABOVE = 20
"""Rows above a table that are looked for."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = {
    b"PK\x03\x04": "it is a zip archive or a workbook, not text; save it as CSV first",
    b"\xd0\xcf\x11\xe0": "it is an old workbook, not text; save it as CSV first",
    b"\x1f\x8b": "it is compressed; unpack it first",
    b"\x89PNG": "it is a picture, not text",
    b"\xff\xd8\xff": "it is a picture, not text",
    b"%PDF": "it is a PDF, not text",
    b"\x93NUMPY": "it is a NumPy array, not text; save it as .npz",
}
_OTHERS = {
    "it is JSON, not a table; save it as CSV first": ("{", "[{", "[["),
    "it is a web page, not a table; it may be what stood in its place": ("<!doctype", "<html"),
    "it is XML, not a table; save it as CSV first": ("<?xml",),
}


def not_text(start: bytes) -> str | None:
    """Why a file that starts like this is no text; None if it may be."""
    for signature, reason in _SIGNATURES.items():
        if start.startswith(signature):
            return reason
    if guess_encoding(start).startswith("utf-16"):
        return None
    control = sum(start.count(byte) for byte in range(32) if byte not in b"\t\n\v\f\r\x1a\x1b")
    if b"\0" in start or control > len(start) / 100:
        return "it is not text"
    words = "".join(start[:64].decode("latin-1").removeprefix("ï»¿").split()).casefold()
    return next((reason for reason, begins in _OTHERS.items() if words.startswith(begins)), None)


def guess_encoding(start: bytes) -> str:
    """The likely encoding of text that starts like this, a key of `ENCODINGS`."""
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    pairs = len(start) // 2
    # ASCII characters in UTF-16 have a zero in every second place.
    if pairs and start[1::2].count(0) > 0.6 * pairs and start[::2].count(0) < 0.1 * pairs:
        return "utf-16-le"
    if pairs and start[::2].count(0) > 0.6 * pairs and start[1::2].count(0) < 0.1 * pairs:
        return "utf-16-be"
    for encoding in ("utf-8", "cp1252"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(start)
        except UnicodeDecodeError:
            continue
        return "utf-8-sig" if encoding == "utf-8" else encoding
    return "latin-1"


def guess_layout(start: bytes, *, whole: bool, encoding: str | None = None) -> Layout:
    """The likely layout of a table that starts like this.

    Parameters
    ----------
    start
        The first bytes.
    whole
        Whether these are all.
    encoding
        How they are encoded, if that is known.
    """
    encoding = encoding or guess_encoding(start)
    text = start[:SAMPLE_BYTES].decode(encoding, errors="replace")
    lines = text.splitlines(keepends=True)
    if not whole or len(start) > SAMPLE_BYTES:
        lines = lines[:-1] or lines
    lines = [line for line in lines if line.strip()][:_LINES]
    best: tuple[tuple[float, ...], str, str, int] | None = None
    for place, delimiter in enumerate(DELIMITERS):
        if delimiter == " " and best is not None:
            # Words have spaces between them everywhere.
            continue
        rows = _cells(lines, delimiter)
        if not rows:
            continue
        width, _ = Counter(map(len, rows)).most_common(1)[0]
        if width < 2:
            continue
        skip = _above(rows, width)
        rows = rows[skip:]
        cells = [cell for row in rows for cell in row if not is_missing(cell)]
        decimal, numbers = _decimal(cells)
        alike = round(sum(len(row) == width for row in rows) / len(rows), 1)
        share = round(numbers / max(len(cells), 1), 1)
        score = (-skip, alike, share, float(width), -place)
        if best is None or score > best[0]:
            best = score, delimiter, decimal, skip
    if best is None:
        decimal, _ = _decimal([line.strip() for line in lines])
        # A column of its own with decimal commas.
        delimiter, skip = ";" if decimal == "," else ",", 0
    else:
        delimiter, decimal, skip = best[1:]
    rows = _cells(lines, delimiter)[skip:]
    return Layout(delimiter, decimal, encoding, _has_header(rows, decimal), skip)


def guess_plan(layout: Layout, names: Sequence[str], rows: Sequence[Sequence[str]]) -> Plan:
    """The likely use of the columns, from the first rows."""
    columns = []
    for place, name in enumerate(names):
        cells = [row[place] for row in rows if not is_missing(row[place])]
        column = _guess_column(name, cells, layout.decimal)
        if layout.header and len(names) > 2 and _names_rows(name, place, cells):
            column = replace(column, role=Role.IGNORE)
        columns.append(column)
    usable = [i for i, c in enumerate(columns) if c.role is not Role.IGNORE]
    named = [i for i in usable if columns[i].name.strip().casefold() in _TARGETS]
    target = (named or usable or [len(columns) - 1])[-1]
    chosen = columns[target]
    cells = [row[target] for row in rows if not is_missing(row[target])]
    task = guess_task(chosen, cells)
    columns[target] = replace(chosen, role=Role.TARGET, missing=Missing.DROP)
    return Plan(layout, tuple(columns), task)


def retarget(plan: Plan, rows: Sequence[Sequence[str]], target: int) -> Plan:
    """The same plan with another column to learn; the old one becomes a feature."""
    columns = list(plan.columns)
    for place, column in enumerate(columns):
        if column.role is Role.TARGET:
            columns[place] = replace(column, role=Role.FEATURE, missing=usual_missing(column.kind))
    chosen = columns[target]
    columns[target] = replace(chosen, role=Role.TARGET, missing=Missing.DROP)
    cells = [row[target] for row in rows if not is_missing(row[target])]
    return replace(plan, columns=tuple(columns), task=guess_task(chosen, cells))


def usual_missing(kind: Kind) -> Missing:
    """What usually becomes of missing cells in features of a kind."""
    return Missing.MEAN if kind is Kind.NUMBER else Missing.OWN


def guess_task(column: Column, cells: Sequence[str]) -> Task:
    """Whether a target, with these values, is likely to be classes or numbers."""
    most = MAX_CLASSES if column.name.strip().casefold() in _CLASSES else _FEW
    classes = column.kind is Kind.CATEGORY or _looks_like_classes(cells, most)
    return Task.CLASSIFICATION if classes else Task.REGRESSION


def _guess_column(name: str, cells: Sequence[str], decimal: str) -> Column:
    if not cells:
        return Column(name, Kind.NUMBER, Role.IGNORE, Missing.MEAN)
    numbers = sum(is_number(cell, decimal) or is_infinite(cell) for cell in cells)
    if numbers >= _MOSTLY * len(cells):
        return Column(name, Kind.NUMBER, Role.FEATURE, Missing.MEAN)
    if sum(_DATE.fullmatch(cell.strip()) is not None for cell in cells) >= _MOSTLY * len(cells):
        # Neither a number nor a few categories: of use only as what it is made into beforehand.
        return Column(name, Kind.CATEGORY, Role.IGNORE, Missing.OWN)
    different = len(set(cells))
    label = different > _MANY and different > len(cells) / 2
    return Column(name, Kind.CATEGORY, Role.IGNORE if label else Role.FEATURE, Missing.OWN)


def _looks_like_classes(cells: Sequence[str], most: int) -> bool:
    whole = all(_WHOLE.fullmatch(cell.strip()) for cell in cells)
    different = len(set(cells))
    return whole and 2 <= different <= most and len(cells) >= 2 * different


def _names_rows(name: str, place: int, cells: Sequence[str]) -> bool:
    """Whether whole numbers only tell one row from another: an id, or the index of a table."""
    cells = [cell.strip() for cell in cells]
    if len(cells) < 2 or not all(cell.isdecimal() for cell in cells):
        return False
    if place == 0 and name == "column 1":
        # Without a name: counted.
        first = int(cells[0]) if len(cells[0]) < 10 else -1
        return first in (0, 1) and cells == [str(first + i) for i in range(len(cells))]
    word = name.strip().casefold()
    ends = word.endswith(("_id", " id", "-id")) or name.strip().endswith(("Id", "ID"))
    return (word in _IDS or ends) and len(set(cells)) == len(cells)


def _above(rows: Sequence[Sequence[str]], width: int) -> int:
    """How many rows stand above a table of this width without belonging to it."""
    for place, row in enumerate(rows[: _ABOVE + 1]):
        words = [cell for cell in row if cell.strip()]
        alone = len(words) == 1 and words[0] == row[0] and not is_number(row[0], ".")
        comment = row[0].lstrip().startswith("#") and len(row) != width
        if not (alone or comment):
            return place
    return 0


def _cells(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        return []
    return [row for row in rows if any(cell.strip() for cell in row)]


def _decimal(cells: Sequence[str]) -> tuple[str, int]:
    """The decimal mark with which more cells are numbers, and how many are."""
    points = sum(is_number(cell, ".") for cell in cells)
    commas = sum(is_number(cell, ",") for cell in cells)
    # "1,500" is a number either way: a comma that is followed by other than three digits decides.
    if commas == points and any(_only_comma(cell) for cell in cells):
        return ",", commas
    return (",", commas) if commas > points else (".", points)


def _only_comma(cell: str) -> bool:
    return is_number(cell, ",") and not is_number(cell, ".")


def _has_header(rows: Sequence[Sequence[str]], decimal: str) -> bool:
    """Whether the first row names the columns: words above numbers, or words that never return."""
    if not rows:
        return False
    first, rest = rows[0], rows[1:]
    if any(is_number(cell, decimal) for cell in first):
        return False
    if not rest:
        return True
    for place, _ in enumerate(first):
        below = [row[place] for row in rest if place < len(row) and not is_missing(row[place])]
        if below and sum(is_number(c, decimal) for c in below) >= _MOSTLY * len(below):
            return True
    different = len(set(first)) == len(first)
    returns = any(
        place < len(row) and row[place] == cell for place, cell in enumerate(first) for row in rest
    )
    return different and not returns
