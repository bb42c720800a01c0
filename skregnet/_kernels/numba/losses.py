"""Losses with their gradients, compiled by Numba: one call each.

The same functions as in `numpy_losses`, which says what they are given, and which
computes exponentials of many numbers faster: beyond some number of a member's outputs
the work is handed on. Sums over rows are in float64.
"""

from typing import Any

import numpy as np

from skregnet._kernels.buffers import Array
from skregnet._kernels.numba.compilation import compiled, or_numpy
from skregnet._kernels.numpy import losses as numpy_losses
from skregnet._kernels.numpy.losses import LossWorkspace

# Outputs of a member, times rows, from which NumPy's versions are faster.
_MANY_CLASSES = 1_500
_MANY_LABELS = 600
_MANY_NUMBERS = 2_000


@or_numpy(numpy_losses)
def softmax_loss(
    outputs: Array,
    targets: Array,
    weights: Array | None,
    scale: float,
    space: LossWorkspace,
) -> Array:
    """Cross-entropy of softmax outputs; the targets of a row sum to one."""
    arguments = outputs, targets, weights, scale, space
    return _fused("softmax_loss", _MANY_CLASSES, *arguments)


@or_numpy(numpy_losses)
def logistic_loss(
    outputs: Array,
    targets: Array,
    weights: Array | None,
    scale: float,
    space: LossWorkspace,
) -> Array:
    """Binary cross-entropy of logistic outputs, summed over outputs."""
    arguments = outputs, targets, weights, scale, space
    return _fused("logistic_loss", _MANY_LABELS, *arguments)


@or_numpy(numpy_losses)
def squared_loss(
    outputs: Array,
    targets: Array,
    weights: Array | None,
    scale: float,
    space: LossWorkspace,
) -> Array:
    """Half the squared error, summed over outputs."""
    arguments = outputs, targets, weights, scale, space
    return _fused("squared_loss", _MANY_NUMBERS, *arguments)


def _fused(
    name: str,
    many: int,
    outputs: Array,
    targets: Array,
    weights: Array | None,
    scale: float,
    space: LossWorkspace,
) -> Array:
    """Call a loop, or NumPy's version where a member has more outputs than `many`."""
    if outputs[0].size > many:
        loss: Any = getattr(numpy_losses, name)
        values: Array = loss(outputs, targets, weights, scale, space)
        return values
    rows = space.ones_over_rows if weights is None else weights
    losses = np.empty(len(outputs), outputs.dtype)
    compiled(name, outputs.dtype)(outputs, targets, rows, scale, space.two_rows, losses)
    only: Array = losses[0]
    return losses if len(losses) > 1 else only
