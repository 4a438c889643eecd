"""The safetensors format of the Hugging Face libraries."""

from __future__ import annotations

import json
from collections.abc import Mapping

from backprop_studio.autograd import Array
from backprop_studio.project.exporting import Exporter, Notes


def encode(tensors: Mapping[str, Array], notes: Notes) -> bytes:
    """A `.safetensors` file with the notes as its metadata, the same bytes for the same input.

    Metadata are text: lists of names are written as JSON.
    """
    # Here, because it takes a while to import and most starts of the program export nothing.
    from safetensors.numpy import save

    texts = {k: note if isinstance(note, str) else json.dumps(note) for k, note in notes.items()}
    return _sorted_notes(save(dict(tensors), metadata=texts))


def _sorted_notes(data: bytes) -> bytes:
    """`data` with its metadata in order: the library writes them in a random one.

    A file is the length of its header in 8 bytes, the header in JSON, filled up with blanks to
    a multiple of 8 bytes, and then the arrays.
    """
    stop = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:stop])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[stop:]


EXPORTER = Exporter(".safetensors", "Safetensors", encode)
