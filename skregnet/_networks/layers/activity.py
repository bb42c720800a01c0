"""A penalty on what a hidden layer puts out."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet._kernels import Array
from skregnet._networks.layers._base import Pass, TangentWorkspace, Workspace
from skregnet._networks.parameters import Parameters, Shapes
from skregnet._networks.penalties import ActivityPenalty, Share


@dataclass(frozen=True)
class PenalizedActivity:
    """Hands its inputs on, and adds a penalty on them to the loss.

    Parameters
    ----------
    n_outputs : int
        Units of the layer.
    penalty : ActivityPenalty
        The penalty.

    References
    ----------
    The lecture's heading "Sparse Representations".
    """

    n_outputs: int
    penalty: ActivityPenalty

    @property
    def parameter_shapes(self) -> Shapes:
        """None."""
        return ()

    def workspace(
        self, n_members: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> Workspace:
        """Allocate nothing."""
        return Workspace(outputs=None, input_delta=None)

    def forward(
        self, inputs: Any, parameters: Parameters, workspace: Workspace, context: Pass
    ) -> Array:
        """Keep the inputs, and in training their penalty."""
        workspace.inputs = inputs
        workspace.penalty = 0.0
        if context.training:
            share = Share(context.scale, context.weights)
            workspace.penalty = self.penalty.value(inputs, share)
        outputs: Array = inputs
        return outputs

    def backward(
        self,
        delta: Array,
        parameters: Parameters,
        gradient: Parameters,
        workspace: Workspace,
        context: Pass,
    ) -> Array:
        """Add the gradient of the penalty, in training."""
        if context.training:
            share = Share(context.scale, context.weights)
            delta += self.penalty.gradient(workspace.inputs, share)
        return delta

    def tangent_workspace(
        self, n_directions: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> TangentWorkspace:
        """Allocate nothing."""
        return TangentWorkspace(None, None)

    def linearize(
        self,
        delta: Array | None,
        parameters: Parameters,
        workspace: Workspace,
        space: TangentWorkspace,
        context: Pass,
    ) -> Array | None:
        """Add the gradient of the penalty."""
        if delta is None:
            return None
        return self.backward(delta, parameters, {}, workspace, context)

    def tangent(
        self,
        inputs: Array | None,
        parameters: Parameters,
        direction: Parameters,
        workspace: Workspace,
        space: TangentWorkspace,
    ) -> Array | None:
        """Hand the tangents on."""
        space.inputs = inputs
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
        """Add how the gradient of the penalty changes."""
        if context.training and space.inputs is not None:
            share = Share(context.scale, context.weights)
            delta += self.penalty.tangent(workspace.inputs, space.inputs, share)
        return delta
