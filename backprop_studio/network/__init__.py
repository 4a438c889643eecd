"""The document: a frozen network, its pure edits, its checks and its lowering to a program."""

from backprop_studio.network.lower import Analysis, Lowered, analyze
from backprop_studio.network.network import Network, Node, TrainingSetup, UnknownLayer, Wire

__all__ = [
    "Analysis",
    "Lowered",
    "Network",
    "Node",
    "TrainingSetup",
    "UnknownLayer",
    "Wire",
    "analyze",
]
