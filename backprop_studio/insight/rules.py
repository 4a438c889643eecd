"""Same gradient, different rule: backpropagation says how the loss changes, not what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from backprop_studio.autograd import Array, Phase
from backprop_studio.training import Session


class Rule(StrEnum):
    """What to do with a gradient."""

    NOTHING = "nothing"
    ASCENT = "ascent"
    DESCENT = "descent"
    SIGN = "sign"
    MOMENTUM = "momentum"
    ADAM = "adam"
    RANDOM = "random"


@dataclass(frozen=True)
class Trial:
    """One rule on one batch.

    Attributes
    ----------
    rule
        What was done with the gradient.
    losses
        Of the batch, before the first step and after each.
    """

    rule: Rule
    losses: tuple[float, ...]


Move = Callable[[Array], Array]
"""From a gradient to what is added to the parameters; it may remember earlier ones."""


def try_rules(rate: float, steps: int, frozen: bool, session: Session) -> tuple[Trial, ...]:
    """Let every rule loose on the current batch, each from the parameters as they are now.

    Parameters
    ----------
    rate
        Learning rate of all rules.
    steps
        How many steps each takes.
    frozen
        Whether all steps use the gradient of the first one; else each computes its own.
    session
        The run; it is left as it is.
    """
    machine = session.precise()
    program = machine.program
    trained = [v for v in program.parameters if v.id in program.gradients]
    arrays = [machine.writable(v) for v in trained]
    bounds = np.cumsum([a.size for a in arrays])[:-1]
    start, back = program.start_of(Phase.FORWARD), program.start_of(Phase.BACKWARD)
    update = program.start_of(Phase.UPDATE)
    saved = machine.storage.save()
    trials = []
    with np.errstate(all="ignore"):
        for rule, make in _MOVES.items():
            machine.storage.restore(saved)
            machine.run(0, update)
            move, losses = make(rate), [machine.loss()]
            for step in range(steps):
                if step == 0 or not frozen:
                    machine.run(back, update)
                    slopes = [machine.array(program.gradients[v.id]).reshape(-1) for v in trained]
                    gradient = np.concatenate(slopes) if slopes else np.empty(0)
                change = move(gradient)
                for array, part in zip(arrays, np.split(change, bounds), strict=False):
                    array += part.reshape(array.shape)
                machine.run(start, back)
                losses.append(machine.loss())
            trials.append(Trial(rule, tuple(losses)))
    return tuple(trials)


def _nothing(rate: float) -> Move:
    return np.zeros_like


def _ascent(rate: float) -> Move:
    return lambda g: rate * g


def _descent(rate: float) -> Move:
    return lambda g: -rate * g


def _sign(rate: float) -> Move:
    """Bernstein and others, "signSGD", 2018."""
    return lambda g: -rate * np.sign(g)


def _momentum(rate: float) -> Move:
    """Polyak's heavy ball, 1964, with a factor of 0.9."""
    speed: list[Array] = []

    def move(g: Array) -> Array:
        speed[:] = [g + 0.9 * speed[0] if speed else g.copy()]
        return -rate * speed[0]

    return move


def _adam(rate: float) -> Move:
    """Kingma and Ba, "Adam", 2015, with the factors of the paper."""
    means: list[Array] = []
    count = 0

    def move(g: Array) -> Array:
        nonlocal count
        count += 1
        first, second = means or (np.zeros_like(g), np.zeros_like(g))
        first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g * g
        means[:] = [first, second]
        m, v = first / (1 - 0.9**count), second / (1 - 0.999**count)
        return -rate * m / (np.sqrt(v) + 1e-8)

    return move


def _random(rate: float) -> Move:
    """As far as descent goes, in a direction by chance."""
    rng = np.random.default_rng(0)

    def move(g: Array) -> Array:
        direction: Array = rng.standard_normal(g.size)
        length = np.linalg.norm(direction)
        if length:
            direction *= rate * float(np.linalg.norm(g) / length)
        return direction

    return move


_MOVES: Mapping[Rule, Callable[[float], Move]] = {
    Rule.NOTHING: _nothing,
    Rule.ASCENT: _ascent,
    Rule.DESCENT: _descent,
    Rule.SIGN: _sign,
    Rule.MOMENTUM: _momentum,
    Rule.ADAM: _adam,
    Rule.RANDOM: _random,
}
