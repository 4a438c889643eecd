"""What can go wrong, as values: diagnostics about a document and errors of an action.

Code outside the window never writes sentences for people. It names a code and its parameters;
the English sentence of each code stands in `MESSAGES`, in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        # The network.
        "network-empty": "The canvas is empty. Drag an Input layer onto it to begin.",
        "nodes-many": "There are {count} layers; a project holds at most {limit}.",
        "network-full": "A project holds at most {limit} layers. Delete one first.",
        "input-missing": "There is no Input layer, so no data can enter the network. Add one.",
        "loss-missing": "There is no loss, so nothing says what is wrong. Add a loss at the end.",
        "cycle": "These layers feed each other in a circle: {path}. Remove one of the wires.",
        "port-unconnected": "'{name}' has nothing wired into it. Drag a wire to its left port.",
        "ports-unconnected": (
            "'{name}' has {wired} of its {count} inputs wired. Drag a wire to every left port."
        ),
        "node-unused": "The output of '{name}' leads nowhere. Wire it on, or delete it.",
        "port-taken": "'{name}' already has a wire into this port. Remove that wire first.",
        "ports-taken": (
            "Each input of '{name}' has a wire. Delete the one that is to give way, or drop the "
            "new one onto its port."
        ),
        "wire-self": "'{name}' cannot be wired to itself.",
        "wire-exists": "'{source}' is already wired to '{target}'.",
        "wire-no-output": "'{name}' has no output to wire from.",
        "wire-no-input": "'{name}' has no input to wire to.",
        "wire-cycle": "Wiring '{source}' to '{target}' would make a circle.",
        "layer-unknown": "The layer type '{layer}' is not known here; it is kept as it is.",
        "name-empty": "A layer needs a name.",
        "name-taken": "Another layer is already called '{name}'.",
        "name-invalid": "'{name}' cannot be a layer name: use letters, digits, '_', '-' or '.'.",
        "marks-full": "A project holds at most {limit} notes, as many arrows and as many groups.",
        "note-long": "A note holds at most {limit} characters.",
        "group-empty": "Select the layers and notes that belong together first.",
        "group-deep": "At most {limit} groups can stand in each other.",
        "group-nameless": "A group needs a name.",
        "group-name": "The name of a group has at most {limit} characters, all of them visible.",
        "align-few": "Select two layers or notes to align, or more.",
        "distribute-few": "Select three layers or notes to distribute, or more.",
        "field-range": "{field} of '{name}' is {value}; it must be {allowed}.",
        "field-range-memory": (
            "{field} of '{name}' is {value}; it must be {allowed}. "
            "As it is, it would need about {need} of memory."
        ),
        "field-type": "{field} of '{name}' is {value}; it must be {allowed}.",
        "field-unknown": "'{name}' has no setting called '{field}'.",
        "shape-mismatch": "'{name}' expects {expected} but gets {got}.",
        "shapes-differ": (
            "'{name}' needs two inputs of the same shape, or of size 1 where they differ, but gets "
            "{first} and {second}."
        ),
        "shapes-differ-beside": (
            "'{name}' joins along axis {axis} (the batch is axis 0), so all other sizes must be "
            "the same, but it gets {first} and {second}."
        ),
        "formula-empty": "{field} of '{name}' is empty. Allowed: {allowed}.",
        "formula-long": "{field} of '{name}' is longer than {limit} characters.",
        "formula-deep": (
            "{field} of '{name}' cannot be read at character {position}: its parts stand more "
            "than {limit} deep in each other."
        ),
        "formula-character": (
            "{field} of '{name}' cannot be read at character {position}, '{found}'. "
            "Allowed: {allowed}."
        ),
        "formula-power": (
            "{field} of '{name}' cannot be read at character {position}, '^': a power is written "
            "with **. Allowed: {allowed}."
        ),
        "formula-word": (
            "{field} of '{name}' cannot be read at character {position}: '{found}' is not known. "
            "Allowed: {allowed}."
        ),
        "formula-call": (
            "{field} of '{name}' cannot be read at character {position}: '{found}' takes {count} "
            "argument(s) in brackets. Allowed: {allowed}."
        ),
        "formula-product": (
            "{field} of '{name}' cannot be read at character {position}: between '{first}' and "
            "'{second}' a sign is missing; a product is written with *. Allowed: {allowed}."
        ),
        "formula-syntax": (
            "{field} of '{name}' cannot be read at character {position}: something is missing or "
            "too much there. Allowed: {allowed}."
        ),
        "formula-number": (
            "{field} of '{name}' has a number at character {position} that is larger than {limit}."
        ),
        "formula-exponent": (
            "{field} of '{name}' has an exponent at character {position} that is larger than "
            "{limit:g}."
        ),
        "formula-infinite": (
            "{field} of '{name}' has a part at character {position} that is infinite or no number."
        ),
        "class-weights": (
            "'{name}' has {count} class weights, but there are {classes} classes; give one for "
            "each, or none."
        ),
        "weights-differ": (
            "'{name}' shares its weights with another layer, but would need '{part}' of shape "
            "{got}; the shared one is {expected}. Give it weights of its own, or the same sizes."
        ),
        "weights-listed": (
            "'{name}' lists {count} first numbers, but has {needed} weights and {biases} biases; "
            "list all weights, or all weights and biases."
        ),
        "weights-unlike": (
            "'{name}' cannot share the weights of '{other}': they are layers of different types."
        ),
        "columns-missing": (
            "'{name}' takes columns {first} to {last}, but the data set '{dataset}' has {count}."
        ),
        "target-features": (
            "'{name}' compares with the features of the data set, {expected} in a row, but gets "
            "{got}."
        ),
        "target-mismatch": "'{name}' compares with targets of shape {expected} but gets {got}.",
        "target-kind": "'{name}' needs {expected}, and the data set '{dataset}' has {got}.",
        "class-range": (
            "'{name}' knows {count} classes, numbered 0 to {last}, but row {row} holds {value}."
        ),
        "token-range": (
            "'{name}' knows {count} tokens, numbered 0 to {last}, but the data hold {value}."
        ),
        "image-missing": (
            "'{name}' cannot give pictures: the rows of the data set '{dataset}' are none. "
            "Set its shape to rows."
        ),
        "parameters-none": "No layer here has weights, so there is nothing to learn.",
        "parameters-frozen": "All layers with weights are frozen, so nothing can be learned.",
        "network-too-large": "The network needs about {need} of memory; the limit is {limit}.",
        # Data and training set-up.
        "data-preparing": ("The data are not ready yet: preparing this many rows takes a moment."),
        "dataset-missing": "No data set is chosen. Pick one under Training set-up.",
        "dataset-unknown": "There is no data set called '{name}'. Known: {known}.",
        "dataset-invalid": "The data set '{name}' cannot be used: {reason}.",
        "dataset-options": "The options of the data set '{name}' cannot be used: {reason}.",
        "scaling-tokens": (
            "The features of '{dataset}' are tokens, which measure nothing and cannot be scaled. "
            "Set scaling to none."
        ),
        "corruption-misfit": "'{name}' does not fit the data set '{dataset}': {reason}.",
        "corruption-unsound": "'{name}' cannot be used: {reason}.",
        "dataset-own-missing": (
            "The project's own data are not here. Import them again: File, Import data."
        ),
        "batch-too-large": (
            "The batch size is {batch}, more than there are rows to train on ({rows})."
        ),
        "batch-alone": (
            "'{name}' needs batches of at least {needed} rows here: alone, a row is its own mean, "
            "and nothing of it is left. The batch size is {batch}."
        ),
        "setup-range": "{field} is {value}; it must be {allowed}.",
        "rate-large": "A learning rate of {value} is very large; the loss will probably blow up.",
        # Running.
        "non-finite": (
            "Training stopped at iteration {iteration}: {op} of {name} gave {what}. "
            "The last good weights are kept."
        ),
        "run-long": (
            "Training has paused after {count} iterations in one go, so that it does not fill the "
            "memory while nobody looks. Press Run to go on."
        ),
        "not-trainable": "This network cannot be trained yet: {reason}",
        "edit-not-computed": "This value is not computed yet. Step forward until it is.",
        "no-bug": (
            "No bug can be planted in this network: it needs a layer with weights and an "
            "optimizer that uses gradients."
        ),
        "no-worksheet": "No error signal comes back to this layer, so there is nothing to compute.",
        "no-such-row": "There is no row {row}: counted from 0, the batch ends before row {rows}.",
        "paths-too-many": (
            "Too many numbers lie on the way to the loss to follow each of them: {numbers} were "
            "not all. Take a smaller network, or a weight nearer to the loss."
        ),
        "edit-no-entry": "The value has no entry {entry}.",
        "edit-not-finite": "Only a finite number within the precision can be put in.",
        "edit-not-whole": "Here only a whole number can stand; got {number}.",
        "branch-gone": "This branch does not exist any more.",
        "branch-active": "The branch that goes on cannot be dropped. Switch to another one first.",
        "branch-name-empty": "A branch needs a name.",
        "branch-name-taken": "Another branch is already called '{name}'.",
        "branches-full": (
            "There is no room for another branch: drop one, or give the journal more memory. "
            "With {count} of them it would take {need}, and it may have {budget}."
        ),
        "journal-over": (
            "{count} branches keep {take} even so, more than {budget}: what each began with, where "
            "it is now, and its curves. Drop one to free more."
        ),
        "worker-failed": "Training stopped because of an unexpected error: {reason}",
        # Files.
        "file-missing": "There is no file '{path}'.",
        "file-not-regular": "'{path}' is not an ordinary file.",
        "file-unreadable": "'{path}' cannot be read: {reason}.",
        "file-unwritable": "'{path}' cannot be written: {reason}. Nothing was changed.",
        "file-unconfirmed": (
            "'{path}' was written, but the system could not confirm that it is safely on the "
            "disk: {reason}."
        ),
        "file-too-large": "'{path}' is {size}; the limit is {limit}.",
        "project-corrupt": "'{path}' is not a sound project file: {reason}.",
        "project-unsavable": "The project cannot be saved to '{path}': {reason}.",
        "project-newer": (
            "'{path}' was made by a newer Backprop Studio (format {found}; this one reads up to "
            "{known}). Update the program to open it."
        ),
        "export-unknown": "Cannot export to '{path}': the ending must be one of {known}.",
        "data-unsound": "The settings of the data are out of range.",
        "export-scaling": (
            "The network was trained on scaled data, and how they were scaled cannot be told, so "
            "the weights would be of no use: {reason}."
        ),
        "export-no-weights": "There are no weights to export.",
        "weights-unknown": "Weights cannot be read from '{path}': its ending must be {known}.",
        "weights-none": "No weight in '{path}' fits one of the network: {reason}.",
        # Own data from files.
        "import-unknown": (
            "'{path}' is of no kind that can be imported. Known: {known}, or a folder of pictures."
            "{hint}"
        ),
        "import-file": "'{path}' cannot be imported: {reason}.",
        "import-row": "'{path}', row {row}: {reason}.",
        "import-cell": "'{path}', row {row}, column '{column}': {reason}.",
        "import-column": "'{path}', column '{column}': {reason}.",
        "import-picture": "The picture '{path}' cannot be imported: {reason}.",
        "import-array": "'{path}', array '{array}': {reason}.",
        "import-rare": "Classes with a single row: {names} ({count}).",
        "import-alike": "Classes that differ in capital letters only: {names}.",
        "import-constant": "Features that are the same in every row: {names} ({count}).",
        "import-mixed": (
            "Column {name} is read as categories, not as numbers, because of {cell} in row {row}."
        ),
        "import-dropped": (
            "Rows left out because a cell is missing: {count}, the first of them row {row}."
        ),
        "import-filled": "Missing cells of {name} that are given the mean of the others: {count}.",
        "import-skipped": "Files left out because they are no pictures: {count}, such as {name}.",
        "import-nested": (
            "Folders within the folder of a class, not looked into: {count}, such as {name}."
        ),
        "import-grey": "The pictures are in colour; a data set holds shades of grey.",
        # Lessons.
        "lesson-invalid": "'{path}' is not a sound lesson. Line {line}: {reason}.",
        "lesson-unknown": "There is no lesson called '{name}' in this program. Name its "
        "folder: --lesson FOLDER.",
        "lesson-action": "This step of the lesson cannot be done: {reason}.",
        "lesson-said": "'{said}' is no answer to the question '{question}'.",
        "lesson-no-layer": "There is no layer called '{name}'.",
        "lesson-no-type": "There is no type '{type}'. Known: {known}.",
        "lesson-no-wire": "There is no wire from '{source}' to '{target}'.",
        "lesson-no-setting": "'{name}' is not a setting that takes this value.",
        "evidence-corrupt": "'{path}' is not a sound evidence file: {reason}.",
        # Command line.
        "argument-invalid": "{argument} is {value}; it must be {allowed}.",
        "no-display": (
            "no display found, so the window cannot open; to train without one: "
            "{command} train PROJECT.bps --epochs 20 --export weights.safetensors"
        ),
    }
)


class Severity(StrEnum):
    """How much a diagnostic matters: an error forbids training, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


def message(code: str, params: Mapping[str, object]) -> str:
    """The English sentence of `code` with `params` filled in.

    Raises
    ------
    KeyError
        The code is not in the catalogue, or a parameter is missing.
    """
    return MESSAGES[code].format(**params)


@dataclass(frozen=True)
class Diagnostic:
    """One expected problem of a document, shown on the node that causes it.

    Attributes
    ----------
    code
        Key of `MESSAGES`.
    params
        What the sentence needs: names, values, both shapes.
    severity
        Whether training is forbidden.
    node
        Id of the node at fault; None when the whole network or its set-up is.
    field
        Setting at fault, if one is.
    """

    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    severity: Severity = Severity.ERROR
    node: str | None = None
    field: str | None = None

    @property
    def text(self) -> str:
        """The problem as one English sentence or two."""
        return message(self.code, self.params)


class StudioError(Exception):
    """An action that could not be done, with a code, parameters and a sentence for people."""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(message(code, params))


class ProjectError(StudioError):
    """A project file could not be read or written."""


class ExportError(StudioError):
    """Weights could not be exported."""


class EditError(StudioError):
    """An edit of the network is not possible; the network stays as it was."""


class FormulaError(StudioError):
    """A formula that was typed cannot be read."""


class DataError(StudioError):
    """Data hold a value that the network cannot take."""


class ImportDataError(StudioError):
    """A file or a folder cannot be made a data set."""


class ShapeError(StudioError):
    """A layer or op was given inputs of shapes that it cannot take."""

    @classmethod
    def of(
        cls, name: str, expected: str | tuple[object, ...], got: str | tuple[object, ...]
    ) -> ShapeError:
        """`name` expects one shape and got another; tuples are written like `N×64`."""
        return cls("shape-mismatch", name=name, expected=_write(expected), got=_write(got))

    @classmethod
    def differ(
        cls,
        name: str,
        first: tuple[object, ...],
        second: tuple[object, ...],
        *,
        axis: int | None = None,
    ) -> ShapeError:
        """The two inputs of `name` must have the same shape, save along `axis`, and have not."""
        shapes = {"first": _write(first), "second": _write(second)}
        if axis is None:
            return cls("shapes-differ", name=name, **shapes)
        return cls("shapes-differ-beside", name=name, axis=axis, **shapes)

    @classmethod
    def shared(cls, part: str, got: tuple[object, ...], kept: tuple[object, ...]) -> ShapeError:
        """A layer needs `part` of one shape, and the weights that it shares have another."""
        return cls(
            "weights-differ", name="layer", part=part, got=_write(got), expected=_write(kept)
        )


def _write(shape: str | tuple[object, ...]) -> str:
    if isinstance(shape, str):
        return shape
    return "×".join(str(d) for d in shape) if shape else "scalar"
