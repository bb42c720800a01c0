"""Products, gathering and rectifying, in NumPy."""

from typing import Any

import numpy as np

from skregnet.kernels.axpy import accumulate, pieces
from skregnet.kernels.buffers import Array, Rate


def matmul(left: Array, right: Array, out: Array) -> None:
    """Write the product of each member's matrices; one member takes the short way."""
    if len(out) == 1:
        left[0].dot(right[0], out[0])
    else:
        np.matmul(left, right, out=out)


def member_dot(left: Array, right: Array) -> Any:
    """Sum ``left * right`` over all but the member axis, for contiguous arrays."""
    n_members = len(left)
    if n_members == 1:
        return np.vdot(left, right)
    products = np.matmul(
        left.reshape(n_members, 1, -1), right.reshape(n_members, -1, 1)
    )
    return products[:, 0, 0]


def add_scaled(target: Array, source: Array, scale: Rate) -> None:
    """Add ``scale * source`` to `target`, vectors of shape (n_members, length)."""
    for (out, part, s), (factor,) in pieces((target, source), (scale,)):
        accumulate(out, part, factor, s)


def gather(source: Array, rows: Array, out: Array) -> None:
    """Copy ``source[rows]`` to `out`; the rows must lie within `source`."""
    # "clip" only because it writes straight to `out`; "raise" goes through a copy.
    source.take(rows, 0, out, "clip")


def gather_columns(source: Array, columns: Any, out: Array) -> None:
    """Copy ``source[:, columns]`` to `out`; the columns must lie within `source`."""
    source.take(columns, 1, out, "clip")


def relu(values: Array, zeros: Array) -> None:
    """Replace negative values by zero; an array of zeros beats the scalar 0."""
    np.maximum(values, zeros, out=values)


def relu_backward(delta: Array, outputs: Array, zero: Array, positive: Array) -> None:
    """Zero `delta` where `outputs` is zero; `positive` is boolean scratch space."""
    np.greater(outputs, zero, positive)
    np.multiply(delta, positive, delta)
