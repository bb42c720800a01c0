"""Activation functions: value, first and second derivative.

An activation of this module works in place: the array that holds the pre-activations
`z` holds ``f(z)`` afterwards, and the derivatives are functions of ``f(z)``. Where a
derivative needs `z` itself, the activation sets ``in_place = False`` and its layer
keeps both arrays; for the others `inputs` and `outputs` are one array.
"""

from typing import ClassVar, Protocol

import numpy as np
from scipy import special

from skregnet import kernels
from skregnet.kernels import Array


class Activation(Protocol):
    """What a layer asks of an activation function.

    `scratch` is what the activation's own `scratch` method returned for arrays of this
    shape.
    """

    in_place: ClassVar[bool]

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype) -> tuple[Array, ...]:
        """Allocate what `forward` and `backward` need besides their arguments."""
        ...

    def apply(self, values: Array) -> None:
        """Replace `values`, of any shape, by ``f(values)``, as prediction does."""
        ...

    def forward(
        self, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Write ``f(inputs)`` to `outputs`."""
        ...

    def backward(
        self, delta: Array, inputs: Array, outputs: Array, scratch: tuple[Array, ...]
    ) -> None:
        """Multiply `delta` by the first derivative, in place."""
        ...

    def derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return the first derivative."""
        ...

    def second_derivative(self, inputs: Array, outputs: Array) -> Array:
        """Return the second derivative."""
        ...


class Identity:
    """``f(z) = z``."""

    in_place: ClassVar[bool] = True

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


class Logistic:
    """``f(z) = 1 / (1 + exp(-z))``, with ``f' = f (1 - f)``."""

    in_place: ClassVar[bool] = True

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


class Tanh:
    """``f(z) = tanh(z)``, with ``f' = 1 - f**2``."""

    in_place: ClassVar[bool] = True

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


class ReLU:
    """``f(z) = max(0, z)``; the derivative at zero is taken as zero."""

    in_place: ClassVar[bool] = True

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


ACTIVATIONS: dict[str, Activation] = {
    "identity": Identity(),
    "logistic": Logistic(),
    "tanh": Tanh(),
    "relu": ReLU(),
}
