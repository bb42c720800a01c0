"""Losses with their gradients, compiled by Numba: one call each.

The same functions as in `numpy_losses`, which says what they are given, and which
computes exponentials of many numbers faster: beyond some number of a member's outputs
the work is handed on. Sums over rows are in float64.
"""

from typing import Any

import numpy as np

from skregnet.kernels import numpy_losses
from skregnet.kernels.buffers import Array
from skregnet.kernels.compilation import compiled
from skregnet.kernels.numpy_losses import LossWorkspace

# Outputs of a member, times rows, from which NumPy's versions are faster.
_MANY_CLASSES = 1_500
_MANY_LABELS = 600
_MANY_NUMBERS = 2_000


def softmax_loss(
    outputs: Array,
    targets: Array,
    weights: Array | None,
    scale: float,
    space: LossWorkspace,
) -> Array:
    """Cross-entropy of softmax outputs; the targets of a row sum to one."""
    if outputs[0].size > _MANY_CLASSES:
        return numpy_losses.softmax_loss(outputs, targets, weights, scale, space)
    losses = np.empty(len(outputs), outputs.dtype)
    compiled("softmax_loss", outputs.dtype)(
        outputs, targets, _each(weights, space), scale, space.two_rows, losses
    )
    return losses if len(losses) > 1 else losses[0]


def logistic_loss(
    outputs: Array,
    targets: Array,
    weights: Array | None,
    scale: float,
    space: LossWorkspace,
) -> Array:
    """Binary cross-entropy of logistic outputs, summed over outputs."""
    if outputs[0].size > _MANY_LABELS:
        return numpy_losses.logistic_loss(outputs, targets, weights, scale, space)
    losses = np.empty(len(outputs), outputs.dtype)
    compiled("logistic_loss", outputs.dtype)(
        outputs, targets, _each(weights, space), scale, losses
    )
    return losses if len(losses) > 1 else losses[0]


def squared_loss(
    outputs: Array,
    targets: Array,
    weights: Array | None,
    scale: float,
    space: LossWorkspace,
) -> Array:
    """Half the squared error, summed over outputs."""
    if outputs[0].size > _MANY_NUMBERS:
        return numpy_losses.squared_loss(outputs, targets, weights, scale, space)
    losses = np.empty(len(outputs), outputs.dtype)
    compiled("squared_loss", outputs.dtype)(
        outputs, targets, _each(weights, space), scale, losses
    )
    return losses if len(losses) > 1 else losses[0]


def _each(weights: Array | None, space: LossWorkspace) -> Any:
    """Return the weights of the rows, ones where there are none."""
    return space.ones_over_rows if weights is None else weights
