"""Stochastic gradient descent with momentum."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from skregnet._kernels import Array, Rate, momentum_update
from skregnet.optimizers._base import State
from skregnet.optimizers._hyperparameters import POSITIVE, Hyperparameters, Range


@dataclass(frozen=True, kw_only=True)
class SGD(Hyperparameters):
    """Gradient descent with momentum, of the standard or of Nesterov's kind.

    With the gradient ``g`` and the learning rate ``l``::

        v <- momentum * v - l * g
        theta <- theta + v                          (standard)
        theta <- theta + momentum * v - l * g       (Nesterov)

    The learning rate stands inside the velocity, as in scikit-learn and Keras; PyTorch
    and optax keep it outside, which differs when the rate changes. Nesterov's form is
    the lecture's look-ahead gradient after a change of variable: the vector updated
    here is the point at which that gradient is taken.

    Parameters
    ----------
    learning_rate : float, default=0.01
        Learning rate at the start.
    momentum : float, default=0.9
        Share of the last step that is kept, in [0, 1].
    nesterov : bool, default=True
        Whether to use Nesterov's form.

    References
    ----------
    I. Sutskever, J. Martens, G. Dahl and G. Hinton (2013). On the importance of
    initialization and momentum in deep learning. ICML. The lecture's heading "Momentum
    in Stochastic Gradient Descent (SGD)".

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.optimizers import SGD
    >>> theta = np.array([[1.0]])
    >>> sgd = SGD(momentum=0.5, nesterov=False)
    >>> state = sgd.init(theta)
    >>> for _ in range(2):
    ...     sgd.step(theta, 2 * theta, state, learning_rate=0.1)
    >>> theta
    array([[0.54]])
    """

    learning_rate: Rate = 0.01
    momentum: Rate = 0.9
    nesterov: bool = True
    _ranges: ClassVar[dict[str, Range]] = {
        "learning_rate": POSITIVE,
        "momentum": Range(0.0, 1.0, includes_high=True),
    }

    def init(self, parameters: Array) -> State:
        """Return a velocity of zero."""
        return {"velocity": np.zeros_like(parameters), "reach": 0.0}

    def step(
        self, parameters: Array, gradient: Array, state: State, learning_rate: Rate
    ) -> None:
        """Move the parameters and update the velocity, both in place."""
        state["reach"] = self.momentum * state["reach"] + learning_rate
        momentum_update(
            parameters,
            gradient,
            state["velocity"],
            self.momentum,
            learning_rate,
            self.nesterov,
        )

    def write_step_sizes(self, out: Array, state: State, learning_rate: Rate) -> None:
        """Write how far the velocity of a constant unit gradient would reach by now.

        In the long run and at a constant rate it is ``learning_rate / (1 - momentum)``;
        as the rate falls, the velocity still holds steps of higher ones.
        """
        reach = state["reach"]
        if self.nesterov:
            reach = self.momentum * reach + learning_rate
        out[...] = reach
