"""Normalisation by the statistics of a batch, in NumPy.

Values have shape (n_members, n_rows, n_units), what belongs to units
(n_members, 1, n_units). `share` is each row's share in a mean, of shape
(1 or n_members, 1, n_rows); the shares of a member sum to one.
"""

import numpy as np

from skregnet._kernels.buffers import Array
from skregnet._kernels.numpy.products import matmul


def normalize(
    inputs: Array,
    outputs: Array,
    centered: Array,
    share: Array,
    moments: Array,
    scale: Array,
    shift: Array,
    epsilon: float,
    both: Array,
) -> tuple[Array, Array]:
    """Normalise by the statistics of the batch, then scale and shift.

    Written are the outputs, which may take the place of the inputs, the inputs less
    their mean, in `moments`, of shape (n_members, 2, n_units), mean and biased
    variance, and in `both`, of shape (2, n_members, 1, n_units), what is returned.

    Returns
    -------
    inverse, factor : ndarray of shape (n_members, 1, n_units)
        One over the variance plus epsilon, and what centered inputs are multiplied by.
    """
    matmul(share, inputs, moments[:, :1])
    np.subtract(inputs, moments[:, :1], centered)
    np.multiply(centered, centered, outputs)
    matmul(share, outputs, moments[:, 1:])
    both[...] = factors(moments[:, 1:], scale, epsilon)
    np.multiply(centered, both[1], outputs)
    np.add(outputs, shift, outputs)
    return both[0], both[1]


def factors(variance: Array, scale: Array, epsilon: float) -> tuple[Array, Array]:
    """Return one over the variance plus epsilon, and what inputs are multiplied by."""
    inverse = 1 / (variance + np.asarray(epsilon, variance.dtype))
    return inverse, scale * np.sqrt(inverse)


def normalize_backward(
    delta: Array,
    centered: Array,
    share: Array,
    is_weighted: bool,
    inverse: Array,
    factor: Array,
    scale_gradient: Array,
    shift_gradient: Array,
    ones: Array,
    scratch: Array,
) -> None:
    """Write the gradients by scale and shift, and that by the inputs over `delta`.

    ``delta <- factor * (delta - share * (sum(delta) + centered * inverse * sum(delta *
    centered)))``. Unless weighted all rows count alike. `centered` is overwritten.
    """
    matmul(ones, delta, shift_gradient)
    np.multiply(delta, centered, scratch)
    matmul(ones, scratch, scale_gradient)
    slope, offset = scale_gradient * inverse, shift_gradient
    if not is_weighted:
        n_rows = delta.shape[1]
        slope /= n_rows
        offset = shift_gradient / n_rows
    np.multiply(centered, slope, centered)
    np.add(centered, offset, centered)
    if is_weighted:
        np.multiply(centered, share.mT, centered)
    np.subtract(delta, centered, delta)
    np.multiply(delta, factor, delta)
    np.multiply(scale_gradient, np.sqrt(inverse), scale_gradient)


def follow(statistics: Array, n_batches: Array, moments: Array, window: int) -> None:
    """Move running statistics to the mean of the last batches, about.

    They are the mean over the batches so far, and from `window` batches on move by one
    over that. Statistics and moments have shape (n_members, 2, n_units), the numbers of
    batches (n_members, 1, 1).
    """
    np.add(n_batches, 1, n_batches)
    np.minimum(n_batches, window, out=n_batches)
    change = moments - statistics
    np.divide(change, n_batches, change)
    np.add(statistics, change, statistics)
