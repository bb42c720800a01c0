"""Parameter updates of the optimizers, in NumPy, in pieces that stay in the cache.

Vectors have shape (n_members, n_parameters); a rate is a scalar or has shape
(n_members, 1).
"""

from typing import Any

import numpy as np

from skregnet._kernels.axpy import AXPY_LENGTH, accumulate, pieces, scale
from skregnet._kernels.buffers import BLOCK, Array, Rate, cast_rate
from skregnet._kernels.numpy.products import member_dot


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
    """Add the gradient and its square to the sums, and move the parameters.

    ``first += first_weight * g``, ``second += second_weight * g**2``, then
    ``parameters -= step * first / (sqrt(second) + offset)``.
    """
    vectors = (parameters, gradient, first, second)
    rates = (first_weight, second_weight, -step, offset)
    for (theta, g, m, v, s), (to_m, to_v, down, off) in pieces(vectors, rates):
        accumulate(m, g, to_m, s)
        np.square(g, s)
        accumulate(v, s, to_v, s)
        np.sqrt(v, s)
        np.add(s, off, s)
        np.divide(m, s, s)
        accumulate(theta, s, down, s)


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
    """Update both moments and the largest second one, and move.

    ``parameters -= step * first / (sqrt(largest) + epsilon)``.
    """
    vectors = (parameters, gradient, first, second, largest)
    rates = (beta_1, 1 - beta_1, beta_2, 1 - beta_2, -step, epsilon)
    for (theta, g, m, v, top, s), cast in pieces(vectors, rates):
        keep_1, take_1, keep_2, take_2, down, offset = cast
        scale(m, keep_1)
        accumulate(m, g, take_1, s)
        scale(v, keep_2)
        np.square(g, s)
        accumulate(v, s, take_2, s)
        np.maximum(top, v, out=top)
        np.sqrt(top, s)
        np.add(s, offset, s)
        np.divide(m, s, s)
        accumulate(theta, s, down, s)


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
    """Update both moments, and move along the first and the gradient.

    ``parameters -= step * (ratio * first + g) / (sqrt(second) + offset)``.
    """
    vectors = (parameters, gradient, first, second)
    rates = (beta_1, 1 - beta_1, beta_2, 1 - beta_2, ratio, -step, offset)
    for (theta, g, m, v, s, r), cast in pieces(vectors, rates, n_scratch=2):
        keep_1, take_1, keep_2, take_2, share, down, off = cast
        scale(m, keep_1)
        accumulate(m, g, take_1, s)
        scale(v, keep_2)
        np.square(g, s)
        accumulate(v, s, take_2, s)
        np.sqrt(v, s)
        np.add(s, off, s)
        np.multiply(m, share, r)
        np.add(r, g, r)
        np.divide(r, s, r)
        accumulate(theta, r, down, r)


def adagrad_update(
    parameters: Array,
    gradient: Array,
    squares: Array,
    learning_rate: Rate,
    epsilon: Rate,
) -> None:
    """``squares += g**2; parameters -= learning_rate * g / (epsilon + root)``."""
    vectors, rates = (parameters, gradient, squares), (-learning_rate, epsilon)
    for (theta, g, r, s), (down, offset) in pieces(vectors, rates):
        np.square(g, s)
        np.add(r, s, r)
        np.sqrt(r, s)
        np.add(s, offset, s)
        np.divide(g, s, s)
        accumulate(theta, s, down, s)


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
    """Update the running means and move.

    With `means` the variance takes the place of the mean square; with `velocity` steps
    gather momentum.
    """
    optional = [vector for vector in (means, velocity) if vector is not None]
    vectors = (parameters, gradient, squares, *optional)
    rates = (decay, 1 - decay, momentum, learning_rate, epsilon)
    for (theta, g, v, *others, s), cast in pieces(vectors, rates):
        keep, take, kept_step, rate, offset = cast
        scale(v, keep)
        np.square(g, s)
        accumulate(v, s, take, s)
        if means is None:
            np.add(v, offset, s)
        else:
            m = others[0]
            scale(m, keep)
            accumulate(m, g, take, s)
            np.square(m, s)
            np.subtract(v, s, s)
            np.add(s, offset, s)
            # Rounding may leave a variance below zero.
            np.maximum(s, offset, out=s)
        np.sqrt(s, s)
        np.divide(g, s, s)
        # Rounded twice in either case: a stack may have momentum for others' sake.
        move = s if velocity is None else others[-1]
        if velocity is None:
            np.multiply(s, rate, s)
        else:
            scale(move, kept_step)
            accumulate(move, s, rate, s)
        np.subtract(theta, move, theta)


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
    vectors = (parameters, gradient, gains, averages)
    rates = (rise, -fall, decay, 1 - decay, *bounds, -learning_rate)
    for (theta, g, e, a, s), cast in pieces(vectors, rates):
        up, down, keep, take, lower, upper, rate = cast
        # Signs, since the product of two small numbers may round to zero.
        agreement = _signs(a)
        agreement *= _signs(g)
        np.multiply(e, agreement < 0, s)
        accumulate(e, s, down, s)
        np.copyto(s, agreement > 0)
        accumulate(e, s, up, s)
        np.maximum(e, lower, out=e)
        np.minimum(e, upper, out=e)
        scale(a, keep)
        accumulate(a, g, take, s)
        np.multiply(g, e, s)
        accumulate(theta, s, rate, s)


def _signs(piece: Array) -> Array:
    """Return -1, 0 or 1 in a byte each."""
    above, below = piece > 0, piece < 0
    signs: Array = above.view(np.int8) - below.view(np.int8)
    return signs


def momentum_update(
    parameters: Array,
    gradient: Array,
    velocity: Array,
    momentum: Rate,
    learning_rate: Rate,
    nesterov: bool,
) -> None:
    """Update the velocity, ``momentum * velocity - learning_rate * g``, and move."""
    vectors, rates = (parameters, gradient, velocity), (momentum, -learning_rate)
    for (theta, g, v, s), (keep, down) in pieces(vectors, rates):
        scale(v, keep)
        accumulate(v, g, down, s)
        if nesterov:
            accumulate(theta, g, down, s)
            accumulate(theta, v, keep, s)
        else:
            np.add(theta, v, theta)


def add_scaled(target: Array, source: Array, scale: Rate) -> None:
    """Add ``scale * source`` to `target`, vectors of shape (n_members, length)."""
    if target.shape[1] < AXPY_LENGTH and target.size <= BLOCK:
        # The only piece there is, without the overhead of pieces.
        np.add(target, source * cast_rate(scale, target.dtype), out=target)
        return
    for (out, part, s), (factor,) in pieces((target, source), (scale,)):
        accumulate(out, part, factor, s)


def add_scaled_squares(target: Array, source: Array, scale: Rate) -> Any:
    """Add ``scale * source``, and return each member's sum of squares of the source."""
    add_scaled(target, source, scale)
    return member_dot(source, source)


def average_update(average: Array, parameters: Array, rate: Rate) -> None:
    """Move the average towards the parameters, by ``rate`` of the way."""
    vectors, rates = (average, parameters), (1 - rate, rate)
    for (mean, theta, s), (keep, take) in pieces(vectors, rates):
        scale(mean, keep)
        accumulate(mean, theta, take, s)


def soft_threshold(values: Array, thresholds: Array, scratch: Array) -> None:
    """Move values towards zero by their thresholds, and no farther.

    Subtracting what lies within the thresholds leaves exact zeros.
    """
    np.negative(thresholds, scratch)
    np.maximum(values, scratch, out=scratch)
    np.minimum(scratch, thresholds, out=scratch)
    np.subtract(values, scratch, values)
