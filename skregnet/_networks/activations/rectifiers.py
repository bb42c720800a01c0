"""Rectifiers: two straight lines that meet at zero."""

from typing import ClassVar

import numpy as np

from skregnet import _kernels as kernels
from skregnet._kernels import Array


class ReLU:
    """``f(z) = max(0, z)``; the derivative at zero is taken as zero.

    References
    ----------
    X. Glorot, A. Bordes and Y. Bengio (2011). Deep sparse rectifier neural networks.
    AISTATS.
    """

    in_place: ClassVar[bool] = True
    goes_by_signs: ClassVar[bool] = True

    # From this many units on, a row of zeros is as fast as an array of zeros, and
    # leaves the cache to the activations; below it the inner loops are too short.
    _WIDE = 128

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype) -> tuple[Array, ...]:
        """Zeros to compare with, many and one, and space for the mask."""
        zeros_shape = (1, 1, shape[-1]) if shape[-1] >= self._WIDE else shape
        return (
            kernels.aligned_zeros(zeros_shape, dtype),
            np.zeros((), dtype),
            kernels.aligned_empty(shape, bool),
        )

    def apply(self, values: Array) -> None:
        """Replace by the positive part."""
        np.maximum(values, 0, out=values)

    def forward(
        self, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Write the positive part."""
        kernels.relu(outputs, scratch[0])

    def backward(
        self, delta: Array, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Zero `delta` where the unit is off."""
        kernels.relu_backward(delta, outputs, scratch[1], scratch[2])

    def derivative(self, inputs: Array, outputs: Array) -> Array:
        """One where the unit is on."""
        return (outputs > 0).astype(outputs.dtype)

    def second_derivative(self, inputs: Array, outputs: Array) -> Array:
        """Zero wherever it exists."""
        return np.zeros_like(outputs)


class LeakyReLU:
    """``f(z) = max(z, 0.01 z)``, with ``f' = 1`` where ``f > 0``, else 0.01.

    References
    ----------
    A. L. Maas, A. Y. Hannun and A. Y. Ng (2013). Rectifier nonlinearities improve
    neural network acoustic models. ICML.
    """

    in_place: ClassVar[bool] = True
    goes_by_signs: ClassVar[bool] = True

    _SLOPE = 0.01

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype) -> tuple[Array, ...]:
        """Space for one term."""
        return (kernels.aligned_empty(shape, dtype),)

    def apply(self, values: Array) -> None:
        """Replace by the larger of the two lines."""
        np.maximum(values, values * self._SLOPE, out=values)

    def forward(
        self, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Write the larger of the two lines."""
        (leak,) = scratch
        np.multiply(inputs, self._SLOPE, out=leak)
        np.maximum(inputs, leak, out=outputs)

    def backward(
        self, delta: Array, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Multiply by one or by 0.01."""
        (slope,) = scratch
        np.greater(outputs, 0, out=slope)
        np.multiply(slope, 1 - self._SLOPE, out=slope)
        np.add(slope, self._SLOPE, out=slope)
        np.multiply(delta, slope, out=delta)

    def derivative(self, inputs: Array, outputs: Array) -> Array:
        """One where the unit is on, else 0.01."""
        return (outputs > 0).astype(outputs.dtype) * (1 - self._SLOPE) + self._SLOPE

    def second_derivative(self, inputs: Array, outputs: Array) -> Array:
        """Zero wherever it exists."""
        return np.zeros_like(outputs)
