"""What everything with settings is: typed fields, texts for people, plain values for files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Self

from backprop_studio.errors import Diagnostic, StudioError
from backprop_studio.specs.fields import Field, Kind, fields_of

_ROOM = 80
"""Characters of a value that a message shows."""


class Category(StrEnum):
    """Where a spec stands in the palette, and the colour of its node. In the palette's order."""

    DATA = "data"
    LAYER = "layer"
    ACTIVATION = "activation"
    LOSS = "loss"
    PICTURE = "picture"
    SEQUENCE = "sequence"
    NORMALIZATION = "normalization"
    COMBINE = "combine"
    SHAPE = "shape"
    OPERATION = "operation"
    OPTIMIZER = "optimizer"
    SCHEDULE = "schedule"


@dataclass(frozen=True)
class Info:
    """What people read of a spec.

    Attributes
    ----------
    id
        Key in files and in the registry.
    title
        Name in the palette.
    category
        Group in the palette.
    summary
        One sentence: what it does.
    latex, plain
        Its formula, typeset and in plain text; empty for what has none.
    shape
        Its shape rule in plain text, or empty.
    rank
        Its place in the group; where it is the same, the title decides.
    also
        Other names that it goes by, with commas between them: a search finds it by them.
    """

    id: str
    title: str
    category: Category
    summary: str
    latex: str = ""
    plain: str = ""
    shape: str = ""
    rank: int = 1
    also: str = ""


class ConfigError(StudioError):
    """Settings that are unknown, of the wrong type or, where they are used, out of range."""


@dataclass(frozen=True)
class Spec:
    """Base of everything with settings. Subclasses are frozen dataclasses of declared fields."""

    info: ClassVar[Info]

    @classmethod
    def fields(cls) -> tuple[Field, ...]:
        """The declared settings."""
        return fields_of(cls)

    def config(self) -> dict[str, object]:
        """Settings as plain values, for files."""
        return {f.name: f.to_plain(getattr(self, f.name)) for f in self.fields()}

    @property
    def caption(self) -> str:
        """The setting that tells it from others of its type, such as "64 units".

        A number that is as it always is tells nothing and is left out.
        """
        for f in self.fields():
            value = getattr(self, f.name)
            if f.kind is Kind.INTEGER:
                # Labels of what is counted are plurals.
                counted = f.label.lower()
                return f"{value:,} {counted.removesuffix('s') if value == 1 else counted}"
            if f.kind is Kind.NUMBER and value != f.default:
                return f"{f.label.lower()} {value:g}"
        return ""

    @classmethod
    def from_config(cls, config: Mapping[str, object], name: str = "") -> Self:
        """A spec from plain values; settings that are left out take their default.

        Values of the right type but out of range are taken: the document shows them as
        problems, and whoever made them can put them right.

        Raises
        ------
        ConfigError
            A setting is unknown or of the wrong type.
        """
        title = name or cls.info.title
        known = {f.name: f for f in cls.fields()}
        for key, value in config.items():
            if key not in known:
                raise ConfigError("field-unknown", name=title, field=key)
            if not known[key].fits_type(value):
                raise ConfigError(
                    "field-type", name=title, field=key, value=value, allowed=known[key].allowed
                )
        values: dict[str, Any] = {k: known[k].from_plain(value) for k, value in config.items()}
        return cls(**values)

    def unused(self) -> frozenset[str]:
        """Names of the settings that do nothing while the others are as they are."""
        return frozenset()

    def formula(self) -> tuple[str, str]:
        """Its formula with these settings, typeset and in plain text."""
        return self.info.latex, self.info.plain

    def problems(self, name: str, node: str | None = None) -> list[Diagnostic]:
        """A diagnostic for each setting that is out of range."""
        return [
            Diagnostic(
                "field-range",
                {
                    "name": name,
                    "field": f.label,
                    "value": _brief(getattr(self, f.name)),
                    "allowed": f.allowed,
                },
                node=node,
                field=f.name,
            )
            for f in self.fields()
            if not f.fits_range(getattr(self, f.name))
        ]


def _brief(value: object) -> object:
    """A value as a sentence has room for it."""
    text = str(value)
    return value if len(text) <= _ROOM else f"{text[:_ROOM]}…"
