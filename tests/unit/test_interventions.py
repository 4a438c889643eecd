"""What can be put in by hand, and what is refused with its reason."""

from __future__ import annotations

import pytest
from networks import chain

from backprop_studio.autograd import Role
from backprop_studio.errors import StudioError
from backprop_studio.network import analyze
from backprop_studio.training import Boundary, Intervention, Session


@pytest.fixture
def session() -> Session:
    """Paused behind the forward pass."""
    network = chain(batch_size=20)
    session = Session(analyze(network).require(), network.setup)
    for _ in range(2):
        session.step(Boundary.PHASE)
    return session


def labels(session: Session) -> int:
    return next(i for i in session.program.inputs.values()
                if session.program.values[i].type.kind == "int")  # fmt: skip


def weight(session: Session) -> int:
    return session.program.parameters[0].id


def refusal(session: Session, value: int, entry: tuple[int, ...], number: float) -> str:
    before = session.machine.array(value).copy()
    with pytest.raises(StudioError) as caught:
        session.intervene(Intervention(value, entry, number))
    assert (session.machine.array(value) == before).all()
    assert not session.interventions
    return caught.value.code


def test_that_a_number_stands_where_it_was_put(session: Session) -> None:
    session.intervene(Intervention(weight(session), (1, 2), 0.5))
    session.intervene(Intervention(labels(session), (3,), 7.0))
    assert session.machine.array(weight(session))[1, 2] == 0.5
    assert session.machine.array(labels(session))[3] == 7


def test_that_what_is_not_computed_yet_cannot_be_set(session: Session) -> None:
    gradient = session.program.gradients[weight(session)]
    assert refusal(session, gradient, (0, 0), 1.0) == "edit-not-computed"


@pytest.mark.parametrize("entry", [(), (0,), (0, 0, 0), (-1, 0), (0, 16), (64, 0)])
def test_that_there_must_be_such_an_entry(session: Session, entry: tuple[int, ...]) -> None:
    assert session.machine.array(weight(session)).shape == (64, 16)
    assert refusal(session, weight(session), entry, 1.0) == "edit-no-entry"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), 1e39])
def test_that_a_number_must_exist_in_the_precision(session: Session, number: float) -> None:
    assert refusal(session, weight(session), (0, 0), number) == "edit-not-finite"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (0.5, "edit-not-whole"),
        (10.0, "class-range"),
        (-1.0, "class-range"),
        (2.0**63, "edit-not-finite"),
        (-(2.0**63), "edit-not-finite"),
        (2.0**62, "class-range"),
    ],
)
def test_that_a_class_is_a_whole_number_that_there_is(
    session: Session, number: float, code: str
) -> None:
    assert refusal(session, labels(session), (0,), number) == code


def test_that_every_kind_of_value_can_be_set(session: Session) -> None:
    roles = {session.program.values[i].role for i in (weight(session), labels(session))}
    assert roles == {Role.PARAMETER, Role.INPUT}
    state = session.program.states[0]
    session.intervene(Intervention(state.id, (0,) * len(state.shape), 0.25))
    assert session.machine.array(state).reshape(-1)[0] == 0.25
