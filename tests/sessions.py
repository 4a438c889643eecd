"""Sessions of every kind of network, and all that is kept and computed in them, as bits."""

from __future__ import annotations

from networks import chain

from backprop_studio.network import analyze
from backprop_studio.nn import optimizers, schedules
from backprop_studio.training import Session

NETWORKS = {
    name: chain(batch_size=300, optimizer=optimizers()[name].from_config({}))
    for name in optimizers()
}
NETWORKS["chance and running statistics"] = chain(
    [
        ("input", {}),
        ("noise", {}),
        ("dense", {"units": 12}),
        ("batch_norm", {}),
        ("relu", {}),
        ("dropout", {}),
        ("dense", {"units": 10}),
        ("dropout", {"p": 0.1}),
        ("softmax_cross_entropy", {}),
    ],
    batch_size=300,
)
NETWORKS["cut on a plateau"] = chain(
    batch_size=300,
    # No loss is lower by its whole size: the rate is cut after every epoch but the first.
    schedule=schedules()["plateau"].from_config({"patience": 0, "threshold": 1.0, "factor": 0.5}),
    warmup=7,
    clip="norm",
    clip_at=0.05,
)
NETWORKS["steps and clipped values"] = chain(
    batch_size=300,
    optimizer=optimizers()["nesterov"](),
    schedule=schedules()["step"].from_config({"every": 1, "gamma": 0.5}),
    clip="value",
    clip_at=0.001,
)
NETWORKS["recurrent"] = chain(
    [
        ("input", {}),
        ("reshape", {"channels": 8, "height": 8, "width": 0}),
        ("lstm", {"units": 4, "returns": "sequence"}),
        ("gru", {"units": 4, "returns": "sequence"}),
        ("simple_rnn", {"units": 4}),
        ("dense", {"units": 10}),
        ("softmax_cross_entropy", {}),
    ],
    batch_size=300,
)


def session_of(name: str, **options: int) -> Session:
    return Session(analyze(NETWORKS[name]).require(), NETWORKS[name].setup, **options)


def bits(session: Session) -> dict[str, bytes]:
    return {name: a.tobytes() for name, a in session.storage.save().arenas.items()}


def everything(session: Session) -> dict[int, bytes]:
    """Every value that has been computed in this iteration."""
    return {
        i: session.machine.array(i).tobytes()
        for i, made in session.program.producer.items()
        if made < session.cursor.index
    }
