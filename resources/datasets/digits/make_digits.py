"""Writes ``digits.npz`` from scikit-learn's copy of the UCI handwritten digits (test part).

Needed only to make the file again: ``python make_digits.py``, with scikit-learn installed.
The bytes depend on nothing but the data and the compressor: NumPy dates every member 1980-01-01.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).resolve().parent / "digits.npz"


def main() -> None:
    """Write the file and print its SHA-256, which belongs in ``README.md``.

    Raises
    ------
    ValueError
        If scikit-learn's copy is not the 1797 images of whole numbers 0..16 it is documented as.
    """
    source = load_digits()
    images = source.images.astype(np.uint8)
    labels = source.target.astype(np.uint8)
    if images.shape != (1797, 8, 8) or labels.shape != (1797,):
        raise ValueError(f"unexpected shapes {images.shape} and {labels.shape}")
    if not np.array_equal(images, source.images) or images.max() != 16:
        raise ValueError("pixels are not whole numbers from 0 to 16")
    if not np.array_equal(labels, source.target) or labels.max() != 9:
        raise ValueError("labels are not whole numbers from 0 to 9")
    np.savez_compressed(TARGET, images=images, labels=labels)
    print(hashlib.sha256(TARGET.read_bytes()).hexdigest(), TARGET.name)


if __name__ == "__main__":
    main()
