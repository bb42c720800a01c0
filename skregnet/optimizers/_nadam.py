"""NAdam: Adam with Nesterov's momentum."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from skregnet._kernels import Array, Rate, cast_rate, nadam_update
from skregnet.optimizers._adam import power, sqrt
from skregnet.optimizers._base import State
from skregnet.optimizers._hyperparameters import (
    POSITIVE,
    SHARE,
    Hyperparameters,
    Range,
)


@dataclass(frozen=True, kw_only=True)
class NAdam(Hyperparameters):
    """Steps along the mean of gradients as it will be, over the root of their squares.

    With the gradient ``g``, the learning rate ``l`` and the step count ``t``::

        m <- beta_1 * m + (1 - beta_1) * g
        v <- beta_2 * v + (1 - beta_2) * g**2
        n <- beta_1 * m / (1 - beta_1**(t + 1)) + (1 - beta_1) * g / (1 - beta_1**t)
        theta <- theta - l * n / (sqrt(v / (1 - beta_2**t)) + epsilon)

    This is optax's form, with a constant ``beta_1``; PyTorch and Keras let it grow with
    the steps. Epsilon is added after the correction of ``v``, as in all of these.

    Parameters
    ----------
    learning_rate : float, default=0.001
        Learning rate at the start.
    beta_1 : float, default=0.9
        Decay of the mean of gradients, in [0, 1).
    beta_2 : float, default=0.999
        Decay of the mean of squared gradients, in [0, 1).
    epsilon : float, default=1e-8
        Added to the denominator.

    References
    ----------
    T. Dozat (2016). Incorporating Nesterov momentum into Adam. ICLR workshop.

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.optimizers import NAdam
    >>> theta = np.array([[1.0]])
    >>> nadam = NAdam()
    >>> state = nadam.init(theta)
    >>> nadam.step(theta, np.ones((1, 1)), state, learning_rate=0.1)
    >>> theta.round(4)
    array([[0.8526]])
    """

    learning_rate: Rate = 0.001
    beta_1: Rate = 0.9
    beta_2: Rate = 0.999
    epsilon: Rate = 1e-8
    _ranges: ClassVar[dict[str, Range]] = {
        "learning_rate": POSITIVE,
        "beta_1": SHARE,
        "beta_2": SHARE,
        "epsilon": POSITIVE,
    }

    def init(self, parameters: Array) -> State:
        """Return means of zero."""
        return {
            "n_steps": 0,
            "first": np.zeros_like(parameters),
            "second": np.zeros_like(parameters),
        }

    def step(
        self, parameters: Array, gradient: Array, state: State, learning_rate: Rate
    ) -> None:
        """Move the parameters and update the means, both in place."""
        state["n_steps"] += 1
        t = state["n_steps"]
        root = 1 / sqrt(1 - power(self.beta_2, t))
        along_first = self.beta_1 / (1 - power(self.beta_1, t + 1))
        along_gradient = (1 - self.beta_1) / (1 - power(self.beta_1, t))
        nadam_update(
            parameters,
            gradient,
            state["first"],
            state["second"],
            self.beta_1,
            self.beta_2,
            along_first / along_gradient,
            learning_rate * along_gradient / root,
            self.epsilon / root,
        )

    def write_step_sizes(self, out: Array, state: State, learning_rate: Rate) -> None:
        """Write ``learning_rate / (sqrt(v / (1 - beta_2**t)) + epsilon)``."""
        root = 1 / sqrt(1 - power(self.beta_2, state["n_steps"]))
        np.sqrt(state["second"][:, : out.shape[1]], out)
        np.multiply(out, cast_rate(root, out.dtype), out)
        np.add(out, cast_rate(self.epsilon, out.dtype), out)
        np.divide(cast_rate(learning_rate, out.dtype), out, out)
