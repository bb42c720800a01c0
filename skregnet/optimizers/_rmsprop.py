"""RMSProp: rates by the recent size of the gradients."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from skregnet._kernels import Array, Rate, cast_rate, rmsprop_update
from skregnet.optimizers._base import State
from skregnet.optimizers._hyperparameters import (
    POSITIVE,
    SHARE,
    Hyperparameters,
    Range,
)


@dataclass(frozen=True, kw_only=True)
class RMSProp(Hyperparameters):
    """Steps over the root of a running mean of squared gradients.

    With the gradient ``g`` and the learning rate ``l``::

        R <- decay * R + (1 - decay) * g**2
        u <- momentum * u + l * g / sqrt(R + epsilon)
        theta <- theta - u

    Epsilon stands under the root, as in the lecture, in Keras (1e-7) and in optax
    (1e-8); PyTorch adds it to the root (1e-8), and has a decay of 0.99. The learning
    rate stands inside the momentum, as in Keras and optax; in PyTorch outside. With
    `centered`, ``R - M**2`` takes the place of ``R``, where ``M`` is the running mean
    of the gradients: their variance.

    Parameters
    ----------
    learning_rate : float, default=0.001
        Learning rate at the start.
    decay : float, default=0.9
        Share of the running means that is kept, in [0, 1).
    epsilon : float, default=1e-6
        Added under the root.
    momentum : float, default=0.0
        Share of the last step that is kept, in [0, 1).
    centered : bool, default=False
        Whether to divide by the standard deviation of the gradients.

    References
    ----------
    G. Hinton (2012). Neural networks for machine learning, lecture 6e. The lecture's
    heading "Specializations".

    A. Graves (2013). Generating sequences with recurrent neural networks.
    arXiv:1308.0850, for the centered form.

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.optimizers import RMSProp
    >>> theta = np.array([[1.0]])
    >>> rmsprop = RMSProp()
    >>> state = rmsprop.init(theta)
    >>> for _ in range(2):
    ...     rmsprop.step(theta, np.ones((1, 1)), state, learning_rate=0.01)
    >>> theta.round(4)
    array([[0.9454]])
    """

    learning_rate: Rate = 0.001
    decay: Rate = 0.9
    epsilon: Rate = 1e-6
    momentum: Rate = 0.0
    centered: bool = False
    _ranges: ClassVar[dict[str, Range]] = {
        "learning_rate": POSITIVE,
        "decay": SHARE,
        "epsilon": POSITIVE,
        "momentum": SHARE,
    }

    def init(self, parameters: Array) -> State:
        """Return means, and where there is momentum a velocity and reach, of zero."""
        state: State = {"squares": np.zeros_like(parameters)}
        if self.centered:
            state["means"] = np.zeros_like(parameters)
        if np.any(self.momentum):
            state["velocity"] = np.zeros_like(parameters)
            state["reach"] = np.zeros_like(parameters)
        return state

    def step(
        self, parameters: Array, gradient: Array, state: State, learning_rate: Rate
    ) -> None:
        """Move the parameters and update the means, both in place."""
        rmsprop_update(
            parameters,
            gradient,
            state["squares"],
            state["means"] if self.centered else None,
            state.get("velocity"),
            self.decay,
            self.momentum,
            learning_rate,
            self.epsilon,
        )

    def write_step_sizes(self, out: Array, state: State, learning_rate: Rate) -> None:
        """Write how far the velocity of a constant unit gradient would reach by now.

        With momentum that is the sum of the sizes of all steps, as the roots were then,
        times what is left of each.
        """
        n_weights = out.shape[1]
        squares = state["squares"][:, :n_weights]
        if self.centered:
            means = state["means"][:, :n_weights]
            np.multiply(means, means, out)
            np.subtract(squares, out, out)
            np.maximum(out, 0, out=out)
        else:
            out[...] = squares
        np.add(out, cast_rate(self.epsilon, out.dtype), out)
        np.sqrt(out, out)
        np.divide(cast_rate(learning_rate, out.dtype), out, out)
        if "reach" in state:
            reach = state["reach"][:, :n_weights]
            np.multiply(reach, cast_rate(self.momentum, out.dtype), reach)
            np.add(reach, out, reach)
            out[...] = reach
