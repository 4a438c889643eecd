"""Backprop Studio: a debugger for the training step of a neural network."""

__version__ = "0.1.0"
