"""Weights from the files that `exporting` writes, matched with a network by name and shape."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.data.importing import npz_arrays
from backprop_studio.errors import ImportDataError, StudioError
from backprop_studio.files import open_regular, shorten, shown
from backprop_studio.network import Network
from backprop_studio.project import strict_json
from backprop_studio.project.carrying import INPUT, TARGET, scales
from backprop_studio.project.exporting import tensor_names
from backprop_studio.project.project import Weights
from backprop_studio.project.unsound import UnsoundError

SUFFIXES = (".npz", ".safetensors")
MAX_BYTES = 2**30

_MAX_HEADER = 2**24
_MAX_AXES = 16
_TYPES = {
    "F16": "<f2", "F32": "<f4", "F64": "<f8", "I8": "<i1", "U8": "<u1", "I16": "<i2", "U16": "<u2",
    "I32": "<i4", "U32": "<u4", "I64": "<i8", "U64": "<u8", "BOOL": "?",
}  # fmt: skip
_BESIDE = frozenset(f"{part}/{name}" for part in (INPUT, TARGET) for name in ("shift", "unit"))
"""What exported files hold besides weights."""


@dataclass(frozen=True)
class Match:
    """A weight of the network, or of the file, or of both.

    Attributes
    ----------
    name
        ``layer/name``.
    found
        Its shape in the file; None if it is not there.
    wanted
        Its shape in the network; None if it is not there.
    fault
        Why it is not taken over; empty if it is.
    """

    name: str
    found: tuple[int, ...] | None
    wanted: tuple[int, ...] | None
    fault: str = ""


@dataclass(frozen=True, eq=False)
class Fitting:
    """What of a file fits a network.

    Attributes
    ----------
    matches
        The network's weights in their order, then what else the file holds.
    weights
        Those that fit, as the network keeps them.
    notes
        What is worth knowing before they are taken over, in sentences.
    """

    matches: tuple[Match, ...]
    weights: dict[tuple[str, str], Array] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def wanted(self) -> int:
        """How many weights the network has."""
        return sum(match.wanted is not None for match in self.matches)


def read_weights(path: str | os.PathLike[str]) -> dict[str, Array]:
    """All arrays of numbers in a file, by name.

    Raises
    ------
    ImportDataError
        It is of another kind, too large or damaged.
    """
    suffix = PurePath(path).suffix.lower()
    if suffix == ".npz":
        return npz_arrays.numbers(path)
    if suffix == ".safetensors":
        return _safetensors(path)
    raise ImportDataError("weights-unknown", path=shown(path), known=" or ".join(SUFFIXES))


def fit(network: Network, weights: Weights, tensors: Mapping[str, Array]) -> Fitting:
    """Match what a file holds with the weights of a network.

    Parameters
    ----------
    network
        Whose weights they become.
    weights
        Its weights as they are, by node id and name.
    tensors
        What the file holds.
    """
    matches, taken = [], {}
    keys = {f"{network.sharing(k)[0].name}/{n}": (k, n) for k, n in weights if network.sharing(k)}
    for name, now in tensor_names(network, weights).items():
        array = tensors.get(name)
        reason = ""
        if array is None:
            reason = "not in the file"
        elif array.shape != now.shape:
            turned = array.ndim > 1 and array.shape[::-1] == now.shape
            reason = "its axes are the other way round" if turned else "another shape"
        elif not np.isfinite(array.astype(now.dtype)).all():
            reason = "holds numbers that are not finite"
        else:
            taken[keys[name]] = np.ascontiguousarray(array, now.dtype)
        matches.append(Match(name, None if array is None else array.shape, now.shape, reason))
    known = {match.name for match in matches} | _BESIDE
    matches += [
        Match(name, array.shape, None, "no layer of this name")
        for name, array in tensors.items()
        if name not in known
    ]
    return Fitting(tuple(matches), taken, _notes(network, tensors))


def _notes(network: Network, tensors: Mapping[str, Array]) -> tuple[str, ...]:
    """Whether the network gets its rows scaled as that of the file did."""
    here: dict[str, Array] = {}
    try:
        if network.setup.dataset and network.setup.data.scaling != "none":
            here = scales(network.setup.prepared())
    except (StudioError, OSError):
        return ()
    there = {name: tensors[name] for name in _BESIDE if name in tensors}
    if here.keys() != there.keys() or any(
        here[name].shape != there[name].shape or not np.allclose(here[name], there[name])
        for name in here
    ):
        return (
            "The rows were scaled otherwise when these weights were learned than they are here.",
        )
    return ()


def _safetensors(path: str | os.PathLike[str]) -> dict[str, Array]:
    """The format of https://github.com/huggingface/safetensors, with nothing in it believed."""
    with open_regular(path, limit=MAX_BYTES, error=ImportDataError) as file:
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or not 2 <= length <= min(_MAX_HEADER, size - 8):
            raise _fault(path, "it is no safetensors file, or cut off")
        try:
            header = strict_json.loads(file.read(length))
        except UnsoundError as error:
            raise _fault(path, f"its header is damaged: {error}") from None
        if not isinstance(header, dict):
            raise _fault(path, "its header is damaged")
        header.pop("__metadata__", None)
        room = size - 8 - length
        found = {}
        for name, about in header.items():
            dtype, shape, start, stop = _entry(path, name, about)
            if not 0 <= start <= stop <= room:
                raise _fault(path, f"'{shorten(name, 60)}' lies outside the file")
            if math.prod(shape) * dtype.itemsize != stop - start:
                raise _fault(path, f"'{shorten(name, 60)}' is not as long as it says")
            file.seek(8 + length + start)
            raw = file.read(stop - start)
            if len(raw) != stop - start:
                raise _fault(path, "it is cut off")
            found[name] = np.frombuffer(raw, dtype).reshape(shape)
    return found


def _entry(
    path: str | os.PathLike[str], name: str, about: object
) -> tuple[np.dtype[Any], tuple[int, ...], int, int]:
    """Type, shape, start and end of a tensor, as its header says."""
    if isinstance(about, dict):
        kind, shape, ends = (about.get(key) for key in ("dtype", "shape", "data_offsets"))
        if isinstance(kind, str) and kind not in _TYPES:
            raise _fault(path, f"'{shorten(name, 60)}' is of type {shorten(kind, 20)}")
        sizes, places = _counts(shape), _counts(ends)
        if isinstance(kind, str) and sizes is not None and places is not None and len(places) == 2:
            return np.dtype(_TYPES[kind]), sizes, places[0], places[1]
    raise _fault(path, f"what it says of '{shorten(name, 60)}' is damaged")


def _counts(value: object) -> tuple[int, ...] | None:
    """A list of sizes or places; None if it is anything else."""
    if not isinstance(value, list) or len(value) > _MAX_AXES:
        return None
    return tuple(value) if all(type(n) is int and 0 <= n < 2**40 for n in value) else None


def _fault(path: str | os.PathLike[str], reason: str) -> ImportDataError:
    return ImportDataError("import-file", path=shown(path), reason=reason)
