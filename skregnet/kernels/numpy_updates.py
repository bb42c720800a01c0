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
    average: Array, parameters: Array, rate: Rate, scratch: Array
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


def amsgrad_update(
    parameters: Array,
    gradient: Array,
    first: Array,
    second: Array,
    largest: Array,
    scratch: Array,
    beta_1: Rate,
    beta_2: Rate,
    step: Rate,
    epsilon: Rate,
) -> None:
    """Update both moments and the largest second one, and move.

    ``parameters -= step * first / (sqrt(largest) + epsilon)``.
    """
    dtype = parameters.dtype
    keep_1, take_1 = cast_rate(beta_1, dtype), cast_rate(1 - beta_1, dtype)
    keep_2, take_2 = cast_rate(beta_2, dtype), cast_rate(1 - beta_2, dtype)
    step, epsilon = cast_rate(step, dtype), cast_rate(epsilon, dtype)
    vectors = (parameters, gradient, first, second, largest)
    for theta, g, m, v, top, s in blocks(scratch, *vectors):
        np.multiply(m, keep_1, m)
        np.multiply(g, take_1, s)
        np.add(m, s, m)
        np.multiply(v, keep_2, v)
        np.multiply(g, g, s)
        np.multiply(s, take_2, s)
        np.add(v, s, v)
        np.maximum(top, v, out=top)
        np.sqrt(top, s)
        np.add(s, epsilon, s)
        np.divide(m, s, s)
        np.multiply(s, step, s)
        np.subtract(theta, s, theta)


def nadam_update(
    parameters: Array,
    gradient: Array,
    first: Array,
    second: Array,
    scratch: tuple[Array, Array],
    beta_1: Rate,
    beta_2: Rate,
    momentum_step: Rate,
    gradient_step: Rate,
    root: Rate,
    epsilon: Rate,
) -> None:
    """Update both moments, and move along the first and the gradient.

    ``parameters -= (momentum_step * first + gradient_step * g) / (root * sqrt(second) +
    epsilon)``.
    """
    dtype = parameters.dtype
    keep_1, take_1 = cast_rate(beta_1, dtype), cast_rate(1 - beta_1, dtype)
    keep_2, take_2 = cast_rate(beta_2, dtype), cast_rate(1 - beta_2, dtype)
    along_m, along_g = cast_rate(momentum_step, dtype), cast_rate(gradient_step, dtype)
    root, epsilon = cast_rate(root, dtype), cast_rate(epsilon, dtype)
    more, scratch_block = scratch
    vectors = (parameters, gradient, first, second)
    for theta, g, m, v, s in blocks(scratch_block, *vectors):
        r = more[:, : s.shape[1]]
        np.multiply(m, keep_1, m)
        np.multiply(g, take_1, s)
        np.add(m, s, m)
        np.multiply(v, keep_2, v)
        np.multiply(g, g, s)
        np.multiply(s, take_2, s)
        np.add(v, s, v)
        np.sqrt(v, s)
        np.multiply(s, root, s)
        np.add(s, epsilon, s)
        np.multiply(m, along_m, r)
        np.divide(r, s, r)
        np.subtract(theta, r, theta)
        np.multiply(g, along_g, r)
        np.divide(r, s, r)
        np.subtract(theta, r, theta)


def adagrad_update(
    parameters: Array,
    gradient: Array,
    squares: Array,
    scratch: Array,
    learning_rate: Rate,
    epsilon: Rate,
) -> None:
    """``squares += g**2; parameters -= learning_rate * g / (epsilon + root)``."""
    dtype = parameters.dtype
    rate, epsilon = cast_rate(learning_rate, dtype), cast_rate(epsilon, dtype)
    for theta, g, r, s in blocks(scratch, parameters, gradient, squares):
        np.multiply(g, g, s)
        np.add(r, s, r)
        np.sqrt(r, s)
        np.add(s, epsilon, s)
        np.divide(g, s, s)
        np.multiply(s, rate, s)
        np.subtract(theta, s, theta)


def rmsprop_update(
    parameters: Array,
    gradient: Array,
    squares: Array,
    means: Array | None,
    velocity: Array | None,
    scratch: Array,
    decay: Rate,
    momentum: Rate,
    learning_rate: Rate,
    epsilon: Rate,
) -> None:
    """Update the running means and move.

    With `means` the variance takes the place of the mean square; with `velocity` steps
    gather momentum.
    """
    dtype = parameters.dtype
    keep, take = cast_rate(decay, dtype), cast_rate(1 - decay, dtype)
    momentum, rate = cast_rate(momentum, dtype), cast_rate(learning_rate, dtype)
    epsilon = cast_rate(epsilon, dtype)
    vectors = [parameters, gradient, squares]
    vectors += [vector for vector in (means, velocity) if vector is not None]
    for theta, g, v, *others, s in blocks(scratch, *vectors):
        np.multiply(v, keep, v)
        np.multiply(g, g, s)
        np.multiply(s, take, s)
        np.add(v, s, v)
        if means is None:
            np.add(v, epsilon, s)
        else:
            m = others[0]
            np.multiply(m, keep, m)
            np.multiply(g, take, s)
            np.add(m, s, m)
            np.multiply(m, m, s)
            np.subtract(v, s, s)
            # Rounding may leave a variance below zero.
            np.maximum(s, 0, out=s)
            np.add(s, epsilon, s)
        np.sqrt(s, s)
        np.divide(g, s, s)
        np.multiply(s, rate, s)
        if velocity is not None:
            buffer = others[-1]
            np.multiply(buffer, momentum, buffer)
            np.add(buffer, s, buffer)
            np.subtract(theta, buffer, theta)
        else:
            np.subtract(theta, s, theta)


def delta_bar_delta_update(
    parameters: Array,
    gradient: Array,
    gains: Array,
    averages: Array,
    scratch: Array,
    rise: Rate,
    fall: Rate,
    decay: Rate,
    bounds: tuple[Rate, Rate],
    learning_rate: Rate,
) -> None:
    """Change the gains by the signs, then the averages, and move by the new gains."""
    dtype = parameters.dtype
    rise, kept = cast_rate(rise, dtype), cast_rate(1 - fall, dtype)
    keep, take = cast_rate(decay, dtype), cast_rate(1 - decay, dtype)
    lower, upper = (cast_rate(bound, dtype) for bound in bounds)
    rate = cast_rate(learning_rate, dtype)
    for theta, g, e, a, s in blocks(scratch, parameters, gradient, gains, averages):
        # Signs, since the product of two small numbers may round to zero.
        np.sign(a, s)
        np.multiply(s, np.sign(g), s)
        np.multiply(e, np.where(s < 0, kept, 1), e)
        np.add(e, np.where(s > 0, rise, 0), e)
        np.clip(e, lower, upper, out=e)
        np.multiply(a, keep, a)
        np.multiply(g, take, s)
        np.add(a, s, a)
        np.multiply(g, e, s)
        np.multiply(s, rate, s)
        np.subtract(theta, s, theta)
