"""The element-wise nonlinearity of a hidden layer."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet._kernels import Array, aligned_empty
from skregnet._networks.activations import Activation
from skregnet._networks.layers._base import Pass, TangentWorkspace, Workspace
from skregnet._networks.parameters import Parameters, Shapes


@dataclass(frozen=True)
class ActivationLayer:
    """``f(inputs)``, in the inputs' own buffer where the activation allows it.

    Parameters
    ----------
    n_outputs : int
        Units of the layer.
    activation : Activation
        The function.
    """

    n_outputs: int
    activation: Activation

    @property
    def parameter_shapes(self) -> Shapes:
        """None."""
        return ()

    def workspace(
        self, n_members: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> Workspace:
        """Allocate scratch space, and outputs unless the activation is in place."""
        shape = (n_members, n_rows, self.n_outputs)
        in_place = self.activation.in_place
        return Workspace(
            outputs=None if in_place else aligned_empty(shape, dtype),
            input_delta=None,
            scratch=self.activation.scratch(shape, dtype),
        )

    def forward(
        self, inputs: Any, parameters: Parameters, workspace: Workspace, context: Pass
    ) -> Array:
        """Apply the activation."""
        workspace.inputs = inputs
        if self.activation.in_place:
            workspace.outputs = inputs
        self.activation.forward(inputs, workspace.outputs, workspace.scratch)
        outputs: Array = workspace.outputs
        return outputs

    def backward(
        self,
        delta: Array,
        parameters: Parameters,
        gradient: Parameters,
        workspace: Workspace,
        context: Pass,
    ) -> Array:
        """Multiply by the derivative."""
        self.activation.backward(
            delta, workspace.inputs, workspace.outputs, workspace.scratch
        )
        return delta

    def tangent_workspace(
        self, n_directions: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> TangentWorkspace:
        """Allocate space for what the second derivative adds, unless it is zero."""
        shape = (n_directions, n_rows, self.n_outputs)
        bends = not self.activation.goes_by_signs
        return TangentWorkspace(
            None, None, scratch=aligned_empty(shape, dtype) if bends else None
        )

    def linearize(
        self,
        delta: Array | None,
        parameters: Parameters,
        workspace: Workspace,
        space: TangentWorkspace,
        context: Pass,
    ) -> Array | None:
        """Keep the first derivative, and `delta` times the second."""
        inputs, outputs = workspace.inputs, workspace.outputs
        space.slope = self.activation.derivative(inputs, outputs)
        space.bend = None
        if delta is None:
            return None
        if space.scratch is not None:
            space.bend = self.activation.second_derivative(inputs, outputs)
            space.bend *= delta
        delta *= space.slope
        return delta

    def tangent(
        self,
        inputs: Array | None,
        parameters: Parameters,
        direction: Parameters,
        workspace: Workspace,
        space: TangentWorkspace,
    ) -> Array | None:
        """Multiply by the derivative."""
        if inputs is None:
            return None
        if space.bend is not None:
            np.multiply(inputs, space.bend, space.scratch)
        inputs *= space.slope
        return inputs

    def backward_tangent(
        self,
        delta: Array,
        parameters: Parameters,
        direction: Parameters,
        product: Parameters,
        workspace: Workspace,
        space: TangentWorkspace,
        context: Pass,
    ) -> Array:
        """Differentiate the product of `delta` and derivative."""
        delta *= space.slope
        if space.bend is not None:
            delta += space.scratch
        return delta
