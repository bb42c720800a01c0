"""What a layer is.

A layer is a description that never changes. The numbers live elsewhere: parameters and
gradients in views of the flat vectors, activations in a workspace that the layer
allocates once for each number of members and rows. Hidden activations have shape
(n_members, n_rows, n_units); the outputs of the last layer are output-major,
(n_members, n_outputs, n_rows).

A third pass, the directional derivative of `forward` along a direction in parameter
space, reads what `forward` left in the workspace, just as `backward` does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from skregnet.kernels import Array
from skregnet.parameters import Parameters, Shapes


class Pass(NamedTuple):
    """What all layers need to know of a pass through the network."""

    training: bool = False
    """Whether layers that are noisy in training are to be so."""
    scale: float = 1.0
    """Factor of a sum over rows: one over the number of rows in the mean."""
    weights: Array | None = None
    """Weights of the rows, of shape (n_members, 1, n_rows)."""
    rngs: Sequence[np.random.Generator] | None = None
    """Each member's source of noise."""
    tracks: bool = True
    """Whether running statistics are to follow the rows."""


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
    scratch : tuple
        Whatever else the layer needs.
    penalty : ndarray of shape (n_members,) or scalar
        What the forward pass in training adds to the loss.
    """

    outputs: Any
    input_delta: Array | None
    scratch: Any = ()
    inputs: Any = None
    penalty: Any = 0.0


class Layer(Protocol):
    """One step of a network."""

    @property
    def n_outputs(self) -> int:
        """Units of the layer."""
        ...

    @property
    def parameter_shapes(self) -> Shapes:
        """Names and shapes of the parameters; "weights" are what penalties concern."""
        ...

    def workspace(
        self, n_members: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> Workspace:
        """Allocate buffers; with `propagate`, those for the gradient by the inputs."""
        ...

    def forward(
        self, inputs: Any, parameters: Parameters, workspace: Workspace, context: Pass
    ) -> Array:
        """Return the outputs, which stay valid until the next forward pass."""
        ...

    def backward(
        self,
        delta: Array,
        parameters: Parameters,
        gradient: Parameters,
        workspace: Workspace,
        context: Pass,
    ) -> Array | None:
        """Write the gradient by the parameters and return that by the inputs.

        `delta` is the gradient of the loss by the outputs, and may be overwritten.
        """
        ...
