"""No activation at all."""

from typing import ClassVar

import numpy as np

from skregnet._kernels import Array


class Identity:
    """``f(z) = z``, with ``f' = 1``: a network of linear layers."""

    in_place: ClassVar[bool] = True
    goes_by_signs: ClassVar[bool] = True

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype) -> tuple[Array, ...]:
        """Nothing is needed."""
        return ()

    def apply(self, values: Array) -> None:
        """Leave the array as it is."""

    def forward(
        self, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Leave the array as it is."""

    def backward(
        self, delta: Array, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Leave `delta` as it is."""

    def derivative(self, inputs: Array, outputs: Array) -> Array:
        """One everywhere."""
        return np.ones_like(outputs)

    def second_derivative(self, inputs: Array, outputs: Array) -> Array:
        """Zero everywhere."""
        return np.zeros_like(outputs)
