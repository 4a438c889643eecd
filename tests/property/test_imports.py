"""Whatever the bytes are: a sound data set, or the one documented error, soon and small."""

from __future__ import annotations

import csv
import gzip
import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from backprop_studio.data import Task
from backprop_studio.data.importing import Imported, idx, npz, pictures, table
from backprop_studio.data.importing.layout import (
    DELIMITERS,
    ENCODINGS,
    Column,
    Kind,
    Layout,
    Missing,
    Plan,
    Role,
)
from backprop_studio.errors import ImportDataError

FUZZ = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
PEAK = 64 * 2**20
"""Bytes that files of a few kilobytes may take at most."""


def sound_or_refused(load: Callable[[], Imported]) -> None:
    tracemalloc.start()
    try:
        made = load()
    except ImportDataError as error:
        assert 0 < len(str(error)) < 2_000 and "\n" not in str(error)
    else:
        dataset = made.dataset
        assert np.isfinite(dataset.x).all() and np.isfinite(dataset.y).all()
        assert dataset.size >= 2 and all(len(w.text) < 2_000 for w in made.warnings)
        if dataset.task is Task.CLASSIFICATION:
            assert len(np.unique(dataset.y)) == len(dataset.class_names) >= 2
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < PEAK


cells = st.sampled_from(
    ["", "1", "-2.5", "3,5", "1e400", "inf", "NaN", "?", "a", '"', '""', '"x"', "é", "\x00", "1_0"]
)
separators = st.sampled_from([",", ";", "\t", "|", "\n", "\r\n", "\r", "\n\n"])
marks = st.sampled_from([b"", b"\xef\xbb\xbf", b"\xff\xfe"])
tables = st.lists(st.tuples(cells, separators), max_size=60).map(
    lambda parts: "".join(a + b for a, b in parts).encode()
)


@FUZZ
@given(
    content=st.binary(max_size=600) | tables,
    marked=st.sampled_from([b"", b"\xef\xbb\xbf", b"\xff\xfe"]),
)
def test_that_any_table_is_read_or_refused(content: bytes, marked: bytes, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(marked + content)
    sound_or_refused(lambda: table.load(path, table.inspect(path).plan))


layouts = st.builds(
    Layout,
    st.sampled_from(list(DELIMITERS)),
    st.sampled_from([".", ","]),
    st.sampled_from(list(ENCODINGS)),
    st.booleans(),
)
columns = st.builds(
    Column,
    # Replaced by the column's own. Any text would have its alphabet built while memory is measured.
    st.just(""),
    st.sampled_from(Kind),
    st.sampled_from(Role),
    st.sampled_from(Missing),
)


@FUZZ
@given(content=st.binary(max_size=300) | tables, layout=layouts, data=st.data())
def test_that_any_plan_for_any_table_is_carried_out_or_refused(
    content: bytes, layout: Layout, data: st.DataObject, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)

    def load() -> Imported:
        plan = table.inspect(path, layout).plan
        changed = tuple(replace(data.draw(columns), name=c.name) for c in plan.columns[:8])
        task = data.draw(st.sampled_from(Task))
        return table.load(path, Plan(layout, (*changed, *plan.columns[8:]), task))

    sound_or_refused(load)


rows = st.lists(
    st.tuples(
        st.floats(-1e6, 1e6, width=32), st.integers(-999, 999), st.sampled_from("uvw"),
        st.text("ab ,;\"'", max_size=4),
    ),
    min_size=3, max_size=12,
).filter(lambda rows: len({r[2] for r in rows}) > 1)  # fmt: skip


@FUZZ
# Between spaces, an empty cell cannot be told from none.
@given(
    rows=rows,
    delimiter=st.sampled_from([d for d in DELIMITERS if d != " "]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_that_what_a_spreadsheet_writes_comes_back(
    rows: list[tuple[float, int, str, str]], delimiter: str, end: str, tmp_path: Path
) -> None:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end)
    writer.writerow(["real", "whole", "note", "class"])
    writer.writerows([a, b, d, c] for a, b, c, d in rows)
    path = tmp_path / "t.csv"
    path.write_text(file.getvalue(), encoding="utf-8", newline="")
    layout = Layout(delimiter)
    plan = Plan(
        layout,
        (
            Column("real"),
            Column("whole"),
            Column("note", role=Role.IGNORE),
            Column("class", Kind.CATEGORY, Role.TARGET),
        ),
        Task.CLASSIFICATION,
    )
    dataset = table.load(path, plan).dataset
    assert np.array_equal(dataset.x, np.array([r[:2] for r in rows], np.float32))
    assert [dataset.class_names[i] for i in dataset.y] == [r[2] for r in rows]


def idx_file(count: int) -> bytes:
    images = bytes([0, 0, 8, 3]) + struct.pack(">3I", count, 2, 2) + bytes(range(4 * count))
    return images


LABELS = bytes([0, 0, 8, 1]) + struct.pack(">I", 3) + bytes([1, 0, 1])


@FUZZ
@given(
    place=st.integers(0, 27), byte=st.integers(0, 255), cut=st.integers(0, 28),
    packed=st.booleans(), tail=st.binary(max_size=8),
)  # fmt: skip
@example(place=0, byte=0, cut=28, packed=False, tail=b"")
def test_that_any_idx_file_is_read_or_refused(
    place: int, byte: int, cut: int, packed: bool, tail: bytes, tmp_path: Path
) -> None:
    damaged = bytearray(idx_file(3))
    damaged[place] = byte
    content = bytes(damaged[:cut]) + tail
    (tmp_path / "i.idx").write_bytes(gzip.compress(content) if packed else content)
    (tmp_path / "l.idx").write_bytes(LABELS)
    sound_or_refused(lambda: idx.load(tmp_path / "i.idx", tmp_path / "l.idx"))


@FUZZ
@given(content=st.binary(max_size=200))
def test_that_any_bytes_are_refused_as_idx(content: bytes, tmp_path: Path) -> None:
    for start in (b"", b"\x1f\x8b\x08", b"\0\0\x08\x01"):
        (tmp_path / "i.gz").write_bytes(start + content)
        sound_or_refused(lambda: idx.load(tmp_path / "i.gz", tmp_path / "i.gz"))


def _archive() -> bytes:
    file = io.BytesIO()
    np.savez(file, x=np.arange(6, dtype=np.float32).reshape(3, 2), y=np.array([0, 1, 0]))
    return file.getvalue()


ARCHIVE = _archive()


@settings(FUZZ, max_examples=200)
@given(place=st.integers(0, len(ARCHIVE) - 1), flip=st.integers(0, 255), cut=st.integers(0, 40))
def test_that_a_damaged_npz_file_is_read_or_refused(
    place: int, flip: int, cut: int, tmp_path: Path
) -> None:
    damaged = bytearray(ARCHIVE)
    damaged[place] ^= flip
    path = tmp_path / "a.npz"
    path.write_bytes(bytes(damaged[: len(damaged) - cut]))
    sound_or_refused(lambda: npz.load(path, "x", "y"))
    try:
        npz.inspect(path)
    except ImportDataError as error:
        assert len(str(error)) < 2_000


KINDS = ["<f4", ">f8", "|u1", "<U3", "|S2", "|b1", "<i8", "|O", "<f2", "|V4", "<U99999", "<f9"]
SHAPES = ["3,", "3, 2", "", "0,", "3, 0", "99999999999,", "3, 1, 1", "3, 2, 2, 3", "-1,", "3 3"]
headers = st.builds(
    "{{'descr': '{}', 'fortran_order': {}, 'shape': ({}), }}".format,
    st.sampled_from(KINDS), st.booleans(), st.sampled_from(SHAPES),
)  # fmt: skip


@FUZZ
@given(x=headers, y=headers, body=st.binary(max_size=80))
def test_that_any_header_of_an_array_is_read_or_refused(
    x: str, y: str, body: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, head in (("x", x), ("y", y)):
            start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head))
            archive.writestr(f"{name}.npy", start + head.encode() + body)
    sound_or_refused(lambda: npz.load(path, "x", "y"))


def _picture(form: str) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((9, 7), 60).save(file, form)
    return file.getvalue()


PICTURES = {form: _picture(form) for form in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")}


@pytest.mark.parametrize("form", PICTURES)
@settings(FUZZ, max_examples=40)
@given(data=st.data())
def test_that_a_damaged_picture_is_read_or_refused(
    form: str, data: st.DataObject, tmp_path: Path
) -> None:
    whole = PICTURES[form]
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 3))):
        damaged[data.draw(st.integers(0, min(len(whole), 200) - 1))] = data.draw(
            st.integers(0, 255)
        )
    cut = data.draw(st.just(len(whole)) | st.integers(0, len(whole)))
    for name, content in (("a", whole), ("b", bytes(damaged[:cut]))):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "1.png").write_bytes(content)
    sound_or_refused(lambda: pictures.load(tmp_path, 5, 6))


def test_that_a_picture_is_not_asked_for_more_than_its_file_holds(tmp_path: Path) -> None:
    claims_two_gigabytes = bytearray(PICTURES["PNG"])
    claims_two_gigabytes[33] = 138  # the length of its pixels
    for name, content in (("a", PICTURES["PNG"]), ("b", bytes(claims_two_gigabytes))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(content)
    sound_or_refused(lambda: pictures.load(tmp_path, 5, 6))
