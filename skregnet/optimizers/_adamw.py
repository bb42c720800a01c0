"""AdamW: Adam with a decay of weights beside it."""

from dataclasses import dataclass
from typing import ClassVar

from skregnet._kernels import Array, Rate
from skregnet.optimizers._adam import Adam
from skregnet.optimizers._base import State
from skregnet.optimizers._hyperparameters import (
    NOT_NEGATIVE,
    POSITIVE,
    SHARE,
    Hyperparameters,
    Range,
)
from skregnet.optimizers._weight_decay import decay_weights


@dataclass(frozen=True, kw_only=True)
class AdamW(Hyperparameters):
    """Adam's step after weights have been scaled down a little.

    With the learning rate ``l``::

        theta <- (1 - l * weight_decay) * theta
        theta <- theta - (the step of Adam)

    An L2 penalty enters Adam's moments and is divided by their root, so that weights
    of large gradients are penalised less; the decay treats all alike. PyTorch decays
    before the step too and has a default of 0.01, optax one of 1e-4. Within a network
    weights decay, biases and normalizations do not; PyTorch and optax decay all that
    they are given.

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
    amsgrad : bool, default=False
        Whether to divide by the largest mean square rather than the last.
    weight_decay : float, default=0.01
        Share of the weights that a step at a learning rate of 1 would remove.

    References
    ----------
    I. Loshchilov and F. Hutter (2019). Decoupled weight decay regularization. ICLR.

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.optimizers import AdamW
    >>> theta = np.array([[1.0]])
    >>> adamw = AdamW(weight_decay=0.5)
    >>> state = adamw.init(theta)
    >>> adamw.step(theta, np.zeros((1, 1)), state, learning_rate=0.1)
    >>> theta
    array([[0.95]])
    """

    learning_rate: Rate = 0.001
    beta_1: Rate = 0.9
    beta_2: Rate = 0.999
    epsilon: Rate = 1e-8
    amsgrad: bool = False
    weight_decay: Rate = 0.01
    _ranges: ClassVar[dict[str, Range]] = {
        "learning_rate": POSITIVE,
        "beta_1": SHARE,
        "beta_2": SHARE,
        "epsilon": POSITIVE,
        "weight_decay": NOT_NEGATIVE,
    }

    def init(self, parameters: Array) -> State:
        """Return sums of zero."""
        return self._adam.init(parameters) | {"n_decayed": parameters.shape[1]}

    def step(
        self, parameters: Array, gradient: Array, state: State, learning_rate: Rate
    ) -> None:
        """Decay the weights, move the parameters and update the sums, in place."""
        decay_weights(parameters, state, learning_rate * self.weight_decay)
        self._adam.step(parameters, gradient, state, learning_rate)

    def write_step_sizes(self, out: Array, state: State, learning_rate: Rate) -> None:
        """Write those of Adam."""
        self._adam.write_step_sizes(out, state, learning_rate)

    @property
    def _adam(self) -> Adam:
        return Adam(
            learning_rate=self.learning_rate,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
            amsgrad=self.amsgrad,
        )
