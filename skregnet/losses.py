"""Losses, each with the output activation it belongs to.

A loss is the mean over rows of the sum over outputs. All of them are canonical: the
gradient with respect to the outputs before the output activation is
``prediction - target``, and the second derivative is that of the output activation.
Outputs and targets are output-major, of shape (n_members, n_outputs, n_rows).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from skregnet import kernels
from skregnet.kernels import Array, LossWorkspace

LossKernel = Callable[[Array, Array, Array | None, float, LossWorkspace], Array]


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

    def value_and_gradient(
        self,
        outputs: Array,
        targets: Array,
        weights: Array | None,
        scale: float,
        workspace: LossWorkspace,
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
        workspace : LossWorkspace
            Scratch space for this shape.

        Returns
        -------
        values : ndarray of shape (n_members,) or scalar for one member
            The loss of each member.
        """
        return self.gradient_kernel(outputs, targets, weights, scale, workspace)


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
