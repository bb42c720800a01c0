"""Activations of hidden layers and their derivatives, compiled by Numba: one pass each.

The same functions as in `numpy_activations`.
"""

from skregnet.kernels.buffers import Array
from skregnet.kernels.compilation import compiled


def relu_backward(delta: Array, outputs: Array, zero: Array, positive: Array) -> None:
    """Zero `delta` where `outputs` is zero."""
    compiled("relu_backward", delta.dtype)(delta, outputs)
