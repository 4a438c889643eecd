"""Files of every kind that the program opens, and how it opens them."""

from __future__ import annotations

import copy
import io
import json
import random
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backprop_studio import assets, data, project
from backprop_studio.data import importing, own
from backprop_studio.data.importing import idx, npz, pictures, table
from backprop_studio.errors import StudioError
from backprop_studio.lessons import evidence, library
from backprop_studio.network import Network, analyze
from backprop_studio.project import Project, decode, encode, npy
from backprop_studio.project.importing import read_weights
from backprop_studio.project.unsound import NewerError, UnsoundError
from benchmarks.harm.archives import archive, bent, some_array
from benchmarks.harm.drawn import drawn
from benchmarks.harm.values import RAW, SOUND, Dice, all_places, mutated, value


class Refused(Exception):  # noqa: N818 (what is hoped for is no error)
    """A file was refused, with this text."""


@dataclass(frozen=True)
class Harm:
    """A kind of file.

    Attributes
    ----------
    make
        Writes one into an empty folder; the same for the same dice. Returns what to open.
    open
        Opens it as the program does, and checks that what comes of it is sound. What it returns, if
        anything, checks more, at nobody's cost.
    """

    make: Callable[[random.Random, Path], Path]
    open: Callable[[Path], Callable[[], object] | None]


def _own_entries() -> tuple[str, dict[str, bytes]]:
    from dataclasses import replace

    from backprop_studio.project import own_data

    dataset = own.keep(replace(data.load("moons"), title="Mine"))
    entries = own_data.to_entries(dataset)
    own.release()
    return dataset.id, entries


_OWN_ID, _OWN = _own_entries()


def _write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _project_text(dice: Dice, folder: Path) -> Path:
    return _write(folder, "net.bps", _zip(mutated(dice)))


def _project_drawn(dice: Dice, folder: Path) -> Path:
    return _write(folder, "net.bps", _zip(drawn(dice)))


def _zip(document: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("project.json", document)
    return file.getvalue()


def _project_archive(dice: Dice, folder: Path) -> Path:
    document = copy.deepcopy(dice.choice(SOUND))
    entries = []
    if dice.random() < 0.4:
        document["setup"]["dataset"] = _OWN_ID
        document["setup"]["data"]["options"] = None
        for title, content in _OWN.items():
            draw = dice.random()
            if draw < 0.2:
                content = (
                    mutated_about(dice, content) if title.endswith("json") else some_array(dice)
                )
            if draw < 0.9:
                entries.append((title, content))
    for node in document["nodes"][:4]:
        if dice.random() < 0.5:
            sound = npy.to_bytes(np.ones((2, 3), np.float32))
            content = sound if dice.random() < 0.5 else some_array(dice)
            entries.append((f"weights/{node['id']}/weight.npy", content))
    return _write(
        folder,
        "net.bps",
        archive(dice, [("project.json", json.dumps(document).encode()), *entries]),
    )


def mutated_about(dice: Dice, content: bytes) -> bytes:
    """The description of own data, changed somewhere."""
    about = json.loads(content)
    about[dice.choice(sorted(about))] = value(dice)
    return json.dumps(about).encode()


_FILES = [file.read_bytes() for file in sorted(assets.path("examples").glob("*.bps"))]


def _project_bytes(dice: Dice, folder: Path) -> Path:
    return _write(folder, "net.bps", bent(dice, dice.choice(_FILES)))


def _open_project(path: Path) -> Callable[[], object]:
    own.release()
    try:
        loaded = project.load(path)
    except StudioError as error:
        raise Refused(str(error)) from None
    _check(loaded)
    return lambda: _save(loaded, path)


def _save(loaded: Project, path: Path) -> None:
    project.save(loaded, path.with_name("again.bps"))
    again = project.load(path.with_name("again.bps"))
    assert again.network == loaded.network, "it is another after it was saved"
    assert again.weights.keys() == {k for k in loaded.weights if loaded.network.sharing(k[0])}
    assert not list(path.parent.glob("*pwned*"))


def _check(loaded: Project) -> None:
    found = analyze(loaded.network, wait=False)
    for diagnostic in found.diagnostics:
        assert 0 < len(diagnostic.text) < 2_000, (
            f"a diagnostic of {len(diagnostic.text)} characters"
        )


def _clipboard(dice: Dice, folder: Path) -> Path:
    text = mutated(dice) if dice.random() < 0.7 else bent(dice, mutated(dice))
    return _write(folder, "clipboard.json", text)


def _open_clipboard(path: Path) -> None:
    from backprop_studio.errors import EditError
    from backprop_studio.network import edits

    try:
        piece = decode(path.read_bytes())
        network, _ = edits.insert(Network(), piece, 0.0, 0.0)
    except (UnsoundError, NewerError, EditError) as error:
        raise Refused(str(error)) from None
    assert decode(encode(network)) == network


def _npz(dice: Dice, folder: Path) -> Path:
    file = io.BytesIO()
    np.savez(file, x=np.ones((6, 4), np.float32), y=np.array([0, 1, 0, 1, 2, 2]))
    if dice.random() < 0.4:
        return _write(folder, "a.npz", bent(dice, file.getvalue()))
    entries = [
        (f"{name}.npy", some_array(dice))
        for name in dice.choice((("x", "y"), ("x",), ("y", "x", "x")))
    ]
    if dice.random() < 0.5:
        with zipfile.ZipFile(file) as made:
            entries = [(title, made.read(title)) for title in made.namelist()]
    return _write(folder, "a.npz", archive(dice, entries))


def _open_npz(path: Path) -> None:
    told = None
    try:
        preview = npz.inspect(path)
        _sound(npz.load(path, preview.x, preview.y))
    except StudioError as error:
        told = str(error)
    try:
        for name, array in read_weights(path).items():
            assert array.dtype.kind in "biuf" and name is not None
    except StudioError as error:
        raise Refused(str(error)) from None
    if told is not None:
        raise Refused(told)


def _sound(made: importing.Imported) -> None:
    dataset = made.dataset
    assert np.isfinite(dataset.x).all() and np.isfinite(dataset.y).all(), "not finite"
    assert all(len(w.text) < 2_000 for w in made.warnings)
    assert all(len(name) <= 500 for name in (*dataset.class_names, *dataset.feature_names))


def _safetensors(dice: Dice, folder: Path) -> Path:
    header: Any = {
        "dense_1/weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        "dense_1/bias": {"dtype": "F32", "shape": [3], "data_offsets": [24, 36]},
        "__metadata__": {"network": "x"},
    }
    for _ in range(dice.choice((0, 1, 2, 4))):
        places = all_places(header)
        place = dice.choice(places[1:])
        part = header
        for key in place[:-1]:
            part = part[key]
        part[place[-1]] = value(dice)
    text = json.dumps(header)
    if dice.random() < 0.1:
        text = dice.choice(RAW)
    head = text.encode("utf-8", errors="surrogatepass")
    length = dice.choice((len(head),) * 6 + (0, 1, 2**63, 2**64 - 1, 2**24, len(head) + 40))
    whole = struct.pack("<Q", length) + head + b"\0" * 36
    return _write(folder, "a.safetensors", bent(dice, whole) if dice.random() < 0.3 else whole)


def _open_weights(path: Path) -> None:
    try:
        tensors = read_weights(path)
    except StudioError as error:
        raise Refused(str(error)) from None
    assert all(array.dtype.kind in "biuf" for array in tensors.values())


def _idx(dice: Dice, folder: Path) -> Path:
    sizes = [
        dice.choice((0, 1, 6, 4, 2**31, 2**32 - 1, 255))
        for _ in range(dice.choice((1, 2, 3, 4, 255)))
    ]
    head = bytes(
        (dice.choice((0, 0, 0, 1)), 0, dice.choice((8, 8, 9, 11, 12, 13, 14, 99)), len(sizes) % 256)
    )
    if dice.random() < 0.5:
        head, sizes = b"\0\0\x08\x03", [6, 2, 2]
    whole = head + struct.pack(f">{len(sizes)}L", *sizes) + bytes(range(24))
    labels = b"\0\0\x08\x01" + struct.pack(">L", 6) + bytes((0, 1, 0, 1, 2, 2))
    if dice.random() < 0.5:
        whole = bent(dice, whole)
    if dice.random() < 0.3:
        labels = bent(dice, labels)
    if dice.random() < 0.2:
        import gzip

        whole = gzip.compress(whole + b"\0" * dice.choice((0, 50_000_000)), mtime=0)
        _write(folder, "t10k-labels-idx1-ubyte", labels)
        return _write(folder, "t10k-images-idx3-ubyte.gz", whole)
    _write(folder, "t10k-labels-idx1-ubyte", labels)
    return _write(folder, "t10k-images-idx3-ubyte", whole)


def _open_idx(path: Path) -> None:
    try:
        pair = idx.inspect(path)
        if pair.features is None or pair.labels is None:
            raise Refused("no pair")
        _sound(idx.load(pair.features, pair.labels))
    except StudioError as error:
        raise Refused(str(error)) from None


_CELLS = (
    "",
    "1",
    "-2.5",
    "3,5",
    "1e400",
    "1e38",
    "-1e39",
    "inf",
    "NaN",
    "?",
    "a",
    '"',
    '""',
    '"x"',
    "é",
    "\x00",
    "1_0",
    "١",
    "<img src='x'>",
    "=cmd()",
    "x" * 3_000,
    "2024-01-01",
    "12%",
    "€5",
    "1,000,000",
    " ",
    "\ufeff",
    "\u2028",
    "\x1a",
)


def _table(dice: Dice, folder: Path) -> Path:
    separator = dice.choice((",", ";", "\t", "|"))
    width = dice.choice((1, 2, 3, 5, 40, 10_001, 200_000) if dice.random() < 0.1 else (1, 2, 3, 5))
    rows = dice.choice((0, 1, 2, 9, 40)) if width < 1_000 else 2
    lines = []
    if dice.random() < 0.6:
        lines.append(separator.join(f"c{i}" for i in range(width)))
    wild = dice.choice((0.02, 0.3))
    for _ in range(rows):
        cells = [
            dice.choice(_CELLS) if dice.random() < wild else str(dice.randrange(9))
            for _ in range(width)
        ]
        lines.append(separator.join(cells[: len(cells) if dice.random() < 0.95 else 1]))
    text = dice.choice(("\n", "\n", "\r\n", "\r")).join(lines)
    whole = text.encode(
        dice.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32")), "replace"
    )
    if dice.random() < 0.2:
        whole = bent(dice, whole)
    if dice.random() < 0.02:
        whole = dice.choice(
            (
                b'"' * 5_000_000,
                b"," * 5_000_000,
                b"a" * 9_000_000,
                b"\n" * 9_000_000,
                b"\0" * 9_000_000,
            )
        )
    return _write(folder, "a.csv", whole)


def _open_table(path: Path) -> None:
    try:
        preview = table.inspect(path)
        _sound(table.load(path, preview.plan))
    except StudioError as error:
        raise Refused(str(error)) from None


def _pictures(dice: Dice, folder: Path) -> Path:
    from PIL import Image

    for name in ("a", "b"):
        (folder / name).mkdir()
        for i in range(2):
            file = io.BytesIO()
            form = dice.choice(("PNG", "JPEG", "BMP", "GIF", "WEBP", "PPM", "TIFF"))
            side = dice.choice((1, 8, 8, 28, 300))
            mode = dice.choice(("L", "RGB") if form != "GIF" else ("L", "P"))
            Image.new(mode, (side, dice.choice((side, 1)))).save(file, form)
            whole = file.getvalue()
            if form == "PNG" and dice.random() < 0.3:
                whole = _png(dice)
            elif dice.random() < 0.5:
                whole = bent(dice, whole)
            (folder / name / f"{i}.{form.lower()}").write_bytes(whole)
    return folder


def _png(dice: Dice) -> bytes:
    """A picture that says of itself what it likes."""
    import zlib

    width, height = (
        dice.choice((0, 1, 7_000, 50_000, 2**31 - 1, 2**31, 2**32 - 1)) for _ in range(2)
    )
    head = struct.pack(
        ">LLBBBBB",
        width,
        height,
        dice.choice((8, 16, 1, 99)),
        dice.choice((0, 2, 3, 6, 99)),
        0,
        0,
        0,
    )
    packed = zlib.compress(b"\0" * dice.choice((10, 40_000_000)), 9)
    chunks = [
        (b"IHDR", head),
        (b"iCCP" if dice.random() < 0.1 else b"zTXt", b"x\0\0" + packed),
        (b"IDAT", packed),
        (b"IEND", b""),
    ]
    made = b"\x89PNG\r\n\x1a\n"
    for kind, content in chunks:
        made += (
            struct.pack(">L", len(content))
            + kind
            + content
            + struct.pack(">L", zlib.crc32(kind + content))
        )
    return made


def _open_pictures(path: Path) -> None:
    try:
        folder = pictures.inspect(path)
        _sound(pictures.load(path, folder.height, folder.width))
    except StudioError as error:
        raise Refused(str(error)) from None


_LESSONS = [path.read_bytes() for path in library.shipped()]
_LINES = (
    "## A step",
    "### deep",
    "```check",
    "```",
    "$$x^{2}$$",
    "$$" + "{" * 3_000,
    "{{loss}}",
    "{{loss | .99f}}",
    "+++",
    "a = " + "[" * 3_000,
    "{{" + "(" * 3_000,
    "- [x](file:///etc/passwd)",
    "![x](/etc/passwd)",
    "<img src='/x'>",
    "*" * 9_000,
    "[" * 9_000,
    "`" * 9_000,
    "> " * 3_000,
    "minutes = 1e999",
    "value = 99999999999999999999999",
    'id = "../../x"',
    'project = "../x.bps"',
    "$" + "\\frac" * 900 + "$",
    "| a " * 900,
)


def _lesson(dice: Dice, folder: Path) -> Path:
    lines = dice.choice(_LESSONS).decode().split("\n")
    for _ in range(dice.choice((1, 1, 2, 6))):
        at = dice.randrange(len(lines))
        draw = dice.randrange(4)
        if draw == 0:
            del lines[at]
        elif draw == 1:
            lines.insert(at, dice.choice(_LINES))
        elif draw == 2:
            lines.insert(at, dice.choice(lines))
        else:
            lines[at] = bent(dice, lines[at].encode()).decode("utf-8", "replace")
    whole = "\n".join(lines).encode()
    return _write(folder, "lesson.md", bent(dice, whole) if dice.random() < 0.2 else whole)


def _open_lesson(path: Path) -> None:
    try:
        lesson = library.load(path)
    except StudioError as error:
        raise Refused(str(error)) from None
    assert "/" not in lesson.head.id and "/" not in lesson.head.project


def _evidence(dice: Dice, folder: Path) -> Path:
    plain: Any = {"format": 1, "events": [{}], "data": {}, "lesson": "x", "weights": {}}
    for _ in range(3):
        plain[dice.choice(sorted(plain))] = value(dice)
    text = json.dumps(plain) if dice.random() < 0.7 else dice.choice(RAW)
    return _write(folder, "a.json", text.encode("utf-8", errors="surrogatepass"))


def _open_evidence(path: Path) -> None:
    try:
        evidence.load(path)
    except StudioError as error:
        raise Refused(str(error)) from None


KINDS: dict[str, Harm] = {
    "text": Harm(_project_text, _open_project),
    "drawn": Harm(_project_drawn, _open_project),
    "archive": Harm(_project_archive, _open_project),
    "bytes": Harm(_project_bytes, _open_project),
    "clipboard": Harm(_clipboard, _open_clipboard),
    "npz": Harm(_npz, _open_npz),
    "safetensors": Harm(_safetensors, _open_weights),
    "idx": Harm(_idx, _open_idx),
    "table": Harm(_table, _open_table),
    "pictures": Harm(_pictures, _open_pictures),
    "lesson": Harm(_lesson, _open_lesson),
    "evidence": Harm(_evidence, _open_evidence),
}
"""Every kind, by its name."""
