"""CSV and TSV: how a table is written down is found out; what it is for, the caller chooses."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from backprop_studio.data.dataset import Task
from backprop_studio.data.importing.guessing import guess_layout, guess_plan, not_text
from backprop_studio.data.importing.layout import (
    MISSING,
    Kind,
    Layout,
    Missing,
    Plan,
    is_missing,
    is_number,
    number,
)
from backprop_studio.data.importing.result import (
    MAX_CLASSES,
    Imported,
    Progress,
    carry_on,
    check_size,
    fault,
    finish,
    quoted,
    sort_names,
    tell,
    title_of,
    warning,
)
from backprop_studio.data.importing.rows import MAX_BYTES, MAX_COLUMNS, Rows, open_rows
from backprop_studio.errors import Diagnostic, ImportDataError
from backprop_studio.files import open_regular, shorten, shown

SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".data")
PREVIEW_ROWS = 1_000
"""Rows from which is guessed what the columns are."""

_LOOK = 2**26
"""Bytes that are looked at to tell the encoding."""

_NAME = 80
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Preview:
    """How a table begins.

    Attributes
    ----------
    plan
        What it is likely to be.
    rows
        The first rows without the header, all as wide as the table.
    whole
        Whether these are all rows.
    problem
        What is wrong among them, so that the table cannot be imported as it is; empty if nothing.
    """

    plan: Plan
    rows: tuple[tuple[str, ...], ...]
    whole: bool
    problem: str = ""


def inspect(path: str | os.PathLike[str], layout: Layout | None = None) -> Preview:
    """Look at how a table begins.

    Parameters
    ----------
    path
        The file.
    layout
        How it is written down; found out if left out.

    Raises
    ------
    ImportDataError
        It is no table.
    """
    with open_regular(path, limit=MAX_BYTES, error=ImportDataError) as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(min(size, _LOOK))
        whole = size <= _LOOK
    if not start.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise fault(path, "it is empty")
    if layout is None:
        reason = not_text(start[: 2**16])
        if reason is not None:
            raise fault(path, reason)
        layout = guess_layout(start, whole=whole)
    del start
    rows: list[tuple[str, ...]] = []
    problem = ""
    with open_rows(path, layout) as source:
        header = _header(source, path, layout)
        try:
            for row in source:
                if len(rows) == PREVIEW_ROWS:
                    break
                rows.append(tuple(header.fit(source, row)))
            else:
                whole = True
        except ImportDataError as error:
            if not rows:
                raise
            problem = str(error)
        whole = whole and len(rows) < PREVIEW_ROWS and not problem
    if not rows:
        raise fault(path, "it holds a header and no rows")
    return Preview(guess_plan(layout, header.names, rows), tuple(rows), whole, problem)


def load(path: str | os.PathLike[str], plan: Plan, progress: Progress = carry_on) -> Imported:
    """Make a data set of a table.

    Raises
    ------
    ImportDataError
        Something in the file, or in the plan, is at fault; nothing was loaded.
    ImportCancelled
        `progress` said so.
    """
    if plan.fault is not None:
        raise fault(path, plan.fault)
    with open_rows(path, plan.layout) as source:
        header = _header(source, path, plan.layout)
        width = len(header.names)
        if width != len(plan.columns):
            raise fault(path, f"it has {width} columns now, and {len(plan.columns)} are named")
        total = max(os.path.getsize(path), 1)
        reader = _Reader(path, plan)
        for lines, rows in source.chunks():
            if set(map(len, rows)) != {width}:
                for place, row in enumerate(rows):
                    source.line = lines[place]
                    rows[place] = header.fit(source, row)
            reader.read(lines, rows)
            tell(progress, 0.9 * source.position / total)
    return reader.finish(progress)


def tally(preview: Preview, plan: Plan) -> Counter[str]:
    """How often each value of the target comes in the preview."""
    target = plan.target
    if target is None:
        return Counter()
    return Counter(r[target].strip() for r in preview.rows if not is_missing(r[target]))


@dataclass(frozen=True)
class _Header:
    """The columns of a table.

    Attributes
    ----------
    names
        One a column, no two of them the same.
    open_end
        Whether the first row ends in a delimiter, with nothing behind it.
    """

    names: list[str]
    open_end: bool

    def fit(self, source: Rows, row: list[str]) -> list[str]:
        """A row as wide as the table; of a delimiter at its end, or none, nothing is made.

        Raises
        ------
        ImportDataError
            It has other than so many cells.
        """
        width = len(self.names)
        if len(row) == width:
            return row
        if len(row) == width + 1 and not row[-1].strip():
            return row[:-1]
        if len(row) == width - 1 and self.open_end:
            return [*row, ""]
        cells = "one cell" if len(row) == 1 else f"{len(row)} cells"
        raise source.fault(f"it has {cells}, and the first row has {width}")


def _header(source: Rows, path: str | os.PathLike[str], layout: Layout) -> _Header:
    """Names of the columns; without a header, the first row is put back."""
    for _ in range(layout.skip):
        if next(iter(source), None) is None:
            raise fault(path, f"it has no more than the {layout.skip} rows that are skipped")
    first = next(iter(source), None)
    if first is None:
        raise fault(path, "it is empty")
    if len(first) > MAX_COLUMNS:
        raise source.fault(f"it has {len(first):,} cells, and the limit is {MAX_COLUMNS:,}")
    open_end = len(first) > 1 and not first[-1].strip()
    if not layout.header:
        source.put_back(first)
        return _Header([f"column {i + 1}" for i in range(len(first))], open_end)
    names: list[str] = []
    taken: set[str] = set()
    for place, cell in enumerate(first):
        name = base = shorten(cell.strip(), _NAME) or f"column {place + 1}"
        count = 2
        while name in taken:
            name = f"{base} ({count})"
            count += 1
        taken.add(name)
        names.append(name)
    return _Header(names, open_end)


class _Reader:
    """Collects what a plan wants of the rows, chunk by chunk."""

    def __init__(self, path: str | os.PathLike[str], plan: Plan) -> None:
        self._path = path
        self._plan = plan
        target = plan.target
        assert target is not None
        self._target = target
        self._used = (*plan.features, target)
        self._parts: dict[int, list[npt.NDArray[Any]]] = {i: [] for i in self._used}
        self._codes: dict[int, dict[str, int]] = {
            i: dict.fromkeys(("",), -1) for i in self._used if self._is_category(i)
        }
        self._levels: dict[int, list[str]] = {i: [] for i in self._codes}
        self._words: dict[int, tuple[int, str]] = {}
        """For each feature of categories, the row and text of the first that is no number."""
        self._rows = 0
        self._first_dropped: int | None = None

    def read(self, lines: list[int], rows: list[list[str]]) -> None:
        """Take over some rows, all of the right width."""
        self._rows += len(rows)
        check_size(self._path, self._rows * len(self._used))
        columns = list(zip(*rows, strict=True))
        drop = np.zeros(len(rows), bool)
        for i in self._used:
            part = (
                self._category(i, columns[i], lines)
                if i in self._codes
                else (self._numbers(i, columns[i], lines))
            )
            self._parts[i].append(part)
            if i == self._target or self._plan.columns[i].missing is Missing.DROP:
                drop |= _gaps(part)
        if self._first_dropped is None and drop.any():
            self._first_dropped = lines[int(drop.argmax())]

    def finish(self, progress: Progress) -> Imported:
        """Put the columns together."""
        plan, rows = self._plan, self._rows
        whole = {}
        for i in self._used:
            parts = self._parts.pop(i)
            whole[i] = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        tell(progress, 0.92)
        keep = np.ones(rows, bool)
        for i in self._used:
            if i == self._target or plan.columns[i].missing is Missing.DROP:
                keep &= ~_gaps(whole[i])
        count = int(keep.sum())
        found: list[Diagnostic] = []
        if count < rows:
            found.append(
                warning("import-dropped", count=f"{rows - count:,}", row=self._first_dropped)
            )
            whole = {i: column[keep] for i, column in whole.items()}
        found += [self._mixed(i) for i in plan.features if self._is_mixed(i)]
        blocks = [(i, self._categories(i, whole[i])) for i in plan.features]
        width = sum(1 if names is None else len(names) for _, names in blocks)
        check_size(self._path, count * (width + 1))
        x = np.zeros((count, width), np.float32)
        features: list[str] = []
        for i, names in blocks:
            place, name = len(features), plan.columns[i].name
            if names is None:
                x[:, place] = self._filled(i, whole.pop(i), found)
                features.append(name)
            else:
                codes = whole.pop(i)
                x[np.arange(count), place + np.where(codes < 0, len(names) - 1, codes)] = 1.0
                features += [f"{name} = {shorten(level, _NAME)}" for level in names]
        tell(progress, 0.97)
        target = plan.columns[self._target]
        y: npt.NDArray[Any] = whole.pop(self._target)
        classes: tuple[str, ...] = ()
        if plan.task is Task.CLASSIFICATION:
            self._sort(self._target, y)
            # Classes all of whose rows were left out are none.
            there, y = np.unique(y, return_inverse=True)
            levels = self._levels[self._target]
            classes = tuple(shorten(levels[int(c)], _NAME) for c in there)
            y = y.astype(np.int64, copy=False).reshape(-1)
            learned = f"Learned is which of {len(classes)} classes '{target.name}' is."
        else:
            y = y.reshape(-1, 1).astype(np.float32)
            learned = f"Learned is the number '{target.name}'."
        made = finish(
            self._path,
            title=title_of(self._path),
            summary=f"{count:,} rows of the table {shorten(os.path.basename(self._path), _NAME)}. "
            + learned,
            x=x,
            y=y,
            task=plan.task,
            class_names=classes,
            feature_names=tuple(features),
            warnings=tuple(found),
        )
        tell(progress, 1.0)
        return made

    def _is_category(self, i: int) -> bool:
        if i == self._target:
            return self._plan.task is Task.CLASSIFICATION
        return self._plan.columns[i].kind is Kind.CATEGORY

    def _numbers(self, i: int, cells: Sequence[str], lines: list[int]) -> npt.NDArray[np.float32]:
        """The numbers of some cells; NaN where there is none."""
        decimal = self._plan.layout.decimal
        try:
            if decimal == ",":
                if any("." in cell for cell in cells):
                    raise ValueError
                plain: Sequence[str] = [cell.replace(",", ".") for cell in cells]
            else:
                plain = cells
            joined = "".join(plain)
            if "_" in joined or not joined.isascii():
                # Python's numbers may have underscores and digits of other scripts.
                raise ValueError
            values = np.fromiter(map(float, plain), np.float64, len(cells))
            if np.abs(values).max() <= _LARGEST:
                return values.astype(np.float32)
        except ValueError:
            pass
        # One by one: something is missing, wrong, infinite, or written in groups of digits.
        values = np.empty(len(cells))
        for place, cell in enumerate(cells):
            try:
                values[place] = number(cell, decimal)
            except ValueError as error:
                reason = str(error)
                if reason.endswith("is not a number"):
                    reason += "; mend it, or take the column as categories or classes"
                raise self._cell(i, lines[place], reason) from None
        return values.astype(np.float32)

    def _category(self, i: int, cells: Sequence[str], lines: list[int]) -> npt.NDArray[np.int32]:
        """The numbers of some cells' categories in the order in which they came; -1 for none."""
        codes, levels = self._codes[i], self._levels[i]
        found = list(map(codes.get, cells))
        if None in found:
            for place, code in enumerate(found):
                if code is None:
                    found[place] = self._code(i, cells[place], codes, levels)
                    if i not in self._words and not self._is_plain(cells[place]):
                        self._words[i] = lines[place], cells[place].strip()
        return np.array(found, np.int32)

    def _code(self, i: int, cell: str, codes: dict[str, int], levels: list[str]) -> int:
        if cell in codes:
            return codes[cell]
        name = cell.strip()
        if name.casefold() in MISSING:
            code = -1
        elif name in codes:
            code = codes[name]
        else:
            code = len(levels)
            levels.append(name)
            codes[name] = code
            if len(levels) > MAX_CLASSES:
                raise self._column(
                    i,
                    f"it has more than {MAX_CLASSES:,} different values; take it as numbers, or "
                    "leave it out",
                )
        if len(codes) < 4 * MAX_CLASSES:
            codes[cell] = code
        return code

    def _categories(self, i: int, codes: npt.NDArray[Any]) -> list[str] | None:
        """Names of a feature's categories, its codes put in their order; None for numbers."""
        if i not in self._codes:
            return None
        self._sort(i, codes)
        names = list(self._levels[i])
        if (codes < 0).any():
            names.append("missing")
        if not names:
            raise self._column(i, "all its cells are missing; leave it out")
        return names

    def _is_plain(self, cell: str) -> bool:
        """Whether a cell of a column of numbers might look like this."""
        return is_missing(cell) or is_number(cell, self._plan.layout.decimal)

    def _is_mixed(self, i: int) -> bool:
        """Whether a feature is read as categories though most of its values are numbers."""
        levels = self._levels.get(i, [])
        numbers = sum(is_number(level, self._plan.layout.decimal) for level in levels)
        return i in self._words and numbers > len(levels) / 2

    def _mixed(self, i: int) -> Diagnostic:
        row, cell = self._words[i]
        name = quoted(self._plan.columns[i].name)
        return warning("import-mixed", name=name, cell=quoted(cell), row=row)

    def _sort(self, i: int, codes: npt.NDArray[Any]) -> None:
        """Bring categories into the order that people expect, in place."""
        levels = self._levels[i]
        self._levels[i] = sort_names(levels)
        place = {name: k for k, name in enumerate(self._levels[i])}
        table = np.array([*(place[name] for name in levels), -1], np.int32)
        codes[...] = table[codes]

    def _filled(
        self, i: int, values: npt.NDArray[Any], found: list[Diagnostic]
    ) -> npt.NDArray[Any]:
        """A column of numbers with its mean in place of what is missing."""
        gaps = np.isnan(values)
        if not gaps.any():
            return values
        if gaps.all():
            raise self._column(i, "all its cells are missing; leave it out")
        values[gaps] = values[~gaps].mean(dtype=np.float64)
        name = quoted(self._plan.columns[i].name)
        found.append(warning("import-filled", count=f"{int(gaps.sum()):,}", name=name))
        return values

    def _cell(self, i: int, row: int, reason: str) -> ImportDataError:
        name = shorten(self._plan.columns[i].name, _NAME)
        return ImportDataError(
            "import-cell", path=shown(self._path), row=row, column=name, reason=reason
        )

    def _column(self, i: int, reason: str) -> ImportDataError:
        name = shorten(self._plan.columns[i].name, _NAME)
        return ImportDataError("import-column", path=shown(self._path), column=name, reason=reason)


def _gaps(column: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where a column has nothing."""
    return column < 0 if column.dtype.kind == "i" else np.isnan(column)
