"""Gradients clipped to a length, around any optimizer."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skregnet._kernels import Array, Rate, cast_rate, member_dot
from skregnet.optimizers._base import State
from skregnet.optimizers._hyperparameters import POSITIVE, Hyperparameters, Range
from skregnet.optimizers._wrapper import Wrapper


@dataclass(frozen=True)
class GradientClipping(Wrapper, Hyperparameters):
    """Scales each member's whole gradient down to a norm of at most `max_norm`.

    The direction of the step is kept where a single steep minibatch would throw the
    parameters far away. Proximal steps, such as that of an L1 penalty, are scaled by
    the same factor, so that the minimum stays the same.

    Parameters
    ----------
    optimizer : Optimizer
        What steps along the clipped gradient.
    max_norm : float, default=1.0
        Largest Euclidean norm of the gradient over all parameters.

    References
    ----------
    R. Pascanu, T. Mikolov and Y. Bengio (2013). On the difficulty of training recurrent
    neural networks. ICML.

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.optimizers import SGD, GradientClipping
    >>> theta = np.zeros((1, 2))
    >>> clipped = GradientClipping(SGD(momentum=0.0), max_norm=1.0)
    >>> gradient = np.array([[3.0, 4.0]])
    >>> clipped.step(theta, gradient, clipped.init(theta), learning_rate=1.0)
    >>> theta
    array([[-0.6, -0.8]])
    """

    optimizer: Any
    max_norm: Rate = 1.0
    _ranges: ClassVar[dict[str, Range]] = {"max_norm": POSITIVE}

    def init(self, parameters: Array) -> State:
        """Return the state of the optimizer within, and factors of 1."""
        return {
            "inner": self.optimizer.init(parameters),
            "factor": np.ones((len(parameters), 1), parameters.dtype),
        }

    def step(
        self, parameters: Array, gradient: Array, state: State, learning_rate: Rate
    ) -> None:
        """Clip the gradient, in place, and step."""
        squares = np.reshape(member_dot(gradient, gradient), (-1, 1))
        limit = cast_rate(self.max_norm, gradient.dtype)
        norms = np.sqrt(squares)
        factor = state["factor"]
        np.divide(limit, np.maximum(norms, limit), out=factor)
        if (norms > limit).any():
            gradient *= factor
        self.optimizer.step(parameters, gradient, state["inner"], learning_rate)

    def write_step_sizes(self, out: Array, state: State, learning_rate: Rate) -> None:
        """Write those of the optimizer within, times the factor of the last step."""
        super().write_step_sizes(out, state, learning_rate)
        np.multiply(out, state["factor"], out)
