"""What a learner hands in is done again: true evidence is confirmed, and any other is refuted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lesson_cases import driver, lesson_named, path_of, scene_of

from backprop_studio import cli
from backprop_studio.errors import StudioError
from backprop_studio.lessons import Progress, ProgressStore, Rehearsal, Runner, evidence
from backprop_studio.lessons.actions import AnswerTo, CheckGradients, Open, Predict, action
from backprop_studio.lessons.evidence import Evidence
from backprop_studio.lessons.predictions import Forecast
from backprop_studio.lessons.recorder import Event, Recorder, place
from backprop_studio.training import Command, Fork, Run, State

NEURON = "01_one_neuron"
MOONS = "07_not_the_learning_rule"


class Learner:
    """Somebody who does a lesson, with a recorder between the hands and the worker.

    Parameters
    ----------
    name
        Of the lesson.
    before
        Who did a part of it, and closed it.
    """

    def __init__(self, name: str, before: Learner | None = None) -> None:
        self.lesson = lesson_named(name)
        self.driver = driver(name)
        self.runner = Runner(self.lesson, None if before is None else before.runner.progress)
        self.recorder = Recorder([] if before is None else before.recorder.events)
        self.recorder._revision = 1
        self.recorder.begin("" if before is None else self.runner.step.id)
        turn = self.driver.worker.turn

        def heard(command: Command | None) -> None:
            if command is not None:
                self.recorder.hear(command, self.driver.network)
            turn(command)
            # As the mailbox is emptied by the driver, the moment is told from the session.
            self._see()

        self.driver.worker.turn = heard  # type: ignore[method-assign]
        self._see()
        for key in self.lesson.head.open:
            self.driver.opened |= {key}

    def _see(self) -> None:
        snapshot, _ = self.driver.worker.mailbox.take()
        if snapshot is not None and snapshot.cursor is not None:
            session = self.driver.session
            assert session is not None
            self.recorder.see(snapshot, len(session.program.instructions))

    def look(self) -> None:
        before = len(self.runner.progress.solved)
        self.runner.see(self.driver.facts(self.runner.wanted()))
        if len(self.runner.progress.solved) > before:
            self.note(Event("done", id=self.runner.step.id))

    def note(self, event: Event) -> None:
        session = self.driver.session
        at = None
        if session is not None:
            at = place(session.cursor, len(session.program.instructions))
        self.recorder.note(event, at)

    def do(self, table: dict[str, object]) -> None:
        self.driver.perform(action(table))
        self.look()

    def catch_up(self) -> None:
        """Do what the steps before the one in front ask for."""
        for step in self.lesson.steps[: self.runner.index]:
            for act in step.solution:
                if not isinstance(act, Predict | AnswerTo):
                    self.driver.perform(act)
        self.runner.go(self.runner.index)
        self.note(Event("go", id=self.runner.step.id))
        self.look()

    def make_ready(self) -> None:
        """Do what comes before the step in front."""
        steps, runner = self.lesson.steps, self.runner
        runner.hold()
        for leg in runner.take_way():
            self.driver.begin(None if leg.scene is None else steps[leg.scene].scene)
            for place_ in leg.steps:
                for act in steps[place_].deeds:
                    self.driver.perform(act)
                runner.pass_by(place_, self.driver.facts(self.lesson.wanted(place_)))
                self.note(Event("passed", id=steps[place_].id))
        runner.release()
        self.note(Event("go", id=runner.step.id))

    def play(self, first: int = 0, end: int | None = None) -> None:
        """Do steps as their solutions say."""
        rehearsal = Rehearsal(self.lesson, scene_of(NEURON))
        rehearsal.runner = self.runner
        for index, step in list(enumerate(self.lesson.steps))[first:end]:
            self.runner.go(index)
            self.note(Event("go", id=step.id))
            self.make_ready()
            self.look()
            for act in step.solution:
                before = len(self.runner.progress.solved)
                match act:
                    case Predict(predict=name, say=say, confidence=sure):
                        asked = next(p for p in step.predictions if p.id == name)
                        said = rehearsal.said(say) if asked.kind == "number" else say
                        self.note(Event("predict", id=name, said=said, sure=sure))
                        self.runner.predict(asked, said, sure)
                    case AnswerTo(answer=name, say=say):
                        asked_check = next(c for c in step.checks if getattr(c, "id", None) == name)
                        said = rehearsal.said(say)
                        self.note(Event("answer", id=name, said=said))
                        self.runner.answer(asked_check, said)
                    case _:
                        self.driver.perform(act)
                        if isinstance(act, Open):
                            self.note(Event("open", id=act.open))
                        if isinstance(act, CheckGradients):
                            self.note(Event("gradient_check"))
                if len(self.runner.progress.solved) > before:
                    self.note(Event("done", id=step.id))
                self.look()

    def hand_in(self) -> Evidence:
        session = self.driver.session
        assert session is not None
        return evidence.collect(
            self.lesson,
            self.runner.progress,
            self.recorder.events,
            self.driver.network,
            session.weights(),
            place(session.cursor, len(session.program.instructions)),
        )


def refuted(handed_in: Evidence, name: str) -> set[str]:
    findings = evidence.verify(handed_in, lesson_named(name), scene_of(name))
    return {f.what.split()[0] for f in findings if not f.confirmed}


@pytest.fixture(scope="module")
def honest() -> Evidence:
    learner = Learner(NEURON)
    learner.play()
    assert learner.runner.is_finished
    return learner.hand_in()


@pytest.mark.parametrize("name", [NEURON, MOONS])
def test_that_an_honest_learner_is_confirmed_to_the_last_bit(name: str) -> None:
    learner = Learner(name)
    learner.play()
    findings = evidence.verify(learner.hand_in(), learner.lesson, scene_of(name))
    assert [f for f in findings if not f.confirmed] == []
    assert findings[-1].detail == "the same to the last bit"
    assert len(findings) > 10


def test_that_a_lesson_done_in_two_sittings_is_confirmed_as_well() -> None:
    first = Learner(NEURON)
    first.play(end=3)
    first.runner.go(3)
    second = Learner(NEURON, first)
    second.catch_up()
    second.play(first=3)
    assert second.runner.is_finished
    handed_in = second.hand_in()
    assert [e.id for e in handed_in.events if e.do == "begin"] == ["backward"]
    assert refuted(handed_in, NEURON) == set()
    alone = second.recorder.events[len(first.recorder.events) :]
    assert {"step", "prediction"} <= refuted(changed(handed_in, events=alone), NEURON)


def test_that_what_was_done_is_kept_line_by_line_and_damage_costs_the_rest(tmp_path: Path) -> None:
    store, recorder = ProgressStore(tmp_path), Recorder()
    assert store.load_events("x") == []
    recorder.begin()
    recorder.note(Event("predict", id="a", said="zero", sure=50), (0, 1))
    store.add_events("x", recorder.take_settled())
    assert recorder.take_settled() == []
    recorder.note(Event("go", id="b"), None)
    # Where this happens is known later; what comes after it waits, too.
    recorder.hear(Run(), scene_of(NEURON).network)
    recorder.hear(Fork(), scene_of(NEURON).network)
    recorder.note(Event("go", id="c"), None)
    store.add_events("x", recorder.take_settled())
    assert [e.id for e in store.load_events("x")] == ["a", "b"]
    store.add_events("x", recorder.take_settled(ending=True))
    assert store.load_events("x") == recorder.events and len(recorder.events) == 4
    again = Recorder(store.load_events("x"))
    again.begin("c")
    assert [e.do for e in again.take_settled()] == ["begin"]
    file = next(tmp_path.glob("*.jsonl"))
    file.write_bytes(file.read_bytes()[:-5])
    kept = store.load_events("x")
    assert len(kept) == 3
    after = [Event("go", id="d"), Event("go", id="e")]
    store.add_events("x", after)
    assert store.load_events("x") == [*kept, *after], "half a line takes no other with it"
    store.forget_events("x")
    assert store.load_events("x") == [] and not file.exists()


def test_that_detours_branches_and_numbers_by_hand_are_followed() -> None:
    learner = Learner(NEURON)
    for table in (
        {"step": "batch", "times": 5}, {"number": "w", "to": 2.5}, {"step": "op", "times": 3},
        {"seek": 2}, {"number": "b", "to": 0.5}, {"step": "batch", "times": 2}, {"back": "op"},
        {"set": "optimizer/learning_rate", "to": 0.01}, {"epochs": 1}, {"branch": True},
        {"step": "batch", "times": 3},
    ):  # fmt: skip
        learner.do(table)
    assert len(learner.driver.worker.timeline.branches) >= 2
    assert refuted(learner.hand_in(), NEURON) == set()


def changed(handed_in: Evidence, **changes: Any) -> Evidence:
    return msgspec.structs.replace(handed_in, **changes)


def test_that_other_weights_are_refuted(honest: Evidence) -> None:
    weights = dict(honest.weights)
    key = next(iter(weights))
    weights[key] = evidence.Tensor(weights[key].shape, [1.0] * len(weights[key].numbers))
    assert refuted(changed(honest, weights=weights), NEURON) == {"weights"}
    assert refuted(changed(honest, weights={}), NEURON) == {"weights"}


def test_that_a_step_that_was_not_done_is_refuted(honest: Evidence) -> None:
    kept = [e for e in honest.events if (e.do, e.id) not in {("answer", "new-w"), ("go", "quiz")}]
    found = refuted(changed(honest, events=kept), NEURON)
    assert {"step", "answer"} <= found or "events" in found


def test_that_a_prediction_cannot_be_improved_afterwards(honest: Evidence) -> None:
    told = dict(honest.forecasts)
    told["sign-w"] = Forecast("positive", 99, None, False, "negative", True)
    assert refuted(changed(honest, forecasts=told), NEURON) == {"prediction"}
    told["sign-w"] = replace(honest.forecasts["sign-w"], truth="positive")
    assert refuted(changed(honest, forecasts=told), NEURON) == {"prediction"}


def test_that_another_text_another_seed_and_nonsense_are_refuted(honest: Evidence) -> None:
    assert refuted(changed(honest, digest="0"), NEURON) == {"lesson"}
    assert refuted(changed(honest, seed=honest.seed + 1), NEURON) == {"seed"}
    assert "events" in refuted(changed(honest, events=[Event("fly")]), NEURON)
    assert "events" in refuted(changed(honest, events=[Event("go", id="nowhere")]), NEURON)
    assert "events" in refuted(changed(honest, events=[Event("design", network={})]), NEURON)
    assert "events" in refuted(changed(honest, at=(10**12, 0)), NEURON)
    assert "events" in refuted(changed(honest, events=[Event("number", value=10**6)]), NEURON)


def test_that_a_design_that_came_while_training_ran_is_put_where_its_run_begins() -> None:
    learner = Learner(NEURON)
    recorder, worker = learner.recorder, learner.driver.worker
    recorder.hear(Run(), learner.driver.network)
    learner.driver.worker.turn(Run())
    for _ in range(3):
        worker.turn(None)
    assert worker.state is State.RUNNING
    session = learner.driver.session
    assert session is not None
    done = session.completed
    assert done > 0
    rate = action({"set": "optimizer/learning_rate", "to": 0.01})
    # Heard while the place is not known, as in the window.
    recorder._moving = True
    learner.driver.edit(rate.edit(learner.driver.network))
    design = next(e for e in recorder.events if e.do == "design")
    assert design.at is not None and design.at[0] == done
    learner.do({"step": "batch"})
    assert refuted(learner.hand_in(), NEURON) == set()


def test_that_the_command_confirms_refutes_and_complains(
    honest: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.json"
    evidence.save(honest, path)
    assert evidence.load(path) == honest
    assert cli.main(["verify", str(path)]) == 0
    assert "8 of 8 steps done, seed 1; all confirmed" in capsys.readouterr().out
    evidence.save(changed(honest, weights={}), path)
    assert cli.main(["verify", str(path), "--lesson", str(path_of(NEURON).parent)]) == 1
    assert "REFUTED" in capsys.readouterr().out
    evidence.save(changed(honest, lesson="nobody-knows"), path)
    assert cli.main(["verify", str(path)]) == 1
    assert "no lesson called 'nobody-knows'" in capsys.readouterr().err
    path.write_text("{}")
    assert cli.main(["verify", str(path)]) == 1
    assert "not a sound evidence file" in capsys.readouterr().err
    assert cli.main(["verify", str(tmp_path / "nothing")]) == 1


def test_that_the_lesson_command_lists_faults_with_lines_and_plays_what_is_sound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["lesson", str(path_of(NEURON).parent)]) == 0
    told = capsys.readouterr().out
    assert "t = 9" in told and "8 steps, none not as it should be" in told
    text = path_of(NEURON).read_text(encoding="utf-8")
    (tmp_path / "project.bps").write_bytes((path_of(NEURON).parent / "project.bps").read_bytes())
    (tmp_path / "lesson.md").write_text(text.replace('phase = "data"', 'phase = "dat"', 1))
    assert cli.main(["lesson", str(tmp_path)]) == 1
    line = text[: text.index('phase = "data"')].count("\n") + 1
    assert f"error: line {line}: there is no value 'dat' for phase" in capsys.readouterr().err
    done = text.replace('phase = "data"', "iteration = 0\nepoch = 3", 1)
    (tmp_path / "lesson.md").write_text(done)
    assert cli.main(["lesson", str(tmp_path), "--quiet"]) == 1
    assert "is not done by its solution" in capsys.readouterr().err


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_that_no_file_breaks_the_reader(
    data: st.DataObject, honest: Evidence, tmp_path: Path
) -> None:
    text = bytearray(msgspec.json.encode(honest))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    path = tmp_path / "fuzz.json"
    path.write_bytes(text)
    try:
        evidence.load(path)
    except StudioError as error:
        assert len(str(error)) < 2000


def test_that_progress_outlives_the_program_and_damage_is_no_harm(tmp_path: Path) -> None:
    store = ProgressStore(tmp_path / "lessons")
    assert store.load("one-neuron") == Progress()
    learner = Learner(NEURON)
    learner.play()
    store.save("one-neuron", learner.runner.progress)
    again = Runner(learner.lesson, store.load("one-neuron"))
    assert again.is_finished
    assert again.progress == learner.runner.progress
    entry = next(e for e in store.entries() if e.id == "one-neuron")
    assert entry.is_done and (entry.done, entry.steps) == (8, 8)
    path = tmp_path / "lessons" / "one-neuron.json"
    other = replace(learner.lesson, digest="another")
    kept = Runner(other, store.load("one-neuron")).progress
    assert kept.solved and not kept.shown, "numbers of another text are not taken over"
    for damage in (b"", b"{", b"[]", b'{"solved": 3}', b"\xff", b"[" * 100_000):
        path.write_bytes(damage)
        assert store.load("one-neuron") == Progress()


def test_that_progress_that_cannot_be_kept_is_an_error_with_a_name(tmp_path: Path) -> None:
    (tmp_path / "lessons").write_text("a file where the folder should be")
    with pytest.raises(StudioError) as caught:
        ProgressStore(tmp_path / "lessons").save("x", Progress())
    assert caught.value.code == "file-unwritable"


def test_that_an_evidence_file_can_be_read_by_people(honest: Evidence, tmp_path: Path) -> None:
    evidence.save(honest, tmp_path / "e.json")
    told = json.loads((tmp_path / "e.json").read_text())
    assert told["lesson"] == "one-neuron"
    assert told["forecasts"]["sign-w"]["said"] == "negative"
