"""What each task of a network is uncertain of, learned along with it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet._kernels import Array, aligned_empty
from skregnet._networks.layers._base import Pass, TangentWorkspace, Workspace
from skregnet._networks.parameters import Parameters, Shapes


@dataclass(frozen=True)
class TaskUncertainty:
    """Adds a row for each task to the outputs in training: the log of its variance.

    The rows are parameters, the same for all cases. The loss weighs tasks by them; see
    `MultiTaskLoss`.

    Parameters
    ----------
    n_outputs : int
        Outputs of all tasks and, behind them, a row for each task.
    n_tasks : int
        Number of tasks.
    """

    n_outputs: int
    n_tasks: int

    @property
    def parameter_shapes(self) -> Shapes:
        """A number for each task."""
        return (("log_variances", (1, self.n_tasks)),)

    def workspace(
        self, n_members: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> Workspace:
        """Allocate the longer outputs, and what goes back of them."""
        n_below = self.n_outputs - self.n_tasks
        return Workspace(
            outputs=aligned_empty((n_members, self.n_outputs, n_rows), dtype),
            input_delta=aligned_empty((n_members, n_below, n_rows), dtype),
        )

    def forward(
        self, inputs: Any, parameters: Parameters, workspace: Workspace, context: Pass
    ) -> Array:
        """Add the rows; at test time there are none."""
        if not context.training:
            values: Array = inputs
            return values
        outputs: Array = workspace.outputs
        n_below = self.n_outputs - self.n_tasks
        outputs[:, :n_below] = inputs
        outputs[:, n_below:] = parameters["log_variances"].mT
        return outputs

    def backward(
        self,
        delta: Array,
        parameters: Parameters,
        gradient: Parameters,
        workspace: Workspace,
        context: Pass,
    ) -> Array | None:
        """Sum the gradient of the rows, and return the rest."""
        if not context.training:
            gradient["log_variances"][...] = 0
            return delta
        self._sum_rows(delta, gradient["log_variances"])
        return self._without_rows(delta, workspace.input_delta)

    def tangent_workspace(
        self, n_directions: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> TangentWorkspace:
        """Allocate as for as many members."""
        workspace = self.workspace(n_directions, n_rows, dtype, propagate)
        return TangentWorkspace(workspace.outputs, workspace.input_delta)

    def linearize(
        self,
        delta: Array | None,
        parameters: Parameters,
        workspace: Workspace,
        space: TangentWorkspace,
        context: Pass,
    ) -> Array | None:
        """Hand down what is not of the rows; they are linear."""
        if delta is None or not context.training:
            return delta
        return self._without_rows(delta, workspace.input_delta)

    def tangent(
        self,
        inputs: Array | None,
        parameters: Parameters,
        direction: Parameters,
        workspace: Workspace,
        space: TangentWorkspace,
    ) -> Array:
        """Add the rows of the directions."""
        outputs: Array = space.outputs
        n_below = self.n_outputs - self.n_tasks
        outputs[:, :n_below] = inputs
        outputs[:, n_below:] = direction["log_variances"].mT
        return outputs

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
        """Sum the tangents of the rows, and return the rest."""
        self._sum_rows(delta, product["log_variances"])
        return self._without_rows(delta, space.input_delta)

    def _sum_rows(self, delta: Array, gradient: Array) -> None:
        """Write the gradient by the numbers that the rows repeat."""
        n_below = self.n_outputs - self.n_tasks
        gradient[...] = delta[:, n_below:].sum(axis=2)[:, np.newaxis]

    def _without_rows(self, delta: Array, input_delta: Array | None) -> Array | None:
        """Copy the gradient by the outputs below, where it is wanted."""
        if input_delta is not None:
            input_delta[...] = delta[:, : self.n_outputs - self.n_tasks]
        return input_delta
