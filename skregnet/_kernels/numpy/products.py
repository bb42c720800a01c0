"""Products and gathering, in NumPy."""

from typing import Any

import numpy as np

from skregnet._kernels.buffers import Array


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


def gather(source: Array, rows: Array, out: Array) -> None:
    """Copy ``source[rows]`` to `out`; the rows must lie within `source`."""
    # "clip" only because it writes straight to `out`; "raise" goes through a copy.
    source.take(rows, 0, out, "clip")


def gather_columns(source: Array, columns: Any, out: Array) -> None:
    """Copy ``source[:, columns]`` to `out`; the columns must lie within `source`."""
    source.take(columns, 1, out, "clip")
