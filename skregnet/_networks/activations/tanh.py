"""The hyperbolic tangent."""

from typing import ClassVar

import numpy as np

from skregnet import _kernels as kernels
from skregnet._kernels import Array


class Tanh:
    """``f(z) = tanh(z)``, with ``f' = 1 - f**2``.

    References
    ----------
    Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller (1998). Efficient BackProp. Neural
    Networks: Tricks of the Trade, Springer.
    """

    in_place: ClassVar[bool] = True
    goes_by_signs: ClassVar[bool] = False

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype) -> tuple[Array, ...]:
        """Space for the derivative."""
        return (kernels.aligned_empty(shape, dtype),)

    def apply(self, values: Array) -> None:
        """Replace by the hyperbolic tangent."""
        np.tanh(values, out=values)

    def forward(
        self, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Write the hyperbolic tangent."""
        np.tanh(inputs, out=outputs)

    def backward(
        self, delta: Array, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Multiply by ``1 - f**2``."""
        (slope,) = scratch
        np.multiply(outputs, outputs, out=slope)
        np.subtract(1, slope, out=slope)
        np.multiply(delta, slope, out=delta)

    def derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return ``1 - f**2``."""
        return 1 - outputs * outputs

    def second_derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return ``-2 f (1 - f**2)``."""
        return -2 * outputs * (1 - outputs * outputs)
