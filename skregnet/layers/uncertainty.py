"""What each task of a network is uncertain of, learned along with it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet.kernels import Array, aligned_empty
from skregnet.layers._base import Pass, Workspace
from skregnet.parameters import Parameters, Shapes


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
        n_below = self.n_outputs - self.n_tasks
        if not context.training:
            gradient["log_variances"][...] = 0
            return delta
        gradient["log_variances"][...] = delta[:, n_below:].sum(axis=2)[:, np.newaxis]
        input_delta = workspace.input_delta
        if input_delta is not None:
            input_delta[...] = delta[:, :n_below]
        return input_delta
