"""Folders of pictures: the pictures of each class in a folder of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from backprop_studio.data.dataset import Task
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
from backprop_studio.errors import Diagnostic, ImportDataError
from backprop_studio.files import cause, open_regular, shorten, shown

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".pgm", ".ppm", ".tif", ".tiff")
MAX_SIDE = 256
MAX_FILES = 200_000
MAX_BYTES = 2**26
"""Most bytes of one picture."""

MAX_PIXELS = 50_000_000
"""Most pixels of one picture, known before any is decoded."""

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "PPM", "TIFF")
_USUAL = 28
_LARGEST_KEPT = 64
_COLOUR = 12
"""Differences between red, green and blue up to this come of JPEG, not of colour."""

_DEEP = 257.0
"""Levels of 16 bits to one of 8."""


@dataclass(frozen=True)
class Preview:
    """What a folder holds.

    Attributes
    ----------
    files
        For each class its name and the paths of its pictures.
    height, width
        A likely size: that of the first pictures if it is one and small, else 28 by 28.
    skipped, example
        How many files are no pictures, and the name of one.
    nested, inner
        How many folders lie within those of the classes, and the name of one.
    """

    files: tuple[tuple[str, tuple[str, ...]], ...]
    height: int
    width: int
    skipped: int
    example: str
    nested: int = 0
    inner: str = ""

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return sum(len(paths) for _, paths in self.files)


def inspect(folder: str | os.PathLike[str]) -> Preview:
    """Look for classes and their pictures.

    Raises
    ------
    ImportDataError
        There are none.
    """
    found: dict[str, tuple[str, ...]] = {}
    skipped, example, seen = 0, "", 0
    nested, inner = 0, ""
    try:
        with os.scandir(folder) as entries:
            classes = [e for e in entries if e.is_dir() and not e.name.startswith(".")]
        for entry in classes:
            paths = []
            with os.scandir(entry.path) as files:
                for file in files:
                    seen += 1
                    if seen > MAX_FILES:
                        raise fault(folder, f"it holds more than {MAX_FILES:,} files")
                    if file.name.startswith("."):
                        continue
                    if file.is_dir():
                        nested, inner = nested + 1, inner or file.name
                        continue
                    if file.name.casefold().endswith(SUFFIXES):
                        paths.append(file.path)
                    else:
                        skipped, example = skipped + 1, example or file.name
            if paths:
                found[entry.name] = tuple(sorted(paths))
    except OSError as error:
        raise ImportDataError("file-unreadable", path=shown(folder), reason=cause(error)) from error
    if not found and nested:
        raise fault(
            folder,
            "its folders hold folders and no pictures; choose one of them, which holds a folder "
            f"for each class, such as {quoted(classes[0].name)}",
        )
    if not found:
        raise fault(
            folder,
            "it holds no folders with pictures; put those of each class into a folder of their own",
        )
    if len(found) > MAX_CLASSES:
        raise fault(folder, f"it holds more than {MAX_CLASSES:,} folders")
    files_of = tuple((name, found[name]) for name in sort_names(list(found)))
    height, width = _likely_size([paths[0] for _, paths in files_of[:10]])
    return Preview(files_of, height, width, skipped, example, nested, inner)


def load(
    folder: str | os.PathLike[str],
    height: int,
    width: int,
    *,
    dark_is_one: bool = False,
    progress: Progress = carry_on,
) -> Imported:
    """Make a data set of all pictures, in grey, scaled and cut to one size.

    Parameters
    ----------
    folder
        Holds a folder for each class.
    height, width
        In pixels, 1 to 256.
    dark_is_one
        Whether black becomes 1 and white 0, as for ink on paper; else it is the other way round.
    progress
        Is told how many pictures have been read.

    Raises
    ------
    ImportDataError
        A picture cannot be read, or there are none; nothing was loaded.
    ImportCancelled
        `progress` said so.
    """
    for side in (height, width):
        if not 1 <= side <= MAX_SIDE:
            raise fault(folder, f"a picture must have 1 to {MAX_SIDE} pixels in each direction")
    seen = inspect(folder)
    check_size(folder, seen.count * (height * width + 1))
    x = np.empty((seen.count, height * width), np.float32)
    y = np.empty(seen.count, np.int64)
    row, colour = 0, False
    for number, (_, paths) in enumerate(seen.files):
        for path in paths:
            pixels, coloured = _read(path, height, width)
            x[row], y[row] = pixels.reshape(-1), number
            colour = colour or coloured
            row += 1
            tell(progress, row / seen.count)
    if dark_is_one:
        np.subtract(1.0, x, out=x)
    warnings: list[Diagnostic] = []
    if colour:
        warnings.append(warning("import-grey"))
    if seen.skipped:
        count, name = f"{seen.skipped:,}", quoted(seen.example)
        warnings.append(warning("import-skipped", count=count, name=name))
    if seen.nested:
        count, name = f"{seen.nested:,}", quoted(seen.inner)
        warnings.append(warning("import-nested", count=count, name=name))
    return finish(
        folder,
        title=title_of(folder),
        summary=f"{row:,} pictures of the folder {shorten(os.path.basename(folder), 80)}, "
        f"each {width} by {height} pixels.",
        x=x,
        y=y,
        task=Task.CLASSIFICATION,
        class_names=tuple(shorten(name, 80) for name, _ in seen.files),
        image_shape=(height, width),
        warnings=tuple(warnings),
    )


def thumbnail(path: str | os.PathLike[str], height: int, width: int) -> npt.NDArray[np.float32]:
    """One picture as it would be imported, of shape (height, width), black 0 and white 1.

    Raises
    ------
    ImportDataError
        It cannot be read.
    """
    return _read(path, height, width)[0]


def _likely_size(paths: list[str]) -> tuple[int, int]:
    sizes = set()
    for path in paths:
        try:
            with open_regular(path, limit=MAX_BYTES, error=ImportDataError) as file:
                sizes.add(_opened(path, file).size)
        except ImportDataError:
            # Told when the pictures are read.
            return _USUAL, _USUAL
    width, height = sizes.pop() if len(sizes) == 1 else (_USUAL, _USUAL)
    return (height, width) if max(height, width) <= _LARGEST_KEPT else (_USUAL, _USUAL)


class _Clamped:
    """A file that is never asked for more bytes than it has left.

    Room for what a read asks for is made beforehand, and in a damaged picture that may be 2 GB.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size
        self.seek, self.tell = file.seek, file.tell

    def read(self, count: int = -1) -> bytes:
        left = max(self._size - self._file.tell(), 0)
        return self._file.read(left if count < 0 else min(count, left))


def _opened(path: str | os.PathLike[str], file: BinaryIO) -> Image:
    """Read the header of a picture, and refuse what would fill the memory."""
    from PIL import Image

    # Its own limit only warns; ours is below, and nothing is decoded before it.
    Image.MAX_IMAGE_PIXELS = None
    try:
        image = Image.open(cast(BinaryIO, _Clamped(file)), formats=_FORMATS)
    except Exception as error:
        raise _of_picture(path, "it is damaged, or none of the known kinds") from error
    if image.width * image.height > MAX_PIXELS:
        size = f"{image.width:,} by {image.height:,}"
        raise _of_picture(path, f"it has {size} pixels, and the limit is {MAX_PIXELS:,}")
    return image


def _read(
    path: str | os.PathLike[str], height: int, width: int
) -> tuple[npt.NDArray[np.float32], bool]:
    """One picture in shades of grey from 0 to 1, and whether it was in colour."""
    from PIL import Image, ImageOps

    with open_regular(path, limit=MAX_BYTES, error=ImportDataError) as file:
        image = _opened(path, file)
        try:
            # JPEG can decode at a fraction of its size.
            image.draft("RGB", (2 * width, 2 * height))
            image = ImageOps.exif_transpose(image)
            if image.mode.startswith(("I", "F")):
                levels = np.asarray(image, np.float32)
                scale = 1.0 if image.mode == "F" else _DEEP
                image = Image.fromarray(np.clip(levels / scale, 0, 255).astype(np.uint8))
            if "A" in image.getbands() or "transparency" in image.info:
                image = image.convert("RGBA")
                ground = Image.new("RGBA", image.size, "white")
                image = Image.alpha_composite(ground, image)
            small = ImageOps.fit(image.convert("RGB"), (width, height))
            colour = bool(np.ptp(np.asarray(small), axis=2).max() > _COLOUR)
            return np.asarray(small.convert("L"), np.float32) / np.float32(255.0), colour
        except Exception as error:
            # A decoder of another project: whatever it raises, the picture is at fault.
            raise _of_picture(path, "it is damaged") from error


def _of_picture(path: str | os.PathLike[str], reason: str) -> ImportDataError:
    return ImportDataError("import-picture", path=shown(path), reason=reason)
