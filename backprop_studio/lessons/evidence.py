"""What a learner hands in: said, done and reached; and its verification by doing it again."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np

from backprop_studio import __version__
from backprop_studio.autograd import Array, Phase
from backprop_studio.data import own
from backprop_studio.errors import StudioError
from backprop_studio.files import open_regular, shorten, shown
from backprop_studio.insight.check import check_gradients
from backprop_studio.lessons import own_rows
from backprop_studio.lessons.driver import CHECK_SECONDS, Driver
from backprop_studio.lessons.lesson import Lesson
from backprop_studio.lessons.predictions import Forecast
from backprop_studio.lessons.recorder import Event, Place, place, plain
from backprop_studio.lessons.runner import LessonError, Progress, Runner
from backprop_studio.network import Network
from backprop_studio.project import Project, Weights, decode, own_data, write_atomically
from backprop_studio.project.unsound import NewerError, UnsoundError
from backprop_studio.training import (
    Boundary,
    Command,
    DropBranch,
    Fork,
    Intervene,
    Intervention,
    Restart,
    Seek,
    Step,
    Switch,
)
from backprop_studio.training.breakpoints import AtIteration, AtPhase

FORMAT = 1
MAX_BYTES = 256 * 2**20
MAX_ITERATIONS = 1_000_000
"""Iterations that a verification goes through at most."""
ROUNDING = 1e-5
"""Relative difference of weights that another machine's arithmetic may make."""


_UNREPEATABLE = (
    StudioError, UnsoundError, NewerError, LookupError, TypeError, ValueError, StopIteration,
)  # fmt: skip
"""What comes of events that nobody could have caused."""


class Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers of a weight, in C order."""

    shape: tuple[int, ...]
    numbers: list[float]


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An evidence file.

    Attributes
    ----------
    format
        Of the file.
    program
        Version of the app.
    lesson, digest
        Which lesson, and SHA-256 of its text.
    seed
        Of the design at the end.
    solved
        Ids of the steps that are done, in the order in which they were.
    forecasts, answers
        What was said, by the prediction's and the question's id.
    events
        What was done, from the beginning of the lesson.
    network
        The design at the end, as in a project file.
    at
        Where the run stands at the end.
    weights
        At the end, by `node/name`.
    data
        Data sets of the learner's own that the events speak of, as in a project file, by their id;
        large ones are left out.
    """

    format: int
    program: str
    lesson: str
    digest: str
    seed: int
    solved: list[str]
    forecasts: dict[str, Forecast]
    answers: dict[str, float | int]
    events: list[Event]
    network: dict[str, Any]
    at: Place | None
    weights: dict[str, Tensor]
    data: dict[str, dict[str, bytes]] = {}


def collect(
    lesson: Lesson,
    progress: Progress,
    events: list[Event],
    network: Network,
    weights: Weights,
    at: Place | None,
    kept: Mapping[str, own_rows.Entries] | None = None,
) -> Evidence:
    """Everything a learner hands in.

    Parameters
    ----------
    lesson, progress
        What was done of which lesson.
    events
        What was done, from its beginning.
    network, weights, at
        The design, its weights, and where the run stands now.
    kept
        Own data sets of earlier scenes and sittings, by their id.
    """
    return Evidence(
        format=FORMAT,
        program=__version__,
        lesson=lesson.head.id,
        digest=lesson.digest,
        seed=network.setup.seed,
        solved=list(progress.solved),
        forecasts=dict(progress.forecasts),
        answers=dict(progress.answers),
        events=list(events),
        network=plain(network),
        at=at,
        weights={
            f"{node}/{name}": Tensor(array.shape, [float(x) for x in array.reshape(-1)])
            for (node, name), array in weights.items()
        },
        data=own_rows.of_events(events, network, kept),
    )


def save(evidence: Evidence, path: str | os.PathLike[str]) -> None:
    """Write an evidence file, all or nothing.

    Raises
    ------
    LessonError
        The disk refuses.
    """
    text = msgspec.json.format(msgspec.json.encode(evidence), indent=1)
    write_atomically(path, text + b"\n", error=LessonError)


def load(path: str | os.PathLike[str]) -> Evidence:
    """Open an evidence file.

    Raises
    ------
    StudioError
        It cannot be read (``file-*``), or is none (``evidence-corrupt``).
    """
    with open_regular(path, limit=MAX_BYTES) as file:
        data = file.read()
    try:
        evidence = msgspec.json.decode(data, type=Evidence, strict=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = shorten(str(error)).rstrip(".")
        raise LessonError("evidence-corrupt", path=shown(path), reason=reason) from None
    if evidence.format != FORMAT:
        reason = f"its format is {evidence.format}, and this program reads {FORMAT}"
        raise LessonError("evidence-corrupt", path=shown(path), reason=reason)
    return evidence


@dataclass(frozen=True)
class Finding:
    """One thing that was compared.

    Attributes
    ----------
    what
        What it is about.
    confirmed
        Whether it came out again.
    detail
        In a few words.
    """

    what: str
    confirmed: bool
    detail: str


def verify(evidence: Evidence, lesson: Lesson, project: Project) -> tuple[Finding, ...]:
    """Do again what was done, and compare.

    Parameters
    ----------
    evidence
        What was handed in.
    lesson, project
        The lesson that it says it is of, and its project.
    """
    same = evidence.digest == lesson.digest
    detail = "the same text" if same else "another version of the lesson was done"
    found = [Finding("lesson", same, detail)]
    replay = _Replay(lesson, project)
    try:
        for name, entries in evidence.data.items():
            own.keep(own_data.from_entries(entries, name))
        replay.all(evidence)
    except _UNREPEATABLE as error:
        reason = shorten(str(error) or type(error).__name__)
        found.append(Finding("events", False, f"they cannot be repeated: {reason}"))
        return tuple(found)
    runner = replay.runner
    for step in lesson.steps:
        if step.id in evidence.solved:
            done = step.id in runner.progress.solved
            found.append(
                Finding(f"step {step.id}", done, "done again" if done else "not done by the events")
            )
    for name, forecast in evidence.forecasts.items():
        found.append(_compare(name, forecast, runner.progress.forecasts.get(name)))
    for name, said in evidence.answers.items():
        again = runner.progress.answers.get(name)
        found.append(Finding(f"answer {name}", again == said, f"{said:g}"))
    seed = replay.driver.network.setup.seed
    detail = f"{seed}" if seed == evidence.seed else f"it was {seed} at the end"
    found.append(Finding("seed", seed == evidence.seed, detail))
    found.append(_compare_weights(evidence, replay.driver))
    return tuple(found)


def _compare(name: str, told: Forecast, again: Forecast | None) -> Finding:
    what = f"prediction {name}"
    if again is None or (again.said, again.confidence) != (told.said, told.confidence):
        return Finding(what, False, "it was not said like this")
    if told.truth is None:
        return Finding(what, True, f"said {_words(told.said)}, still open")
    if isinstance(told.truth, float) and isinstance(again.truth, float):
        same = math.isclose(told.truth, again.truth, rel_tol=ROUNDING, abs_tol=1e-9)
    else:
        same = told.truth == again.truth
    same = same and told.right == again.right and told.late == again.late
    verdict = "right" if told.right else "wrong"
    detail = f"said {_words(told.said)}, {verdict}"
    return Finding(what, same, detail if same else f"it was {_words(again.truth)}")


def _words(said: str | float | None) -> str:
    if said is None:
        return "open"
    return said if isinstance(said, str) else f"{said:g}"


def _compare_weights(evidence: Evidence, driver: Driver) -> Finding:
    session = driver.session
    weights: Mapping[tuple[str, str], Array] = {} if session is None else session.weights()
    again = {f"{node}/{name}": array for (node, name), array in weights.items()}
    if session is None and evidence.weights:
        return Finding("weights", False, "the design at the end cannot be trained")
    if {k: v.shape for k, v in again.items()} != {k: v.shape for k, v in evidence.weights.items()}:
        return Finding("weights", False, "the design at the end is another one")
    exact, near = True, True
    for key, array in again.items():
        told = np.array(evidence.weights[key].numbers, np.float64)
        if told.size != array.size:
            return Finding("weights", False, f"{key} has another size")
        flat = array.reshape(-1).astype(np.float64)
        exact = exact and bool(np.array_equal(flat, told))
        near = near and bool(np.allclose(flat, told, rtol=ROUNDING, atol=1e-7))
    if exact:
        return Finding("weights", True, "the same to the last bit")
    if near:
        return Finding("weights", True, "the same up to rounding")
    return Finding("weights", False, "training again gives others")


class _Replay:
    """Does events again, without a window."""

    def __init__(self, lesson: Lesson, project: Project) -> None:
        self._lesson, self._project = lesson, project
        self._steps = {step.id: place for place, step in enumerate(lesson.steps)}
        self._begin(Progress())

    def _begin(self, progress: Progress) -> None:
        """A sitting: the lesson's project as it was, and what was said and done before it."""
        self.driver = Driver(self._project)
        self.driver.opened = frozenset(self._lesson.head.open)
        self.runner = Runner(self._lesson, progress)

    def all(self, evidence: Evidence) -> None:
        self._make_ready()
        self.look()
        for event in evidence.events:
            for target in (event.far, event.at):
                if target is not None:
                    self._reach(target)
            self._do(event)
        if evidence.at is not None:
            self._reach(evidence.at)

    def look(self) -> None:
        self.runner.see(self.driver.facts(self.runner.wanted()))

    def _do(self, event: Event) -> None:
        driver, runner = self.driver, self.runner
        match event.do:
            case "begin":
                # Nothing counts before the app was made ready for the step, which `go` tells.
                self._begin(replace(runner.progress, step=event.id))
                self.runner.hold()
                self.runner.take_way()
            case "design":
                driver.edit(decode(msgspec.json.encode(event.network)))
            case "restart" | "fork" | "switch" | "drop" | "number":
                driver.tell(_command(event))
            case "stops":
                phases = tuple(AtPhase(Phase(p)) for p in event.phases)
                driver.breakpoints = (*phases, *(AtIteration(2**62),) * min(event.others, 100))
            case "open":
                driver.opened |= {event.id}
            case "gradient_check":
                if driver.session is not None:
                    checks = check_gradients(CHECK_SECONDS, driver.session)
                    driver.gradient_error = max((c.error for c in checks), default=None)
            case "go":
                place = self._steps[event.id]
                if runner.is_held and place == runner.index:
                    runner.release()
                else:
                    runner.go(place)
                    self._make_ready()
                self.look()
            case "passed":
                place = self._steps[event.id]
                runner.pass_by(place, driver.facts(self._lesson.wanted(place)))
            case "predict":
                self.look()
                asked = next(p for p in runner.step.predictions if p.id == event.id)
                said = event.said
                runner.predict(asked, said if isinstance(said, str) else _number(said), event.sure)
            case "answer":
                self.look()
                question = next(c for c in runner.step.checks if getattr(c, "id", None) == event.id)
                runner.answer(question, _number(event.said))
            case "done":
                self.look()
            case _:
                raise ValueError(f"there is no event '{event.do}'")

    def _make_ready(self) -> None:
        """What is done for a step is among the events; what it ends is not.

        It is told once more that the step comes to the front, when all is done.
        """
        legs = self.runner.take_way()
        if legs:
            self.driver.opened, self.driver.gradient_error = frozenset(), None
            self.runner.hold()

    def _reach(self, target: Place) -> None:
        """Go to a moment, forwards by training, backwards by what is recorded."""
        if not 0 <= target[0] <= MAX_ITERATIONS:
            raise ValueError(f"iteration {target[0]} is out of range")
        while (here := self._here()) is not None and here != target:
            if here > target:
                self.driver.tell(Seek(target[0]))
                if (back := self._here()) is None or back > target:
                    raise ValueError(f"iteration {target[0]} cannot be gone back to")
            else:
                whole = target[0] > here[0]
                self.driver.tell(Step(Boundary.BATCH if whole else Boundary.OP))

    def _here(self) -> Place | None:
        session = self.driver.session
        if session is None:
            return None
        return place(session.cursor, len(session.program.instructions))


def _number(said: str | float | None) -> float:
    if isinstance(said, str) or said is None:
        raise ValueError(f"'{said}' is not a number")
    return said


def _command(event: Event) -> Command:
    match event.do:
        case "restart":
            return Restart()
        case "fork":
            return Fork()
        case "switch":
            return Switch(event.branch)
        case "drop":
            return DropBranch(event.branch)
    return Intervene(Intervention(event.value, event.entry, event.number))
