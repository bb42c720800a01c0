"""Parameter updates of the optimizers, in NumPy, in blocks that stay in the cache.

Vectors have shape (n_members, n_parameters); a rate is a scalar or has shape
(n_members, 1).
"""

from collections.abc import Sequence

import numpy as np

from skregnet.kernels.axpy import AXPY, AXPY_LENGTH, SLICE, each_member, slices
from skregnet.kernels.buffers import Array, Rate, blocks, cast_rate


def adam_update(
    parameters: Array,
    gradient: Array,
    first: Array,
    second: Array,
    scratch: Array,
    first_weight: Rate,
    second_weight: Rate,
    step: Rate,
    offset: Rate,
) -> None:
    """Add the gradient and its square to the sums, and move the parameters.

    ``first += first_weight * g``, ``second += second_weight * g**2``, then
    ``parameters -= step * first / (sqrt(second) + offset)``. Like `add_scaled`, the way
    depends on the length of the vectors alone.
    """
    vectors = (parameters, gradient, first, second)
    if parameters.shape[1] < AXPY_LENGTH:
        rates = (first_weight, second_weight, step, offset)
        cast = [cast_rate(rate, parameters.dtype) for rate in rates]
        for block in blocks(scratch, *vectors):
            _adam_short(*block, *cast)
        return
    n_members = len(parameters)
    firsts, seconds, steps = (
        each_member(rate, n_members) for rate in (first_weight, second_weight, step)
    )
    offsets = np.broadcast_to(cast_rate(offset, parameters.dtype), (n_members, 1))
    for k in range(n_members):
        rates_of_member = (firsts[k], seconds[k], steps[k], offsets[k])
        _adam_long([vector[k] for vector in vectors], *rates_of_member)


def _adam_short(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    s: Array,
    first_weight: Array,
    second_weight: Array,
    step: Array,
    offset: Array,
) -> None:
    """Update all members at once."""
    np.multiply(g, first_weight, s)
    np.add(m, s, m)
    np.multiply(g, g, s)
    np.multiply(s, second_weight, s)
    np.add(v, s, v)
    np.sqrt(v, s)
    np.add(s, offset, s)
    np.divide(m, s, s)
    np.multiply(s, step, s)
    np.subtract(theta, s, theta)


def _adam_long(
    vectors: Sequence[Array],
    first_weight: float,
    second_weight: float,
    step: float,
    offset: Array,
) -> None:
    """Update one member, slice by slice."""
    dtype = vectors[0].dtype
    axpy = AXPY[dtype]
    scratch = np.empty(SLICE, dtype)
    for theta, g, m, v in slices(*vectors):
        length = len(theta)
        s = scratch[:length]
        axpy(g, m, length, first_weight)
        np.multiply(g, g, s)
        axpy(s, v, length, second_weight)
        np.sqrt(v, s)
        np.add(s, offset, s)
        np.divide(m, s, s)
        axpy(s, theta, length, -step)


def momentum_update(
    parameters: Array,
    gradient: Array,
    velocity: Array,
    scratch: Array,
    momentum: Rate,
    learning_rate: Rate,
    nesterov: bool,
) -> None:
    """Update the velocity, ``momentum * velocity - learning_rate * g``, and move."""
    momentum = cast_rate(momentum, parameters.dtype)
    learning_rate = cast_rate(learning_rate, parameters.dtype)
    for theta, g, v, s in blocks(scratch, parameters, gradient, velocity):
        np.multiply(g, learning_rate, s)
        np.multiply(v, momentum, v)
        np.subtract(v, s, v)
        if nesterov:
            np.subtract(theta, s, theta)
            np.multiply(v, momentum, s)
            np.add(theta, s, theta)
        else:
            np.add(theta, v, theta)


def average_update(
    average: Array, parameters: Array, rate: float, scratch: Array
) -> None:
    """Move the average towards the parameters, by ``rate`` of the way."""
    factor = cast_rate(rate, average.dtype)
    for mean, theta, s in blocks(scratch, average, parameters):
        np.subtract(theta, mean, s)
        np.multiply(s, factor, s)
        np.add(mean, s, mean)


def soft_threshold(values: Array, thresholds: Array, scratch: Array) -> None:
    """Move values towards zero by their thresholds, and no farther.

    Subtracting what lies within the thresholds leaves exact zeros.
    """
    np.negative(thresholds, scratch)
    np.maximum(values, scratch, out=scratch)
    np.minimum(scratch, thresholds, out=scratch)
    np.subtract(values, scratch, values)
