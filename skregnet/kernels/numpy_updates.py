"""Parameter updates of the optimizers, in NumPy, in blocks that stay in the cache.

Vectors have shape (n_members, n_parameters); a rate is a scalar or has shape
(n_members, 1).
"""

import numpy as np

from skregnet.kernels.buffers import Array, Rate, blocks, cast_rate


def adam_update(
    parameters: Array,
    gradient: Array,
    first: Array,
    second: Array,
    scratch: Array,
    beta_1: Rate,
    beta_2: Rate,
    step: Rate,
    offset: Rate,
) -> None:
    """Decay both sums, add the gradient and its square, move the parameters.

    ``first = beta_1 * first + g``, ``second = beta_2 * second + g**2``, then
    ``parameters -= step * first / (sqrt(second) + offset)``: the factors (1 - beta)
    of the moments are folded into `step` and `offset`.
    """
    dtype = parameters.dtype
    beta_1, beta_2 = cast_rate(beta_1, dtype), cast_rate(beta_2, dtype)
    step, offset = cast_rate(step, dtype), cast_rate(offset, dtype)
    for theta, g, m, v, s in blocks(scratch, parameters, gradient, first, second):
        np.multiply(m, beta_1, out=m)
        np.add(m, g, out=m)
        np.multiply(v, beta_2, out=v)
        np.multiply(g, g, out=s)
        np.add(v, s, out=v)
        np.sqrt(v, out=s)
        np.add(s, offset, out=s)
        np.divide(m, s, out=s)
        np.multiply(s, step, out=s)
        np.subtract(theta, s, out=theta)


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
        np.multiply(g, learning_rate, out=s)
        np.multiply(v, momentum, out=v)
        np.subtract(v, s, out=v)
        if nesterov:
            np.subtract(theta, s, out=theta)
            np.multiply(v, momentum, out=s)
            np.add(theta, s, out=theta)
        else:
            np.add(theta, v, out=theta)
