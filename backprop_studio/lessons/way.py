"""What brings the app to the beginning of a step, whichever step it stood at before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backprop_studio.lessons.lesson import Lesson


@dataclass(frozen=True)
class Leg:
    """A part of the way to a step: a new beginning, and what is carried out after it.

    Attributes
    ----------
    scene
        Place of the step whose scene changes the lesson's project; None for the project as it was
        opened, with its weights.
    steps
        Places of the steps whose solutions follow.
    """

    scene: int | None
    steps: tuple[int, ...] = ()


def way_to(lesson: Lesson, index: int, kept: Mapping[str, float]) -> tuple[Leg, ...]:
    """All that comes before a step, as far as the step needs it.

    That is its scene, and the steps since, without extras that it is no part of. Where it speaks of
    numbers from before its scene, and they are not known, these are found out first.

    Parameters
    ----------
    lesson
        The lesson.
    index
        Place of the step.
    kept
        Numbers from the ends of steps that are known, by `Expression.key`.
    """
    scene = lesson.scene_of(index)
    first = scene or 0
    furthest: dict[int | None, int] = {}
    for place in sorted(p for p in lacking(lesson, index, kept) if p < first):
        furthest[lesson.scene_of(place)] = place
    legs = [Leg(s, (*_since(lesson, s, last), last)) for s, last in furthest.items()]
    return (*legs, Leg(scene, _since(lesson, scene, index)))


def _since(lesson: Lesson, scene: int | None, index: int) -> tuple[int, ...]:
    """Places of the steps between a scene and a step that are carried out for it."""
    return tuple(place for place in lesson.preceding(index) if place >= (scene or 0))


def lacking(lesson: Lesson, index: int, kept: Mapping[str, float]) -> frozenset[int]:
    """Places of the steps whose numbers a step speaks of, and that are not known."""
    places = {step.id: place for place, step in enumerate(lesson.steps)}
    spoken = lesson.steps[index].expressions()
    return frozenset(places[e.step] for e in spoken if e.step and e.key not in kept)
