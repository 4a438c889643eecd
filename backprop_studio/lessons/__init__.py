"""Lessons: their format, what they check, and how far a learner is. Free of Qt."""

from backprop_studio.lessons.actions import Action
from backprop_studio.lessons.check import Check
from backprop_studio.lessons.driver import Driver
from backprop_studio.lessons.expressions import Expression, parse_expression
from backprop_studio.lessons.facts import Curves, Facts, Moment, observe
from backprop_studio.lessons.lesson import Block, Fault, Formula, Lesson, Parsed, Step, Text
from backprop_studio.lessons.library import Entry, ProgressStore, load, load_project, shipped
from backprop_studio.lessons.parse import parse
from backprop_studio.lessons.predictions import CONFIDENCES, Forecast, Prediction
from backprop_studio.lessons.rehearse import Rehearsal, Rehearsed
from backprop_studio.lessons.runner import LessonError, Progress, Runner

__all__ = [
    "CONFIDENCES", "Action", "Block", "Check", "Curves", "Driver", "Entry", "Expression", "Facts",
    "Fault", "Forecast", "Formula", "Lesson", "LessonError", "Moment", "Parsed", "Prediction",
    "Progress", "ProgressStore", "Rehearsal", "Rehearsed", "Runner", "Step", "Text", "load",
    "load_project", "observe", "parse", "parse_expression", "shipped",
]  # fmt: skip
