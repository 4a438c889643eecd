"""What single examples ask of a weight: exact, whatever the layers are."""

from __future__ import annotations

import numpy as np
import pytest
from networks import Layers, chain

from backprop_studio.autograd import Machine, Phase, Storage
from backprop_studio.insight import voices as module
from backprop_studio.insight.voices import voices
from backprop_studio.network import Network, analyze
from backprop_studio.nn import optimizers
from backprop_studio.training import Boundary, Session

MIXED: Layers = [
    ("input", {}),
    ("dense", {"units": 6}),
    ("batch_norm", {}),
    ("relu", {}),
    ("dropout", {}),
    ("dense", {"units": 10}),
    ("softmax_cross_entropy", {}),
]

WEIGHED = ("softmax_cross_entropy", {"class_weights": [1, 2, 3, 1, 1, 1, 1, 1, 1, 5]})


def session_of(network: Network) -> Session:
    session = Session(analyze(network).require(), network.setup)
    session.step(Boundary.BATCH)
    return session


def batch_gradient(session: Session, parameter: int) -> np.ndarray:
    machine = session.precise()
    machine.run(0, session.program.start_of(Phase.UPDATE))
    return np.array(machine.array(session.program.gradients[parameter]))


@pytest.mark.parametrize(
    ("layers", "setup"),
    [
        (None, {}),
        (MIXED, {}),
        (MIXED, {"l2": 0.3, "l1": 0.01}),
        ([*MIXED[:-1], WEIGHED], {}),
    ],
)  # fmt: skip
def test_their_mean_is_the_gradient_of_the_batch(
    layers: Layers | None, setup: dict[str, object]
) -> None:
    network = chain(layers, batch_size=16, **setup) if layers else chain(batch_size=16, **setup)
    session = session_of(network)
    for parameter in session.program.parameters:
        found = voices(parameter.id, None, session)
        assert found is not None and len(found.asked) == found.of == 16
        whole = batch_gradient(session, parameter.id)
        assert found.gradient + found.penalty == pytest.approx(whole[found.entry], abs=1e-12)
        assert found.mean == pytest.approx(found.gradient, abs=1e-12)
        assert (found.penalty != 0) == bool(setup and len(parameter.shape) == 2)


def test_each_is_the_gradient_of_a_batch_of_that_example_alone() -> None:
    network = chain(batch_size=8)
    session = session_of(network)
    weight = session.program.parameters[0]
    found = voices(weight.id, (20, 3), session)
    assert found is not None and found.entry == (20, 3)
    storage = Storage(session.program, np.float64)
    twin = session.precise()
    for value in session.program.parameters:
        storage.view(value)[...] = twin.storage.view(value)
    alone = Machine(session.program, storage, batch=1)
    stop = session.program.start_of(Phase.UPDATE)
    twin.run(0, 2)
    x = {n: np.array(twin.array(i)) for n, i in session.program.inputs.items()}
    for row in range(8):
        for name, batch in x.items():
            alone.feed(name, batch[row : row + 1])
        alone.run(0, stop)
        own = alone.array(session.program.gradients[weight.id])
        assert found.asked[row] == pytest.approx(own[20, 3], abs=1e-12)
        assert found.norms[row] == pytest.approx(np.linalg.norm(own))
    assert list(found.rows) == list(session.rows)


def test_of_a_loss_that_is_a_sum_they_add_up_to_the_gradient() -> None:
    layers: Layers = [("input", {}), ("dense", {"units": 10}),
                      ("softmax_cross_entropy", {"reduction": "sum"})]  # fmt: skip
    session = session_of(chain(layers, batch_size=8))
    found = voices(None, None, session)
    assert found is not None and found.sums
    assert found.asked.sum() == pytest.approx(found.gradient)


def test_agreement_is_measured() -> None:
    session = session_of(chain(batch_size=16))
    found = voices(None, None, session)
    assert found is not None
    assert found.spread == pytest.approx(np.std(found.asked))
    assert found.against == pytest.approx(np.mean(found.asked * found.mean < 0))
    assert found.clarity == pytest.approx(abs(found.mean) / (found.spread / 4))
    # The one entry that was chosen has the largest gradient of its parameter.
    whole = batch_gradient(session, found.parameter)
    assert abs(found.gradient) == pytest.approx(np.abs(whole).max())
    # Cosines: the mean of the projections onto the gradient is its length.
    along = np.nansum(found.cosines * found.norms) / 16
    assert along == pytest.approx(np.linalg.norm(whole))


def test_long_batches_are_asked_as_far_as_time_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.0)
    found = voices(None, None, session_of(chain(batch_size=16)))
    assert found is not None and len(found.asked) == 1 and found.of == 16


def test_without_a_gradient_there_is_nothing_to_ask() -> None:
    network = chain(optimizer=optimizers()["random_search"].from_config({}))
    assert voices(None, None, session_of(network)) is None


def test_regression_and_what_is_put_in_by_hand_leave_the_session_alone() -> None:
    layers: Layers = [("input", {}), ("dense", {"units": 1}), ("mse", {})]
    session = session_of(chain(layers, dataset="sine", batch_size=8))
    before, cursor = session.storage.save(), session.cursor
    found = voices(None, (0, 0), session)
    assert found is not None and not found.kinds.any() and len(found.labels) == 8
    assert session.cursor == cursor
    for name, arena in before.arenas.items():
        assert np.array_equal(arena, session.storage.arena(name))
