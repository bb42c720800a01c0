"""What a layer is.

A layer is a description that never changes. The numbers live elsewhere: parameters and
gradients in views of the flat vectors, activations in a workspace that the layer
allocates once for each number of members and rows. A layer with weights is handed
`AffineParameters`, one without is handed None. Hidden activations have shape
(n_members, n_rows, n_units); the outputs of the last layer are output-major,
(n_members, n_outputs, n_rows).

A third pass, the directional derivative of `forward` along a direction in parameter
space, reads what `forward` left in the workspace, just as `backward` does.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from skregnet.kernels import Array


@dataclass
class Workspace:
    """Buffers of one layer, and what its forward pass leaves for the backward pass.

    Attributes
    ----------
    outputs : ndarray
        Result of the forward pass; None where the layer works in place.
    input_delta : ndarray or None
        Result of the backward pass; None where the layer below needs none.
    inputs : ndarray or list of sparse arrays
        What the forward pass was given last.
    scratch : tuple of ndarray
        Whatever else the layer needs.
    """

    outputs: Any
    input_delta: Array | None
    scratch: tuple[Array, ...] = ()
    inputs: Any = None


class Layer(Protocol):
    """One step of a network."""

    @property
    def n_outputs(self) -> int:
        """Units of the layer."""
        ...

    @property
    def has_parameters(self) -> bool:
        """Whether the layer has weights and biases."""
        ...

    def workspace(
        self, n_members: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> Workspace:
        """Allocate buffers; with `propagate`, those for the gradient by the inputs."""
        ...

    def forward(
        self,
        inputs: Any,
        parameters: Any,
        workspace: Workspace,
        *,
        training: bool,
        rng: np.random.Generator | None,
    ) -> Array:
        """Return the outputs, which stay valid until the next forward pass."""
        ...

    def backward(
        self,
        delta: Array,
        parameters: Any,
        gradient: Any,
        workspace: Workspace,
    ) -> Array | None:
        """Write the gradient by the parameters and return that by the inputs.

        `delta` is the gradient of the loss by the outputs, and may be overwritten.
        """
        ...
