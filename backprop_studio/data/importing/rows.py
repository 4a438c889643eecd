"""The rows of a text file, each with the line at which it begins."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from backprop_studio.data.importing.layout import ENCODINGS, Layout
from backprop_studio.data.importing.result import fault
from backprop_studio.errors import ImportDataError
from backprop_studio.files import open_regular, shown

MAX_BYTES = 2**30
"""Most bytes of a table."""

MAX_COLUMNS = 10_000

_MAX_LINE = 2**20
_MAX_ROW = 2**22
_CHUNK_ROWS = 256
"""Fewer than the garbage collector lets pass: more rows at once would set it to work again and
again, and a window would stand still each time."""

_CHUNK_CELLS = 2**17
_WORDS = {
    "unexpected end of data": "a quotation mark is opened in this row and never closed",
    "field larger than": "a cell is very long; a quotation mark may be opened and not closed",
    "expected after": "a quotation mark stands inside a quoted cell; write it twice there",
}

Chunk = tuple[list[int], list[list[str]]]
"""Rows, and the line of each, counted from 1."""


@contextmanager
def open_rows(path: str | os.PathLike[str], layout: Layout) -> Iterator[Rows]:
    """Open a table for reading.

    Raises
    ------
    ImportDataError
        ``file-*`` when it cannot be read.
    """
    with open_regular(path, limit=MAX_BYTES, error=ImportDataError) as file:
        rows = Rows(file, path, layout)
        try:
            yield rows
        finally:
            rows.close()


class Rows:
    """The rows of an open file that hold anything.

    Attributes
    ----------
    line
        Line of the file, from 1, at which the last row begins.
    """

    def __init__(self, file: BinaryIO, path: str | os.PathLike[str], layout: Layout) -> None:
        self.line = 1
        self._file = file
        self._path = path
        self._encoding = layout.encoding
        self._pending = 0
        self._back: list[str] | None = None
        self._text = io.TextIOWrapper(file, encoding=layout.encoding, newline="")
        self._reader = csv.reader(
            self._lines(), delimiter=layout.delimiter, strict=True, skipinitialspace=True
        )

    @property
    def position(self) -> int:
        """Bytes of the file that have been read."""
        return self._file.tell()

    def close(self) -> None:
        """Let go of the file, which whoever opened it closes."""
        self._text.detach()

    def __iter__(self) -> Iterator[list[str]]:
        """Yield rows.

        Raises
        ------
        ImportDataError
            A row cannot be read.
        """
        reader = self._reader
        if self._back is not None:
            row, self._back = self._back, None
            yield row
        while True:
            self.line = reader.line_num + 1
            self._pending = 0
            try:
                row = next(reader)
            except StopIteration:
                return
            except UnicodeError:
                raise self._undecodable() from None
            except csv.Error as error:
                words = [w for k, w in _WORDS.items() if k in str(error)]
                reason = words[0] if words else "it cannot be read as cells"
                raise self.fault(reason) from None
            if any(row) and (len(row) > 1 or row[0].strip()):
                yield row

    def put_back(self, row: list[str]) -> None:
        """Let the last row come again."""
        self._back = row

    def chunks(self) -> Iterator[Chunk]:
        """Yield some hundred rows at a time."""
        lines: list[int] = []
        rows: list[list[str]] = []
        cells = 0
        for row in self:
            lines.append(self.line)
            rows.append(row)
            cells += len(row)
            if len(rows) == _CHUNK_ROWS or cells > _CHUNK_CELLS:
                yield lines, rows
                lines, rows, cells = [], [], 0
        if rows:
            yield lines, rows

    def fault(self, reason: str) -> ImportDataError:
        """An error of the last row."""
        return ImportDataError("import-row", path=shown(self._path), row=self.line, reason=reason)

    def _lines(self) -> Iterator[str]:
        readline = self._text.readline
        while line := readline(_MAX_LINE):
            self._pending += len(line)
            if len(line) == _MAX_LINE or self._pending > _MAX_ROW:
                raise self.fault("the row is longer than a million characters")
            yield line

    def _undecodable(self) -> ImportDataError:
        """Name the line with the bytes that are no text."""
        name = ENCODINGS[self._encoding]
        reason = f"it is not text in {name}; choose another encoding"
        if self._encoding.startswith("utf-16"):
            return fault(self._path, f"it is not text in {name} throughout")
        with open_regular(self._path, limit=MAX_BYTES, error=ImportDataError) as file:
            number = 0
            while line := file.readline(_MAX_LINE):
                number += 1
                try:
                    line.decode(self._encoding)
                except UnicodeDecodeError:
                    self.line = number
                    break
        return self.fault(reason)
