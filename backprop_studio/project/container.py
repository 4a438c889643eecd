"""The `.bps` archive: a zip of `project.json`, a `.npy` for each parameter, and own data."""

from __future__ import annotations

import os
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import BinaryIO

from backprop_studio.autograd import Array
from backprop_studio.files import shorten, size
from backprop_studio.project import npy, strict_json
from backprop_studio.project.project import Weights
from backprop_studio.project.schema import IDENTIFIER
from backprop_studio.project.unsound import UnsoundError

DOCUMENT = "project.json"
OWN_DATA = ("data/about.json", "data/x.npy", "data/y.npy")
"""Entries of the project's own data set: all three, or none."""

MAX_INFLATED = 2**30
MAX_ENTRIES = 60_000
MAX_BYTES = MAX_INFLATED + 64 * 2**20
"""Most bytes of an archive: its content is stored, not compressed."""

MAX_RATIO = 20
"""Above this, a large archive was made to blow up. Trained weights hardly shrink at all."""
SMALL = 16 * 2**20
"""Inflated bytes up to which the ratio does not matter."""

_PART = IDENTIFIER.removeprefix(r"\A").removesuffix(r"\Z")
_WEIGHTS = re.compile(rf"weights/({_PART})/({_PART})\.npy")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_START_MARK = b"PK\x03\x04"
_ENCRYPTED = 0x1


def write(
    file: BinaryIO,
    document: bytes,
    weights: Weights,
    own_data: Mapping[str, bytes] | None = None,
) -> None:
    """Write an archive, the same bytes for the same content.

    `own_data` is empty, or has what the entries of `OWN_DATA` hold.
    """
    entries = {DOCUMENT: document, **(own_data or {})}
    for node, name in sorted(weights):
        entries[f"weights/{node}/{name}.npy"] = npy.to_bytes(weights[node, name])
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for title, content in entries.items():
            entry = zipfile.ZipInfo(title, _EPOCH)
            # The same on every system. Stored, because compressors differ from build to build.
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_STORED
            archive.writestr(entry, content)


def read(file: BinaryIO) -> tuple[bytes, dict[tuple[str, str], Array], dict[str, bytes]]:
    """The document, the weights and the own data of an archive.

    Raises
    ------
    UnsoundError
        It is no such archive, or one that would fill the memory.
    """
    count = _check_ends(file)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            # A damaged directory can hide an entry inside the comment of another.
            if len(entries) != count:
                raise UnsoundError("the archive is damaged (its directory has gaps)")
            _check_entries(entries, file)
            content = {e.filename: _read_entry(archive, e) for e in entries}
    except (
        # zipfile has no one error for archives that are damaged.
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        zlib.error,
        struct.error,
        EOFError,
        IndexError,
        NotImplementedError,
        OverflowError,
        RuntimeError,
        ValueError,
    ) as error:
        raise UnsoundError(f"the archive is damaged ({shorten(str(error), 100)})") from error
    document = content.pop(DOCUMENT)
    own_data = {title: content.pop(title) for title in OWN_DATA if title in content}
    if len(own_data) not in (0, len(OWN_DATA)):
        raise UnsoundError("a part of its own data is missing")
    weights = {}
    for title in sorted(content):
        match = _WEIGHTS.fullmatch(title)
        assert match is not None
        weights[match[1], match[2]] = npy.from_bytes(content[title])
    return document, weights, own_data


def _check_ends(file: BinaryIO) -> int:
    """Look for the marks of a whole, plain zip before zipfile loads its directory.

    Returns
    -------
    int
        How many entries the directory claims to have.
    """
    start = file.read(len(_START_MARK))
    length = file.seek(0, os.SEEK_END)
    if length == 0:
        raise UnsoundError("it is empty")
    if start != _START_MARK:
        raise UnsoundError("it is no zip archive")
    if length < _END.size:
        raise UnsoundError("the archive is cut off")
    file.seek(length - _END.size)
    mark, *numbers = _END.unpack(file.read(_END.size))
    entries, directory, offset, comment = map(int, numbers[3:])
    if mark != _END_MARK or comment:
        raise UnsoundError("the archive is cut off")
    if offset + directory + _END.size != length:
        raise UnsoundError("the archive is damaged (its directory is not where it should be)")
    # More than 65,534 entries, or 4 GB, would need the larger kind of directory.
    if entries > MAX_ENTRIES or directory > 2**25:
        raise UnsoundError(f"the archive has more than {MAX_ENTRIES:,} entries")
    file.seek(max(length - _END.size - 20, 0))
    if file.read(4) == b"PK\x06\x07":
        raise UnsoundError("the archive is of the kind for sizes above 4 GB")
    file.seek(0)
    return entries


def _check_entries(entries: list[zipfile.ZipInfo], file: BinaryIO) -> None:
    names = set()
    for entry in entries:
        title = entry.filename
        if title in names:
            raise UnsoundError(f"the archive holds '{shorten(title, 100)}' twice")
        names.add(title)
        if title not in (DOCUMENT, *OWN_DATA) and not _WEIGHTS.fullmatch(title):
            raise UnsoundError(f"the archive holds '{shorten(title, 100)}', which is no part of it")
        if entry.flag_bits & _ENCRYPTED:
            raise UnsoundError("the archive is encrypted")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnsoundError("the archive is compressed in an unknown way")
        if title.endswith(".json") and entry.file_size > strict_json.MAX_BYTES:
            limit = size(strict_json.MAX_BYTES)
            raise UnsoundError(f"{title} is {size(entry.file_size)}; the limit is {limit}")
    if DOCUMENT not in names:
        raise UnsoundError(f"the archive holds no {DOCUMENT}")
    inflated = sum(e.file_size for e in entries)
    packed = file.seek(0, os.SEEK_END)
    if inflated > MAX_INFLATED:
        raise UnsoundError(f"it would fill {size(inflated)}; the limit is {size(MAX_INFLATED)}")
    if inflated > SMALL and inflated > MAX_RATIO * packed:
        raise UnsoundError(f"it would blow up from {size(packed)} to {size(inflated)}")


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The content of an entry, which zipfile compares with its checksum."""
    with archive.open(entry) as part:
        # With a number: without one, zipfile inflates all there is before it looks at the size.
        content = part.read(entry.file_size + 1)
        if len(content) != entry.file_size:
            raise UnsoundError(f"'{entry.filename}' is cut off")
        return content
