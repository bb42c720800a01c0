"""Losses with their gradients, in NumPy.

`outputs` and `targets` are output-major, of shape (n_members, n_outputs, n_rows), so
that a reduction over few outputs runs along many rows. `weights` has shape
(n_members, 1, n_rows) or is None, `scale` divides the sum over rows into a mean. Each
function overwrites `outputs` with the gradient of the loss and returns the loss of
each member.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike
from scipy import special

from skregnet._kernels.buffers import Array, aligned_empty
from skregnet._kernels.numpy.products import matmul, member_dot


@dataclass(frozen=True)
class LossWorkspace:
    """Scratch space of a loss for one number of members, outputs and rows."""

    rows: Array
    scratch: Array
    ones_over_outputs: Array
    ones_over_rows: Array
    two_rows: Array

    @classmethod
    def allocate(
        cls, n_members: int, n_outputs: int, n_rows: int, dtype: DTypeLike
    ) -> "LossWorkspace":
        """Allocate the buffers."""
        return cls(
            rows=aligned_empty((n_members, 1, n_rows), dtype),
            scratch=aligned_empty((n_members, n_outputs, n_rows), dtype),
            ones_over_outputs=np.ones((1, 1, n_outputs), dtype),
            ones_over_rows=np.ones((n_members, 1, n_rows), dtype),
            two_rows=aligned_empty((2, n_rows), dtype),
        )


def softmax_loss(
    outputs: Array,
    targets: Array,
    weights: Array | None,
    scale: float,
    space: LossWorkspace,
) -> Array:
    """Cross-entropy of softmax outputs; the targets of a row sum to one."""
    rows = space.rows
    np.maximum.reduce(outputs, axis=1, keepdims=True, out=rows)
    np.subtract(outputs, rows, out=outputs)
    if weights is None:
        fit = member_dot(outputs, targets)
    else:
        fit = member_dot(outputs, np.multiply(targets, weights, out=space.scratch))
    np.exp(outputs, out=outputs)
    matmul(space.ones_over_outputs, outputs, rows)
    np.divide(outputs, rows, out=outputs)
    _scale_residual(outputs, targets, weights, scale)
    np.log(rows, out=rows)
    row_weights = space.ones_over_rows if weights is None else weights
    return (member_dot(rows, row_weights) - fit) * scale


def logistic_loss(
    outputs: Array,
    targets: Array,
    weights: Array | None,
    scale: float,
    space: LossWorkspace,
) -> Array:
    """Binary cross-entropy of logistic outputs, summed over outputs."""
    scratch = space.scratch
    np.maximum(outputs, 0, out=scratch)
    scratch -= outputs * targets
    special.expit(outputs, out=outputs)
    # log(1 + exp(z)) = max(z, 0) - log(max(p, 1 - p)) with p = 1 / (1 + exp(-z))
    larger = np.subtract(1, outputs)
    np.maximum(larger, outputs, out=larger)
    scratch -= np.log(larger, out=larger)
    if weights is not None:
        scratch *= weights
    _scale_residual(outputs, targets, weights, scale)
    return _total(scratch, scale)


def squared_loss(
    outputs: Array,
    targets: Array,
    weights: Array | None,
    scale: float,
    space: LossWorkspace,
) -> Array:
    """Half the squared error, summed over outputs."""
    np.subtract(outputs, targets, out=outputs)
    if weights is None:
        value = member_dot(outputs, outputs)
    else:
        value = member_dot(outputs, np.multiply(outputs, weights, out=space.scratch))
        outputs[...] = space.scratch
    outputs *= scale
    return value * (0.5 * scale)


def poisson_loss(
    outputs: Array,
    targets: Array,
    weights: Array | None,
    scale: float,
    space: LossWorkspace,
) -> Array:
    """Half the Poisson deviance of the exponential of the outputs, summed over them."""
    scratch = space.scratch
    special.xlogy(targets, targets, out=scratch)
    scratch -= targets
    scratch -= outputs * targets
    np.exp(outputs, out=outputs)
    scratch += outputs
    if weights is not None:
        scratch *= weights
    _scale_residual(outputs, targets, weights, scale)
    return _total(scratch, scale)


def _scale_residual(
    outputs: Array, targets: Array, weights: Array | None, scale: float
) -> None:
    """Turn predictions into the gradient of the mean loss, in place."""
    np.subtract(outputs, targets, out=outputs)
    if weights is not None:
        np.multiply(outputs, weights, out=outputs)
    np.multiply(outputs, scale, out=outputs)


def _total(losses: Array, scale: float) -> Array:
    """Sum over outputs and rows; the flat view keeps the order of the sum fixed."""
    return losses.reshape(len(losses), -1).sum(axis=1) * scale
