"""The range of every number that is computed so far."""

from __future__ import annotations

import numpy as np

from backprop_studio.autograd import Array
from backprop_studio.training import Session


def extremes(session: Session) -> dict[int, Array]:
    """Smallest and largest number of each result of this iteration, by id.

    Returns
    -------
    dict
        Arrays of two numbers; of one, for a result that is a single number. What is not computed
        yet is missing.
    """
    done = session.cursor.index
    found = {}
    for value, made in session.program.producer.items():
        array = session.machine.array(value)
        if made < done and array.size:
            low, high = array.min(), array.max()
            found[value] = np.array([low, high] if array.size > 1 else [low])
    return found
