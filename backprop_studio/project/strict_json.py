"""JSON as project files may hold it: no duplicate keys, no NaN, bounded in every direction."""

from __future__ import annotations

import json
import math

from backprop_studio.files import shorten, size
from backprop_studio.project.unsound import UnsoundError

MAX_BYTES = 64 * 2**20
MAX_NESTING = 100
MAX_VALUES = 1_000_000
"""Values in one text. Small ones need a hundred times the memory that their text does, and the
largest project has not a third as many."""

_MAX_INTEGER = 2**63
_MAX_DIGITS = 20


def loads(data: bytes) -> object:
    """Plain values of a JSON text.

    Raises
    ------
    UnsoundError
        It is no JSON, is too much of it, or has two readings.
    """
    if len(data) > MAX_BYTES:
        raise UnsoundError(f"its text is {size(len(data))}; the limit is {size(MAX_BYTES)}")
    # Some of these stand inside of strings, so it is an upper bound, found without any allocation.
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) > MAX_VALUES:
        raise UnsoundError(f"its text holds more than {MAX_VALUES:,} values")
    try:
        value: object = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_number,
            parse_float=_finite,
            parse_int=_bounded,
        )
    except UnicodeDecodeError:
        raise UnsoundError("its text is not UTF-8") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UnsoundError(f"its text is no JSON at {where}") from None
    except RecursionError:
        raise UnsoundError(f"its text is nested more than {MAX_NESTING} deep") from None
    _check(value)
    return value


def dumps(value: object) -> bytes:
    """JSON text of plain values, the same for the same values.

    Raises
    ------
    ValueError, TypeError
        A value is NaN, infinite or not a plain one.
    """
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8") + b"\n"


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise UnsoundError(f"the key '{shorten(key, 60)}' stands twice in one object")
        found[key] = value
    return found


def _no_number(text: str) -> object:
    raise UnsoundError(f"{text} is not a number that a project can hold")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise UnsoundError(f"{shorten(text, 60)} is too large a number")
    return value


def _bounded(text: str) -> int:
    # The length first: turning a million digits into a number takes a minute.
    if len(text) > _MAX_DIGITS or abs(int(text)) >= _MAX_INTEGER:
        raise UnsoundError(f"{shorten(text, 60)} is too large a number")
    return int(text)


def _check(value: object) -> None:
    """Refuse deep nesting, and text that could not be written to a file again."""
    waiting = [(value, 1)]
    while waiting:
        part, depth = waiting.pop()
        if isinstance(part, str):
            _check_text(part)
        elif isinstance(part, dict | list):
            if depth > MAX_NESTING:
                raise UnsoundError(f"its text is nested more than {MAX_NESTING} deep")
            if isinstance(part, dict):
                for key in part:
                    _check_text(key)
                waiting += [(v, depth + 1) for v in part.values()]
            else:
                waiting += [(v, depth + 1) for v in part]


def _check_text(text: str) -> None:
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise UnsoundError("its text holds half of a character") from None
