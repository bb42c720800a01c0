"""Decay of weights, around any optimizer."""

from dataclasses import dataclass
from typing import Any, ClassVar

from skregnet._kernels import Array, Rate, cast_rate
from skregnet.optimizers._base import State
from skregnet.optimizers._hyperparameters import NOT_NEGATIVE, Hyperparameters, Range
from skregnet.optimizers._wrapper import Wrapper


@dataclass(frozen=True)
class WeightDecay(Wrapper, Hyperparameters):
    """Scales weights down before each step, by a share of the learning rate.

    ``theta <- (1 - learning_rate * decay) * theta``, then the optimizer's step.

    Parameters
    ----------
    optimizer : Optimizer
        What steps.
    decay : float, default=0.01
        Share of the weights that a step at a learning rate of 1 would remove.

    References
    ----------
    I. Loshchilov and F. Hutter (2019). Decoupled weight decay regularization. ICLR.

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.optimizers import SGD, WeightDecay
    >>> theta = np.array([[1.0]])
    >>> decaying = WeightDecay(SGD(), decay=0.5)
    >>> state = decaying.init(theta)
    >>> decaying.step(theta, np.zeros((1, 1)), state, learning_rate=0.1)
    >>> theta
    array([[0.95]])
    """

    optimizer: Any
    decay: Rate = 0.01
    _ranges: ClassVar[dict[str, Range]] = {"decay": NOT_NEGATIVE}

    def init(self, parameters: Array) -> State:
        """Return the state of the optimizer within, and how much decays."""
        inner: State = self.optimizer.init(parameters)
        return {"inner": inner, "n_decayed": parameters.shape[1]}

    def step(
        self, parameters: Array, gradient: Array, state: State, learning_rate: Rate
    ) -> None:
        """Decay the weights and step."""
        decay_weights(parameters, state, learning_rate * self.decay)
        self.optimizer.step(parameters, gradient, state["inner"], learning_rate)


def decay_weights(parameters: Array, state: State, share: Rate) -> None:
    """Scale down the parameters that the state says decay, in place."""
    weights = parameters[:, : state["n_decayed"]]
    weights *= cast_rate(1 - share, weights.dtype)
