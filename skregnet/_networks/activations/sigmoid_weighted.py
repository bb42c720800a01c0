"""Units that weigh their input by a sigmoid of it.

`forward` leaves the exponentials in the scratch space, where `backward` finds them.
"""

from typing import ClassVar

import numpy as np
from scipy import special

from skregnet import _kernels as kernels
from skregnet._kernels import Array

# From here on the Mish of z is z to the last digit of float64: exp(-60) is 9e-27. No
# power of exp(z) that is needed below it overflows in float32.
_STRAIGHT_FROM = 30.0


class SiLU:
    """``f(z) = z / (1 + exp(-z))``, with ``f' = (1 + z - f) / (1 + exp(-z))``.

    References
    ----------
    S. Elfwing, E. Uchibe and K. Doya (2018). Sigmoid-weighted linear units for neural
    network function approximation in reinforcement learning. Neural Networks 107.
    """

    in_place: ClassVar[bool] = False
    goes_by_signs: ClassVar[bool] = False

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype) -> tuple[Array, ...]:
        """Space for ``1 + exp(-z)`` and for the derivative."""
        return kernels.aligned_empty(shape, dtype), kernels.aligned_empty(shape, dtype)

    def apply(self, values: Array) -> None:
        """Replace by ``z / (1 + exp(-z))``."""
        self.forward(values, values, (np.empty_like(values),))

    def forward(
        self, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Write ``z / (1 + exp(-z))``."""
        denominator = scratch[0]
        self._write_denominator(inputs, denominator)
        np.divide(inputs, denominator, out=outputs)

    def backward(
        self, delta: Array, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Multiply by ``(1 + z - f) / (1 + exp(-z))``."""
        denominator, slope = scratch
        self._write_slope(inputs, outputs, denominator, slope)
        np.multiply(delta, slope, out=delta)

    def derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return ``(1 + z - f) / (1 + exp(-z))``."""
        denominator, slope = np.empty_like(inputs), np.empty_like(inputs)
        self._write_denominator(inputs, denominator)
        self._write_slope(inputs, outputs, denominator, slope)
        return slope

    def second_derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return ``s (1 - s) (2 + z (1 - 2 s))``, with s the logistic sigmoid."""
        on, off = special.expit(inputs), special.expit(-inputs)
        return on * off * (2 + inputs * (off - on))

    def _write_denominator(self, inputs: Array, denominator: Array) -> None:
        np.negative(inputs, out=denominator)
        # An infinite denominator gives the right limit, zero; to bound it costs more.
        with np.errstate(over="ignore"):
            np.exp(denominator, out=denominator)
        np.add(denominator, 1, out=denominator)

    def _write_slope(
        self, inputs: Array, outputs: Array, denominator: Array, slope: Array
    ) -> None:
        np.subtract(inputs, outputs, out=slope)
        np.add(slope, 1, out=slope)
        np.divide(slope, denominator, out=slope)


class Mish:
    """``f(z) = z tanh(log(1 + exp(z)))``.

    With ``e = exp(z)`` and ``m = e**2 + 2 e + 2`` it is ``f = z e (e + 2) / m``, and
    the derivative is ``f' = e (e + 2 + 4 z (e + 1) / m) / m``.

    References
    ----------
    D. Misra (2020). Mish: a self regularized non-monotonic activation function. BMVC.
    """

    in_place: ClassVar[bool] = False
    goes_by_signs: ClassVar[bool] = False

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype) -> tuple[Array, ...]:
        """Space for ``e``, ``m`` and the derivative."""
        exponential, denominator, slope = (
            kernels.aligned_empty(shape, dtype) for _ in range(3)
        )
        return exponential, denominator, slope

    def apply(self, values: Array) -> None:
        """Replace by ``z e (e + 2) / m``."""
        self.forward(values, values, (np.empty_like(values), np.empty_like(values)))

    def forward(
        self, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Write ``z e (e + 2) / m``."""
        exponential, denominator = scratch[:2]
        inputs.clip(-np.inf, _STRAIGHT_FROM, out=exponential)
        np.exp(exponential, out=exponential)
        np.add(exponential, 2, out=denominator)
        np.multiply(denominator, exponential, out=denominator)
        # Taken before the 2 is added: m - 2 has lost the digits of a small e.
        np.multiply(inputs, denominator, out=outputs)
        np.add(denominator, 2, out=denominator)
        np.divide(outputs, denominator, out=outputs)

    def backward(
        self, delta: Array, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Multiply by ``e (e + 2 + 4 z (e + 1) / m) / m``."""
        exponential, denominator, slope = scratch
        np.add(exponential, 1, out=slope)
        np.multiply(slope, inputs, out=slope)
        np.multiply(slope, 4, out=slope)
        np.divide(slope, denominator, out=slope)
        np.add(slope, exponential, out=slope)
        np.add(slope, 2, out=slope)
        np.multiply(slope, exponential, out=slope)
        np.divide(slope, denominator, out=slope)
        np.multiply(delta, slope, out=delta)

    def derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return ``e (e + 2 + 4 z (e + 1) / m) / m``."""
        e = np.exp(np.minimum(inputs, _STRAIGHT_FROM))
        m = e * (e + 2) + 2
        return e * (e + 2 + 4 * inputs * (e + 1) / m) / m

    def second_derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return ``2 t' + z t''``, where t is the sigmoid ``1 - 2 / m``.

        Its derivatives are ``t' = 2 m' / m**2`` and ``t'' = 2 m'' / m**2 - 4 m'**2 /
        m**3``; quotients are taken first because ``m**3`` overflows in float32.
        """
        e = np.exp(np.minimum(inputs, _STRAIGHT_FROM))
        m = e * (e + 2) + 2
        first, second = 2 * e * (e + 1) / m, 2 * e * (2 * e + 1) / m
        return 2 / m * (2 * first + inputs * (second - 2 * first * first))
