"""What can be done in the app, as data: the lines of a solution.

Each line is a table whose first key says what is done: `{step = "phase", times = 2}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

import msgspec
import numpy as np

from backprop_studio import data
from backprop_studio.data import corruptions, drawing, own
from backprop_studio.errors import EditError
from backprop_studio.lessons import data_settings
from backprop_studio.network import Network, edits
from backprop_studio.nn import nodes, optimizers, schedules

Size = Literal["element", "op", "layer", "phase", "batch", "epoch"]
PhaseName = Literal["data", "forward", "loss", "backward", "update"]
Plain = bool | int | float | str


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that is done."""

    said: ClassVar[object] = None
    """What is said to a question, where it is an answer."""

    def edit(self, network: Network) -> Network:
        """The network after it; the same when it does not edit the network.

        Raises
        ------
        EditError
            The edit is not possible.
        """
        return network


class StepOn(Action, frozen=True, kw_only=True):
    """Step forwards."""

    step: Size
    times: int = 1


class StepBack(Action, frozen=True, kw_only=True):
    """Step backwards."""

    back: Size
    times: int = 1


class Epochs(Action, frozen=True, kw_only=True):
    """Train for so many passes over the data."""

    epochs: int


class Seek(Action, frozen=True, kw_only=True):
    """Go to the moment after so many finished iterations."""

    seek: int


class Restart(Action, frozen=True, kw_only=True):
    """Begin again with the same first weights."""

    restart: Literal[True]


class BranchOff(Action, frozen=True, kw_only=True):
    """Start another branch here."""

    branch: Literal[True]


class SetNumber(Action, frozen=True, kw_only=True):
    """Put a number in by hand: `{number = "hidden/weight[0, 1]", to = 0.5}`."""

    number: str
    to: float


class Open(Action, frozen=True, kw_only=True):
    """Open a panel, or what else a check `opened` looks at."""

    open: str


class Close(Action, frozen=True, kw_only=True):
    """Close a panel."""

    close: str


class SetBreakpoint(Action, frozen=True, kw_only=True):
    """Stop before a phase from now on."""

    breakpoint: PhaseName


class CheckGradients(Action, frozen=True, kw_only=True):
    """Run the gradient check."""

    gradient_check: Literal[True]


class Predict(Action, frozen=True, kw_only=True):
    """Say a prediction of this step."""

    predict: str
    say: float | str
    confidence: int = 90

    @property
    def said(self) -> object:  # type: ignore[override]
        """What is said."""
        return self.say


class AnswerTo(Action, frozen=True, kw_only=True):
    """Answer a question of this step: a number, or the place of an option, from 1."""

    answer: str
    say: float | str

    @property
    def said(self) -> object:  # type: ignore[override]
        """What is said."""
        return self.say


class SetSetting(Action, frozen=True, kw_only=True):
    """Change a setting: `{set = "optimizer/learning_rate", to = 0.1}`.

    `optimizer`, `schedule` and a layer alone change the type, and all its settings take their
    defaults, as in the form; a layer stays where it is, and keeps its wires. Another
    data set comes as when it is chosen by hand, with the scaling that suits it.
    """

    set: str
    to: Plain | list[float]

    def edit(self, network: Network) -> Network:
        """As in `Action`."""
        owner, _, name = self.set.partition("/")
        setup = network.setup
        if owner == "setup":
            if name == "dataset":
                return edits.set_setup(network, setup.for_dataset(str(self.to)))
            if name.startswith(data_settings.PATH):
                path = name.removeprefix(data_settings.PATH)
                return edits.set_setup(network, data_settings.change(setup, path, self.to))
            known = {f.name: f for f in setup.fields()}
            if name not in known or not known[name].fits_type(self.to):
                raise EditError("lesson-no-setting", name=self.set)
            value: Any = known[name].from_plain(self.to)
            return edits.set_setup(network, replace(setup, **{name: value}))
        if owner == "optimizer":
            optimizer = setup.optimizer
            if name:
                made = type(optimizer).from_config({**optimizer.config(), name: self.to})
            else:
                kind = _known(optimizers(), self.to)
                made = kind()
            return edits.set_setup(network, replace(setup, optimizer=made))
        if owner == "schedule":
            schedule = setup.schedule
            changed_schedule = (
                type(schedule).from_config({**schedule.config(), name: self.to})
                if name
                else _known(schedules(), self.to)()
            )
            return edits.set_setup(network, replace(setup, schedule=changed_schedule))
        node = network.node(_id(network, owner))
        if not name:
            return edits.set_spec(network, node.id, _known(nodes(), self.to)())
        if name == "frozen":
            return edits.freeze(network, node.id, bool(self.to))
        spec = type(node.spec).from_config({**node.spec.config(), name: self.to})
        return edits.set_spec(network, node.id, spec)


class Spoil(Action, frozen=True, kw_only=True):
    """Add a corruption to the data: `{spoil = "label_noise", settings = {share = 0.4}}`.

    One of its kind that is there already is replaced.
    """

    spoil: str
    settings: dict[str, Plain] = {}

    def edit(self, network: Network) -> Network:
        """As in `Action`."""
        kind = _known(corruptions(), self.spoil)
        setup = network.setup
        usual = kind.fitting(data.load(setup.dataset, setup.data.options))
        made = kind.from_config({**usual.config(), **self.settings})
        return edits.set_setup(network, data_settings.spoil(setup, made))


class Mend(Action, frozen=True, kw_only=True):
    """Take a corruption out of the data, or `all` of them: `{mend = "all"}`."""

    mend: str

    def edit(self, network: Network) -> Network:
        """As in `Action`."""
        return edits.set_setup(network, data_settings.mend(network.setup, self.mend))


class Draw(Action, frozen=True, kw_only=True):
    """Draw the data: `{draw = [[0.5, -0.2, 0], …]}`, the place and the class of each point."""

    draw: list[tuple[float, float, int]]

    def edit(self, network: Network) -> Network:
        """As in `Action`."""
        classes = max((int(label) for _, _, label in self.draw), default=0) + 1
        made = drawing.empty(max(classes, drawing.MIN_CLASSES))
        for x, y, label in self.draw:
            made = drawing.add(made, np.array([x, y], np.float32), label)
        dataset = own.keep(drawing.to_dataset(made)).id
        return edits.set_setup(network, network.setup.for_dataset(dataset))


class AddLayer(Action, frozen=True, kw_only=True):
    """Add a layer, in a wire or on its own: `{add = "tanh", after = "hidden"}`.

    With `after`, it goes into the wire that leads from that layer on.
    """

    add: str
    name: str = ""
    after: str = ""
    settings: dict[str, Plain] = {}

    def edit(self, network: Network) -> Network:
        """As in `Action`."""
        spec = _known(nodes(), self.add).from_config(self.settings)
        last = max((n.x for n in network.nodes), default=0.0)
        if self.after:
            before = network.node(_id(network, self.after))
            network, new = edits.add_node(network, spec, before.x + 95.0, before.y + 90.0)
            wires = network.outgoing(before.id)
            if wires:
                network = edits.insert_into(network, new, wires[0])
            else:
                network = edits.connect(network, before.id, new)
        else:
            network, new = edits.add_node(network, spec, last + 190.0, 0.0)
        return edits.rename(network, new, self.name) if self.name else network


class RemoveLayer(Action, frozen=True, kw_only=True):
    """Delete a layer; with `bridge`, what came in is wired to where it led."""

    remove: str
    bridge: bool = False

    def edit(self, network: Network) -> Network:
        """As in `Action`."""
        node = _id(network, self.remove)
        came, led = network.incoming(node).get(0), network.outgoing(node)
        without = edits.remove(network, (node,))
        if self.bridge and came is not None:
            for wire in led:
                without = edits.connect(without, came.source, wire.target, wire.port)
        return without


class Wire(Action, frozen=True, kw_only=True):
    """Draw a wire: `{wire = ["hidden", "output"]}`."""

    wire: tuple[str, str]
    port: int = 0

    def edit(self, network: Network) -> Network:
        """As in `Action`."""
        source, target = (_id(network, name) for name in self.wire)
        return edits.connect(network, source, target, self.port)


class Unwire(Action, frozen=True, kw_only=True):
    """Delete the wires between two layers."""

    unwire: tuple[str, str]

    def edit(self, network: Network) -> Network:
        """As in `Action`."""
        source, target = (_id(network, name) for name in self.unwire)
        cut = [w for w in network.wires if (w.source, w.target) == (source, target)]
        if not cut:
            raise EditError("lesson-no-wire", source=self.unwire[0], target=self.unwire[1])
        return edits.remove(network, wires=cut)


ACTIONS: Mapping[str, type[Action]] = {
    msgspec.structs.fields(kind)[0].name: kind
    for kind in (
        StepOn, StepBack, Epochs, Seek, Restart, BranchOff, SetNumber, Open, Close,
        SetBreakpoint, CheckGradients, Predict, AnswerTo, SetSetting, Spoil, Mend, Draw, AddLayer,
        RemoveLayer, Wire, Unwire,
    )
}  # fmt: skip
"""Every action by its first key."""

MOST = 100_000
"""Steps and epochs that one line may ask for."""


def action(table: Mapping[str, Any]) -> Action:
    """An action from its table.

    Raises
    ------
    ValueError
        It is none; the text says why.
    """
    named = [key for key in table if key in ACTIONS]
    if not named:
        raise ValueError(f"no action in {sorted(table)}; an action is one of {', '.join(ACTIONS)}")
    # `{predict = …, say = …}`: a key of one action may be the name of another.
    kind = ACTIONS[next(iter(table)) if next(iter(table)) in ACTIONS else named[0]]
    made = msgspec.convert(dict(table), type=kind, strict=True)
    for key in ("times", "epochs"):
        if not 1 <= getattr(made, key, 1) <= MOST:
            raise ValueError(f"{key} must be from 1 to {MOST:,}")
    return made


def set_at_once(network: Network, actions: Iterable[Action]) -> tuple[Network, tuple[Action, ...]]:
    """The network after all edits among some actions, and the actions that are none.

    Raises
    ------
    EditError
        An edit is not possible.
    """
    rest = []
    for act in actions:
        if type(act).edit is Action.edit:
            rest.append(act)
        else:
            network = act.edit(network)
    return network, tuple(rest)


def _known(registry: Mapping[str, Any], key: object) -> Any:
    if key not in registry:
        raise EditError("lesson-no-type", type=key, known=", ".join(registry))
    return registry[str(key)]


def _id(network: Network, name: str) -> str:
    node = network.named(name)
    if node is None:
        raise EditError("lesson-no-layer", name=name)
    return node.id
