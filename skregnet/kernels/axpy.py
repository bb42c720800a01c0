"""BLAS's ``target += factor * source``, for long vectors, in slices.

SciPy's BLAS is another library than NumPy's. The threads of the two, which wait for
work in loops, would take the cores from each other; a slice is so short that OpenBLAS
starts no thread for it (it does from 10,000 elements on), and stays in the cache.
"""

from collections.abc import Iterator

import numpy as np
from scipy.linalg import blas

from skregnet.kernels.buffers import Array, Rate

AXPY = {np.dtype(np.float32): blas.saxpy, np.dtype(np.float64): blas.daxpy}

AXPY_LENGTH = 4096
"""From this length on a call of BLAS a member beats passes over all members."""

SLICE = 8192


def slices(*vectors: Array) -> Iterator[tuple[Array, ...]]:
    """Yield vectors of one length, each of one member, in slices."""
    length = len(vectors[0])
    for start in range(0, length, SLICE):
        stop = start + SLICE
        yield tuple([vector[start:stop] for vector in vectors])


def each_member(rate: Rate, n_members: int) -> list[float]:
    """Return the rate of each member as numbers."""
    if isinstance(rate, np.ndarray):
        values: list[float] = rate[:, 0].tolist()
        return values
    return [float(rate)] * n_members
