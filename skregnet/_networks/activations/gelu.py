"""The Gaussian error linear unit."""

from typing import ClassVar

import numpy as np
from scipy import special

from skregnet import _kernels as kernels
from skregnet._kernels import Array

_DENSITY_AT_ZERO = 1 / np.sqrt(2 * np.pi).item()


class GELU:
    """``f(z) = z P(z)``, with ``f' = P(z) + z p(z)``, P the normal distribution.

    This is the exact function, by the error function, not its approximation by tanh;
    ``p(z) = exp(-z**2 / 2) / sqrt(2 pi)`` is the density.

    References
    ----------
    D. Hendrycks and K. Gimpel (2016). Gaussian error linear units (GELUs).
    arXiv:1606.08415.
    """

    in_place: ClassVar[bool] = False
    goes_by_signs: ClassVar[bool] = False

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype) -> tuple[Array, ...]:
        """Space for the distribution, which `backward` needs again, and the density."""
        return kernels.aligned_empty(shape, dtype), kernels.aligned_empty(shape, dtype)

    def apply(self, values: Array) -> None:
        """Replace by ``z P(z)``."""
        np.multiply(values, special.ndtr(values), out=values)

    def forward(
        self, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Write ``z P(z)``."""
        distribution = scratch[0]
        special.ndtr(inputs, out=distribution)
        np.multiply(inputs, distribution, out=outputs)

    def backward(
        self, delta: Array, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Multiply by ``P(z) + z p(z)``."""
        distribution, slope = scratch
        _write_density(inputs, slope)
        np.multiply(slope, inputs, out=slope)
        np.add(slope, distribution, out=slope)
        np.multiply(delta, slope, out=delta)

    def derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return ``P(z) + z p(z)``."""
        density = np.empty_like(inputs)
        _write_density(inputs, density)
        return special.ndtr(inputs) + inputs * density

    def second_derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return ``p(z) (2 - z**2)``."""
        density = np.empty_like(inputs)
        _write_density(inputs, density)
        return density * (2 - inputs * inputs)


def _write_density(inputs: Array, density: Array) -> None:
    np.multiply(inputs, inputs, out=density)
    np.multiply(density, -0.5, out=density)
    np.exp(density, out=density)
    np.multiply(density, _DENSITY_AT_ZERO, out=density)
