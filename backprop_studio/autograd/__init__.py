"""The engine: operations, programs made of them, their derivatives, and the machine that runs them.

It knows numpy and nothing else of Backprop Studio but its errors.
"""

from backprop_studio.autograd.builder import Builder
from backprop_studio.autograd.differentiate import differentiate, pull_back
from backprop_studio.autograd.gradcheck import gradcheck, relative_error, vjpcheck
from backprop_studio.autograd.machine import Machine
from backprop_studio.autograd.memory import MEMORY_LIMIT, check_memory, in_words
from backprop_studio.autograd.op import Formula, Op
from backprop_studio.autograd.program import (
    KEPT,
    Initializer,
    Instr,
    Phase,
    Program,
    Role,
    Value,
    array_size,
)
from backprop_studio.autograd.storage import Saved, Storage, take_over
from backprop_studio.autograd.symbol import (
    BATCH,
    Array,
    Dim,
    Shape,
    Symbol,
    TensorType,
    format_shape,
    resolve,
)

__all__ = [
    "BATCH",
    "KEPT",
    "MEMORY_LIMIT",
    "Array",
    "Builder",
    "Dim",
    "Formula",
    "Initializer",
    "Instr",
    "Machine",
    "Op",
    "Phase",
    "Program",
    "Role",
    "Saved",
    "Shape",
    "Storage",
    "Symbol",
    "TensorType",
    "Value",
    "array_size",
    "check_memory",
    "differentiate",
    "format_shape",
    "gradcheck",
    "in_words",
    "pull_back",
    "relative_error",
    "resolve",
    "take_over",
    "vjpcheck",
]
