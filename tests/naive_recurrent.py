"""Recurrent layers written step by step, forward and back, straight from PyTorch's equations.

States are rows here, (N, units), and gates come one by one; what the ops keep is put together in
their layout (steps, entries, N) at the end only.
"""

from __future__ import annotations

import numpy as np

from backprop_studio.autograd import Array


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def stacked(rows: list[Array]) -> Array:
    """Rows (N, entries) of each step as (steps, entries, N)."""
    return np.stack([r.T for r in rows])


def leave(states: list[Array], sequence: bool) -> Array:
    return np.stack(states, axis=1) if sequence else states[-1]


def seen(x: Array, states: list[Array], bias: bool) -> Array:
    """What each step sees; `states` begin with the first one, all zero."""
    ones = [np.ones((len(x), 1))] if bias else []
    return stacked([np.hstack([x[:, t], *ones, states[t]]) for t in range(x.shape[1])])


def start(x: Array, u: Array) -> Array:
    return np.zeros((len(x), len(u)))


def simple_rnn(
    sequence: bool, relu: bool, x: Array, w: Array, u: Array, *b: Array
) -> tuple[Array, ...]:
    states = [start(x, u)]
    for t in range(x.shape[1]):
        total = x[:, t] @ w + states[-1] @ u + sum(b)
        states.append(np.maximum(total, 0) if relu else np.tanh(total))
    return leave(states[1:], sequence), seen(x, states, bool(b))


def lstm(sequence: bool, x: Array, w: Array, u: Array, *b: Array) -> tuple[Array, ...]:
    states, cells, gates = [start(x, u)], [start(x, u)], []
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ w + states[-1] @ u + sum(b), 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        cells.append(f * cells[-1] + i * g)
        states.append(o * np.tanh(cells[-1]))
        gates.append(np.hstack([i, f, g, o]))
    kept = stacked(cells[1:]), stacked(gates), seen(x, states, bool(b))
    return leave(states[1:], sequence), *kept


def gru(sequence: bool, x: Array, w: Array, u: Array, *b: Array) -> tuple[Array, ...]:
    states, gates = [start(x, u)], []
    bias, hidden_bias = b or (0.0, 0.0)
    for t in range(x.shape[1]):
        h = states[-1]
        ir, iz, inew = np.split(x[:, t] @ w + bias, 3, axis=1)
        hr, hz, hnew = np.split(h @ u, 3, axis=1)
        m = hnew + hidden_bias
        r, z = sigmoid(ir + hr), sigmoid(iz + hz)
        n = np.tanh(inew + r * m)
        states.append((1 - z) * n + z * h)
        gates.append(np.hstack([r, z, m, n]))
    return leave(states[1:], sequence), stacked(gates), seen(x, states, bool(b))


def upstream(g: Array, steps: int) -> list[Array]:
    """The output's gradient at each step: zero before the last if only that one is returned."""
    if g.ndim == 3:
        return [g[:, t] for t in range(steps)]
    return [np.zeros_like(g)] * (steps - 1) + [g]


def simple_rnn_back(relu: bool, u: Array, y: Array, seen: Array, g: Array) -> tuple[Array, ...]:
    steps, units = len(seen), len(u)
    before = [s[-units:].T for s in seen]
    states = [*before[1:], y[:, -1] if y.ndim == 3 else y]
    arriving = upstream(g, steps)
    dh, dhs, ds = np.zeros((seen.shape[2], units)), [], []
    for t in reversed(range(steps)):
        dh = dh + arriving[t]
        d = dh * ((states[t] > 0) if relu else 1 - states[t] ** 2)
        dhs.insert(0, dh)
        ds.insert(0, d)
        dh = d @ u.T
    return stacked(ds), stacked(dhs)


def lstm_back(u: Array, cells: Array, gates: Array, g: Array) -> tuple[Array, ...]:
    steps, units, n = cells.shape
    arriving = upstream(g, steps)
    dh, dc = np.zeros((2, n, units))
    ds, dcs, dhs = [], [], []
    for t in reversed(range(steps)):
        i, f, new, o = np.split(gates[t].T, 4, axis=1)
        before = cells[t - 1].T if t else np.zeros((n, units))
        shown = np.tanh(cells[t].T)
        dh = dh + arriving[t]
        dc = dc + dh * o * (1 - shown**2)
        di, df, dg, do = dc * new, dc * before, dc * i, dh * shown
        parts = [di * i * (1 - i), df * f * (1 - f), dg * (1 - new**2), do * o * (1 - o)]
        ds.insert(0, np.hstack(parts))
        dcs.insert(0, dc)
        dhs.insert(0, dh)
        dh, dc = ds[0] @ u.T, dc * f
    return stacked(ds), stacked(dcs), stacked(dhs)


def gru_back(u: Array, gates: Array, seen: Array, g: Array) -> tuple[Array, ...]:
    steps, units = len(seen), len(u)
    arriving = upstream(g, steps)
    dh, ds, dhs = np.zeros((seen.shape[2], units)), [], []
    for t in reversed(range(steps)):
        r, z, m, n = np.split(gates[t].T, 4, axis=1)
        before = seen[t, -units:].T
        dh = dh + arriving[t]
        dn = dh * (1 - z) * (1 - n**2)
        dr, dz, dm = dn * m * r * (1 - r), dh * (before - n) * z * (1 - z), dn * r
        ds.insert(0, np.hstack([dr, dz, dm, dn]))
        dhs.insert(0, dh)
        dh = dh * z + np.hstack([dr, dz, dm]) @ u.T
    return stacked(ds), stacked(dhs)


def weights_back(units: int, bias: bool, seen: Array, d: Array) -> tuple[Array, ...]:
    """Gradients by the weights of input, state and one: their numbers times each step's signal."""
    total = sum(
        (s @ a.T for s, a in zip(seen, d, strict=True)), np.zeros((seen.shape[1], d.shape[1]))
    )
    features = len(total) - units - bias
    found = total[:features], total[features + bias :]
    return (*found, total[features]) if bias else found


def gru_weights_back(bias: bool, seen: Array, d: Array) -> tuple[Array, ...]:
    r, z, m, n = np.split(d, 4, axis=1)
    units = r.shape[1]
    w, _, *b = weights_back(units, bias, seen, np.hstack([r, z, n]))
    _, u, *c = weights_back(units, bias, seen, np.hstack([r, z, m]))
    return (w, u, b[0], c[0][2 * units :]) if bias else (w, u)


def input_back(w: Array, d: Array) -> tuple[Array, ...]:
    return (np.stack([a.T @ w.T for a in d], axis=1),)


def gru_input_back(w: Array, d: Array) -> tuple[Array, ...]:
    r, z, _, n = np.split(d, 4, axis=1)
    return input_back(w, np.hstack([r, z, n]))


def lookup_back(vocabulary: int, tokens: Array, g: Array) -> tuple[Array, ...]:
    out = np.zeros((vocabulary, g.shape[-1]))
    for place in np.ndindex(*tokens.shape):
        out[tokens[place]] += g[place]
    return (out,)
