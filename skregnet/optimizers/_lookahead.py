"""Lookahead: slow weights that follow fast ones, around any optimizer."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skregnet._kernels import Array, Rate, average_update, cast_rate
from skregnet.optimizers._base import State
from skregnet.optimizers._hyperparameters import COUNT, Hyperparameters, Range
from skregnet.optimizers._wrapper import Wrapper


@dataclass(frozen=True)
class Lookahead(Wrapper, Hyperparameters):
    """Every few steps returns part of the way to where it was before them.

    After each `period` steps of the optimizer::

        slow <- slow + share * (theta - slow)
        theta <- slow

    Parameters
    ----------
    optimizer : Optimizer
        What steps.
    period : int, default=6
        Number of steps after which to return.
    share : float, default=0.5
        Share of the way forward that is kept, in (0, 1].

    References
    ----------
    M. Zhang, J. Lucas, G. Hinton and J. Ba (2019). Lookahead optimizer: k steps
    forward, 1 step back. NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.optimizers import SGD, Lookahead
    >>> theta = np.zeros((1, 1))
    >>> lookahead = Lookahead(SGD(momentum=0.0), period=2)
    >>> state = lookahead.init(theta)
    >>> for _ in range(2):
    ...     lookahead.step(theta, -np.ones((1, 1)), state, learning_rate=1.0)
    >>> theta
    array([[1.]])
    """

    optimizer: Any
    period: int = 6
    share: Rate = 0.5
    _ranges: ClassVar[dict[str, Range]] = {
        "period": COUNT,
        "share": Range(0.0, 1.0, includes_low=False, includes_high=True),
    }

    def init(self, parameters: Array) -> State:
        """Return the state of the optimizer within, and slow weights at the start."""
        return {
            "inner": self.optimizer.init(parameters),
            "slow": parameters.copy(),
            "n_steps": 0,
        }

    def step(
        self, parameters: Array, gradient: Array, state: State, learning_rate: Rate
    ) -> None:
        """Step, and return part of the way where it is time."""
        self.optimizer.step(parameters, gradient, state["inner"], learning_rate)
        state["n_steps"] += 1
        if state["n_steps"] % self.period == 0:
            average_update(state["slow"], parameters, self.share)
            parameters[...] = state["slow"]

    def settle(self, parameters: Array, state: State) -> None:
        """Go on from where a proximal step has moved the slow weights.

        Parameters
        ----------
        parameters : ndarray of shape (n_members, n_parameters)
            Where the parameters are after a step and the proximal steps that follow it.
        state : dict
            What `step` has left; updated.
        """
        if state["n_steps"] % self.period == 0:
            state["slow"][...] = parameters
        super().settle(parameters, state)

    def write_step_sizes(self, out: Array, state: State, learning_rate: Rate) -> None:
        """Write those of the optimizer within, of which a return keeps a share."""
        super().write_step_sizes(out, state, learning_rate)
        if state["n_steps"] % self.period == 0:
            np.multiply(out, cast_rate(self.share, out.dtype), out)
