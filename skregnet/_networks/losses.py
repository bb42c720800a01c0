"""Losses, each with the output activation it belongs to.

A loss is the mean over rows of the sum over outputs. All of them are canonical: the
gradient with respect to the outputs before the output activation is
``prediction - target``, and the second derivative is that of the output activation.
Outputs and targets are output-major, of shape (n_members, n_outputs, n_rows).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
from scipy import special

from skregnet import _kernels as kernels
from skregnet._kernels import Array, LossWorkspace

LossKernel = Callable[[Array, Array, Array | None, float, LossWorkspace], Array]


class LinearizedLoss(Protocol):
    """The gradient of a loss by its outputs, differentiated at one point."""

    def tangent(self, outputs: Array) -> None:
        """Turn tangents of the outputs into those of the gradient, in place.

        They have shape (n_directions, n_outputs, n_rows).
        """
        ...


@dataclass(frozen=True)
class Loss:
    """A loss and the activation that turns its outputs into predictions.

    Parameters
    ----------
    name : str
        The value of the estimators' parameter `loss`.
    output_activation : str
        The name of the output activation, as in `out_activation_`.
    gradient_kernel : callable
        ``(outputs, targets, weights, scale, workspace) -> values``; overwrites
        `outputs` with the gradient of the loss and returns each member's loss.
    """

    name: str
    output_activation: str
    gradient_kernel: LossKernel

    def workspace(
        self, n_members: int, n_outputs: int, n_rows: int, dtype: np.dtype
    ) -> LossWorkspace:
        """Allocate scratch space for batches of one shape."""
        return LossWorkspace.allocate(n_members, n_outputs, n_rows, dtype)

    def value_and_gradient(
        self,
        outputs: Array,
        targets: Array,
        weights: Array | None,
        scale: float,
        workspace: Any,
    ) -> Array:
        """Return each member's loss and overwrite `outputs` with its gradient.

        Parameters
        ----------
        outputs, targets : ndarray of shape (n_members, n_outputs, n_rows)
            Outputs before the output activation, and what they should become after it.
        weights : ndarray of shape (n_members, 1, n_rows) or None
            Weights of the rows, of mean 1 over the training data.
        scale : float
            What the sum over rows is multiplied by: one over the number of rows.
        workspace : object
            What `workspace` has allocated for this shape.

        Returns
        -------
        values : ndarray of shape (n_members,) or scalar for one member
            The loss of each member.
        """
        return self.gradient_kernel(outputs, targets, weights, scale, workspace)

    def linearize(
        self,
        outputs: Array,
        targets: Array,
        weights: Array | None,
        scale: float,
        workspace: Any,
    ) -> tuple[Array, LinearizedLoss]:
        """Do as `value_and_gradient`, and return with the loss how its gradient bends.

        Parameters are those of `value_and_gradient`, for one member.
        """
        predictions = OUTPUT_ACTIVATIONS[self.output_activation](outputs.copy())
        value = self.value_and_gradient(outputs, targets, weights, scale, workspace)
        factor = scale if weights is None else scale * weights
        return value, _LinearizedLoss(self.output_activation, predictions, factor)


@dataclass(frozen=True)
class _LinearizedLoss:
    """Predictions, and what the residuals of each row are multiplied by."""

    output_activation: str
    predictions: Array
    factor: Any

    def tangent(self, outputs: Array) -> None:
        """Differentiate the output activation, and scale."""
        _OUTPUT_TANGENTS[self.output_activation](self.predictions, outputs)
        outputs *= self.factor


@dataclass(frozen=True)
class MultiTaskLoss:
    """The sum of the losses of several tasks, whose outputs come one after another.

    Behind the targets of all tasks there is a row of weights for each task: how much
    each case counts in it, 0 where its target is missing.

    With learned weights there is a row of ``s``, one for each task, behind the outputs:
    the loss of a task is ``exp(-s) * loss + s / 2``, with ``s`` the logarithm of the
    task's variance.

    Parameters
    ----------
    parts : tuple of Loss
        The loss of each task.
    sizes : tuple of int
        The number of outputs of each.
    learns_weights : bool, default=False
        Whether ``s`` is there in training.

    References
    ----------
    A. Kendall, Y. Gal and R. Cipolla (2018). Multi-task learning using uncertainty to
    weigh losses for scene geometry and semantics. CVPR.
    """

    parts: tuple[Loss, ...]
    sizes: tuple[int, ...]
    learns_weights: bool = False

    name: ClassVar[str] = "multi_task"

    @property
    def output_activation(self) -> tuple[str, ...]:
        """The name of each task's output activation."""
        return tuple(part.output_activation for part in self.parts)

    @property
    def outputs_of_tasks(self) -> list[slice]:
        """Where the outputs, and the targets, of each task are."""
        ends = pairwise([0, *accumulate(self.sizes)])
        return [slice(start, stop) for start, stop in ends]

    def workspace(
        self, n_members: int, n_outputs: int, n_rows: int, dtype: np.dtype
    ) -> list[LossWorkspace]:
        """Allocate scratch space for each task."""
        return [
            part.workspace(n_members, size, n_rows, dtype)
            for part, size in zip(self.parts, self.sizes, strict=True)
        ]

    def value_and_gradient(
        self,
        outputs: Array,
        targets: Array,
        weights: Array | None,
        scale: float,
        workspace: Any,
    ) -> Array:
        """Return each member's loss and overwrite `outputs` with its gradient.

        Parameters are those of `Loss.value_and_gradient`.
        """
        n_outputs, n_rows = sum(self.sizes), outputs.shape[2]
        total = np.zeros(len(outputs), outputs.dtype)
        for k, task in enumerate(self.outputs_of_tasks):
            own = np.ascontiguousarray(outputs[:, task])
            counts = targets[:, n_outputs + k : n_outputs + k + 1]
            value = self.parts[k].value_and_gradient(
                own,
                np.ascontiguousarray(targets[:, task]),
                np.ascontiguousarray(counts if weights is None else counts * weights),
                scale,
                workspace[k],
            )
            if outputs.shape[1] > n_outputs:
                row = outputs[:, n_outputs + k]
                log_variance = row[:, 0].copy()
                factor = np.exp(-log_variance)
                own *= factor[:, np.newaxis, np.newaxis]
                value = factor * value
                # The row is the same for all cases: its first place takes the gradient.
                row[...] = 0
                row[:, 0] = 0.5 * scale * n_rows - value
                value = value + 0.5 * scale * n_rows * log_variance
            outputs[:, task] = own
            total += value
        return total

    def linearize(
        self,
        outputs: Array,
        targets: Array,
        weights: Array | None,
        scale: float,
        workspace: Any,
    ) -> tuple[Array, LinearizedLoss]:
        """Do as `value_and_gradient`, and return with the loss how its gradient bends.

        Parameters are those of `value_and_gradient`, for one member.
        """
        n_outputs = sum(self.sizes)
        parts = []
        for k, task in enumerate(self.outputs_of_tasks):
            own = outputs[:, task].copy()
            counts = targets[:, n_outputs + k : n_outputs + k + 1]
            value, linearized = self.parts[k].linearize(
                own,
                np.ascontiguousarray(targets[:, task]),
                np.ascontiguousarray(counts if weights is None else counts * weights),
                scale,
                workspace[k],
            )
            row = None
            factor = np.ones(())
            if outputs.shape[1] > n_outputs:
                row = n_outputs + k
                factor = np.exp(-outputs[0, row, 0])
            parts.append(_LinearizedTask(task, linearized, own, value, row, factor))
        total = self.value_and_gradient(outputs, targets, weights, scale, workspace)
        return total, _LinearizedTasks(parts)


class _LinearizedTask(NamedTuple):
    """The loss of one task at one point, before it is weighed."""

    outputs: slice
    linearized: LinearizedLoss
    gradient: Array
    value: Any
    row: int | None
    """Where the logarithm of the task's variance is, if it is learned."""
    factor: Array


class _LinearizedTasks(NamedTuple):
    """The losses of all tasks at one point."""

    tasks: Sequence[_LinearizedTask]

    def tangent(self, outputs: Array) -> None:
        """Differentiate each task's gradient, and those by the learned weights."""
        for task in self.tasks:
            before = np.ascontiguousarray(outputs[:, task.outputs])
            own = before.copy()
            task.linearized.tangent(own)
            if task.row is not None:
                row = outputs[:, task.row]
                change = row[:, 0].copy()
                own -= change[:, np.newaxis, np.newaxis] * task.gradient
                own *= task.factor
                of_value = (before * task.gradient).sum(axis=(1, 2))
                # As in the gradient, the first place of the row stands for all.
                row[...] = 0
                row[:, 0] = task.factor * (change * task.value - of_value)
            outputs[:, task.outputs] = own


LOG_LOSS = Loss("log_loss", "softmax", kernels.softmax_loss)
BINARY_LOG_LOSS = Loss("log_loss", "logistic", kernels.logistic_loss)
SQUARED_ERROR = Loss("squared_error", "identity", kernels.squared_loss)
POISSON = Loss("poisson", "exp", kernels.poisson_loss)

REGRESSION_LOSSES = {loss.name: loss for loss in (SQUARED_ERROR, POISSON)}


def _softmax(outputs: Array) -> Array:
    outputs -= outputs.max(axis=1, keepdims=True)
    np.exp(outputs, out=outputs)
    outputs /= outputs.sum(axis=1, keepdims=True)
    return outputs


def _logistic(outputs: Array) -> Array:
    return special.expit(outputs, out=outputs)


def _exp(outputs: Array) -> Array:
    return np.exp(outputs, out=outputs)


def _identity(outputs: Array) -> Array:
    return outputs


OUTPUT_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "softmax": _softmax,
    "logistic": _logistic,
    "exp": _exp,
    "identity": _identity,
}
"""Output activations by name: in place, on outputs of shape (n_rows, n_outputs)."""


def _softmax_tangent(predictions: Array, outputs: Array) -> None:
    outputs -= (predictions * outputs).sum(axis=1, keepdims=True)
    outputs *= predictions


def _logistic_tangent(predictions: Array, outputs: Array) -> None:
    outputs *= predictions * (1 - predictions)


def _exp_tangent(predictions: Array, outputs: Array) -> None:
    outputs *= predictions


def _identity_tangent(predictions: Array, outputs: Array) -> None:
    pass


_OUTPUT_TANGENTS: dict[str, Callable[[Array, Array], None]] = {
    "softmax": _softmax_tangent,
    "logistic": _logistic_tangent,
    "exp": _exp_tangent,
    "identity": _identity_tangent,
}
"""Tangents of output activations: in place, on tangents, by what is predicted."""
