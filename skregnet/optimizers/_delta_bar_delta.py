"""Delta-bar-delta: a rate for each parameter, by the signs of its gradients."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from skregnet._kernels import (
    Array,
    Rate,
    cast_rate,
    delta_bar_delta_update,
)
from skregnet.optimizers._base import State
from skregnet.optimizers._hyperparameters import (
    NOT_NEGATIVE,
    POSITIVE,
    SHARE,
    Hyperparameters,
    Range,
)


@dataclass(frozen=True, kw_only=True)
class DeltaBarDelta(Hyperparameters):
    """Rates that rise while the gradient keeps its sign and fall when it changes.

    With the gradient ``g`` over all data, its running mean ``d`` and the gain ``e`` of
    each parameter, which starts at 1, in this order::

        e <- e + kappa              where d * g > 0
        e <- e * (1 - phi)          where d * g < 0
        d <- (1 - theta) * g + theta * d
        parameter <- parameter - learning_rate * e * g

    The rise is relative to the learning rate, so that it need not be tuned with it:
    Jacobs's own kappa is ``learning_rate * kappa``. As his, phi is the share that is
    removed; others, t-SNE among them, call the share that is kept so. Gains are held
    within bounds.

    A sign of the gradient means something only if it is that over all data, so that
    networks take all rows in each step.

    Parameters
    ----------
    learning_rate : float, default=0.1
        Learning rate of all parameters at the start.
    kappa : float, default=0.1
        What is added to a gain, as a share of the learning rate at the start.
    phi : float, default=0.2
        Share of a gain that is removed, in [0, 1).
    theta : float, default=0.7
        Decay of the running mean of gradients, in [0, 1).
    min_gain, max_gain : float, default=1e-8 and 1e3
        Bounds of the gains.

    References
    ----------
    R. Jacobs (1988). Increased rates of convergence through learning rate adaptation.
    Neural Networks 1(4). The lecture's heading "Batch Gradient Descent".

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.optimizers import DeltaBarDelta
    >>> theta = np.array([[1.0]])
    >>> optimizer = DeltaBarDelta(kappa=0.5)
    >>> state = optimizer.init(theta)
    >>> for _ in range(3):
    ...     optimizer.step(theta, np.ones((1, 1)), state, learning_rate=0.1)
    >>> state["gains"]
    array([[2.]])
    """

    full_batch: ClassVar[bool] = True
    goes_by_signs: ClassVar[bool] = True

    learning_rate: Rate = 0.1
    kappa: Rate = 0.1
    phi: Rate = 0.2
    theta: Rate = 0.7
    min_gain: Rate = 1e-8
    max_gain: Rate = 1e3
    _ranges: ClassVar[dict[str, Range]] = {
        "learning_rate": POSITIVE,
        "kappa": NOT_NEGATIVE,
        "phi": SHARE,
        "theta": SHARE,
        "min_gain": Range(0.0, 1.0, includes_low=False, includes_high=True),
        "max_gain": Range(1.0),
    }

    def init(self, parameters: Array) -> State:
        """Return gains of one and means of zero."""
        return {
            "gains": np.ones_like(parameters),
            "averages": np.zeros_like(parameters),
        }

    def step(
        self, parameters: Array, gradient: Array, state: State, learning_rate: Rate
    ) -> None:
        """Move the parameters and update gains and means, both in place."""
        delta_bar_delta_update(
            parameters,
            gradient,
            state["gains"],
            state["averages"],
            self.kappa,
            self.phi,
            self.theta,
            (self.min_gain, self.max_gain),
            learning_rate,
        )

    def write_step_sizes(self, out: Array, state: State, learning_rate: Rate) -> None:
        """Write the rates."""
        rate = cast_rate(learning_rate, out.dtype)
        np.multiply(state["gains"][:, : out.shape[1]], rate, out)
