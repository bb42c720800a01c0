"""Normalisation by the statistics of a batch, compiled by Numba: two passes each.

The same functions as in `numpy_normalization`.
"""

from skregnet._kernels.buffers import Array
from skregnet._kernels.numba.compilation import compiled, or_numpy
from skregnet._kernels.numpy import normalization as numpy_normalization


@or_numpy(numpy_normalization)
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
    """Normalise by the statistics of the batch, then scale and shift."""
    compiled("normalize", inputs.dtype)(
        inputs, outputs, centered, share, moments, scale, shift, epsilon, both
    )
    return both[0], both[1]


@or_numpy(numpy_normalization)
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
    """Write the gradients by scale and shift, and that by the inputs over `delta`."""
    compiled("normalize_backward", delta.dtype)(
        delta, centered, share, inverse, factor, scale_gradient, shift_gradient
    )


@or_numpy(numpy_normalization)
def follow(statistics: Array, n_batches: Array, moments: Array, window: int) -> None:
    """Move running statistics to the mean of the last batches, about."""
    compiled("follow", moments.dtype)(statistics, n_batches, moments, window)
