"""How much the loss would change, to first order, if a column were its mean."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skregnet._kernels import Array
from skregnet._sklearn.labels import codes_of

# Rows that are looked at.
_MOST_ROWS = 1_000


def gradient_importances(
    members: Sequence[Any], encoded: Array, targets: Array, counts: Sequence[int]
) -> Array:
    """Return the importance of each column of a table; they sum to one.

    The gradient of a row's loss by what a column has become, times its difference from
    the mean: absolute values, averaged over rows and networks.

    Parameters
    ----------
    members : sequence of estimators
        Fitted networks.
    encoded : ndarray of shape (n_rows, n_columns)
        What they have learned from.
    targets : ndarray of shape (n_rows,)
        Targets.
    counts : sequence of int
        How many encoded columns there are of each column of the table.
    """
    step = -(-len(encoded) // _MOST_ROWS)
    rows, y = encoded[::step], targets[::step]
    differences = rows - rows.mean(axis=0)
    starts = np.cumsum([0, *counts[:-1]])
    total = np.zeros(len(counts))
    for member in members:
        # A network of drawn rows may not know all classes.
        known = np.ones(len(y), bool)
        if hasattr(member, "classes_"):
            known = codes_of(y, member.classes_) >= 0
        slopes = member.input_gradient(rows[known], y[known])
        changes = (slopes * differences[known]).astype(np.float64)
        ends = np.pad(changes.cumsum(axis=1), [(0, 0), (1, 0)])
        stops = starts + np.asarray(counts)
        total += np.abs(ends[:, stops] - ends[:, starts]).sum(axis=0)
    importances: Array = total / (total.sum() or 1)
    return importances
