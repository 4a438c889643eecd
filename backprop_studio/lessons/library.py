"""Finds lessons, opens them, and keeps how far a learner is."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from backprop_studio import assets, project
from backprop_studio.errors import StudioError
from backprop_studio.files import open_regular, shorten, shown
from backprop_studio.lessons.growing import add_lines
from backprop_studio.lessons.lesson import Lesson
from backprop_studio.lessons.parse import parse
from backprop_studio.lessons.recorder import Event
from backprop_studio.lessons.runner import LessonError, Progress

log = logging.getLogger(__name__)

FILE = "lesson.md"
"""Name of the text in a lesson's folder."""

MAX_BYTES = 2 * 2**20

MAX_RECORD = 64 * 2**20
"""Bytes of what was done in a lesson that are read back."""


_DAMAGE = (StudioError, msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What comes of reading a file that a crash, another version or another program has left."""


@dataclass(frozen=True)
class Entry:
    """A lesson in the list.

    Attributes
    ----------
    id, title, summary, minutes
        Of its front matter.
    path
        Its text.
    done, steps
        How many steps are done, and how many there are, without those that are extra.
    extras
        How many extra steps are left.
    """

    id: str
    title: str
    summary: str
    minutes: int
    path: Path
    done: int = 0
    steps: int = 1
    extras: int = 0

    @property
    def is_done(self) -> bool:
        """Whether all of it is done."""
        return self.done >= self.steps


def shipped() -> tuple[Path, ...]:
    """The texts of the lessons that come with the program, in their order."""
    try:
        folder = assets.path("lessons")
    except FileNotFoundError:
        return ()
    return tuple(sorted(folder.glob(f"*/{FILE}")))


def find(lesson_id: str) -> Path:
    """The text of a lesson of the program.

    Raises
    ------
    LessonError
        There is none with this id.
    """
    for path in shipped():
        if load(path).head.id == lesson_id:
            return path
    raise LessonError("lesson-unknown", name=shorten(lesson_id, 80))


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a lesson, or of the one in a folder.

    Raises
    ------
    ProjectError
        The file cannot be read.
    LessonError
        It is not UTF-8.
    """
    with open_regular(lesson_path(path), limit=MAX_BYTES) as file:
        data = file.read(MAX_BYTES + 1)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise LessonError(
            "lesson-invalid", path=shown(path), line=line, reason="the text is not UTF-8"
        ) from None


def lesson_path(path: str | os.PathLike[str]) -> Path:
    """The text of a lesson, which is in the folder where a folder is given."""
    given = Path(path)
    return given / FILE if given.is_dir() else given


def load(path: str | os.PathLike[str]) -> Lesson:
    """Open a lesson from its file or its folder.

    Raises
    ------
    ProjectError
        The file cannot be read.
    LessonError
        ``lesson-invalid``: it is none; the first fault is named with its line.
    """
    parsed = parse(read_text(path))
    if parsed.lesson is None:
        first = parsed.faults[0]
        raise LessonError(
            "lesson-invalid", path=shown(path), line=first.line, reason=shorten(first.reason)
        )
    return parsed.lesson


def load_project(lesson: Lesson, path: str | os.PathLike[str]) -> project.Project:
    """The project that a lesson is about, from beside its text.

    Raises
    ------
    ProjectError
        It cannot be read.
    """
    return project.load(lesson_path(path).parent / lesson.head.project)


class ProgressStore:
    """How far a learner is in each lesson, and what was done in it, in a folder of its own.

    How far is a file that is replaced. What was done is one that grows by a line with each event,
    so that evidence reaches over several sittings, and over a crash.

    Parameters
    ----------
    folder
        Where; it is made when something is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, lesson_id: str) -> Progress:
        """What was kept; nothing for a lesson that was never begun, or if the file is damaged."""
        try:
            with open_regular(self._path(lesson_id), limit=MAX_BYTES) as file:
                kept = msgspec.json.decode(file.read(), type=Progress, strict=True)
        except _DAMAGE as error:
            _note_damage("how far a learner is", error)
            return Progress()
        return kept

    def save(self, lesson_id: str, progress: Progress) -> None:
        """Keep it, all or nothing.

        Raises
        ------
        LessonError
            The disk refuses.
        """
        path = self._path(lesson_id)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LessonError(
                "file-unwritable", path=shown(path), reason=error.strerror or "refused"
            ) from error
        project.write_atomically(path, msgspec.json.encode(progress), error=LessonError)

    def load_events(self, lesson_id: str) -> list[Event]:
        """What was done in earlier sittings, up to the first line that is damaged."""
        found: list[Event] = []
        try:
            with open_regular(self._record(lesson_id), limit=MAX_RECORD) as file:
                for line in file.read().splitlines():
                    found.append(msgspec.json.decode(line, type=Event, strict=True))
        except _DAMAGE as error:
            _note_damage("what was done in a lesson", error)
        return found

    def add_events(self, lesson_id: str, events: Sequence[Event]) -> None:
        """Write down what was done since.

        Raises
        ------
        LessonError
            The disk refuses.
        """
        if events:
            add_lines(self._record(lesson_id), [msgspec.json.encode(event) for event in events])

    def forget_events(self, lesson_id: str) -> None:
        """Begin with nothing done."""
        try:
            self._record(lesson_id).unlink(missing_ok=True)
        except OSError as error:
            log.warning("what was done in a lesson stays: %s", error)

    def entries(self, paths: tuple[Path, ...] | None = None) -> tuple[Entry, ...]:
        """The lessons of the program, and how far the learner is in each."""
        found = []
        for path in shipped() if paths is None else paths:
            lesson = load(path)
            needed = lesson.needed
            solved = set(self.load(lesson.head.id).solved)
            head = lesson.head
            found.append(
                Entry(
                    head.id, head.title, head.summary, head.minutes, path,
                    done=len(needed & solved),
                    steps=len(needed),
                    extras=len({step.id for step in lesson.steps} - needed - solved),
                )
            )  # fmt: skip
        return tuple(found)

    def after(self, lesson_id: str) -> Entry | None:
        """The lesson of the program that comes after one; None after the last, or a foreign one."""
        for path, following in itertools.pairwise(shipped()):
            if load(path).head.id == lesson_id:
                return self.entries((following,))[0]
        return None

    def _path(self, lesson_id: str) -> Path:
        return self._folder / f"{lesson_id}.json"

    def _record(self, lesson_id: str) -> Path:
        return self._folder / f"{lesson_id}.events.jsonl"


def _note_damage(what: str, error: Exception) -> None:
    if not (isinstance(error, StudioError) and error.code == "file-missing"):
        log.warning("%s cannot be read: %s", what, error)
