"""A schedule of the learning rate, around any optimizer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from skregnet._kernels import Array, Rate
from skregnet.optimizers._base import State
from skregnet.optimizers._hyperparameters import COUNT, Hyperparameters, Range
from skregnet.optimizers._schedules import SHAPES, shape_of
from skregnet.optimizers._wrapper import Wrapper


@dataclass(frozen=True)
class Scheduled(Wrapper, Hyperparameters):
    """Multiplies the learning rate by a function of progress.

    Estimators have schedules of their own, by their parameter `learning_rate`, which
    know how long training lasts; here that is `n_steps`.

    Parameters
    ----------
    optimizer : Optimizer
        What steps.
    schedule : {'cosine', 'one_cycle', 'coslog4', 'warmup'} or callable
        Takes the share of the steps that are over, in [0, 1], and returns a factor.
    n_steps : int
        Number of steps that the schedule spans; the last factor holds after them.

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.optimizers import SGD, Scheduled
    >>> theta = np.zeros((1, 1))
    >>> falling = Scheduled(SGD(momentum=0.0), lambda t: 1 - t, n_steps=2)
    >>> state = falling.init(theta)
    >>> for _ in range(2):
    ...     falling.step(theta, -np.ones((1, 1)), state, learning_rate=1.0)
    >>> theta
    array([[1.5]])
    """

    optimizer: Any
    schedule: str | Callable[[float], float]
    n_steps: int
    _ranges: ClassVar[dict[str, Range]] = {"n_steps": COUNT}

    def check(self) -> None:
        """Refuse unknown schedules and numbers out of their ranges.

        Raises
        ------
        ValueError
            That names the parameter and what it may be.
        """
        schedule = self.schedule
        is_known = isinstance(schedule, str) and schedule in SHAPES
        if not (is_known or callable(schedule)):
            raise ValueError(
                f"Scheduled expects schedule as a callable or one of {sorted(SHAPES)}, "
                f"got schedule={schedule!r}."
            )
        super().check()

    def init(self, parameters: Array) -> State:
        """Return the state of the optimizer within, at no steps."""
        return {"inner": self.optimizer.init(parameters), "n_steps": 0}

    def step(
        self, parameters: Array, gradient: Array, state: State, learning_rate: Rate
    ) -> None:
        """Step at the rate of the schedule."""
        rate = learning_rate * self._factor(state["n_steps"])
        state["n_steps"] += 1
        self.optimizer.step(parameters, gradient, state["inner"], rate)

    def write_step_sizes(self, out: Array, state: State, learning_rate: Rate) -> None:
        """Write those of the optimizer within, at the rate of the last step."""
        rate = learning_rate * self._factor(state["n_steps"] - 1)
        self.optimizer.write_step_sizes(out, state["inner"], rate)

    def _factor(self, n_steps: int) -> float:
        return float(shape_of(self.schedule)(min(1.0, n_steps / self.n_steps)))
