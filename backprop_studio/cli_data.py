"""Options of the command line that say which data are trained on, and what is done to them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from backprop_studio.errors import StudioError

# As in `cli`: help and wrong arguments answer at once.
if TYPE_CHECKING:
    from backprop_studio.data import Corruption, Options
    from backprop_studio.network import Network, TrainingSetup
    from backprop_studio.specs import Field

_MOST_FIXES = 6
"""Remedies that are applied one after the other."""


class ArgumentsError(StudioError):
    """The arguments are at fault."""


def add_options(train: argparse.ArgumentParser) -> None:
    """Declare them."""
    group = train.add_argument_group("data, each in place of the project's")
    group.add_argument(
        "--data", metavar="FILE", help="train on these data: .csv, .tsv, .npz, IDX or a folder"
    )
    group.add_argument("--target", metavar="NAME", default="", help="column of --data to learn")
    group.add_argument("--dataset", metavar="ID", help="a data set of the program: iris, moons, …")
    group.add_argument(
        "--option",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="how generated data are made, such as count=2000 or noise=0.1; may come again",
    )
    group.add_argument("--validation", metavar="X", help="share of the rows that is held out")
    group.add_argument(
        "--stratified", metavar="yes|no", help="hold out rows of each class in proportion"
    )
    group.add_argument("--shuffle", metavar="yes|no", help="another order of rows every epoch")
    group.add_argument("--scaling", metavar="HOW", help="none, standard or range")
    group.add_argument("--scale-targets", metavar="yes|no", help="scale numbers to predict too")
    group.add_argument(
        "--corrupt",
        metavar="NAME[,SETTING=VALUE…]",
        action="append",
        default=[],
        help="spoil the rows, such as label_noise,share=0.3; may come again, in this order; "
        "'none' takes out those of the project",
    )
    group.add_argument(
        "--fit", action="store_true", help="apply the remedies that make the network fit the data"
    )


def with_data(network: Network, arguments: argparse.Namespace) -> Network:
    """The network on the data that the arguments ask for.

    Raises
    ------
    ArgumentsError
        An argument is at fault.
    StudioError
        The file is, or the data do not fit.
    """
    setup = _with_source(network.setup, arguments)
    if arguments.option:
        options = _options(setup, arguments.option)
        setup = replace(setup, data=replace(setup.data, options=options))
    if arguments.validation is not None:
        field = {f.name: f for f in setup.fields()}["validation"]
        setup = replace(setup, validation=value_of("--validation", arguments.validation, field))
    changes: dict[str, Any] = {}
    fields = {f.name: f for f in setup.data.fields()}
    for name in ("stratified", "shuffle", "scaling", "scale_targets"):
        text = getattr(arguments, name)
        if text is not None:
            changes[name] = value_of("--" + name.replace("_", "-"), text, fields[name])
    if arguments.corrupt:
        changes["corruptions"] = tuple(_corruptions(setup, arguments.corrupt))
    return replace(network, setup=replace(setup, data=replace(setup.data, **changes)))


def fitted(network: Network, *, quiet: bool) -> Network:
    """The network after the remedies of its errors, each told on standard error."""
    from backprop_studio.network import analyze
    from backprop_studio.network.fixes import first_fix

    for _ in range(_MOST_FIXES):
        analysis = analyze(network)
        fix = first_fix(analysis) if analysis.errors else None
        if fix is None:
            break
        if not quiet:
            print(f"backprop-studio: fitted: {fix.text}", file=sys.stderr)
        network = fix.edit(network)
    return network


def value_of(option: str, text: str, field: Field) -> Any:
    """What an option gives for a setting.

    Raises
    ------
    ArgumentsError
        It is nothing of the kind, or out of the setting's range.
    """
    from backprop_studio.files import shorten
    from backprop_studio.specs import Kind

    allowed = "yes or no" if field.kind is Kind.FLAG else field.allowed
    try:
        value: Any = text
        if field.kind is Kind.INTEGER:
            value = int(text)
        elif field.kind is Kind.NUMBER:
            value = float(text)
        elif field.kind is Kind.FLAG:
            value = {"yes": True, "no": False}[text]
        if field.fits_type(value) and field.fits_range(value):
            return value
    except (ValueError, KeyError):
        pass
    raise ArgumentsError(
        "argument-invalid", argument=option, value=f"'{shorten(text)}'", allowed=allowed
    )


def _with_source(setup: TrainingSetup, arguments: argparse.Namespace) -> TrainingSetup:
    from backprop_studio import data

    if arguments.dataset is not None:
        if arguments.data is not None:
            raise _invalid("--dataset", arguments.dataset, "left out where --data is given")
        known = [info.id for info in data.infos()]
        if arguments.dataset not in known:
            raise _invalid("--dataset", arguments.dataset, "one of " + ", ".join(known))
        return setup.for_dataset(arguments.dataset)
    if arguments.data is None:
        if arguments.target:
            raise _invalid("--target", arguments.target, "given together with --data")
        return setup
    from backprop_studio.data import importing, own

    imported = importing.read(arguments.data, target=arguments.target)
    for warning in imported.warnings:
        print(f"backprop-studio: warning: {warning.text}", file=sys.stderr)
    return setup.for_dataset(own.keep(imported.dataset).id)


def _options(setup: TrainingSetup, given: Iterable[str]) -> Options:
    from backprop_studio import data

    given = list(given)
    kind = data.recipe(setup.dataset)
    if kind is None:
        title = data.info(setup.dataset).title
        raise _invalid("--option", given[0], f"left out: there is nothing to set of '{title}'")
    known = setup.data.options
    made: Options = _changed(known if type(known) is kind else kind(), "--option", given)
    return made


def _corruptions(setup: TrainingSetup, given: Iterable[str]) -> Iterable[Corruption]:
    from backprop_studio import data

    kinds = data.corruptions()
    source = None
    for text in given:
        if text == "none":
            continue
        name, *settings = text.split(",")
        if name not in kinds:
            raise _invalid("--corrupt", text, "one of none, " + ", ".join(kinds))
        if source is None:
            source = data.load(setup.dataset, setup.data.options)
        yield _changed(kinds[name].fitting(source), "--corrupt", settings)


def _changed(spec: Any, option: str, given: Iterable[str]) -> Any:
    fields = {f.name: f for f in spec.fields()}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or name not in fields:
            allowed = ", ".join(f"{key}=…" for key in fields) or "without settings"
            raise _invalid(option, text, f"of {allowed}")
        spec = replace(spec, **{name: value_of(f"{option} {name}", value, fields[name])})
    return spec


def _invalid(option: str, text: str, allowed: str) -> ArgumentsError:
    from backprop_studio.files import shorten

    return ArgumentsError(
        "argument-invalid", argument=option, value=f"'{shorten(text)}'", allowed=allowed
    )
