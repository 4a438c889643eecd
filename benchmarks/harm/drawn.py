"""Documents that anybody could draw, if they had the patience."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from backprop_studio import data
from backprop_studio.errors import StudioError
from backprop_studio.nn import nodes, optimizers, schedules
from backprop_studio.specs import Field, Kind
from benchmarks.harm.values import SOUND, Dice


def _setting(dice: Dice, field: Field) -> Any:
    low, high = field.low, field.high
    match field.kind:
        case Kind.FLAG:
            return dice.random() < 0.5
        case Kind.CHOICE:
            return dice.choice([key for key, _ in field.choices] or [""])
        case Kind.INTEGER:
            ends = [int(n) for n in (low, high) if n is not None]
            return dice.choice([field.default, field.default, 1, 2, 3, *ends])
        case Kind.NUMBER:
            ends = [float(n) for n in (low, high) if n is not None]
            return dice.choice([field.default, field.default, 0.0, 1.0, -1.0, *ends])
        case Kind.TEXT:
            return dice.choice([field.default, _formula(dice)[: field.most]])
        case _:
            count = dice.choice((0, 1, 2, field.most))
            return [dice.choice((0.0, 1.0, low or 0.0, high or 1.0)) for _ in range(count)]


def _formula(dice: Dice, depth: int = 0) -> str:
    if dice.random() < 0.05:
        return dice.choice(
            ("9**9**9**9", "(" * 300, "x" * 300, "__import__('os')", "x.y", "1e999", "9" * 250)
        )
    if depth > 5 or dice.random() < 0.3:
        return dice.choice(("x", "a", "b", "2", "0", "1e-9", "pi", "e", "9e99", "-x"))
    left, right = _formula(dice, depth + 1), _formula(dice, depth + 1)
    shape = dice.choice(
        (
            "{}+{}",
            "({})*({})",
            "({})/({})",
            "({})**({})",
            "exp({})",
            "log({})",
            "max({},{})",
            "sin({})",
        )
    )
    return shape.format(left, right)


def drawn(dice: Dice) -> bytes:
    """The text of a document within all limits, as large and tangled as they allow."""
    known = nodes()
    chosen = [dice.choice(sorted(known)) for _ in range(dice.choice((2, 5, 20)))]
    count = (
        dice.choice((3, 10, 50, 300, 2_000, 5_000))
        if dice.random() < 0.4
        else dice.choice((3, 6, 12))
    )
    alike = [_config(dice, known[kind]) for kind in chosen]
    parts: list[dict[str, Any]] = [_part("input", 0, {})]
    wires = []
    spread = dice.choice((1, 2, count))
    for i in range(1, count):
        which = dice.randrange(len(chosen))
        kind = chosen[which]
        parts.append(
            _part(kind, i, alike[which] if dice.random() < 0.9 else _config(dice, known[kind]))
        )
        if dice.random() < 0.02 and i > 1:
            parts[-1]["shares"] = f"n{dice.randrange(i)}"
        try:
            ports = len(known[kind].from_config(parts[-1]["config"]).ports)
        except StudioError:
            ports = len(known[kind]().ports)
        for port in range(min(ports, 40)):
            source = i - 1 - min(int(dice.random() * spread), i - 1)
            if dice.random() < 0.03 and count < 100:
                source = dice.randrange(count)  # it may lead in a circle
            if source < len(parts) and known[parts[source]["type"]]().has_output:
                wires.append({"source": f"n{source}", "target": f"n{i}", "port": port})
    setup = copy.deepcopy(dice.choice(SOUND)["setup"])
    if dice.random() < 0.5:
        setup["dataset"] = dice.choice([info.id for info in data.infos()])
        setup["data"]["options"] = None
    if dice.random() < 0.2:
        kind = dice.choice(sorted(optimizers()))
        setup["optimizer"] = {"type": kind, "config": _config(dice, optimizers()[kind])}
        kind = dice.choice(sorted(schedules()))
        setup["schedule"] = {"type": kind, "config": _config(dice, schedules()[kind])}
        setup["batch_size"] = dice.choice((1, 7, 10**6, 10**9))
    if dice.random() < 0.2:
        kind = dice.choice(sorted(data.corruptions()))
        setup["data"]["corruptions"] = [
            {"type": kind, "config": _config(dice, data.corruptions()[kind])}
        ] * 3
    document = {"format": 1, "program": "x", "nodes": parts, "wires": wires, "setup": setup}
    if dice.random() < 0.3:
        marks = dice.choice((3, 1_000))
        text = dice.choice(
            ("words", "é🙂" * 900, "\u0301" * 2_000, "\n" * 2_000, "﷽" * 2_000, "m" * 2_000)
        )
        document["notes"] = [
            {"id": f"m{i}", "text": text, "x": dice.uniform(-1e9, 1e9), "y": 0.0, "width": 60.0}
            for i in range(marks)
        ]
        document["groups"] = [
            {"id": f"g{i}", "name": "g", "members": [f"m{i}"], "collapsed": dice.random() < 0.5}
            for i in range(marks)
        ]
    return json.dumps(document).encode()


def _part(kind: str, i: int, config: Mapping[str, Any]) -> dict[str, Any]:
    place = {"x": 170.0 * (i % 70), "y": 90.0 * (i // 70)}
    return {"id": f"n{i}", "name": f"n{i}", "type": kind, **place, "config": dict(config)}


def _config(dice: Dice, kind: Any) -> dict[str, Any]:
    return {field.name: _setting(dice, field) for field in kind.fields() if dice.random() < 0.6}
