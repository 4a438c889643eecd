"""From a network to the text of `project.json`."""

from __future__ import annotations

from backprop_studio import __version__
from backprop_studio.data import DataSettings
from backprop_studio.network import Network, Node, TrainingSetup, UnknownLayer
from backprop_studio.project import strict_json
from backprop_studio.project.schema import FORMAT


def encode(network: Network) -> bytes:
    """The text of `project.json`, the same bytes for the same network.

    Raises
    ------
    ValueError, TypeError
        The network holds a value that JSON cannot: NaN, infinity or an object of some class.
    """
    return strict_json.dumps(
        {
            "format": FORMAT,
            "program": __version__,
            "nodes": [_node(n) for n in network.nodes],
            "wires": [
                {"source": w.source, "target": w.target, "port": w.port} for w in network.wires
            ],
            "setup": _setup(network.setup),
            **_marks(network),
        }
    )


def _node(node: Node) -> dict[str, object]:
    if isinstance(node.spec, UnknownLayer):
        layer, config = node.spec.type, dict(node.spec.settings)
    else:
        layer, config = node.spec.info.id, node.spec.config()
    return {
        "id": node.id,
        "name": node.name,
        "type": layer,
        # A float always: a whole number and a float that are equal would give other bytes.
        "x": float(node.x),
        "y": float(node.y),
        "config": config,
        "shares": node.shares or None,
        "frozen": node.frozen,
    }


def _marks(network: Network) -> dict[str, object]:
    """Notes, arrows and groups, each kind only where there are some."""
    notes: list[dict[str, object]] = [
        {"id": n.id, "text": n.text, "x": float(n.x), "y": float(n.y), "width": float(n.width)}
        for n in network.notes
    ]
    arrows: list[dict[str, object]] = [
        {
            "id": a.id,
            **{key: float(getattr(a, key)) for key in ("x1", "y1", "x2", "y2")},
            "source": a.source or None,
            "target": a.target or None,
        }
        for a in network.arrows
    ]
    groups: list[dict[str, object]] = [
        {"id": g.id, "name": g.name, "members": list(g.members), "collapsed": g.collapsed}
        for g in network.groups
    ]
    marks = {"notes": notes, "arrows": arrows, "groups": groups}
    return {key: found for key, found in marks.items() if found}


def _setup(setup: TrainingSetup) -> dict[str, object]:
    optimizer = {"type": setup.optimizer.info.id, "config": setup.optimizer.config()}
    schedule = {"type": setup.schedule.info.id, "config": setup.schedule.config()}
    return {
        "dataset": setup.dataset,
        "optimizer": optimizer,
        "schedule": schedule,
        "data": _data(setup.data),
        **setup.config(),
    }


def _data(settings: DataSettings) -> dict[str, object]:
    return {
        "options": None if settings.options is None else settings.options.config(),
        "corruptions": [{"type": c.info.id, "config": c.config()} for c in settings.corruptions],
        **settings.config(),
    }
