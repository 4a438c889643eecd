"""Sit inside every kind of layer by hand: each usual mistake, typed in, has its own hint."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hands import Desk, missing_tools

from backprop_studio import nn, project
from backprop_studio.network import Network, Node, TrainingSetup, Wire

pytestmark = [
    pytest.mark.skipif(bool(missing_tools()), reason=f"needs {', '.join(missing_tools())}"),
    pytest.mark.timeout(120),
]
Tables = dict[str, np.ndarray]
Answer = Callable[[Tables, tuple[int, int]], float]


def _network() -> Network:
    """A tanh whose output forks, a product of both ways, the larger of it and one way, squares."""

    def node(name: str, layer: str, x: float, y: float, **config: object) -> Node:
        return Node(name, name, nn.nodes()[layer].from_config(config), x, y)

    return Network(
        (
            node("input", "input", 0, 0), node("dense", "dense", 170, 0, units=12),
            node("tanh", "tanh", 340, 0), node("left", "dense", 510, -90, units=10),
            node("right", "dense", 510, 90, units=10), node("product", "multiply", 680, 0),
            node("larger", "maximum", 850, 0), node("loss", "mse", 1020, 0),
        ),
        (
            Wire("input", "dense"), Wire("dense", "tanh"), Wire("tanh", "left"),
            Wire("tanh", "right"), Wire("left", "product", 0), Wire("right", "product", 1),
            Wire("product", "larger", 0), Wire("left", "larger", 1), Wire("larger", "loss"),
        ),
        TrainingSetup("digits", batch_size=16),
    )  # fmt: skip


def _tables(person: Desk) -> Tables:
    """The numbers that the worksheet gives."""
    (text,) = (line for line in person.hear("inside", "<th") if "<th" in line)
    names = re.findall(r"<th[^>]*>(.*?)</th>", text)
    found = {}
    for name, grid in zip(names, text.split("<table cellspacing")[1:], strict=True):
        rows = re.findall(r"<tr>(.*?)</tr>", grid.split("</table>")[0])
        found[name] = np.array(
            [[float(x) for x in re.findall(r">([^<]+)</td>", row)] for row in rows]
        )
    return found


def _sit(person: Desk, node: str, first: str) -> Tables:
    person.click(person.see("node", node))
    person.key("ctrl+6")
    person.wait(f"{node} is sat in", lambda s: s["focus"] == node)
    person.hear("inside", f"{first} =")
    return _tables(person)


def _type(person: Desk, name: str, number: float, words: str) -> None:
    person.click(person.see("row", "inside", name))
    person.press("Your answer", "inside")
    person.key("ctrl+a")
    person.type(f"{number:.6g}")
    person.key("Return")
    person.hear("inside", words)


def _place(tables: Tables, right: Answer, wrong: list[Answer]) -> tuple[int, int]:
    """Where the wrong answers are farthest from the right one and from each other."""

    def apart(place: tuple[int, int]) -> float:
        numbers = [answer(tables, place) for answer in (right, *wrong)]
        gaps = [
            abs(a - b) / (abs(a) + abs(b) + 1e-30)
            for k, a in enumerate(numbers)
            for b in numbers[:k]
        ]
        return min(gaps)

    return max(((i, j) for i in range(2) for j in range(2)), key=apart)


def _try(
    person: Desk, name: str, tables: Tables, right: Answer, *wrong: tuple[Answer, str]
) -> None:
    """Type in each mistake, and see its hint; then what is right."""
    answers = [answer for answer, _ in wrong]
    at = _place(tables, right, answers)
    title = f"{name}[{at[0]}, {at[1]}]"
    for answer, words in wrong:
        _type(person, title, answer(tables, at), words)
    _type(person, title, right(tables, at), f"{title}: right.")


def test_that_each_usual_mistake_has_its_own_hint(person: Desk, tmp_path: Path) -> None:
    file = tmp_path / "mistakes.bps"
    project.save(project.Project(_network()), file)
    person.open(file)
    person.wait("it can be run", lambda s: s["state"] == "paused" and len(s["nodes"]) == 8)
    person.key("F9")

    def slope(x: np.ndarray) -> np.ndarray:
        return 1 - np.tanh(x) ** 2

    def both(t: Tables) -> np.ndarray:
        return t["dY by wire 1"] + t["dY by wire 2"]

    tables = _sit(person, "tanh", "dX[0, 0]")
    _try(
        person, "dX", tables, lambda t, at: float((both(t) * slope(t["X"]))[at]),
        (lambda t, at: float(both(t)[at]), "multiply it by your local derivative"),
        (lambda t, at: float((both(t) * slope(t["Y"]))[at]), "before the activation"),
        (lambda t, at: float((t["dY by wire 1"] * slope(t["X"]))[at]), "more than one place"),
        (lambda t, at: -float((both(t) * slope(t["X"]))[at]), "the sign is not"),
    )  # fmt: skip
    person.picture("inside-fork")
    tables = _sit(person, "dense", "dW[0, 0]")
    _try(
        person, "dX", tables, lambda t, at: float((t["dY"] @ t["W"].T)[at]),
        (lambda t, at: float((t["dY"] @ t["W"])[at]), "Back, it is transposed"),
    )  # fmt: skip
    _try(
        person, "dW", tables, lambda t, at: float((t["X"].T @ t["dY"])[at]),
        (lambda t, at: float((t["X"].T @ t["dY"])[at]) / 2, "already has 1/N in it"),
    )  # fmt: skip
    tables = _sit(person, "product", "dA[0, 0]")
    _try(
        person, "dA", tables, lambda t, at: float((t["dY"] * t["B"])[at]),
        (lambda t, at: float((t["dY"] * t["A"])[at]), "a product swaps"),
        (lambda t, at: float(t["dY"][at]), "multiply it by your local derivative"),
    )  # fmt: skip
    person.picture("inside-product")
    tables = _sit(person, "larger", "dA[0, 0]")
    lost = "dA" if tables["A"][0, 0] < tables["B"][0, 0] else "dB"
    _type(person, f"{lost}[0, 0]", float(tables["dY"][0, 0]), "goes to the other")
    _type(person, f"{lost}[0, 0]", 0.0, f"{lost}[0, 0]: right.")
    tables = _sit(person, "loss", "dP[0, 0]")
    _try(
        person, "dP", tables, lambda t, at: float(2 * (t["P"] - t["T"])[at] / 4),
        (lambda t, at: float(2 * (t["P"] - t["T"])[at]), "divide by N"),
        (lambda t, at: float((t["P"] - t["T"])[at] / 4), "a 2 is missing"),
    )  # fmt: skip
    person.picture("inside-squares")
