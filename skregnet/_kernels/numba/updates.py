"""Parameter updates of the optimizers, compiled by Numba: one pass each.

The same functions as in `numpy_updates`.
"""

from functools import cache
from typing import Any

import numpy as np

from skregnet._kernels.buffers import Array, Rate
from skregnet._kernels.doors import check_precision, check_rates, check_vectors
from skregnet._kernels.numba.compilation import compiled, or_numpy
from skregnet._kernels.numpy import updates as numpy_updates
from skregnet._kernels.numpy.products import member_dot

# Sums go number by number, which BLAS beats for vectors longer than this.
_LONG = 2_000


@or_numpy(numpy_updates)
def adam_update(
    parameters: Array,
    gradient: Array,
    first: Array,
    second: Array,
    first_weight: Rate,
    second_weight: Rate,
    step: Rate,
    offset: Rate,
) -> None:
    """Add the gradient and its square to the sums, and move the parameters."""
    table = _table(first_weight, second_weight, step, offset)
    _update("adam", (parameters, gradient, first, second), table)


@or_numpy(numpy_updates)
def amsgrad_update(
    parameters: Array,
    gradient: Array,
    first: Array,
    second: Array,
    largest: Array,
    beta_1: Rate,
    beta_2: Rate,
    step: Rate,
    epsilon: Rate,
) -> None:
    """Update both moments and the largest second one, and move."""
    table = _table(beta_1, beta_2, step, epsilon)
    _update("amsgrad", (parameters, gradient, first, second, largest), table)


@or_numpy(numpy_updates)
def nadam_update(
    parameters: Array,
    gradient: Array,
    first: Array,
    second: Array,
    beta_1: Rate,
    beta_2: Rate,
    ratio: Rate,
    step: Rate,
    offset: Rate,
) -> None:
    """Update both moments, and move along the first and the gradient."""
    table = _table(beta_1, beta_2, ratio, step, offset)
    _update("nadam", (parameters, gradient, first, second), table)


@or_numpy(numpy_updates)
def adagrad_update(
    parameters: Array,
    gradient: Array,
    squares: Array,
    learning_rate: Rate,
    epsilon: Rate,
) -> None:
    """Add the squares of the gradient to their sum, and move."""
    table = _table(learning_rate, epsilon)
    _update("adagrad", (parameters, gradient, squares), table)


@or_numpy(numpy_updates)
def rmsprop_update(
    parameters: Array,
    gradient: Array,
    squares: Array,
    means: Array | None,
    velocity: Array | None,
    decay: Rate,
    momentum: Rate,
    learning_rate: Rate,
    epsilon: Rate,
) -> None:
    """Update the running means and move."""
    table = _table(decay, momentum, learning_rate, epsilon)
    moving = velocity is not None
    vectors = (parameters, gradient, squares)
    # Where there is no velocity, none is touched, and any vector will do.
    moved = squares if velocity is None else velocity
    if means is None:
        _update("rmsprop", (*vectors, moved), table, moving)
    else:
        _update("centered_rmsprop", (*vectors, means, moved), table, moving)


@or_numpy(numpy_updates)
def delta_bar_delta_update(
    parameters: Array,
    gradient: Array,
    gains: Array,
    averages: Array,
    rise: Rate,
    fall: Rate,
    decay: Rate,
    bounds: tuple[Rate, Rate],
    learning_rate: Rate,
) -> None:
    """Change the gains by the signs, then the averages, and move by the new gains."""
    table = _table(rise, fall, decay, *bounds, learning_rate)
    _update("delta_bar_delta", (parameters, gradient, gains, averages), table)


@or_numpy(numpy_updates)
def momentum_update(
    parameters: Array,
    gradient: Array,
    velocity: Array,
    momentum: Rate,
    learning_rate: Rate,
    nesterov: bool,
) -> None:
    """Update the velocity and move."""
    table = _table(momentum, learning_rate)
    _update("momentum", (parameters, gradient, velocity), table, nesterov)


@or_numpy(numpy_updates)
def add_scaled(target: Array, source: Array, scale: Rate) -> None:
    """Add ``scale * source`` to `target`."""
    _update("add_scaled", (target, source), _table(scale))


@or_numpy(numpy_updates)
def add_scaled_squares(target: Array, source: Array, scale: Rate) -> Any:
    """Add ``scale * source``, and return each member's sum of squares of the source."""
    if target.shape[1] > _LONG:
        add_scaled(target, source, scale)
        return member_dot(source, source)
    squares = np.empty(len(target), target.dtype)
    _update("add_scaled_squares", (target, source), _table(scale), squares)
    return squares if len(squares) > 1 else squares[0]


@or_numpy(numpy_updates)
def average_update(average: Array, parameters: Array, rate: Rate) -> None:
    """Move the average towards the parameters, by ``rate`` of the way."""
    _update("average", (average, parameters), _table(rate))


def _update(name: str, vectors: tuple[Array, ...], table: Array, *rest: Any) -> None:
    """Call a loop, which checks shapes; only where it fails, say in words why."""
    try:
        _loop(name, vectors[0].dtype)(*vectors, table, *rest)
    except Exception:
        check_vectors(vectors)
        check_rates([table[:, :1]], len(vectors[0]))
        first, source, *others = vectors
        if source.dtype == first.dtype:
            raise
        # Numba knows fewer dtypes than NumPy, which converts what it only reads.
        source = source.astype(first.dtype)
        _loop(name, first.dtype)(first, source, *others, table, *rest)


@cache
def _loop(name: str, dtype: np.dtype) -> Any:
    """Return a loop for parameters of a precision that updates have."""
    check_precision(dtype)
    return compiled(name, dtype)


def _table(*rates: Rate) -> Array:
    """Return the rates in columns, in a row for all members or one for each."""
    if np.ndarray not in map(type, rates):
        return np.array([rates], np.float64)
    columns = [np.reshape(rate, (-1, 1)) for rate in rates]
    table = np.empty((max(map(len, columns)), len(columns)))
    for k, column in enumerate(columns):
        table[:, k : k + 1] = column
    return table
