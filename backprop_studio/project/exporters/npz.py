"""NumPy's archive of arrays."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.project.exporting import Exporter, Notes


def encode(tensors: Mapping[str, Array], notes: Notes) -> bytes:
    """An `.npz` file. Lists of names are arrays of text in it; other notes have no place there."""
    listed = {key: np.array(note) for key, note in notes.items() if isinstance(note, tuple)}
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **tensors, **listed)
    return file.getvalue()


EXPORTER = Exporter(".npz", "NumPy arrays", encode)
