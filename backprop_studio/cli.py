"""Trains and checks projects without a screen.

Results go to standard output; progress and errors to standard error. The exit code is 0 when all
went well, 1 when a file or the network is at fault, 2 when the arguments are, and 130 after
Ctrl-C. An error is one line.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NoReturn

from backprop_studio import __version__, cli_data
from backprop_studio.cli_data import ArgumentsError, value_of
from backprop_studio.errors import Severity, StudioError

# Everything else is imported where it is needed: help and wrong arguments answer at once.
if TYPE_CHECKING:
    from backprop_studio.autograd import Array
    from backprop_studio.lessons import Block, Expression, Rehearsed
    from backprop_studio.network import Network
    from backprop_studio.training import Evaluation, Session, Weights

PROGRAM = "backprop-studio"
COMMANDS = ("train", "check", "lesson", "verify")
"""First arguments that are answered here."""

EPOCHS = 20
MAX_EPOCHS = 1_000_000

CHECKED_ROWS = 8
"""Rows of the batch that gradients are checked on."""

RIGHT, WRONG = 1e-6, 1e-2
"""Relative errors of a gradient: up to the first it is right, above the second it is wrong."""

FAILED = 1
MISUSED = 2
INTERRUPTED = 130


def main(argv: Sequence[str]) -> int:
    """Run one command and return the exit code."""
    try:
        arguments = _parser().parse_args(argv)
        commands = {"train": _train, "check": _check, "lesson": _lesson, "verify": _verify}
        return commands[arguments.command](arguments)
    except ArgumentsError as error:
        return complain(str(error), MISUSED)
    except StudioError as error:
        return complain(str(error), FAILED)
    except KeyboardInterrupt:
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        return INTERRUPTED


def complain(text: str, code: int) -> int:
    """Print an error as one line and return `code`."""
    print(f"{PROGRAM}: error: {' '.join(text.split())}", file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(MISUSED, f"{PROGRAM}: error: {' '.join(message.split())}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [PROJECT.bps]\n       {PROGRAM} train|check PROJECT.bps [options]\n"
        f"       {PROGRAM} lesson FOLDER\n       {PROGRAM} verify EVIDENCE.json [--lesson FOLDER]",
        description="Build a neural network on a canvas and step through its backpropagation. "
        "Without a command, the window opens.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"Backprop Studio {__version__}")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="command", prog="backprop-studio"
    )

    train = commands.add_parser(
        "train",
        help="train a project and export its weights",
        description="Trains a project and prints what it reached. A project that holds weights "
        "is trained further from them, unless --seed is given.",
        allow_abbrev=False,
    )
    train.add_argument("project", metavar="PROJECT", help="project file to train")
    train.add_argument(
        "--epochs", metavar="N", default=str(EPOCHS), help=f"passes over the data ({EPOCHS})"
    )
    train.add_argument(
        "--seed", metavar="N", help="start from new weights; also fixes the split and the order"
    )
    train.add_argument(
        "--weights",
        metavar="FILE",
        help="start from these weights, matched by name and shape: .npz or .safetensors",
    )
    train.add_argument("--learning-rate", metavar="X", help="in place of the project's")
    train.add_argument("--batch-size", metavar="N", help="in place of the project's")
    train.add_argument(
        "--export",
        metavar="FILE",
        nargs="+",
        action="extend",
        default=[],
        help="write the weights; the ending says how: .npz or .safetensors",
    )
    train.add_argument("--save", metavar="FILE.bps", help="write the project with its weights")
    train.add_argument("--quiet", action="store_true", help="show no progress")
    cli_data.add_options(train)

    check = commands.add_parser(
        "check",
        help="list the problems of a project",
        description="Lists the problems of a project: warnings on standard output, errors on "
        "standard error. The exit code is 0 if it can be trained.",
        allow_abbrev=False,
    )
    check.add_argument("project", metavar="PROJECT", help="project file to check")
    check.add_argument(
        "--gradients",
        action="store_true",
        help="compare every gradient with central differences: two forward passes a parameter",
    )

    lesson = commands.add_parser(
        "lesson",
        help="try out the solutions of a lesson",
        description="Reads a lesson and carries out its solutions. Each step has to be open before "
        "its solution and done after it. Prints the texts with their numbers. The exit code is 0 "
        "if all is so; faults of the text are listed with their lines.",
        allow_abbrev=False,
    )
    lesson.add_argument("lesson", metavar="FOLDER", help="folder of the lesson, or its lesson.md")
    lesson.add_argument("--quiet", action="store_true", help="print what is wrong and no texts")

    verify = commands.add_parser(
        "verify",
        help="do again what a learner did, and compare",
        description="Does again what is written in an evidence file and compares steps, "
        "predictions, answers and the final weights. The exit code is 0 if all is confirmed, and "
        "1 if anything is refuted.",
        allow_abbrev=False,
    )
    verify.add_argument("evidence", metavar="EVIDENCE", help="evidence file of a learner")
    verify.add_argument(
        "--lesson", metavar="FOLDER", help="the lesson, where it is not one of the program's"
    )
    return parser


# --- check


def _check(arguments: argparse.Namespace) -> int:
    from backprop_studio import project
    from backprop_studio.network import analyze

    opened = project.load(arguments.project)
    analysis = analyze(opened.network)
    for problem in analysis.diagnostics:
        if problem.severity is Severity.ERROR:
            print(f"error: {problem.text}", file=sys.stderr)
        else:
            print(f"warning: {problem.text}")
    if analysis.errors:
        return FAILED
    instructions = len(analysis.require().program.instructions)
    parameters = sum(analysis.parameters.values())
    print(
        f"{_title(arguments.project)}: ready to train; {_count(parameters, 'parameter')}, "
        f"{_count(instructions, 'instruction')} a step"
    )
    if arguments.gradients:
        return _check_gradients(opened.network, opened.weights)
    return 0


def _check_gradients(network: Network, weights: Weights) -> int:
    """Print how far each gradient is from central differences; fail when one is wrong."""
    from backprop_studio.autograd import gradcheck
    from backprop_studio.network import analyze, edits
    from backprop_studio.nn import optimizers
    from backprop_studio.training import Session
    from backprop_studio.training.naming import value_name

    rows = min(network.setup.batch_size, CHECKED_ROWS)
    # Any optimizer that asks for gradients will do; not all do.
    descent = optimizers()["sgd"]()
    setup = replace(network.setup, precision="float64", batch_size=rows, optimizer=descent)
    network = edits.set_setup(network, setup)
    lowered = analyze(network).require()
    errors = gradcheck(Session(lowered, setup, weights=weights).machine)
    wrong = 0
    for index, error in errors.items():
        wrong += error > WRONG
        verdict = "right" if error <= RIGHT else "WRONG" if error > WRONG else "near a kink?"
        print(f"{value_name(network, lowered.program, index):40} {error:8.1e}  {verdict}")
    return FAILED if wrong else 0


# --- train


def _train(arguments: argparse.Namespace) -> int:
    from backprop_studio import project
    from backprop_studio.network import analyze
    from backprop_studio.training import Session

    epochs = _epochs(arguments.epochs)
    _check_targets(arguments)
    opened = project.load(arguments.project)
    network = _with_settings(cli_data.with_data(opened.network, arguments), arguments)
    if arguments.fit:
        network = cli_data.fitted(network, quiet=arguments.quiet)
    lowered = analyze(network).require()
    weights = {} if arguments.seed is not None else opened.weights
    if weights and not arguments.quiet:
        print(f"{PROGRAM}: training on from the weights in the project", file=sys.stderr)
    session = Session(lowered, network.setup, weights=weights)
    if arguments.weights is not None:
        weights = _fitting(arguments, network, session)
        session = Session(lowered, network.setup, weights=weights)
    if not _run(session, epochs, quiet=arguments.quiet):
        return complain(_failure(network, session), FAILED)
    title = _title(arguments.project)
    print(f"{title}: {_count(epochs, 'epoch')}, {_measures(session, session.evaluate())}")
    return _write(arguments, network, session, title)


def _fitting(
    arguments: argparse.Namespace, network: Network, session: Session
) -> dict[tuple[str, str], Array]:
    """The weights of the session, and in their place those of a file that fit."""
    from backprop_studio.project.importing import fit, read_weights

    own = session.weights()
    found = fit(network, own, read_weights(arguments.weights))
    faults = [f"{_shown(match.name)}: {match.fault}" for match in found.matches if match.fault]
    if not found.weights:
        reason = "; ".join(faults[:3])
        raise StudioError("weights-none", path=_shown(arguments.weights), reason=reason)
    if not arguments.quiet:
        for told in (*faults, *found.notes):
            print(f"{PROGRAM}: {told}", file=sys.stderr)
        taken = f"{len(found.weights)} of {_count(found.wanted, 'weight')}"
        print(f"{PROGRAM}: starting from {taken} in the file", file=sys.stderr)
    return {**own, **found.weights}


def _run(session: Session, epochs: int, *, quiet: bool) -> bool:
    """Train with a progress bar; tell whether every number stayed finite."""
    from tqdm import tqdm

    # No thread that looks after bars that do not move.
    tqdm.monitor_interval = 0
    # None: shown on a terminal only.
    with tqdm(total=epochs, unit="epoch", disable=True if quiet else None) as bar:
        for _ in range(epochs):
            session.run_epoch()
            if session.failure is not None:
                return False
            if not bar.disable and session.last_test is not None:
                bar.set_postfix_str(_measures(session, session.last_test), refresh=False)
            bar.update()
    return True


def _measures(session: Session, test: Evaluation) -> str:
    """Loss over the last epoch, and the held-out rows."""
    loss = session.losses.points[-session.batches_per_epoch :, 1].mean()
    accuracy = "" if test.accuracy is None else f", held-out accuracy {test.accuracy:.4f}"
    rows = _count(test.rows, "row")
    return f"loss {loss:.4g}, held-out loss {test.loss:.4g}{accuracy} ({rows})"


def _failure(network: Network, session: Session) -> str:
    from backprop_studio.training.naming import with_names

    assert session.failure is not None
    return f"{with_names(network, session.failure).text} Nothing was written."


def _write(arguments: argparse.Namespace, network: Network, session: Session, title: str) -> int:
    """Write everything that was asked for, also when a part of it fails."""
    from backprop_studio import project

    weights = session.weights()
    carried = project.carried(network, weights)
    tensors = project.tensor_names(network, weights)
    code = 0
    for path in [*arguments.export, *filter(None, [arguments.save])]:
        try:
            if path is arguments.save:
                project.save(project.Project(network, weights), path)
            else:
                project.export(path, carried.tensors, network_name=title, notes=carried.notes)
        except StudioError as error:
            code = complain(str(error), FAILED)
        else:
            held = tensors if path is arguments.save else carried.tensors
            print(f"wrote {_shown(path)} ({_contents(held)})")
    return code


def _contents(tensors: Mapping[str, Array]) -> str:
    numbers = sum(a.size for a in tensors.values())
    return f"{_count(len(tensors), 'tensor')}, {_count(numbers, 'number')}"


# --- lesson and verify


def _lesson(arguments: argparse.Namespace) -> int:
    from backprop_studio import lessons
    from backprop_studio.lessons.library import read_text

    parsed = lessons.parse(read_text(arguments.lesson))
    for fault in parsed.faults:
        print(f"error: line {fault.line}: {_shown(fault.reason)}", file=sys.stderr)
    if parsed.lesson is None:
        return FAILED
    scene = lessons.load_project(parsed.lesson, arguments.lesson)
    rehearsal = lessons.Rehearsal(parsed.lesson, scene)
    bad = 0
    for played in rehearsal.play():
        bad += not played.sound
        if not arguments.quiet:
            print(f"\n{'ok' if played.sound else 'NOT OK'}: {played.step.title}")
            for block in played.step.blocks:
                print(_told(block, rehearsal.runner.number))
            for block in played.step.explain:
                print(_told(block, rehearsal.runner.told))
        for complaint in _complaints(played):
            line = f"error: line {played.step.line}: '{played.step.title}' {complaint}"
            print(line, file=sys.stderr)
    steps = _count(len(parsed.lesson.steps), "step")
    print(f"{parsed.lesson.head.title}: {steps}, {bad or 'none'} not as it should be")
    return FAILED if bad else 0


def _told(block: Block, number: Callable[[Expression], float | None]) -> str:
    """A block of a lesson as the learner reads it."""
    from backprop_studio.lessons import Formula, Text
    from backprop_studio.lessons.lesson import fill

    match block:
        case Text(markdown):
            return fill(markdown, number)
        case Formula(latex):
            return f"    {fill(latex, number, latex=True)}"
        case _:
            return f"  ? {fill(block.question, number)}"


def _complaints(played: Rehearsed) -> list[str]:
    """What is wrong with a step, in a few words each."""
    found = [played.problem] if played.problem else []
    if not (played.open_before and played.tasks_open):
        found.append("is done before its solution")
    if not played.done_after:
        found.append("is not done by its solution" if played.step.solution else "has no solution")
    return found + [f"tells {number.key}, which is not computed then" for number in played.untold]


def _verify(arguments: argparse.Namespace) -> int:
    from backprop_studio import lessons
    from backprop_studio.lessons import evidence
    from backprop_studio.lessons.library import find

    handed_in = evidence.load(arguments.evidence)
    path = find(handed_in.lesson) if arguments.lesson is None else arguments.lesson
    lesson = lessons.load(path)
    findings = evidence.verify(handed_in, lesson, lessons.load_project(lesson, path))
    for finding in findings:
        verdict = "confirmed" if finding.confirmed else "REFUTED"
        print(f"{_shown(finding.what):32} {verdict:10} {_shown(finding.detail)}")
    refuted = sum(not finding.confirmed for finding in findings)
    done = f"{len(handed_in.solved)} of {_count(len(lesson.steps), 'step')}"
    verdict = f"{refuted} refuted" if refuted else "all confirmed"
    print(f"{_shown(lesson.head.title)}: {done} done, seed {handed_in.seed}; {verdict}")
    return FAILED if refuted else 0


# --- Arguments


def _epochs(text: str) -> int:
    from backprop_studio.specs import Field, Kind

    field = Field("epochs", Kind.INTEGER, EPOCHS, "Epochs", "", low=1, high=MAX_EPOCHS)
    return int(value_of("--epochs", text, field))


def _check_targets(arguments: argparse.Namespace) -> None:
    """Find out before the training whether its results can be written."""
    from backprop_studio import project
    from backprop_studio.errors import ExportError

    try:
        for path in arguments.export:
            project.format_of(path)
    except ExportError as error:
        raise ArgumentsError(error.code, **error.params) from None
    if arguments.save is not None and PurePath(arguments.save).suffix != project.SUFFIX:
        raise ArgumentsError(
            "argument-invalid",
            argument="--save",
            value=f"'{_shown(arguments.save)}'",
            allowed=f"the name of a file that ends in {project.SUFFIX}",
        )
    for path in [*arguments.export, *filter(None, [arguments.save])]:
        project.check_writable(path)


def _with_settings(network: Network, arguments: argparse.Namespace) -> Network:
    """The network with the set-up that the arguments ask for."""
    setup = network.setup
    changes: dict[str, Any] = {}
    fields = {f.name: f for f in setup.fields()}
    for name, text in (("seed", arguments.seed), ("batch_size", arguments.batch_size)):
        if text is not None:
            changes[name] = value_of("--" + name.replace("_", "-"), text, fields[name])
    if arguments.learning_rate is not None:
        optimizer = setup.optimizer
        rate = {f.name: f for f in optimizer.fields()}[optimizer.rate_field]
        value = value_of("--learning-rate", arguments.learning_rate, rate)
        config = {**optimizer.config(), optimizer.rate_field: value}
        changes["optimizer"] = type(optimizer).from_config(config)
    setup = replace(setup, **changes)
    return replace(network, setup=setup)


# --- Words


def _title(path: str) -> str:
    return _shown(PurePath(path).stem)


def _shown(text: str) -> str:
    from backprop_studio.files import shorten

    return shorten(text)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
