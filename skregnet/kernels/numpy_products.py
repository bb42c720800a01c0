"""Products, gathering and rectifying, in NumPy."""

from typing import Any

import numpy as np

from skregnet.kernels.axpy import AXPY, AXPY_LENGTH, each_member, slices
from skregnet.kernels.buffers import Array, Rate, blocks, cast_rate


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


def add_scaled(target: Array, source: Array, scale: Rate, scratch: Array) -> None:
    """Add ``scale * source`` to `target`, vectors of shape (n_members, length).

    The way depends on the length alone, never on the number of members: `axpy` rounds
    once where a product and a sum round twice.
    """
    if target.shape[1] < AXPY_LENGTH:
        scale = cast_rate(scale, target.dtype)
        for out, part, s in blocks(scratch, target, source):
            np.multiply(part, scale, s)
            np.add(out, s, out)
        return
    axpy = AXPY[target.dtype]
    for k, factor in enumerate(each_member(scale, len(target))):
        for out, part in slices(target[k], source[k]):
            axpy(part, out, len(out), factor)


def gather(source: Array, rows: Array, out: Array) -> None:
    """Copy ``source[rows]`` to `out`; the rows must lie within `source`."""
    # "clip" only because it writes straight to `out`; "raise" goes through a copy.
    source.take(rows, 0, out, "clip")


def relu(values: Array, zeros: Array) -> None:
    """Replace negative values by zero; an array of zeros beats the scalar 0."""
    np.maximum(values, zeros, out=values)


def relu_backward(delta: Array, outputs: Array, zero: Array, positive: Array) -> None:
    """Zero `delta` where `outputs` is zero; `positive` is boolean scratch space."""
    np.greater(outputs, zero, positive)
    np.multiply(delta, positive, delta)
