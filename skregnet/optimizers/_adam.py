"""Adam: adaptive moments."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from skregnet._kernels import (
    Array,
    Rate,
    adam_update,
    amsgrad_update,
    cast_rate,
)
from skregnet.optimizers._base import State
from skregnet.optimizers._hyperparameters import (
    POSITIVE,
    SHARE,
    Hyperparameters,
    Range,
)

# Far enough from the ends of float32 for the sums to grow by its inverse.
_SMALLEST_DECAY = 1e-6


@dataclass(frozen=True, kw_only=True)
class Adam(Hyperparameters):
    """Steps along a running mean of gradients, over the root of that of their squares.

    With the gradient ``g``, the learning rate ``l`` and the step count ``t``::

        m <- beta_1 * m + (1 - beta_1) * g
        v <- beta_2 * v + (1 - beta_2) * g**2
        theta <- theta - l_t * m / (sqrt(v) + epsilon)
        l_t = l * sqrt(1 - beta_2**t) / (1 - beta_1**t)

    This is the paper's "epsilon hat" form, as in scikit-learn and Keras. PyTorch and
    optax add epsilon after the correction of ``v``, which is the same but for the first
    steps, where epsilon counts less there. The moments are kept raw and corrected where
    they are used; the lecture's formula divides the accumulators themselves.

    Kept are not the moments but sums that only grow: ``m = (1 - beta_1) * d * first``
    with a number ``d`` that decays by ``beta_1`` each step, so that the decay of a long
    vector is the decay of a number. When ``d`` has become small it is multiplied into
    the sum, and starts at 1 again. Likewise for ``v``.

    With `amsgrad`, ``v`` under the root is the largest that there has been, of each
    parameter, so that step sizes never grow but by their correction. The moments are
    then kept as they are. PyTorch takes the largest ``v`` too, before its correction.

    Parameters
    ----------
    learning_rate : float, default=0.001
        Learning rate at the start.
    beta_1 : float, default=0.9
        Decay of the mean of gradients, in [0, 1).
    beta_2 : float, default=0.999
        Decay of the mean of squared gradients, in [0, 1).
    epsilon : float, default=1e-8
        Added to the denominator; Keras has 1e-7.
    amsgrad : bool, default=False
        Whether to divide by the largest mean square rather than the last.

    References
    ----------
    D. Kingma and J. Ba (2015). Adam: a method for stochastic optimization. ICLR. The
    lecture's heading "Specializations".

    S. Reddi, S. Kale and S. Kumar (2018). On the convergence of Adam and beyond. ICLR.

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.optimizers import Adam
    >>> theta = np.array([[1.0]])
    >>> adam = Adam()
    >>> state = adam.init(theta)
    >>> for _ in range(3):
    ...     adam.step(theta, 2 * theta, state, learning_rate=0.1)
    >>> theta.round(4)
    array([[0.7016]])
    """

    learning_rate: Rate = 0.001
    beta_1: Rate = 0.9
    beta_2: Rate = 0.999
    epsilon: Rate = 1e-8
    amsgrad: bool = False
    _ranges: ClassVar[dict[str, Range]] = {
        "learning_rate": POSITIVE,
        "beta_1": SHARE,
        "beta_2": SHARE,
        "epsilon": POSITIVE,
    }

    def init(self, parameters: Array) -> State:
        """Return sums of zero."""
        state: State = {
            "n_steps": 0,
            "first": np.zeros_like(parameters),
            "second": np.zeros_like(parameters),
        }
        if self.amsgrad:
            return state | {"largest": np.zeros_like(parameters)}
        return state | {"first_decay": 1.0, "second_decay": 1.0}

    def step(
        self, parameters: Array, gradient: Array, state: State, learning_rate: Rate
    ) -> None:
        """Move the parameters and update the sums, both in place."""
        state["n_steps"] += 1
        t = state["n_steps"]
        corrected = learning_rate * sqrt(1 - power(self.beta_2, t))
        corrected = corrected / (1 - power(self.beta_1, t))
        vectors = (parameters, gradient, state["first"], state["second"])
        if self.amsgrad:
            amsgrad_update(
                *vectors,
                state["largest"],
                self.beta_1,
                self.beta_2,
                corrected,
                self.epsilon,
            )
            return
        first_decay = _decay(state, "first", self.beta_1)
        second_decay = _decay(state, "second", self.beta_2)
        # sqrt(v) = root * sqrt(second): the root goes to the step and to epsilon.
        root = sqrt((1 - self.beta_2) * second_decay)
        adam_update(
            *vectors,
            1 / first_decay,
            1 / second_decay,
            corrected * (1 - self.beta_1) * first_decay / root,
            self.epsilon / root,
        )

    def write_step_sizes(self, out: Array, state: State, learning_rate: Rate) -> None:
        """Write ``learning_rate * sqrt(1 - beta_2**t) / (sqrt(v) + epsilon)``."""
        rate = learning_rate * sqrt(1 - power(self.beta_2, state["n_steps"]))
        root: Rate = 1.0
        if not self.amsgrad:
            root = sqrt((1 - self.beta_2) * state["second_decay"])
        second = state["largest"] if self.amsgrad else state["second"]
        np.sqrt(second[:, : out.shape[1]], out)
        np.add(out, cast_rate(self.epsilon / root, out.dtype), out)
        np.divide(cast_rate(rate / root, out.dtype), out, out)


def _decay(state: State, name: str, beta: Rate) -> Rate:
    """Decay a sum by decaying its number, or the sum itself now and then."""
    decay = state[f"{name}_decay"] * beta
    if isinstance(decay, np.ndarray):
        # Member by member: one that is not due is multiplied by 1.
        is_due = decay < _SMALLEST_DECAY
        if is_due.any():
            state[name] *= np.where(is_due, decay, 1).astype(state[name].dtype)
            decay = np.where(is_due, 1, decay)
    elif decay < _SMALLEST_DECAY:
        state[name] *= decay
        decay = 1.0
    state[f"{name}_decay"] = decay
    return decay


def sqrt(rate: Rate) -> Rate:
    """Return the root; of a number by the faster of two that agree to the last bit."""
    return np.sqrt(rate) if isinstance(rate, np.ndarray) else math.sqrt(rate)


def power(rate: Rate, exponent: int) -> Rate:
    """Return a power; NumPy's own rounds otherwise than Python's on some processors."""
    if isinstance(rate, np.ndarray):
        return np.array([[value**exponent] for value in rate[:, 0].tolist()])
    return rate**exponent
