"""What a layer is.

A layer is a description that never changes. The numbers live elsewhere: parameters and
gradients in views of the flat vectors, activations in a workspace that the layer
allocates once for each number of members and rows. Hidden activations have shape
(n_members, n_rows, n_units); the outputs of the last layer are output-major,
(n_members, n_outputs, n_rows).

A `CurvedLayer` has second derivatives too. Two more passes take directions in parameter
space to what changes along them: `tangent` that of the outputs, `backward_tangent` that
of the gradient (the R-operator of Pearlmutter, 1994). There is one network then, whose
arrays have a member axis of length 1, and along any number of directions its tangents
take that axis. What is the same for all directions, `linearize` leaves in a workspace.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from skregnet._kernels import Array
from skregnet._networks.parameters import Parameters, Shapes


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


@dataclass
class TangentWorkspace:
    """Buffers of one layer for what changes along directions.

    Attributes
    ----------
    outputs : ndarray of shape (n_directions, ...)
        Tangents of the outputs; None where the layer works in place.
    input_delta : ndarray of shape (n_directions, ...) or None
        Tangents of the gradient by the inputs; None where the layer below needs none.
    scratch : object
        Whatever else the layer needs.
    inputs : ndarray of shape (n_directions, ...) or None
        Tangents of the inputs that the layer was given last; None where they do not
        depend on the parameters.
    delta : ndarray or None
        Gradient of the loss by the outputs; None where second derivatives of the
        network are left out, as in the Gauss-Newton matrix.
    slope, bend : ndarray or None
        First derivative of an activation, and `delta` times its second derivative.
    """

    outputs: Any
    input_delta: Any
    scratch: Any = ()
    inputs: Any = None
    delta: Any = None
    slope: Any = None
    bend: Any = None


@runtime_checkable
class CurvedLayer(Layer, Protocol):
    """A layer with second derivatives.

    References
    ----------
    B. Pearlmutter (1994). Fast exact multiplication by the Hessian. Neural Computation
    6(1).
    """

    def tangent_workspace(
        self, n_directions: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> TangentWorkspace:
        """Allocate buffers; with `propagate`, for inputs that depend on parameters."""
        ...

    def linearize(
        self,
        delta: Array | None,
        parameters: Parameters,
        workspace: Workspace,
        space: TangentWorkspace,
        context: Pass,
    ) -> Array | None:
        """Leave in `space` what all directions share, and return as `backward` does.

        It follows `forward`. `delta` may be overwritten, and is None where second
        derivatives of the network are to be left out.
        """
        ...

    def tangent(
        self,
        inputs: Array | None,
        parameters: Parameters,
        direction: Parameters,
        workspace: Workspace,
        space: TangentWorkspace,
    ) -> Array | None:
        """Return how the outputs change along each direction.

        `inputs` are the tangents of the inputs and may be overwritten; None stands for
        inputs that do not depend on the parameters.
        """
        ...

    def backward_tangent(
        self,
        delta: Array,
        parameters: Parameters,
        direction: Parameters,
        product: Parameters,
        workspace: Workspace,
        space: TangentWorkspace,
        context: Pass,
    ) -> Array | None:
        """Write how the gradient changes along each direction; return that by inputs.

        `delta` is the tangent of the gradient by the outputs, and may be overwritten.
        """
        ...
