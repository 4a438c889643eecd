"""IDX, NPZ and folders of pictures: the real ones load, and the hostile ones are refused."""

from __future__ import annotations

import gzip
import math
import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from backprop_studio.data import Task, own
from backprop_studio.data.importing import (
    Source,
    idx,
    npz,
    npz_arrays,
    pictures,
    read,
    source_of,
)
from backprop_studio.errors import ImportDataError

IMAGES = np.arange(4 * 2 * 3, dtype=np.uint8).reshape(4, 2, 3) * 10
LABELS = np.array([7, 2, 7, 3], np.uint8)
CODES = {"uint8": 8, "int8": 9, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


def idx_bytes(array: np.ndarray) -> bytes:
    head = bytes([0, 0, CODES[array.dtype.name], array.ndim])
    head += struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def refused(call: Any, *arguments: object) -> str:
    with pytest.raises(ImportDataError) as caught:
        call(*arguments)
    assert len(str(caught.value)) < 2_000
    return str(caught.value)


# --- IDX


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("first", ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"])
def test_that_a_pair_like_mnist_is_found_from_either_file(
    tmp_path: Path, packed: bool, first: str
) -> None:
    ending = ".gz" if packed else ""
    for name, array in (("train-images-idx3-ubyte", IMAGES), ("train-labels-idx1-ubyte", LABELS)):
        content = idx_bytes(array)
        (tmp_path / (name + ending)).write_bytes(gzip.compress(content) if packed else content)
    path = tmp_path / (first + ending)
    assert source_of(path) is Source.IDX
    seen = idx.inspect(path)
    assert seen.shape == (4, 2, 3) and seen.features is not None and seen.labels is not None
    assert np.array_equal(seen.first, IMAGES.astype(np.float32) / np.float32(255))
    dataset = idx.load(seen.features, seen.labels).dataset
    assert dataset.image_shape == (2, 3) and dataset.x.shape == (4, 6)
    assert np.array_equal(dataset.x, IMAGES.reshape(4, 6).astype(np.float32) / np.float32(255))
    assert dataset.class_names == ("2", "3", "7") and dataset.y.tolist() == [2, 0, 2, 1]


def test_that_of_many_pictures_a_few_are_shown_and_of_a_broken_file_those_that_are_there(
    tmp_path: Path,
) -> None:
    many = np.arange(40 * 6, dtype=np.uint8).reshape(40, 2, 3)
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(idx_bytes(many))
    assert np.array_equal(idx.inspect(path).first, many[:12].astype(np.float32) / np.float32(255))
    path.write_bytes(gzip.compress(idx_bytes(many)[: 16 + 20]))
    assert idx.inspect(path).first.shape == (3, 2, 3)
    path.write_bytes(idx_bytes(many.reshape(40, 6)))
    assert idx.inspect(path).first.shape[0] == 0, "no pictures"


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "float32", "float64"])
def test_that_all_types_of_idx_are_read(tmp_path: Path, kind: str) -> None:
    values = np.array([[1, -2, 3], [4, 5, -6], [0, 0, 1], [1, 1, 1]], kind)
    (tmp_path / "a.idx").write_bytes(idx_bytes(values))
    (tmp_path / "b.idx").write_bytes(idx_bytes(LABELS))
    dataset = idx.load(tmp_path / "a.idx", tmp_path / "b.idx").dataset
    assert np.array_equal(dataset.x, values.astype(np.float32)) and dataset.image_shape is None


def test_what_is_said_of_broken_idx_files(tmp_path: Path) -> None:
    images, labels = tmp_path / "i.idx", tmp_path / "l.idx"
    good, names = idx_bytes(IMAGES), idx_bytes(LABELS)
    labels.write_bytes(names)
    huge = bytes([0, 0, 8, 3]) + struct.pack(">3I", 4, 2**31, 2**31)
    for content, told in (
        (b"", "no IDX file"),
        (b"not idx at all", "no IDX file"),
        (good[:9], "cut off"),
        (good[:-1], "shorter than it says"),
        (good + b"\0", "longer than it says"),
        (gzip.compress(good)[:-12], "compression is damaged"),
        (gzip.compress(good + b"\0" * 10), "longer than it says"),
        (huge, "the limit is"),
        (bytes([0, 0, 8, 2]) + struct.pack(">2I", 0, 5), "no rows"),
        (names, "labels, and no features"),
        (idx_bytes(IMAGES[:3]), "3 rows, and there are 4 labels"),
        (idx_bytes(np.full((4, 2), np.nan, np.float32)), "row 1 is not a number"),
        (idx_bytes(np.full((4, 2), 1e300)), "row 1 is infinite or too large"),
    ):
        images.write_bytes(content)
        assert told in refused(idx.load, images, labels)
    images.write_bytes(good)
    assert "no labels" in refused(idx.load, images, images)


def test_that_a_gzip_bomb_is_never_inflated(tmp_path: Path) -> None:
    head = bytes([0, 0, 8, 1]) + struct.pack(">I", 1000)
    squeeze = zlib.compressobj(wbits=31)
    content = squeeze.compress(head)
    for _ in range(256):
        content += squeeze.compress(bytes(2**20))
    content += squeeze.flush()
    (tmp_path / "l.gz").write_bytes(content)
    assert "longer than it says" in refused(idx.load, tmp_path / "l.gz", tmp_path / "l.gz")


# --- NPZ


def save(path: Path, **arrays: Any) -> Path:
    np.savez_compressed(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("x", "image", "first"),
    [
        (np.arange(8, dtype=np.float64).reshape(4, 2), None, [0, 1]),
        (np.asfortranarray(np.arange(8.0).reshape(4, 2)), None, [0, 1]),
        (np.arange(4, dtype=np.int16), None, [0]),
        (np.array([[True, False]] * 4), None, [1, 0]),
        (np.full((4, 1, 2), 51, np.uint8), (1, 2), [0.2, 0.2]),
        (np.full((4, 2, 2, 1), 51, np.uint8), (2, 2), [0.2] * 4),
        (np.full((4, 1, 2, 2), 51, np.uint8), (2, 2), [0.2] * 4),
        (np.full((4, 2, 2, 3), 51, np.uint8), (2, 2), [0.2] * 4),
        (np.full((4, 3, 2, 2), 51, np.uint8), (2, 2), [0.2] * 4),
        (np.arange(4, dtype=">f4").reshape(4, 1), None, [0]),
    ],
)
def test_that_features_of_many_kinds_are_read(
    tmp_path: Path, x: np.ndarray, image: tuple[int, int] | None, first: list[float]
) -> None:
    path = save(tmp_path / "a.npz", x=x, y=np.array([0, 1, 1, 0]))
    dataset = npz.load(path, "x", "y").dataset
    assert np.allclose(dataset.x[0], first) and dataset.image_shape == image
    if x.ndim == 2 and x.dtype.kind != "b":
        assert np.array_equal(dataset.x, x.astype(np.float32))


@pytest.mark.parametrize(
    ("y", "names", "classes"),
    [
        (np.array([5, 3, 3, 10]), ("3", "5", "10"), [1, 0, 0, 2]),
        (np.array(["b", "a", "a", "b"]), ("a", "b"), [1, 0, 0, 1]),
        (np.array([b"b", b"a", b"a", b"b"]), ("a", "b"), [1, 0, 0, 1]),
        (np.array([True, False, False, True]), ("0", "1"), [1, 0, 0, 1]),
        (np.array([[2], [1], [1], [2]]), ("1", "2"), [1, 0, 0, 1]),
        (np.array([[0, 1], [1, 0], [1, 0], [0, 1]]), ("0", "1"), [1, 0, 0, 1]),
    ],
)
def test_that_classes_of_many_kinds_are_read(
    tmp_path: Path, y: np.ndarray, names: tuple[str, ...], classes: list[int]
) -> None:
    path = save(tmp_path / "a.npz", data=np.eye(4), labels=y)
    seen = npz.inspect(path)
    assert (seen.x, seen.y) == ("data", "labels")
    dataset = npz.load(path, seen.x, seen.y).dataset
    assert dataset.class_names == names and dataset.y.tolist() == classes


def test_that_numbers_are_learned_as_numbers(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", x=np.eye(3), y=np.array([[1, 2], [3, 4], [5, 6.5]]))
    dataset = npz.load(path, "x", "y").dataset
    assert dataset.task is Task.REGRESSION and dataset.y.tolist() == [[1, 2], [3, 4], [5, 6.5]]
    path = save(tmp_path / "b.npz", x=np.eye(3), y=np.array([1, 200, 3], np.uint8))
    dataset = npz.load(path, "x", "y", Task.REGRESSION).dataset
    assert dataset.y.ravel().tolist() == [1, 200, 3]


def test_that_a_preview_of_arrays_holds_their_first_rows_as_they_are_stored(
    tmp_path: Path,
) -> None:
    wide = np.arange(40.0).reshape(20, 2)
    objects = np.array([{}], object)
    path = save(
        tmp_path / "a.npz",
        wide=wide, columns=np.asfortranarray(wide), words=np.array(["b", "a"] * 10),
        one=np.array(7), long=np.zeros((2, 2**21), np.uint8), nothing=np.zeros((0, 3)),
        objects=objects,
    )  # fmt: skip
    seen = npz.inspect(path)
    first = {array.name: array.first for array in seen.arrays}
    for name in ("wide", "columns"):
        assert np.array_equal(first[name], wide[: npz_arrays.SHOWN_ROWS])
    assert list(first["words"][:2]) == ["b", "a"] and list(first["one"]) == [7]
    assert first["long"] is None and first["nothing"] is None
    assert [name for name, _ in seen.unusable] == ["objects"]


@pytest.mark.parametrize(
    ("shape", "pictures"),
    [
        ((3, 4, 5), (3, 4, 5)),
        ((3, 4, 5, 3), (3, 4, 5)),
        ((3, 1, 4, 5), (3, 4, 5)),
        ((3, 20), None),
        ((3, 2, 4, 5), None),
    ],
)
def test_that_a_preview_draws_pictures_as_they_are_imported(
    tmp_path: Path, shape: tuple[int, ...], pictures: tuple[int, ...] | None
) -> None:
    x = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    drawn = npz.pictures(x)
    path = save(tmp_path / "a.npz", x=x, y=np.array([0, 1, 1]))
    dataset = npz.load(path, "x", "y").dataset
    assert (None if drawn is None else drawn.shape) == pictures
    assert dataset.image_shape == (None if pictures is None else pictures[1:])
    assert drawn is None or np.array_equal(drawn.reshape(3, -1), dataset.x)


class _Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("/tmp/backprop-studio-trap",)


def test_what_is_said_where_no_arrays_fit_and_that_columns_of_ones_are_classes(
    tmp_path: Path,
) -> None:
    path = save(tmp_path / "a.npz", x=np.eye(4), other=np.arange(3))
    assert "no two of its arrays are rows and their targets: 'x', 'other'" in refused(read, path)
    path = save(tmp_path / "b.npz", x=np.eye(6), y=np.eye(3)[np.arange(6) % 3])
    assert read(path).dataset.class_names == ("0", "1", "2")
    path = save(tmp_path / "c.npz", x=np.eye(6), y=np.linspace(0, 1, 12).reshape(6, 2))
    assert read(path).dataset.task is Task.REGRESSION


def test_that_nothing_is_unpickled(tmp_path: Path) -> None:
    trap = np.empty(4, object)
    trap[:] = [_Trap()] * 4
    np.savez(tmp_path / "a.npz", x=np.eye(4), y=trap)
    assert npz.inspect(tmp_path / "a.npz").y == ""
    assert "Python objects" in refused(npz.load, tmp_path / "a.npz", "x", "y")
    assert not Path("/tmp/backprop-studio-trap").exists()


def _member(descr: str, shape: str, content: bytes) -> bytes:
    head = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + content


def test_what_is_said_of_broken_npz_files(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    for content, told in (
        (b"", "no NPZ file"),
        (b"PK\x03\x04 and nothing else", "damaged"),
        (save(path, x=np.eye(4), y=np.arange(3)).read_bytes(), "array 'y': it has 3 rows"),
        (save(path, z=np.eye(4)).read_bytes(), "array 'x': it is not in the file"),
        (save(path, x=np.array(["a"] * 4), y=LABELS).read_bytes(), "must be numbers"),
        (save(path, x=np.eye(4) * 1j, y=LABELS).read_bytes(), "no array of plain numbers"),
        (save(path, x=np.full((4, 1), np.inf), y=LABELS).read_bytes(), "row 1 is infinite"),
        (save(path, x=np.eye(4), y=np.zeros(4, int)).read_bytes(), "all rows are of one class"),
        (save(path, x=np.eye(4), y=np.ones((4, 3), int)).read_bytes(), "or one-hot"),
    ):
        path.write_bytes(content)
        assert told in refused(npz.load, path, "x", "y")
    path = tmp_path / "b.npz"
    for x, told in (
        (_member("<f4", "(4, 99999999999)", b""), "shorter than it says"),
        (_member("<f4", "(4, 9)", b"12"), "shorter than it says"),
        (_member("<f4", "(4, 1)", bytes(17)), "longer than it says"),
        (_member("<f4", "(4, __import__('os'))", b""), "no array of plain"),
        (b"\x93NUMPY\x01\x00\xff\xff", "no array of plain"),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.npy", x)
            archive.writestr("y.npy", _member("|u1", "(4,)", b"\0\1\0\1"))
        assert told in refused(npz.load, path, "x", "y")


def test_that_a_zip_bomb_is_never_inflated(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("x.npy", "w") as part:
            part.write(_member("<f4", "(4, 1)", b""))
            for _ in range(256):
                part.write(bytes(2**20))
        archive.writestr("y.npy", _member("|u1", "(4,)", b"\0\1\0\1"))
    assert path.stat().st_size < 2**20
    assert "longer than it says" in refused(npz.load, path, "x", "y")


# --- Pictures


def draw(path: Path, size: tuple[int, int], color: Any, mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(path)


def test_that_a_directory_is_not_read_where_it_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "many.npz"
    entry = b"PK\x01\x02" + b"\0" * 24 + b"\x05\0" + b"\0" * 16 + b"x.npy"
    count = 60_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(entry) * count, 4, 0)
    path.write_bytes(b"PK\x03\x04" + entry * count + end)
    for call in (npz.inspect, npz_arrays.numbers):
        assert "more than 1,000 arrays" in refused(call, path)
    far = b"PK\x06\x07" + b"\0" * 16
    path.write_bytes(b"PK\x03\x04" + far + struct.pack("<4s4H2LH", b"PK\x05\x06", *(0,) * 7))
    assert "above 4 GB" in refused(npz.inspect, path)
    path.write_bytes(b"PK\x03\x04" + b"\0" * 9)
    assert "damaged" in refused(npz.inspect, path)


def test_that_weights_that_would_blow_up_are_not_inflated(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, **{"hidden/weight": np.zeros(2**23, np.float32)})
    assert "would blow up from" in refused(npz_arrays.numbers, path)


def test_that_a_number_by_the_name_of_features_has_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.float32(3.0), labels2=np.arange(3), other=np.float32(1.0))
    preview = npz.inspect(path)
    assert (preview.x, preview.y) == ("x", "")
    assert "no two of its arrays" in refused(read, path)


def test_that_folders_of_pictures_become_classes(tmp_path: Path) -> None:
    draw(tmp_path / "10" / "a.png", (8, 6), 255)
    draw(tmp_path / "9" / "a.png", (8, 6), 0)
    draw(tmp_path / "9" / "b.bmp", (8, 6), 51)
    (tmp_path / "9" / "notes.txt").write_text("no picture")
    (tmp_path / "9" / ".hidden.png").write_text("no picture")
    assert source_of(tmp_path) is Source.PICTURES
    seen = pictures.inspect(tmp_path)
    assert (seen.height, seen.width, seen.count) == (6, 8, 3)
    made = pictures.load(tmp_path, seen.height, seen.width)
    assert made.dataset.class_names == ("9", "10") and made.dataset.image_shape == (6, 8)
    assert made.dataset.y.tolist() == [0, 0, 1]
    assert np.allclose(made.dataset.x.mean(axis=1), [0, 0.2, 1])
    assert [d.code for d in made.warnings] == ["import-skipped", "import-rare"]
    dark = pictures.load(tmp_path, 6, 8, dark_is_one=True).dataset
    assert np.allclose(dark.x.mean(axis=1), [1, 0.8, 0])


@pytest.mark.parametrize(
    ("mode", "color", "name", "grey"),
    [
        ("RGB", (255, 0, 0), "a.png", 0.299),
        ("RGBA", (0, 0, 0, 0), "a.png", 1.0),
        ("RGBA", (0, 0, 0, 255), "a.webp", 0.0),
        ("1", 1, "a.png", 1.0),
        ("P", 0, "a.gif", 0.0),
        ("I;16", 65535, "a.png", 1.0),
        ("RGB", (80, 80, 80), "a.jpg", 80 / 255),
        ("CMYK", (0, 0, 0, 0), "a.jpg", 1.0),
    ],
)
def test_that_all_kinds_of_pictures_are_read_in_grey(
    tmp_path: Path, mode: str, color: Any, name: str, grey: float
) -> None:
    draw(tmp_path / "c" / name, (40, 30), color, mode)
    found = pictures.thumbnail(tmp_path / "c" / name, 5, 7)
    assert found.shape == (5, 7) and np.allclose(found, grey, atol=0.02)


def test_that_a_colour_picture_is_told_to_become_grey(tmp_path: Path) -> None:
    draw(tmp_path / "a" / "1.png", (9, 9), (200, 30, 30), "RGB")
    draw(tmp_path / "b" / "1.jpg", (9, 9), (90, 90, 90), "RGB")
    made = pictures.load(tmp_path, 9, 9)
    assert "import-grey" in [d.code for d in made.warnings]


def test_that_folders_within_classes_are_told_and_those_of_parts_explained(tmp_path: Path) -> None:
    for part in ("train", "test"):
        for name in ("a", "b"):
            draw(tmp_path / part / name / "1.png", (4, 4), 9)
    assert "such as 't" in refused(pictures.inspect, tmp_path)
    draw(tmp_path / "train" / "a" / "more" / "1.png", (4, 4), 9)
    made = pictures.load(tmp_path / "train", 4, 4)
    assert made.dataset.size == 2
    told = next(w.text for w in made.warnings if w.code == "import-nested")
    assert told.endswith("not looked into: 1, such as 'more'.")


def test_what_is_said_of_broken_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no folders with pictures" in refused(pictures.inspect, tmp_path)
    draw(tmp_path / "a" / "1.png", (4, 4), 9)
    draw(tmp_path / "a" / "2.png", (4, 4), 9)
    assert "all rows are of one class" in refused(pictures.load, tmp_path, 4, 4)
    draw(tmp_path / "b" / "1.png", (4, 4), 9)
    assert "1 to 256" in refused(pictures.load, tmp_path, 0, 4)
    whole = (tmp_path / "b" / "1.png").read_bytes()
    for content in (b"", b"no picture", whole[:-20], whole[:30]):
        (tmp_path / "b" / "1.png").write_bytes(content)
        text = refused(pictures.load, tmp_path, 4, 4)
        assert text.startswith("The picture") and "1.png" in text and "damaged" in text
    (tmp_path / "b" / "1.png").unlink()
    os.mkfifo(tmp_path / "b" / "1.png")
    assert "not an ordinary file" in refused(pictures.load, tmp_path, 4, 4)
    (tmp_path / "b" / "1.png").unlink()
    draw(tmp_path / "b" / "1.png", (4, 4), 9)
    monkeypatch.setattr(own, "MAX_NUMBERS", 10)
    assert "the limit is 10" in refused(pictures.load, tmp_path, 4, 4)


def test_that_an_image_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
    bomb += chunk(b"IDAT", zlib.compress(bytes(2**20))) + chunk(b"IEND", b"")
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(bomb)
    text = refused(pictures.load, tmp_path, 4, 4)
    assert "60,000 by 60,000 pixels, and the limit is 50,000,000" in text


def test_that_a_name_of_no_known_kind_is_told(tmp_path: Path) -> None:
    assert ".npz" in refused(source_of, tmp_path / "a.docx")
    for name, source in (("a.CSV", Source.TABLE), ("a.npz", Source.NPZ), ("b.gz", Source.IDX)):
        assert source_of(tmp_path / name) is source
    assert refused(source_of, tmp_path / "a.xlsx").endswith("Save the workbook as CSV first.")
    assert "numpy.savez" in refused(source_of, tmp_path / "a.npy")
    assert "holds a folder for each class" in refused(source_of, tmp_path / "a.png")
