"""The digits are the published ones, unchanged."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path

import numpy as np
import pytest

from backprop_studio import assets, data
from backprop_studio.data.builtin import digits
from backprop_studio.errors import StudioError

PUBLISHED_COUNTS = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_that_each_digit_has_as_many_rows_as_published() -> None:
    dataset = data.load("digits")
    assert dataset.size == 1797
    assert np.bincount(dataset.y).tolist() == PUBLISHED_COUNTS


def test_that_pixels_are_sixteenths_of_full_ink() -> None:
    x = data.load("digits").x
    assert (x.min(), x.max()) == (0.0, 1.0)
    assert np.array_equal(x * 16, np.round(x * 16))


def test_that_a_row_drawn_as_a_picture_is_upright() -> None:
    dataset = data.load("digits")
    assert dataset.image_shape == (8, 8)
    assert dataset.y[0] == 0
    # The first row of optdigits.tes begins 0,0,5,13,9,1,0,0: the top of a nought.
    picture = dataset.x[0].reshape(dataset.image_shape) * 16
    assert picture[0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert dataset.feature_names[2] == "row 0, column 2"


def test_that_the_checksum_in_the_readme_is_that_of_the_file() -> None:
    folder = assets.path("datasets", "digits")
    stated = re.findall(r"\b[0-9a-f]{64}\b", (folder / "README.md").read_text(encoding="utf-8"))
    assert stated == [hashlib.sha256((folder / "digits.npz").read_bytes()).hexdigest()]


def test_that_the_file_stays_small_enough_to_ship() -> None:
    assert assets.path("datasets", "digits", "digits.npz").stat().st_size < 60_000


def array_file() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


@pytest.mark.parametrize(
    "damage",
    [b"", b"PK\x03\x04 not a zip", b"\x80\x04N.", array_file()],
    ids=["empty", "cut off", "pickle", "one array"],
)
def test_that_a_damaged_file_is_reported_and_never_unpickled(
    damage: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = tmp_path / "digits.npz"
    damaged.write_bytes(damage)
    monkeypatch.setattr(assets, "path", lambda *_: damaged)
    with pytest.raises(StudioError) as caught:
        digits.load()
    assert caught.value.code == "dataset-invalid"


def test_that_a_missing_resource_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="resources/datasets/absent"):
        assets.path("datasets", "absent.npz")


def test_that_the_packed_copy_of_a_resource_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed, beside = tmp_path / "packed", tmp_path / "beside"
    for root in (packed, beside):
        root.mkdir()
        (root / "both.txt").touch()
    (beside / "one.txt").touch()
    monkeypatch.setattr(assets, "_ROOTS", (packed, beside))
    assert assets.path("both.txt") == packed / "both.txt"
    assert assets.path("one.txt") == beside / "one.txt"


def test_that_a_flipped_byte_in_the_file_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytearray(assets.path("datasets", "digits", "digits.npz").read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged = tmp_path / "digits.npz"
    damaged.write_bytes(content)
    monkeypatch.setattr(assets, "path", lambda *_: damaged)
    with pytest.raises(StudioError, match="damaged"):
        digits.load()
