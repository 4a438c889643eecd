"""Data sets, how they are split, and how an epoch is cut into batches; own data from files."""

from backprop_studio.data import own
from backprop_studio.data.batching import batch_bounds, batches_per_epoch, epoch_order
from backprop_studio.data.dataset import Dataset, DatasetInfo, Task
from backprop_studio.data.registry import info, infos, load
from backprop_studio.data.split import Split, split

__all__ = [
    "Dataset",
    "DatasetInfo",
    "Split",
    "Task",
    "batch_bounds",
    "batches_per_epoch",
    "epoch_order",
    "info",
    "infos",
    "load",
    "own",
    "split",
]
