"""The element-wise nonlinearity of a hidden layer."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet.activations import Activation
from skregnet.kernels import Array, aligned_empty
from skregnet.layers._base import Pass, Workspace
from skregnet.parameters import Parameters, Shapes


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
