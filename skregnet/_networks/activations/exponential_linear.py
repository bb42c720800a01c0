"""Exponential linear units: a line on the right, a saturating exponential on the left.

The derivative on the left is the value plus a constant, so that both units work in
place.
"""

from typing import ClassVar

import numpy as np

from skregnet import _kernels as kernels
from skregnet._kernels import Array


class ELU:
    """``f(z) = z`` where ``z > 0``, else ``exp(z) - 1``, with ``f' = min(f, 0) + 1``.

    References
    ----------
    D.-A. Clevert, T. Unterthiner and S. Hochreiter (2016). Fast and accurate deep
    network learning by exponential linear units (ELUs). ICLR.
    """

    in_place: ClassVar[bool] = True
    goes_by_signs: ClassVar[bool] = False

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype) -> tuple[Array, ...]:
        """Space for the exponential, then for the derivative."""
        return (kernels.aligned_empty(shape, dtype),)

    def apply(self, values: Array) -> None:
        """Replace by the exponential linear unit."""
        self.forward(values, values, (np.empty_like(values),))

    def forward(
        self, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Write the larger of ``z`` and ``exp(min(z, 0)) - 1``."""
        (exponential,) = scratch
        inputs.clip(-np.inf, 0, out=exponential)
        np.expm1(exponential, out=exponential)
        # The exponential lies above the line on the left, and is zero on the right.
        np.maximum(inputs, exponential, out=outputs)

    def backward(
        self, delta: Array, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Multiply by ``min(f, 0) + 1``."""
        (slope,) = scratch
        outputs.clip(-np.inf, 0, out=slope)
        np.add(slope, 1, out=slope)
        np.multiply(delta, slope, out=delta)

    def derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return ``min(f, 0) + 1``."""
        return outputs.clip(-np.inf, 0) + 1

    def second_derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return ``f + 1`` where ``f <= 0``, else zero."""
        return (outputs <= 0) * (outputs + 1)


class SELU:
    """``f(z) = s z`` where ``z > 0``, else ``s a (exp(z) - 1)``.

    The derivative is ``s`` where ``f > 0``, else ``f + s a``. With these constants
    zero mean and unit variance are a fixed point of the map from layer to layer.

    References
    ----------
    G. Klambauer, T. Unterthiner, A. Mayr and S. Hochreiter (2017). Self-normalizing
    neural networks. NeurIPS.
    """

    in_place: ClassVar[bool] = True
    goes_by_signs: ClassVar[bool] = False

    # Equation 14 of the paper, with the digits of its implementation.
    _ALPHA = 1.6732632423543772
    _SCALE = 1.0507009873554805
    _DEPTH = _SCALE * _ALPHA

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype) -> tuple[Array, ...]:
        """Space for the two sides of zero."""
        return kernels.aligned_empty(shape, dtype), kernels.aligned_empty(shape, dtype)

    def apply(self, values: Array) -> None:
        """Replace by the scaled exponential linear unit."""
        self.forward(values, values, (np.empty_like(values),))

    def forward(
        self, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Write ``s (z - min(z, 0)) + s a (exp(min(z, 0)) - 1)``."""
        left = scratch[0]
        inputs.clip(-np.inf, 0, out=left)
        np.subtract(inputs, left, out=outputs)
        np.multiply(outputs, self._SCALE, out=outputs)
        np.expm1(left, out=left)
        np.multiply(left, self._DEPTH, out=left)
        np.add(outputs, left, out=outputs)

    def backward(
        self, delta: Array, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Multiply by ``min(f, 0) + s a``, less ``s a - s`` where ``f > 0``."""
        slope, jump = scratch
        np.greater(outputs, 0, out=jump)
        np.multiply(jump, self._SCALE - self._DEPTH, out=jump)
        outputs.clip(-np.inf, 0, out=slope)
        np.add(slope, self._DEPTH, out=slope)
        np.add(slope, jump, out=slope)
        np.multiply(delta, slope, out=delta)

    def derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return ``s`` where ``f > 0``, else ``f + s a``."""
        jump = (outputs > 0).astype(outputs.dtype) * (self._SCALE - self._DEPTH)
        return outputs.clip(-np.inf, 0) + self._DEPTH + jump

    def second_derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return ``f + s a`` where ``f <= 0``, else zero."""
        return (outputs <= 0) * (outputs + self._DEPTH)
