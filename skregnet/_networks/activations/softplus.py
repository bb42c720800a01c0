"""The smooth rectifier."""

from typing import ClassVar

import numpy as np

from skregnet import _kernels as kernels
from skregnet._kernels import Array

# From here on f(z) = z to the last digit of float64: exp(-40) is 4e-18.
_STRAIGHT_FROM = 40.0


class Softplus:
    """``f(z) = log(1 + exp(z))``, with ``f' = 1 - exp(-f)``.

    References
    ----------
    C. Dugas, Y. Bengio, F. Bélisle, C. Nadeau and R. Garcia (2001). Incorporating
    second-order functional knowledge for better option pricing. NeurIPS.
    """

    in_place: ClassVar[bool] = True
    goes_by_signs: ClassVar[bool] = False

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype) -> tuple[Array, ...]:
        """Space for the exponential."""
        return (kernels.aligned_empty(shape, dtype),)

    def apply(self, values: Array) -> None:
        """Replace by ``log(1 + exp(z))``."""
        self.forward(values, values, (np.empty_like(values),))

    def forward(
        self, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Write ``log(1 + exp(z))``, or ``z`` where that is the same."""
        (curve,) = scratch
        inputs.clip(-np.inf, _STRAIGHT_FROM, out=curve)
        np.exp(curve, out=curve)
        np.log1p(curve, out=curve)
        # The curve lies above the line up to the bound, and is flat beyond it.
        np.maximum(inputs, curve, out=outputs)

    def backward(
        self, delta: Array, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Multiply by ``1 - exp(-f)``."""
        (slope,) = scratch
        np.negative(outputs, out=slope)
        np.expm1(slope, out=slope)
        np.multiply(delta, slope, out=slope)
        np.negative(slope, out=delta)

    def derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return ``1 - exp(-f)``."""
        return -np.expm1(-outputs)

    def second_derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return ``(1 - exp(-f)) exp(-f)``."""
        return -np.expm1(-outputs) * np.exp(-outputs)
