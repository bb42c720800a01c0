"""Normalisation by the statistics of a batch, in NumPy.

Values have shape (n_members, n_rows, n_units), what belongs to units
(n_members, 1, n_units). `share` is each row's share in a mean, of shape
(1 or n_members, 1, n_rows); the shares of a member sum to one.
"""

import numpy as np

from skregnet.kernels.buffers import Array
from skregnet.kernels.numpy_products import matmul


def center(
    inputs: Array,
    share: Array,
    mean: Array,
    variance: Array,
    centered: Array,
    scratch: Array,
) -> None:
    """Write mean and biased variance of the units, and the inputs less their mean.

    `scratch` may be the inputs themselves, which are then lost.
    """
    matmul(share, inputs, mean)
    np.subtract(inputs, mean, centered)
    np.multiply(centered, centered, scratch)
    matmul(share, scratch, variance)


def scale_and_shift(values: Array, factor: Array, shift: Array, out: Array) -> None:
    """Write ``values * factor + shift``."""
    np.multiply(values, factor, out)
    np.add(out, shift, out)


def center_backward(
    delta: Array,
    centered: Array,
    share: Array | None,
    n_rows: int,
    factor: Array,
    inverse_variance: Array,
    delta_sum: Array,
    product_sum: Array,
) -> None:
    """Turn the gradient by the normalised values into that by the inputs, in place.

    ``delta <- factor * (delta - share * (delta_sum + centered * k))`` with ``k =
    product_sum * inverse_variance``, where the sums are those of `delta` and of ``delta
    * centered`` over the rows. With `share` None all rows count alike. `centered` is
    overwritten.
    """
    slope = product_sum * inverse_variance
    offset = delta_sum
    if share is None:
        slope /= n_rows
        offset = delta_sum / n_rows
    np.multiply(centered, slope, centered)
    np.add(centered, offset, centered)
    if share is not None:
        np.multiply(centered, share.mT, centered)
    np.subtract(delta, centered, delta)
    np.multiply(delta, factor, delta)
