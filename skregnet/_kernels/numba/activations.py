"""Activations of hidden layers and their derivatives, compiled by Numba: one pass each.

The same functions as in `numpy_activations`.
"""

import numpy as np

from skregnet._kernels.buffers import Array
from skregnet._kernels.numba.compilation import compiled, or_numpy
from skregnet._kernels.numpy import activations as numpy_activations


@or_numpy(numpy_activations)
def add_and_rectify(values: Array, biases: Array, zeros: Array) -> None:
    """Add the biases and replace negative values by zero."""
    compiled("add_and_rectify", values.dtype)(values, np.ascontiguousarray(biases))


@or_numpy(numpy_activations)
def relu_backward(delta: Array, outputs: Array, zero: Array, positive: Array) -> None:
    """Zero `delta` where `outputs` is zero."""
    compiled("relu_backward", delta.dtype)(delta, outputs)


@or_numpy(numpy_activations)
def add_rectify_and_drop(
    values: Array, biases: Array, masks: Array, zeros: Array
) -> None:
    """Add the biases, replace negative values by zero, and multiply with the masks."""
    compiled("add_rectify_and_drop", values.dtype)(
        values, np.ascontiguousarray(biases), masks
    )


@or_numpy(numpy_activations)
def dropped_relu_backward(
    delta: Array, outputs: Array, masks: Array, zero: Array, positive: Array
) -> None:
    """Multiply `delta` with the masks, and zero it where `outputs` is zero."""
    compiled("dropped_relu_backward", delta.dtype)(delta, outputs, masks)
