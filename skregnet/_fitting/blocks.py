"""How many networks train together best, and on what workers."""

from collections.abc import Sequence
from itertools import pairwise
from numbers import Integral
from typing import Any

from skregnet._fitting.blas_threads import BlasHolder

# Members of a block, by the multiplications of one step of one member. Microseconds a
# member and step in blocks of 1, 4, 16 and 64, in float32, on one core, with Numba: at
# 2e4 multiplications 27, 10, 4.8 and 3.2; 2e5: 32, 16, 11, 9.2; 1.5e6: 64, 46, 43, 42;
# 4e6: 95, 79, 74, 78; 1.1e7: 195, 179, 172, 206; 1.8e7: 370, 355, 362, 417; 7e7: 1179,
# 1167, 1209, 1408.
_BLOCKS = ((2e6, 64), (1.5e7, 16), (4e7, 4))

# From so many multiplications a step on, Python's part in it is so small that threads
# do not wait for one another; below, processes are faster.
THREADS_FROM = 2e7

# Rows of a minibatch where the network chooses.
_AUTO_ROWS = 200


def multiplications_a_step(network: Any, units: Sequence[int], n_rows: int) -> float:
    """Return how many numbers a step of a network multiplies, about.

    Parameters
    ----------
    network : estimator
        The network.
    units : sequence of int
        Its inputs, the units of its hidden layers, its outputs.
    n_rows : int
        Rows that it learns from.
    """
    n_weights = sum(below * above for below, above in pairwise(units))
    size = network.batch_size
    if not isinstance(size, Integral):
        size = _AUTO_ROWS
    return 3.0 * n_weights * float(min(size, n_rows))


def block_size(cost: float) -> int:
    """Return how many members of this cost a step train together best."""
    return next((size for limit, size in _BLOCKS if cost <= limit), 1)


def preferred_workers(cost: float) -> str:
    """Return whether threads or processes are faster at this cost a step."""
    return "threads" if cost >= THREADS_FROM else "processes"


def one_blas_thread() -> BlasHolder:
    """Return a context manager that holds BLAS to one thread.

    Products by several threads round otherwise, and results would depend on the machine
    and on `n_jobs`.
    """
    return BlasHolder()
