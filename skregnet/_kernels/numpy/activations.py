"""Activations of hidden layers and their derivatives, in NumPy."""

import numpy as np

from skregnet._kernels.buffers import Array


def relu(values: Array, zeros: Array) -> None:
    """Replace negative values by zero; an array of zeros beats the scalar 0."""
    np.maximum(values, zeros, out=values)


def add_and_rectify(values: Array, biases: Array, zeros: Array) -> None:
    """Add the biases and replace negative values by zero."""
    np.add(values, biases, out=values)
    np.maximum(values, zeros, out=values)


def relu_backward(delta: Array, outputs: Array, zero: Array, positive: Array) -> None:
    """Zero `delta` where `outputs` is zero; `positive` is boolean scratch space."""
    np.greater(outputs, zero, positive)
    np.multiply(delta, positive, delta)


def add_rectify_and_drop(
    values: Array, biases: Array, masks: Array, zeros: Array
) -> None:
    """Add the biases, replace negative values by zero, and multiply with the masks."""
    add_and_rectify(values, biases, zeros)
    np.multiply(values, masks, out=values)


def dropped_relu_backward(
    delta: Array, outputs: Array, masks: Array, zero: Array, positive: Array
) -> None:
    """Multiply `delta` with the masks, and zero it where `outputs` is zero."""
    np.multiply(delta, masks, delta)
    relu_backward(delta, outputs, zero, positive)
