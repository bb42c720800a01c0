"""A penalty on what a hidden layer puts out."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet.kernels import Array
from skregnet.layers._base import Pass, Workspace
from skregnet.parameters import Parameters, Shapes
from skregnet.penalties import ActivityPenalty, Share


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
