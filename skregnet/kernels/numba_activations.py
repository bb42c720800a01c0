"""Activations of hidden layers and their derivatives, compiled by Numba: one pass each.

The same functions as in `numpy_activations`.
"""

import numpy as np

from skregnet.kernels.buffers import Array
from skregnet.kernels.compilation import compiled


def add_and_rectify(values: Array, biases: Array, zeros: Array) -> None:
    """Add the biases and replace negative values by zero."""
    compiled("add_and_rectify", values.dtype)(values, np.ascontiguousarray(biases))


def relu_backward(delta: Array, outputs: Array, zero: Array, positive: Array) -> None:
    """Zero `delta` where `outputs` is zero."""
    compiled("relu_backward", delta.dtype)(delta, outputs)
