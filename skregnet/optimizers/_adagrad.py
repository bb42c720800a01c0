"""AdaGrad: rates that fall with the gradients gone through."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from skregnet._kernels import Array, Rate, adagrad_update, cast_rate
from skregnet.optimizers._base import State
from skregnet.optimizers._hyperparameters import POSITIVE, Hyperparameters, Range


@dataclass(frozen=True, kw_only=True)
class AdaGrad(Hyperparameters):
    """Steps over the root of the sum of squared gradients.

    With the gradient ``g`` and the learning rate ``l``::

        R <- R + g**2
        theta <- theta - l * g / (epsilon + sqrt(R))

    The sum only grows, so that the rate of each parameter only falls. It starts at 0
    and epsilon stands outside the root, as in the lecture and in PyTorch, whose default
    is 1e-10. Keras and optax start the sum at 0.1 and have epsilon, 1e-7, under it.

    Parameters
    ----------
    learning_rate : float, default=0.01
        Learning rate at the start.
    epsilon : float, default=1e-7
        Added to the denominator.

    References
    ----------
    J. Duchi, E. Hazan and Y. Singer (2011). Adaptive subgradient methods for online
    learning and stochastic optimization. JMLR 12. The lecture's heading
    "Specializations".

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.optimizers import AdaGrad
    >>> theta = np.array([[1.0]])
    >>> adagrad = AdaGrad()
    >>> state = adagrad.init(theta)
    >>> for _ in range(2):
    ...     adagrad.step(theta, np.ones((1, 1)), state, learning_rate=0.1)
    >>> theta.round(4)
    array([[0.8293]])
    """

    learning_rate: Rate = 0.01
    epsilon: Rate = 1e-7
    _ranges: ClassVar[dict[str, Range]] = {
        "learning_rate": POSITIVE,
        "epsilon": POSITIVE,
    }

    def init(self, parameters: Array) -> State:
        """Return a sum of zero."""
        return {"squares": np.zeros_like(parameters)}

    def step(
        self, parameters: Array, gradient: Array, state: State, learning_rate: Rate
    ) -> None:
        """Move the parameters and update the sum, both in place."""
        adagrad_update(
            parameters,
            gradient,
            state["squares"],
            learning_rate,
            self.epsilon,
        )

    def write_step_sizes(self, out: Array, state: State, learning_rate: Rate) -> None:
        """Write ``learning_rate / (epsilon + sqrt(R))``."""
        np.sqrt(state["squares"][:, : out.shape[1]], out)
        np.add(out, cast_rate(self.epsilon, out.dtype), out)
        np.divide(cast_rate(learning_rate, out.dtype), out, out)
