"""A moving average of the parameters, around any optimizer."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skregnet._kernels import Array, Rate, average_update
from skregnet.optimizers._base import State
from skregnet.optimizers._hyperparameters import SHARE, Hyperparameters, Range
from skregnet.optimizers._wrapper import Wrapper

_WARM_UP = 10


@dataclass(frozen=True)
class Averaged(Wrapper, Hyperparameters):
    """Keeps a moving average of the parameters, which the steps do not see.

    Each step moves the average towards the parameters by ``1 - d`` of the way, where
    ``d`` after ``t`` steps is ``min(decay, (1 + t) / (10 + t))``: the first steps, from
    wherever they started, are soon forgotten. As ``solver=`` of an estimator it is the
    average that is validated and predicts.

    Parameters
    ----------
    optimizer : Optimizer
        What steps.
    decay : float, default=0.999
        What is kept of the average in a step, once there have been many.

    References
    ----------
    B. Polyak and A. Juditsky (1992). Acceleration of stochastic approximation by
    averaging. SIAM Journal on Control and Optimization 30(4).

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.optimizers import SGD, Averaged
    >>> theta = np.zeros((1, 1))
    >>> averaged = Averaged(SGD(momentum=0.0))
    >>> state = averaged.init(theta)
    >>> averaged.step(theta, -np.ones((1, 1)), state, learning_rate=1.1)
    >>> averaged.average(state).round(4)
    array([[0.9]])
    """

    optimizer: Any
    decay: Rate = 0.999
    _ranges: ClassVar[dict[str, Range]] = {"decay": SHARE}

    def init(self, parameters: Array) -> State:
        """Return the state of the optimizer within, and the average at the start."""
        return {
            "inner": self.optimizer.init(parameters),
            "average": parameters.copy(),
            "n_steps": 0,
        }

    def step(
        self, parameters: Array, gradient: Array, state: State, learning_rate: Rate
    ) -> None:
        """Step, and move the average."""
        self.optimizer.step(parameters, gradient, state["inner"], learning_rate)
        follow(parameters, state, self.decay)

    def average(self, state: State) -> Array:
        """Return the average.

        Parameters
        ----------
        state : dict
            What `step` has left.

        Returns
        -------
        average : ndarray of shape (n_members, n_parameters)
            The array itself, which later steps change.
        """
        average: Array = state["average"]
        return average


def follow(parameters: Array, state: State, decay: Rate) -> None:
    """Move the average of a state towards the parameters, in place."""
    state["n_steps"] += 1
    t = state["n_steps"]
    kept = np.minimum(decay, (1 + t) / (_WARM_UP + t))
    average_update(state["average"], parameters, 1 - kept)
