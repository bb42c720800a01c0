"""Passes over vectors of shape (n_members, length), in pieces that stay in the cache.

Short vectors are passed over all at once, long ones member by member with BLAS's
``target += factor * source``, which is one pass where NumPy needs two. Which way is
taken depends on the length alone, never on the number of members: BLAS rounds once
where two passes round twice.

SciPy's BLAS is another library than NumPy's. The threads of the two, which wait for
work in loops, would take the cores from each other; BLAS is called for slices so short
that OpenBLAS starts no thread for them (it does from 10,000 elements on).
"""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.linalg import blas

from skregnet._kernels.buffers import BLOCK, Array, Rate, cast_rate
from skregnet._kernels.doors import check_rates, check_vectors

AXPY = {np.dtype(np.float32): blas.saxpy, np.dtype(np.float64): blas.daxpy}
SCAL = {np.dtype(np.float32): blas.sscal, np.dtype(np.float64): blas.dscal}

AXPY_LENGTH = 4096
"""From this length on a call of BLAS a member beats passes over all members."""

SLICE = 8192

# Elements of a long vector that NumPy passes over at once: a step of Adam takes 2.3 ns
# an element in pieces of 8,192, 1.75 in pieces of this size, 1.6 in four times that.
PIECE = 32_768


def pieces(
    vectors: Sequence[Array], rates: Sequence[Rate], n_scratch: int = 1
) -> Iterator[tuple[list[Array], list[Array]]]:
    """Yield pieces of the vectors with scratch space as large, and their rates.

    Pieces of short vectors are those of all members, with two dimensions; pieces of
    long ones are those of a member, with one. BLAS would change copies of numbers that
    do not lie side by side: such vectors count as short.
    """
    check_vectors(vectors)
    check_rates(rates, len(vectors[0]))
    n_members, length = vectors[0].shape
    dtype = vectors[0].dtype
    cast = [cast_rate(rate, dtype) for rate in rates]
    is_dense = all(vector.strides[1] == vector.itemsize for vector in vectors)
    if length < AXPY_LENGTH or not is_dense:
        width = min(length, max(BLOCK // n_members, 1))
        scratch = [np.empty((n_members, width), dtype) for _ in range(n_scratch)]
        if width == length:
            yield [*vectors, *scratch], cast
            return
        for start in range(0, length, width):
            stop = min(start + width, length)
            own = [s[:, : stop - start] for s in scratch]
            yield [*[v[:, start:stop] for v in vectors], *own], cast
        return
    width = min(length, PIECE)
    scratch = [np.empty(width, dtype) for _ in range(n_scratch)]
    for k in range(n_members):
        of_member = [rate[k, 0, ...] if rate.ndim else rate for rate in cast]
        for start in range(0, length, width):
            stop = min(start + width, length)
            own = [s[: stop - start] for s in scratch]
            yield [*[v[k, start:stop] for v in vectors], *own], of_member


def accumulate(target: Array, source: Array, factor: Array, scratch: Array) -> None:
    """Add ``factor * source`` to a piece; `scratch` may be the source."""
    if target.ndim == 2:
        np.multiply(source, factor, scratch)
        np.add(target, scratch, target)
        return
    axpy, length, number = AXPY[target.dtype], len(target), float(factor)
    for start in range(0, length, SLICE):
        axpy(source, target, min(SLICE, length - start), number, start, 1, start, 1)


def scale(target: Array, factor: Array) -> None:
    """Multiply a piece by a factor."""
    if target.ndim == 2:
        np.multiply(target, factor, target)
        return
    scal, length, number = SCAL[target.dtype], len(target), float(factor)
    for start in range(0, length, SLICE):
        scal(number, target, min(SLICE, length - start), start, 1)
