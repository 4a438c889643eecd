"""Project files, and weights in the formats of other programs."""

from backprop_studio.project.atomic import check_writable, sweep, write_atomically
from backprop_studio.project.carrying import Carried, carried
from backprop_studio.project.decode import decode
from backprop_studio.project.encode import encode
from backprop_studio.project.exporting import Exporter, export, format_of, formats, tensor_names
from backprop_studio.project.project import Project, Weights
from backprop_studio.project.store import SUFFIX, load, save

__all__ = [
    "SUFFIX",
    "Carried",
    "Exporter",
    "Project",
    "Weights",
    "carried",
    "check_writable",
    "decode",
    "encode",
    "export",
    "format_of",
    "formats",
    "load",
    "save",
    "sweep",
    "tensor_names",
    "write_atomically",
]
