"""Data sets, what is done to them before training, and how an epoch is cut into batches."""

from backprop_studio.data import own
from backprop_studio.data.batching import batch_bounds, batches_per_epoch, epoch_order
from backprop_studio.data.corruption import Corruption, CorruptionError
from backprop_studio.data.dataset import Dataset, DatasetInfo, Scaling, Task
from backprop_studio.data.options import Options
from backprop_studio.data.prepare import Prepared, outline, prepare, quick, release
from backprop_studio.data.registry import corruptions, info, infos, load, recipe
from backprop_studio.data.settings import MOST_CORRUPTIONS, DataSettings
from backprop_studio.data.split import Split, held_out, split

__all__ = [
    "MOST_CORRUPTIONS",
    "Corruption",
    "CorruptionError",
    "DataSettings",
    "Dataset",
    "DatasetInfo",
    "Options",
    "Prepared",
    "Scaling",
    "Split",
    "Task",
    "batch_bounds",
    "batches_per_epoch",
    "corruptions",
    "epoch_order",
    "held_out",
    "info",
    "infos",
    "load",
    "outline",
    "own",
    "prepare",
    "quick",
    "recipe",
    "release",
    "split",
]
