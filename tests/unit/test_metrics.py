"""Tables of points."""

from __future__ import annotations

import numpy as np

from backprop_studio.training.metrics import Series


def test_that_a_table_keeps_its_points_and_little_room_besides() -> None:
    table, rows = Series(2), 0
    for size in (1, 100, 5_000, 1_000_000, 400_000, 400_000):
        table.extend(np.stack([np.arange(rows, rows + size), np.full(size, size)], axis=1))
        rows += size
    table.append(rows, 0.0)
    assert len(table) == rows + 1
    assert (table.points[:, 0] == np.arange(rows + 1)).all()
    assert table.points[0, 1] == 1.0 and table.points[-2, 1] == 400_000.0
    # An array that doubled would have twice as much here.
    assert table.nbytes <= 1.25 * table.points.nbytes
    table.drop_after(99.0)
    assert len(table) == 100
