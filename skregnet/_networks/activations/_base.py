"""What an activation function is.

An activation with ``in_place = True`` works in place: the array that holds the
pre-activations `z` holds ``f(z)`` afterwards, and the derivatives are functions of
``f(z)``. Where a derivative needs `z` itself, the activation sets ``in_place = False``
and its layer keeps both arrays; for the others `inputs` and `outputs` are one array.

All arithmetic is element by element, so that a network computes the same alone and in
a stack. A bound on one side is written as a clip with both, `z.clip(-inf, 0)`: NumPy
runs that vectorised, and `minimum(z, 0)` with a scalar not.
"""

from typing import ClassVar, Protocol

import numpy as np

from skregnet._kernels import Array


class Activation(Protocol):
    """What a layer asks of an activation function.

    `scratch` is what the activation's own `scratch` method returned for arrays of this
    shape. A `backward` follows a `forward` with the same arrays, and may read in
    `scratch` what that `forward` left there.
    """

    in_place: ClassVar[bool]

    goes_by_signs: ClassVar[bool]
    """Whether the derivative needs no more than the signs of the outputs, if anything,
    so that it is constant where it exists."""

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
