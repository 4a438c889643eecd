"""Weights in the formats of other programs: picks the format by the file's ending."""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath
from types import MappingProxyType

import numpy as np

from backprop_studio import __version__
from backprop_studio.autograd import Array
from backprop_studio.errors import ExportError
from backprop_studio.files import shown
from backprop_studio.network import Network
from backprop_studio.project import exporters
from backprop_studio.project.atomic import write_atomically
from backprop_studio.project.project import Weights

Notes = Mapping[str, str | tuple[str, ...]]
"""What is told beside the arrays."""


@dataclass(frozen=True)
class Exporter:
    """A format for weights.

    Attributes
    ----------
    suffix
        Ending of its files, with the dot, in small letters.
    title
        Name in the file dialog.
    encode
        Bytes of a file, from arrays by name and notes by key, each a text or several. The arrays
        are C-contiguous.
    """

    suffix: str
    title: str
    encode: Callable[[Mapping[str, Array], Notes], bytes]


@cache
def formats() -> Mapping[str, Exporter]:
    """Every format by the ending of its files, in the order of the endings."""
    found: dict[str, Exporter] = {}
    for entry in pkgutil.iter_modules(exporters.__path__):
        module = importlib.import_module(f"{exporters.__name__}.{entry.name}")
        exporter: Exporter = module.EXPORTER
        if exporter.suffix in found:
            raise RuntimeError(f"two exporters write '{exporter.suffix}' files")
        found[exporter.suffix] = exporter
    return MappingProxyType(dict(sorted(found.items())))


def format_of(path: str | os.PathLike[str]) -> Exporter:
    """The format that the ending of `path` asks for.

    Raises
    ------
    ExportError
        ``export-unknown``: no format has this ending.
    """
    known = formats()
    suffix = PurePath(path).suffix.lower()
    if suffix not in known:
        raise ExportError("export-unknown", path=shown(path), known=", ".join(known))
    return known[suffix]


def tensor_names(network: Network, weights: Weights) -> dict[str, Array]:
    """Weights under the names that people see: ``hidden/weight``.

    Shared weights go by the name of the node that they were first of. Weights of nodes that are
    not in the network are left out.
    """
    return {
        f"{network.sharing(kept)[0].name}/{name}": array
        for (kept, name), array in weights.items()
        if network.sharing(kept)
    }


def export(
    path: str | os.PathLike[str],
    tensors: Mapping[str, Array],
    *,
    network_name: str = "",
    notes: Notes = MappingProxyType({}),
) -> None:
    """Write arrays to a file in the format that its ending asks for, all of it or nothing.

    Parameters
    ----------
    path
        Where to write.
    tensors
        Arrays by name; see `carried`.
    network_name
        Noted in formats that have a place for notes.
    notes
        What else to note; see `carried`.

    Raises
    ------
    ExportError
        ``export-unknown``, ``export-no-weights``, ``file-unwritable`` or ``file-unconfirmed``.
    """
    exporter = format_of(path)
    if not tensors:
        raise ExportError("export-no-weights")
    ordered = {name: np.asarray(a, order="C") for name, a in tensors.items()}
    told = {**notes, "network": network_name, "program": f"Backprop Studio {__version__}"}
    told = {key: _sound(note) for key, note in told.items()}
    write_atomically(path, exporter.encode(ordered, told), error=ExportError)


def _sound(note: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """A note as text: names of files may hold bytes that are none."""
    if isinstance(note, str):
        return note.encode(errors="replace").decode()
    return tuple(part.encode(errors="replace").decode() for part in note)
