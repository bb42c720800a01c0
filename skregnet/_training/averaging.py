"""Averages of the weights along training, to predict with in place of the last ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from skregnet._kernels import Array, Rate
from skregnet.optimizers import State, follow

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
    """A mean over steps whose memory fades: that of the wrapper `Averaged`.

    Here it follows the parameters after they have been moved by proximal steps and
    bounds too.

    Parameters
    ----------
    decay : float, default=0.999
        What is kept in a step, once there have been many.
    """

    decay: Rate = 0.999
    starts_late: ClassVar[bool] = False

    def init(self, parameters: Array) -> State:
        """Start at the parameters."""
        return {"average": parameters.copy(), "n_steps": 0}

    def after_step(self, parameters: Array, state: State) -> None:
        """Move towards the parameters."""
        follow(parameters, state, self.decay)

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
