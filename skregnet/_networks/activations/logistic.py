"""The logistic sigmoid."""

from typing import ClassVar

import numpy as np
from scipy import special

from skregnet import _kernels as kernels
from skregnet._kernels import Array


class Logistic:
    """``f(z) = 1 / (1 + exp(-z))``, with ``f' = f (1 - f)``.

    References
    ----------
    D. E. Rumelhart, G. E. Hinton and R. J. Williams (1986). Learning representations
    by back-propagating errors. Nature 323.
    """

    in_place: ClassVar[bool] = True
    goes_by_signs: ClassVar[bool] = False

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype) -> tuple[Array, ...]:
        """Space for the derivative."""
        return (kernels.aligned_empty(shape, dtype),)

    def apply(self, values: Array) -> None:
        """Replace by the logistic sigmoid."""
        special.expit(values, out=values)

    def forward(
        self, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Write the logistic sigmoid."""
        special.expit(inputs, out=outputs)

    def backward(
        self, delta: Array, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Multiply by ``f (1 - f)``."""
        (slope,) = scratch
        np.multiply(delta, outputs, out=delta)
        np.subtract(1, outputs, out=slope)
        np.multiply(delta, slope, out=delta)

    def derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return ``f (1 - f)``."""
        return outputs * (1 - outputs)

    def second_derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return ``f (1 - f) (1 - 2 f)``."""
        return outputs * (1 - outputs) * (1 - 2 * outputs)
