"""Shipped lessons for tests: their texts, projects and drivers."""

from __future__ import annotations

from pathlib import Path

from backprop_studio import lessons
from backprop_studio.lessons import Check, Driver, Facts
from backprop_studio.lessons.lesson import Lesson
from backprop_studio.project import Project


def path_of(name: str) -> Path:
    """The text of the lesson in the folder of this name."""
    return next(path for path in lessons.shipped() if path.parent.name == name)


def lesson_named(name: str) -> Lesson:
    """The lesson in the folder of this name."""
    return lessons.load(path_of(name))


def scene_of(name: str) -> Project:
    """Its project."""
    return lessons.load_project(lesson_named(name), path_of(name))


def driver(name: str) -> Driver:
    """A driver on its project."""
    return Driver(scene_of(name))


def facts_of(target: Driver, check: Check, answers: dict[str, float] | None = None) -> Facts:
    """What a check wants to know."""
    return target.facts(check.wanted(), answers)
