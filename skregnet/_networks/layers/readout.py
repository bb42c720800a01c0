"""The affine map to the outputs of a network."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet._kernels import Array, aligned_empty, matmul
from skregnet._networks.layers._base import Pass, Workspace
from skregnet._networks.layers.affine import Affine
from skregnet._networks.parameters import Parameters


@dataclass(frozen=True)
class Readout(Affine):
    """``(inputs @ weights + biases).T``: outputs are output-major.

    Outputs are few and rows are many, so that what a loss does to the outputs of each
    row runs along the rows.
    """

    def workspace(
        self, n_members: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> Workspace:
        """Allocate outputs, the gradient by the inputs and a column of ones."""
        below = (n_members, n_rows, self.n_inputs)
        return Workspace(
            outputs=aligned_empty(self._outputs_shape(n_members, n_rows), dtype),
            input_delta=aligned_empty(below, dtype) if propagate else None,
            scratch=(np.ones((1, n_rows, 1), dtype),),
        )

    def forward(
        self, inputs: Any, parameters: Parameters, workspace: Workspace, context: Pass
    ) -> Array:
        """Map the inputs."""
        workspace.inputs = inputs
        outputs: Array = workspace.outputs
        self._map(inputs, parameters["weights"], outputs)
        np.add(outputs, self._as_outputs(parameters["biases"]), out=outputs)
        return outputs

    def backward(
        self,
        delta: Array,
        parameters: Parameters,
        gradient: Parameters,
        workspace: Workspace,
        context: Pass,
    ) -> Array | None:
        """Write both gradients."""
        self._correlate(workspace.inputs, delta, gradient["weights"])
        self._sum_rows(delta, workspace, gradient["biases"])
        if workspace.input_delta is None:
            return None
        self._propagate(delta, parameters["weights"], workspace.input_delta)
        return workspace.input_delta

    def _map(self, inputs: Any, weights: Array, outputs: Array) -> None:
        matmul(weights.mT, inputs.mT, outputs)

    def _correlate(self, inputs: Any, delta: Array, gradient: Array) -> None:
        matmul(inputs.mT, delta.mT, gradient)

    def _propagate(self, delta: Array, weights: Array, input_delta: Array) -> None:
        matmul(delta.mT, weights.mT, input_delta)

    def _sum_rows(self, delta: Array, workspace: Workspace, gradient: Array) -> None:
        matmul(delta, workspace.scratch[0], gradient.mT)

    def _outputs_shape(self, n_members: int, n_rows: int) -> tuple[int, ...]:
        return (n_members, self.n_outputs, n_rows)

    def _as_outputs(self, biases: Array) -> Array:
        return biases.mT
