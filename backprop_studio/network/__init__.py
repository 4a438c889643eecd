"""The document: a frozen network, its pure edits, its checks and its lowering to a program."""

from backprop_studio.network.analysis import Analysis, analyze
from backprop_studio.network.lowered import Feed, Head, Lowered, Source
from backprop_studio.network.lowering import Lowering
from backprop_studio.network.marks import Arrow, Group, Note
from backprop_studio.network.network import Network, Node, TrainingSetup, UnknownLayer, Wire

__all__ = [
    "Analysis",
    "Arrow",
    "Feed",
    "Group",
    "Head",
    "Lowered",
    "Lowering",
    "Network",
    "Node",
    "Note",
    "Source",
    "TrainingSetup",
    "UnknownLayer",
    "Wire",
    "analyze",
]
