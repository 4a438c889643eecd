"""Project files that were made to do harm, by what is wrong with them."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backprop_studio import assets, project
from backprop_studio.project.encode import encode

SOUND = json.loads(encode(project.load(assets.path("examples", "xor.bps")).network))


def _document(edit: Callable[[dict[str, Any]], object]) -> bytes:
    document = copy.deepcopy(SOUND)
    edit(document)
    return json.dumps(document).encode()


def _archive(entries: list[tuple[str, bytes]], packing: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as made:
        for name, content in entries:
            made.writestr(name, content)
    return file.getvalue()


def _with(document: bytes, *others: tuple[str, bytes]) -> bytes:
    return _archive([("project.json", document), *others], zipfile.ZIP_DEFLATED)


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("pwned",)


def _set_units(count: int) -> Callable[[dict[str, Any]], object]:
    def edit(document: dict[str, Any]) -> None:
        for node in document["nodes"]:
            if node["type"] == "dense":
                node["config"]["units"] = count

    return edit


def _units(document: dict[str, Any], value: object) -> None:
    dense = next(n for n in document["nodes"] if n["type"] == "dense")
    dense["config"]["units"] = value


def _add(document: dict[str, Any], kind: str, config: dict[str, Any]) -> None:
    part = {"id": "more", "name": "more", "type": kind, "x": 0.0, "y": 0.0, "config": config}
    document["nodes"].append(part)


def _many_nodes(document: dict[str, Any]) -> None:
    first = document["nodes"][0]
    document["wires"] = []
    document["nodes"] = [first | {"id": f"n{i}", "name": f"n{i}"} for i in range(6_000)]


def _circle(document: dict[str, Any]) -> None:
    names = [n["id"] for n in document["nodes"]]
    document["wires"] = [w for w in document["wires"] if w["target"] != names[1]]
    document["wires"].append({"source": names[2], "target": names[1], "port": 0})


def _overlapping() -> bytes:
    """A directory of many entries that are all the same bytes of the file."""
    one = io.BytesIO()
    with zipfile.ZipFile(one, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("project.json", b"0" * 10_000_000)
    whole = bytearray(one.getvalue())
    end = whole.rindex(b"PK\x05\x06")
    start = struct.unpack_from("<L", whole, end + 16)[0]
    entry = bytes(whole[start:end])
    count = 2_000
    whole[start:end] = entry * count
    end = len(whole) - 22
    struct.pack_into("<HHL", whole, end + 8, count, count, len(entry) * count)
    return bytes(whole)


_WHOLE = Path(assets.path("examples", "digits.bps")).read_bytes()
_TEXT = encode(project.load(assets.path("examples", "xor.bps")).network)
_NPY = b"\x93NUMPY\x01\x00"


def _npy(header: str, content: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return _NPY + struct.pack("<H", len(text)) + text + content


def _flipped(at: float) -> bytes:
    """A sound file with one bit of its content turned, this far into it."""
    whole = bytearray(_WHOLE)
    whole[int(at * len(whole))] ^= 0x10
    return bytes(whole)


def _twice(document: bytes) -> bytes:
    """Two entries of one name: which of them is meant?"""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("project.json", document)
        made.writestr("project.jso_", document.replace(b"hidden", b"hiddem"))
    return file.getvalue().replace(b"project.jso_", b"project.json")


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "cut off at the end": lambda: _WHOLE[:-1],
    "cut off in the middle": lambda: _WHOLE[: len(_WHOLE) // 2],
    "the end alone": lambda: _WHOLE[len(_WHOLE) // 2 :],
    "a bit of the text": lambda: _flipped(0.02),
    "a bit of the weights": lambda: _flipped(0.5),
    "one entry twice": lambda: _twice(_TEXT),
    "a list for a project": lambda: _with(b"[]"),
    "no project in it": lambda: _archive([("weights/hidden/bias.npy", b"x")]),
    "text that is no UTF-8": lambda: _with(b'{"format": "\xff\xfe"}'),
    "nodes that are a number": lambda: _with(_document(lambda d: d.update(nodes=3))),
    "a billion units": lambda: _with(_document(_set_units(10**9))),
    "10^30 units": lambda: _with(_document(_set_units(10**30))),
    "a choice of ten megabytes": lambda: _with(
        _document(lambda d: _add(d, "permute", {"order": "x" * 10_000_000}))
    ),
    "a formula of ten megabytes": lambda: _with(
        _document(lambda d: _add(d, "custom", {"expression": "x+" * 5_000_000}))
    ),
    "a million weights of classes": lambda: _with(
        _document(lambda d: _add(d, "softmax_cross_entropy", {"class_weights": [1.0] * 900_000}))
    ),
    "a layer one unit too large": lambda: _with(_document(_set_units(100_001))),
    "units that are a truth value": lambda: _with(_document(_set_units(True))),
    "units that are text": lambda: _with(_document(lambda d: _units(d, "4"))),
    "deep lists": lambda: _with(b"[" * 100_000 + b"]" * 100_000),
    "deep objects": lambda: _with(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "deep in a config": lambda: _with(
        _TEXT.replace(b'"units": 4', b'"units": ' + b"[" * 200 + b"]" * 200)
    ),
    "NaN": lambda: _with(_TEXT.replace(b'"x": 0.0', b'"x": NaN')),
    "infinity": lambda: _with(_TEXT.replace(b'"x": 0.0', b'"x": -Infinity')),
    "a number too large": lambda: _with(_TEXT.replace(b'"x": 0.0', b'"x": 1e999')),
    "a million digits": lambda: _with(_TEXT.replace(b'"x": 0.0', b'"x": ' + b"9" * 1_000_000)),
    "a name of ten megabytes": lambda: _with(
        _document(lambda d: d["nodes"][0].update(name="n" * 10_000_000))
    ),
    "the same key twice": lambda: _with(_TEXT.replace(b'"nodes"', b'"nodes": [], "nodes"', 1)),
    "the same id twice": lambda: _with(
        _document(lambda d: d["nodes"][1].update(id=d["nodes"][0]["id"]))
    ),
    "a wire to nowhere": lambda: _with(_document(lambda d: d["wires"][0].update(target="x"))),
    "a negative port": lambda: _with(_document(lambda d: d["wires"][0].update(port=-1))),
    "6,000 nodes": lambda: _with(_document(_many_nodes)),
    "two million values": lambda: _with(b"[" + b"{}," * 1_900_000 + b"{}]"),
    "a million objects": lambda: _with(b"[" + b'{"a":1},' * 990_000 + b"{}]"),
    "just fewer than a million values": lambda: _with(b"[" + b'{"a":1},' * 495_000 + b"{}]"),
    "sixty megabytes of text": lambda: _with(b'"' + b"a" * (60 * 2**20) + b'"'),
    "a quarter gigabyte of zeros": lambda: _with(b"0" * (2**28)),
    "a quarter gigabyte of weights": lambda: _with(
        _TEXT, ("weights/hidden/bias.npy", b"\0" * (2**28))
    ),
    "overlapping entries": _overlapping,
    "200,000 entries": lambda: _archive([(f"weights/a/b{i}.npy", b"") for i in range(60_500)]),
    "a way out": lambda: _with(_TEXT, ("../../escaped.npy", b"x")),
    "an absolute way out": lambda: _with(_TEXT, ("/tmp/escaped.npy", b"x")),
    "a way out in weights": lambda: _with(_TEXT, ("weights/../escaped.npy", b"x")),
    "a pickle": lambda: pickle.dumps(_Bomb()),
    "pickled weights": lambda: _with(
        _TEXT,
        (
            "weights/hidden/bias.npy",
            _npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", pickle.dumps(_Bomb())),
        ),
    ),
    "a header that is code": lambda: _with(
        _TEXT, ("weights/hidden/bias.npy", _npy("__import__('os').mkdir('pwned')"))
    ),
    "a claimed terabyte": lambda: _with(
        _TEXT,
        (
            "weights/hidden/bias.npy",
            _npy("{'descr': '<f4', 'fortran_order': False, 'shape': (250000000000,), }"),
        ),
    ),
}

OPENS_AND_IS_TOLD: dict[str, Callable[[], bytes]] = {
    "a circle": lambda: _with(_document(_circle)),
}
"""A canvas may come to hold such things; they open, and the problem stands on its layer."""
