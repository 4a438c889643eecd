"""Copy: say again what came first. A test of memory for networks that read one step at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_studio.data._made import dataset, generator
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task
from backprop_studio.data.options import Options, count_field, noise_field, seed_field
from backprop_studio.specs import integer

_STREAM = 111
_LENGTH, _SYMBOLS = 10, 4

INFO = DatasetInfo(
    id="copy",
    title="Copy after a pause",
    summary=(
        "A symbol, a pause in which others are heard that do not count, and a mark that says: now. "
        "Which was the first? The longer the pause, the further back the error has to flow. "
        "Symbols are whole numbers, which an Embedding turns into vectors."
    ),
    task=Task.CLASSIFICATION,
    feature_shape=(_LENGTH,),
    target_width=_SYMBOLS,
    vocabulary=_SYMBOLS + 2,
)


@dataclass(frozen=True)
class Recipe(Options):
    """How many rows, how long they are, and how much there is to confuse."""

    count: int = count_field(600)
    noise: float = noise_field(
        0.3, "Share of the pause that is filled with other symbols, which do not count.", high=1.0
    )
    length: int = integer(
        _LENGTH, low=3, high=200, label="Length", doc="Steps in a row, symbol and mark included."
    )
    symbols: int = integer(
        _SYMBOLS, low=2, high=20, label="Symbols", doc="How many symbols there are to remember."
    )
    seed: int = seed_field()

    @property
    def width(self) -> int:
        """As in `Options`."""
        return self.length


def load(options: Recipe) -> Dataset:
    """Make the rows: `x` int64 (count, length) of tokens; `y` (count,) the symbol that came first.

    Tokens below `symbols` are symbols, the next one is the pause, the last one the mark. The
    symbols to remember take turns. After the task of Hochreiter and Schmidhuber, *Long short-term
    memory*, 1997, with one symbol to copy.
    """
    random, symbols = generator(_STREAM, options.seed), options.symbols
    shape = (options.count, options.length)
    y = np.arange(options.count, dtype=np.int64) % symbols
    others = np.floor(random.random(shape) * symbols).astype(np.int64)
    x = np.where(random.random(shape) < options.noise, others, symbols)
    x[:, 0], x[:, -1] = y, symbols + 1
    return dataset(
        INFO,
        x,
        y,
        class_names=tuple(chr(ord("A") + k) for k in range(symbols)),
        feature_names=tuple(f"step {k + 1}" for k in range(options.length)),
        vocabulary=symbols + 2,
    )
