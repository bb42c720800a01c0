"""Averages of the weights along training, to predict with in place of the last ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from skregnet.kernels import Array, average_update, scratch_for
from skregnet.optimizers import State

_WARM_UP = 10

START = 0.75
"""Share of the epochs after which the epochs' weights are averaged."""


class Averaging(Protocol):
    """An average of each member's vectors; its state is a dict, as an optimizer's."""

    starts_late: ClassVar[bool]
    """Whether only the epochs after most others, or after a plateau, are averaged."""

    def init(self, parameters: Array) -> State:
        """Return the state before the first step."""
        ...

    def after_step(self, parameters: Array, state: State) -> None:
        """Take in the vectors after a step."""
        ...

    def after_epoch(
        self, parameters: Array, state: State, is_averaging: Sequence[bool]
    ) -> None:
        """Take in the vectors after an epoch, of the members that average by now."""
        ...

    def shown(self, parameters: Array, state: State) -> Array:
        """Return the averages, of shape (n_members, n_parameters)."""
        ...


@dataclass(frozen=True)
class MovingAverage:
    """A mean over steps whose memory fades.

    Each step moves it towards the parameters by ``1 - d`` of the way, where ``d`` after
    ``t`` steps is ``min(decay, (1 + t) / (10 + t))``: the first steps, from weights
    that were drawn at random, are soon forgotten.

    Parameters
    ----------
    decay : float, default=0.999
        What is kept in a step, once there have been many.

    References
    ----------
    B. Polyak and A. Juditsky (1992). Acceleration of stochastic approximation by
    averaging. SIAM Journal on Control and Optimization 30(4).
    """

    decay: float = 0.999
    starts_late: ClassVar[bool] = False

    def init(self, parameters: Array) -> State:
        """Start at the parameters."""
        return {"average": parameters.copy(), "n_steps": 0}

    def after_step(self, parameters: Array, state: State) -> None:
        """Move towards the parameters."""
        state["n_steps"] += 1
        t = state["n_steps"]
        rate = 1 - min(self.decay, (1 + t) / (_WARM_UP + t))
        average_update(state["average"], parameters, rate, scratch_for(parameters))

    def after_epoch(
        self, parameters: Array, state: State, is_averaging: Sequence[bool]
    ) -> None:
        """All is done after each step."""

    def shown(self, parameters: Array, state: State) -> Array:
        """Return the averages."""
        average: Array = state["average"]
        return average


@dataclass(frozen=True)
class EpochAverage:
    """The plain mean of the vectors at the ends of the last epochs.

    References
    ----------
    P. Izmailov, D. Podoprikhin, T. Garipov, D. Vetrov and A. Wilson (2018). Averaging
    weights leads to wider optima and better generalization. UAI.
    """

    starts_late: ClassVar[bool] = True

    def init(self, parameters: Array) -> State:
        """Start with nothing in the mean."""
        counts = np.zeros((len(parameters), 1), parameters.dtype)
        return {"average": parameters.copy(), "counts": counts}

    def after_step(self, parameters: Array, state: State) -> None:
        """All is done after each epoch."""

    def after_epoch(
        self, parameters: Array, state: State, is_averaging: Sequence[bool]
    ) -> None:
        """Take in the vectors of the members that average by now."""
        average, counts = state["average"], state["counts"]
        for k, takes_part in enumerate(is_averaging):
            if takes_part:
                counts[k] += 1
                average[k] += (parameters[k] - average[k]) / counts[k]

    def shown(self, parameters: Array, state: State) -> Array:
        """Return the mean, or the parameters where nothing is in it yet."""
        return np.where(state["counts"] > 0, state["average"], parameters)
