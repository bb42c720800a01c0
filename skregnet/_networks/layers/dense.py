"""The affine map of a hidden layer."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet._kernels import Array, aligned_empty, matmul
from skregnet._networks.layers._base import Pass, Workspace
from skregnet._networks.layers.affine import Affine
from skregnet._networks.parameters import Parameters


@dataclass(frozen=True)
class Dense(Affine):
    """``inputs @ weights + biases``."""

    def workspace(
        self, n_members: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> Workspace:
        """Allocate outputs, the gradient by the inputs and a row of ones."""
        below = (n_members, n_rows, self.n_inputs)
        return Workspace(
            outputs=aligned_empty(self._outputs_shape(n_members, n_rows), dtype),
            input_delta=aligned_empty(below, dtype) if propagate else None,
            scratch=(np.ones((1, 1, n_rows), dtype),),
        )

    def forward(
        self, inputs: Any, parameters: Parameters, workspace: Workspace, context: Pass
    ) -> Array:
        """Map the inputs."""
        workspace.inputs = inputs
        outputs: Array = workspace.outputs
        self._map(inputs, parameters["weights"], outputs)
        if self.has_biases:
            np.add(outputs, parameters["biases"], out=outputs)
        return outputs

    def backward(
        self,
        delta: Array,
        parameters: Parameters,
        gradient: Parameters,
        workspace: Workspace,
        context: Pass,
    ) -> Array | None:
        """Write both gradients; column sums are products with a row of ones."""
        self._correlate(workspace.inputs, delta, gradient["weights"])
        if self.has_biases:
            self._sum_rows(delta, workspace, gradient["biases"])
        if workspace.input_delta is None:
            return None
        self._propagate(delta, parameters["weights"], workspace.input_delta)
        return workspace.input_delta

    def _map(self, inputs: Any, weights: Array, outputs: Array) -> None:
        matmul(inputs, weights, outputs)

    def _correlate(self, inputs: Any, delta: Array, gradient: Array) -> None:
        matmul(inputs.mT, delta, gradient)

    def _propagate(self, delta: Array, weights: Array, input_delta: Array) -> None:
        matmul(delta, weights.mT, input_delta)

    def _sum_rows(self, delta: Array, workspace: Workspace, gradient: Array) -> None:
        matmul(workspace.scratch[0], delta, gradient)

    def _outputs_shape(self, n_members: int, n_rows: int) -> tuple[int, ...]:
        return (n_members, n_rows, self.n_outputs)

    def _as_outputs(self, biases: Array) -> Array:
        return biases
