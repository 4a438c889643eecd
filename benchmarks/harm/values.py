"""Plain values and documents that are not as they should be."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from backprop_studio import assets, data, project
from backprop_studio.network.presets import PRESETS
from backprop_studio.project import encode

Dice = random.Random


WORDS = (
    "",
    " ",
    "x",
    "input_1",
    "dense_1",
    "a" * 65,
    "n" * 5_000,
    "é🙂",
    "\u202e",
    "\x00",
    "\x07",
    "\n",
    "../x",
    "/tmp/x",
    "<img src='/x.png'>",
    "<b>",
    "%s%n",
    "{0}",
    "{reason}",
    "None",
    "nan",
    "1e5",
    "𝟙",
    "\u0301" * 500,
    "CON",
    "__proto__",
    "own:" + "0" * 64,
    "own:",
    "digits",
    "moons",
    "﷽" * 60,
)
NUMBERS = (
    0,
    1,
    -1,
    2,
    3,
    7,
    64,
    100,
    1_000,
    100_000,
    100_001,
    10**6,
    10**9,
    2**31,
    2**53 + 1,
    2**63 - 1,
    -(2**63),
    0.0,
    -0.0,
    0.5,
    1e-9,
    1e-300,
    5e-324,
    1e9,
    1e300,
    -1e308,
    1.7976931348623157e308,
    True,
    False,
)
RAW = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "9" * 5_000,
    "-" + "9" * 400,
    "0." + "1" * 9_000,
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u0000"',
    "[" * 90 + "]" * 90,
    "[" * 3_000 + "]" * 3_000,
    '{"a":' * 150 + "1" + "}" * 150,
    '{"a":1,"a":2}',
    "null",
    "[]",
    "{}",
    '"' + "w" * 300_000 + '"',
    "tru",
    "",
    '"\t"',
    "01",
    "1.",
    "+1",
    "'x'",
    "/*x*/1",
    "[" + "0," * 60_000 + "0]",
)


def value(dice: Dice, depth: int = 0) -> Any:
    """Any plain value."""
    draw = dice.random()
    if draw < 0.4:
        return dice.choice(NUMBERS)
    if draw < 0.8 or depth > 3:
        return dice.choice(WORDS)
    if draw < 0.85:
        return None
    if draw < 0.93:
        return [value(dice, depth + 1) for _ in range(dice.randrange(4))]
    return {dice.choice(WORDS): value(dice, depth + 1) for _ in range(dice.randrange(4))}


def _all_sound() -> list[dict[str, Any]]:
    found = [json.loads(encode(preset.make())) for preset in PRESETS.values()]
    for file in sorted(assets.path("examples").glob("*.bps")):
        found.append(json.loads(encode(project.load(file).network)))
    marked = copy.deepcopy(found[0])
    first, second = (node["id"] for node in marked["nodes"][:2])
    marked["notes"] = [{"id": "note_1", "text": "words", "x": 0.0, "y": 0.0, "width": 180.0}]
    marked["arrows"] = [
        {
            "id": "arrow_1",
            "x1": 0.0,
            "y1": 0.0,
            "x2": 9.0,
            "y2": 9.0,
            "source": "note_1",
            "target": first,
        }
    ]
    marked["groups"] = [
        {"id": "group_1", "name": "inner", "members": [first, "note_1"], "collapsed": True},
        {"id": "group_2", "name": "outer", "members": ["group_1", second], "collapsed": False},
    ]
    marked["setup"]["data"]["corruptions"] = [
        {"type": name, "config": kind().config()} for name, kind in data.corruptions().items()
    ]
    return [*found, marked, marked, marked]


SOUND = _all_sound()


def all_places(part: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner: Any = ()
    if isinstance(part, dict):
        inner = part.items()
    elif isinstance(part, list):
        inner = enumerate(part)
    return [way, *(place for key, p in inner for place in all_places(p, (*way, key)))]


_HOLE = "\u2297hole\u2297"


def mutated(dice: Dice) -> bytes:
    """The text of a sound document with a few things that are not."""
    document = copy.deepcopy(dice.choice(SOUND))
    raw: list[str] = []
    for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
        places = all_places(document)
        place = dice.choice(places[1:] or [("nodes",)])
        part: Any = document
        try:
            for key in place[:-1]:
                part = part[key]
            _change(dice, document, part, place[-1], raw)
        except (KeyError, IndexError, TypeError, RecursionError):
            continue
    text = json.dumps(document, ensure_ascii=dice.random() < 0.5)
    for piece in raw:
        text = text.replace(json.dumps(_HOLE, ensure_ascii=True), piece, 1)
        text = text.replace(json.dumps(_HOLE, ensure_ascii=False), piece, 1)
    return text.encode("utf-8", errors="surrogatepass")


def _change(dice: Dice, whole: Any, part: Any, key: Any, raw: list[str]) -> None:
    draw = dice.randrange(9)
    if draw == 0:
        del part[key]
    elif draw == 1 and isinstance(part, list):
        part.insert(dice.randrange(len(part) + 1), copy.deepcopy(part[key]))
    elif draw == 2 and isinstance(part, list):
        part[key] = copy.deepcopy(dice.choice(part))
    elif draw == 3 and isinstance(part, dict):
        part[dice.choice(WORDS)] = value(dice)
    elif draw == 4:
        raw.append(dice.choice(RAW))
        part[key] = _HOLE
    elif draw == 5:  # something from another place
        other: Any = whole
        for step in dice.choice(all_places(whole)):
            other = other[step]
        if len(json.dumps(other)) < 20_000:
            part[key] = copy.deepcopy(other)
    elif draw == 6 and isinstance(part[key], list) and len(part[key]) < 100:
        part[key] = part[key] * dice.choice((2, 30, 300))
    else:
        part[key] = value(dice)
