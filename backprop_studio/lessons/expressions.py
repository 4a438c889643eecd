"""The numbers that a lesson may speak of, by name; each is read from the running program.

There is a small, fixed set of names and no arithmetic, so that a lesson is data and never code.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from backprop_studio.autograd import KEPT, Array, Machine, Phase, Role
from backprop_studio.insight.representations import representations
from backprop_studio.lessons import data_settings, judged, measures
from backprop_studio.network import Network, Node, Source
from backprop_studio.nn.layers.input import Input
from backprop_studio.training import Session

PLAIN: Mapping[str, str] = {
    "loss": "loss of the batch, once it is computed",
    "held_out_loss": "loss on the held-out rows",
    "accuracy": "accuracy on the held-out rows",
    "training_accuracy": "accuracy on the training rows, with the parameters as they are now",
    "training_rows": "rows that are trained on",
    "held_out_rows": "rows that are held out",
    "iteration": "finished updates",
    "epoch": "finished passes over the data",
    "rows": "rows of the current batch",
    "parameters": "how many numbers are learned",
    "instructions": "instructions of a training step",
}
"""Names without a colon, and what each is."""

OF_VALUES: Mapping[str, str] = {
    "value": "an entry of a parameter, or of what a layer gives",
    "grad": "the gradient of the loss with respect to that entry",
    "next": "what a parameter's entry will be after this iteration's update",
    "norm": "the Euclidean length of all entries together",
    "gradnorm": "the Euclidean length of the gradient of all entries together",
    "zeros": "the share of entries that are exactly zero",
    "share": "the share of a parameter, or of an entry of it, in what the update does to the loss",
    "sources": "how many numbers of data and parameters it is computed from",
    "paths": "how many ways lead from a parameter's entry to the loss, in one row",
    "probe": "how well a straight-line rule tells the classes from what a layer gives",
}
"""Names before `layer/name[row, column]`, and what each is."""

NUDGES: Mapping[str, str] = {
    "change": "what the loss does when that entry is moved by so much",
    "expected": "gradient times how far it is moved",
    "gap": "how far these two are apart",
}
"""Names before `layer/name[row, column] by 0.1`, and what each is."""

PART = "part"
"""Before `layer > other[row, column]`: the error signal that comes back by the wire."""

COST = "cost"
"""Before a key of `measures.COSTS`."""

LINES = "instructions"
"""Before a phase, in small letters: how many instructions it has."""

TARGET = "target"
"""Stands in the place of a layer for the targets of the batch."""

_PATH = re.compile(
    r"(?P<layer>[A-Za-z0-9_.-]{1,64})(?:/(?P<name>[A-Za-z0-9_.-]{1,64}))?"
    r"(?:\s*>\s*(?P<to>[A-Za-z0-9_.-]{1,64}))?"
    r"(?:\[(?P<entry>\d{1,9}(?:\s*,\s*\d{1,9})*)\])?"
    r"(?:\s+by\s+(?P<by>-?\d{1,9}(?:\.\d{1,9})?))?"
)
_SETTING = re.compile(r"[A-Za-z0-9_.-]{1,64}(?:/[a-z0-9_]{1,64}){0,3}")
_CLASS = re.compile(r"[\w .-]{1,64}")
_STEP = re.compile(r"[a-z0-9-]{1,80}")
_COLON = (*OF_VALUES, *NUDGES, *judged.OF_CLASSES, PART, COST, LINES, "setting")
_PHASES = ", ".join(phase.name.lower() for phase in Phase)


@dataclass(frozen=True)
class Expression:
    """One number, by name.

    Attributes
    ----------
    text
        As it was written, without what stands after `@`.
    kind
        A key of `PLAIN`, `OF_VALUES`, `NUDGES` or `judged.OF_CLASSES`, or `part`, `cost`,
        `instructions` or `setting`.
    layer, name
        Which value, which setting, which cost, or which phase.
    entry
        Place in the value; empty for the only entry.
    to
        Of a part, the layer that the wire leads to.
    by
        Of a nudge, how far the number is moved.
    step
        Id of the step at whose end it is taken; empty for now.
    """

    text: str
    kind: str
    layer: str = ""
    name: str = ""
    entry: tuple[int, ...] = ()
    step: str = ""
    to: str = ""
    by: float = 0.0

    @property
    def key(self) -> str:
        """What the number is known by among others."""
        return f"{self.text}@{self.step}" if self.step else self.text


def parse_expression(text: str) -> Expression:
    """Read one name, such as `grad:hidden/weight[0, 1]` or `loss@first-update`.

    Raises
    ------
    ValueError
        It is none; the text says why.
    """
    whole, at, step = text.strip().partition("@")
    whole, step = whole.strip(), step.strip()
    if at and not _STEP.fullmatch(step):
        raise ValueError(f"after @ stands the id of a step, and '{step}' is none")
    kind, colon, rest = whole.partition(":")
    if not colon:
        if whole in PLAIN:
            return Expression(whole, whole, step=step)
        known = ", ".join([*PLAIN, *(f"{k}:…" for k in _COLON)])
        raise ValueError(f"'{whole}' is not a number that the app knows; it knows {known}")
    rest = rest.strip()
    if kind == "setting":
        if not _SETTING.fullmatch(rest):
            raise ValueError(f"'{rest}' is not a setting; write setup/batch_size or hidden/units")
        layer, _, name = rest.partition("/")
        return Expression(whole, kind, layer, name, step=step)
    if kind == COST:
        if rest not in measures.COSTS:
            raise ValueError(f"'{rest}' is not a cost; there are {', '.join(measures.COSTS)}")
        return Expression(whole, kind, name=rest, step=step)
    if kind == LINES:
        if rest.upper() not in Phase.__members__:
            raise ValueError(f"'{rest}' is not a phase; there are {_PHASES}")
        return Expression(whole, kind, name=rest.upper(), step=step)
    if kind in judged.OF_CLASSES:
        if not _CLASS.fullmatch(rest):
            raise ValueError(f"'{rest}' is not a class; write its name, or its number from 0")
        return Expression(whole, kind, name=rest, step=step)
    if kind not in _COLON:
        known = ", ".join(_COLON)
        raise ValueError(f"'{kind}:' is not known; before a colon stands one of {known}")
    found = _PATH.fullmatch(rest)
    # A part is of a wire, and a nudge goes a certain way; nothing else does either.
    wanted = (kind == PART, kind in NUDGES)
    if found is None or (found["to"] is not None, found["by"] is not None) != wanted:
        form = "layer > other" if kind == PART else "layer/name[row, column]"
        form += " by 0.1" if kind in NUDGES else ""
        raise ValueError(f"'{rest}' is not a value; write {form}")
    entry = tuple(int(i) for i in (found["entry"] or "").split(",") if i.strip())
    layer, name = found["layer"], found["name"] or ""
    return Expression(
        whole, kind, layer, name, entry, step, found["to"] or "", float(found["by"] or 0)
    )


def read(expression: Expression, network: Network, session: Session) -> float | None:
    """The number at the moment that the session stands at; None when it is not computed yet.

    The session is left as it is. What does not exist, such as an entry beyond a value's end, is
    None too.
    """
    match expression.kind:
        case "loss":
            return session.last_loss
        case "held_out_loss":
            return session.last_test.loss
        case "accuracy":
            return session.last_test.accuracy
        case "training_accuracy":
            return judged.training_accuracy(session)
        case "training_rows":
            return float(len(session.prepared.split.train))
        case "held_out_rows":
            return float(len(session.prepared.split.validation))
        case "recall" | "rows_of":
            return judged.of_class(expression.kind, expression.name, session)
        case "iteration":
            return float(session.completed)
        case "epoch":
            return float(session.epoch)
        case "rows":
            return float(len(session.rows))
        case "parameters":
            return float(sum(session.storage.view(p).size for p in session.program.parameters))
        case "setting":
            return setting_number(network, expression)
        case "instructions" if expression.name:
            phase = Phase[expression.name]
            return float(sum(instr.phase is phase for instr in session.program.instructions))
        case "instructions":
            return float(len(session.program.instructions))
        case "cost":
            return measures.cost(expression.name, session)
        case "probe":
            return _probe(expression, network, session)
    value = _find(expression, network, session)
    if value is None:
        return None
    learned = session.program.values[value].role is Role.PARAMETER
    match expression.kind:
        case "change" | "expected" | "gap" | "share" | "paths" if not learned:
            return None
        case "change" | "expected" | "gap":
            kind, by = expression.kind, expression.by
            return measures.nudged(kind, value, expression.entry, by, session)
        case "share":
            return measures.share(value, expression.entry, session)
        case "sources":
            return measures.sources(value, session)
        case "paths":
            return measures.ways(value, expression.entry, session)
        case "part":
            made = measures.part(value, expression.layer, expression.to, network, session)
            array = None if made is None else _array(session, made)
            return None if array is None else _number(expression, array)
    if expression.kind in ("grad", "gradnorm"):
        gradient = session.program.gradients.get(value)
        if gradient is None:
            return None
        value = gradient
    array = _next(session, value) if expression.kind == "next" else _array(session, value)
    return None if array is None else _number(expression, array)


def setting_number(network: Network, expression: Expression) -> float | None:
    """A setting that is a number; None when there is none such."""
    value = setting(network, f"{expression.layer}/{expression.name}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def setting(network: Network, path: str) -> object:
    """A setting by its path: `setup/batch_size`, `optimizer/learning_rate`, `hidden/units`.

    `optimizer`, `schedule` and a layer's name alone give the type's id, `setup/dataset` the data
    set's. None when there is none such.
    """
    owner, _, name = path.partition("/")
    node = network.named(owner)
    specs = {
        "setup": network.setup,
        "optimizer": network.setup.optimizer,
        "schedule": network.setup.schedule,
    }
    spec = specs.get(owner) if node is None else node.spec
    if spec is None:
        return None
    if not name:
        return spec.info.id
    if spec is network.setup and name == "dataset":
        return network.setup.dataset
    if spec is network.setup and name.startswith(data_settings.PATH):
        return data_settings.read(network.setup, name.removeprefix(data_settings.PATH))
    if node is not None and name == "frozen":
        return node.frozen
    return getattr(spec, name) if name in {f.name for f in spec.fields()} else None


def locate(expression: Expression, network: Network, session: Session) -> int | None:
    """Id of the program's value that an expression is about; None when there is none."""
    return _find(expression, network, session)


def _find(expression: Expression, network: Network, session: Session) -> int | None:
    program = session.program
    if expression.layer == TARGET:
        return _input(session, Source.TARGETS, None)
    node = network.named(expression.layer)
    if node is None:
        return None
    if expression.name:
        for value in program.values:
            owner = node.weights if value.role in KEPT else node.id
            if value.name == expression.name and value.node == owner and value.of is None:
                return value.id
        return None
    if isinstance(node.spec, Input):
        return _input(session, Source.FEATURES, node)
    for instr in reversed(program.instructions):
        if instr.node == node.id and instr.phase in (Phase.FORWARD, Phase.LOSS):
            return instr.outputs[0]
    # A parameter on its own computes nothing: what it gives is what it keeps.
    kept = (v.id for v in program.parameters if v.node == node.weights)
    return next(kept, None)


def _input(session: Session, source: Source, node: Node | None) -> int | None:
    """The value that the data fill: the features that an Input takes, or the targets."""
    for feed in session.lowered.feeds:
        if feed.source is not source or feed.name not in session.program.inputs:
            continue
        spec = None if node is None else node.spec
        first = feed.columns[0] + 1 if feed.columns is not None else 1
        if not isinstance(spec, Input) or spec.first == first:
            return session.program.inputs[feed.name]
    return None


def _array(session: Session, value: int) -> Array | None:
    """The value as it is at the cursor."""
    program = session.program
    if program.values[value].role in KEPT:
        return session.machine.array(value)
    if program.producer.get(value, session.cursor.index) >= session.cursor.index:
        return None
    return session.machine.array(value)


def _probe(expression: Expression, network: Network, session: Session) -> float | None:
    """The linear probe of a layer on held-out rows, as the panel Representations has it."""
    node = network.named(expression.layer)
    found = representations(network, {}, None, session).layers
    scores = (layer.probe for layer in found if node is not None and layer.node == node.id)
    score = next(scores, math.nan)
    return score if math.isfinite(score) else None


def _next(session: Session, value: int) -> Array | None:
    """A parameter as this iteration's update will leave it."""
    if session.program.values[value].role is not Role.PARAMETER:
        return None
    length = len(session.program.instructions)
    if session.cursor.index == length:
        return session.machine.array(value)
    machine: Machine = session.rerun(length)
    return machine.array(value)


def _number(expression: Expression, array: Array) -> float | None:
    if expression.kind in ("norm", "gradnorm"):
        with np.errstate(all="ignore"):
            return float(np.linalg.norm(array.astype(np.float64)))
    if expression.kind == "zeros":
        return float(np.mean(array == 0))
    entry = expression.entry
    if not entry:
        # The only entry; of several rows, a batch's first is as good as any where all are alike.
        entry = (0,) * array.ndim
        if math.prod(array.shape[1:] if array.ndim > 1 else array.shape) != 1:
            return None
    fits = len(entry) == array.ndim and all(
        0 <= place < size for place, size in zip(entry, array.shape, strict=True)
    )
    return float(array[entry]) if fits else None
