"""Settings, declared once: forms, range checks, files and help texts all read them."""

from backprop_studio.specs.discovery import discover
from backprop_studio.specs.fields import (
    Field,
    Kind,
    choice,
    fields_of,
    flag,
    integer,
    number,
    numbers,
    text,
)
from backprop_studio.specs.spec import Category, ConfigError, Info, Spec

__all__ = [
    "Category",
    "ConfigError",
    "Field",
    "Info",
    "Kind",
    "Spec",
    "choice",
    "discover",
    "fields_of",
    "flag",
    "integer",
    "number",
    "numbers",
    "text",
]
