"""Loads and saves project files."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.data import own
from backprop_studio.errors import ProjectError
from backprop_studio.files import open_regular, shorten, shown
from backprop_studio.network import Network
from backprop_studio.project import container, own_data
from backprop_studio.project.atomic import write_atomically
from backprop_studio.project.decode import decode
from backprop_studio.project.encode import encode
from backprop_studio.project.project import Project, Weights
from backprop_studio.project.unsound import NewerError, UnsoundError

SUFFIX = ".bps"
"""Ending of project files."""


def load(path: str | os.PathLike[str]) -> Project:
    """Open a project file. Its own data, if it has any, are kept for whoever loads them.

    A file that names own data and does not hold them opens too: its document says so.

    Raises
    ------
    ProjectError
        ``file-*`` when it cannot be read, ``project-corrupt`` when it is no project, and
        ``project-newer`` when it is one of a later version.
    """
    with open_regular(path, limit=container.MAX_BYTES) as file:
        try:
            document, weights, entries = container.read(file)
            network = decode(document)
            _check_weights(network, weights)
            if entries:
                if not own.is_own(network.setup.dataset):
                    raise UnsoundError("it holds data that it does not name")
                own.keep(own_data.from_entries(entries, network.setup.dataset))
        except NewerError as newer:
            raise ProjectError(
                "project-newer", path=shown(path), found=newer.found, known=newer.known
            ) from None
        except UnsoundError as unsound:
            raise ProjectError("project-corrupt", path=shown(path), reason=str(unsound)) from (
                unsound.__cause__
            )
    return Project(network, weights)


def save(project: Project, path: str | os.PathLike[str], *, with_data: bool = True) -> None:
    """Write a project file, all of it or nothing, its own data with it.

    Weights of nodes that are not in the network are left out. Without `with_data`, so are its own
    data: whoever opens the file must have them from elsewhere.

    Raises
    ------
    ProjectError
        ``file-unwritable`` or ``file-unconfirmed`` when the system refuses, and
        ``project-unsavable`` when the file could not be opened again. The old file is intact.
    """
    network = project.network
    weights = {key: w for key, w in project.weights.items() if network.sharing(key[0])}
    try:
        document = encode(network)
        # A file that cannot be opened must never take the place of one that can.
        if decode(document) != network:
            raise UnsoundError("it would not be the same when it is opened again")
        _check_weights(network, weights)
        dataset = own.find(network.setup.dataset) if with_data else None
        entries = {} if dataset is None else own_data.to_entries(dataset)
        _check_size(document, weights, entries)
    except (UnsoundError, TypeError, ValueError) as error:
        reason = shorten(str(error).rstrip("."))
        raise ProjectError("project-unsavable", path=shown(path), reason=reason) from error
    write_atomically(path, lambda file: container.write(file, document, weights, entries))


def _check_weights(network: Network, weights: Mapping[tuple[str, str], Array]) -> None:
    for (node, name), array in weights.items():
        if not network.sharing(node):
            raise UnsoundError(f"it holds weights of '{node}', which is not in the network")
        if array.dtype not in (np.float32, np.float64):
            raise UnsoundError(f"the {name} of '{node}' is of type {array.dtype}")
        if not np.isfinite(array).all():
            raise UnsoundError(f"the {name} of '{node}' holds infinity or NaN")


def _check_size(document: bytes, weights: Weights, entries: Mapping[str, bytes]) -> None:
    # A header is 128 bytes, or more for a shape of very many dimensions.
    total = len(document) + sum(w.nbytes + 256 for w in weights.values())
    total += sum(map(len, entries.values()))
    if total > container.MAX_INFLATED or len(weights) + len(entries) >= container.MAX_ENTRIES:
        raise UnsoundError("its weights and data are larger than a project file can be")
