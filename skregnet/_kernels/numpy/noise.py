"""Normal noise from few random bits, in NumPy.

Sixteen random bits pick one of 65,536 equally likely quantiles of the normal
distribution: a tenth of what an exact draw costs. Mean and variance are exact, the
kurtosis is 2.999, the largest number 4.3.
"""

from functools import cache

import numpy as np
from scipy import special

from skregnet._kernels.buffers import Array
from skregnet._kernels.numpy.masks import draw_words

_N_BITS = 16


def draw_normal(
    rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype
) -> Array:
    """Return a new array of standard normal numbers."""
    noise = np.empty(shape, dtype)
    places = draw_words(rng, _N_BITS * noise.size).view(np.uint16)[: noise.size]
    # "wrap" writes straight to `out`, and all places are within the table.
    _quantiles(dtype).take(places, 0, noise.reshape(-1), "wrap")
    return noise


@cache
def _quantiles(dtype: np.dtype) -> Array:
    """Return the quantiles, scaled to a variance of 1."""
    n_quantiles = 2**_N_BITS
    quantiles = special.ndtri((np.arange(n_quantiles) + 0.5) / n_quantiles)
    table: Array = (quantiles / quantiles.std()).astype(dtype)
    return table
