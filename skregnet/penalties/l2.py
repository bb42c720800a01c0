"""The squared norm of the weights."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skregnet.kernels import Array, Rate, add_scaled, by_member, cast_rate, member_dot


@dataclass(frozen=True)
class L2Penalty:
    """``strength / 2`` times the sum of the squared weights of a member.

    Parameters
    ----------
    strength : float or ndarray of shape (n_members, 1)
        Factor of each member.

    References
    ----------
    The lecture's heading "Parameter Norm Penalization".
    """

    strength: Rate
    is_smooth: ClassVar[bool] = True

    def value(self, weights: Array, scale: float) -> Any:
        """Return ``scale`` times the penalty of each member.

        Parameters
        ----------
        weights : ndarray of shape (n_members, n_weights)
            The weights.
        scale : float
            One over the number of rows, as for the loss.
        """
        factor = self.strength * (0.5 * scale)
        if isinstance(factor, np.ndarray):
            factor = by_member(cast_rate(factor, weights.dtype))
        return member_dot(weights, weights) * factor

    def add_gradient(self, weights: Array, gradient: Array, scale: float) -> None:
        """Add ``scale`` times the gradient of the penalty to `gradient`."""
        add_scaled(gradient, weights, self.strength * scale)

    def add_derivative(self, weights: Array, gradient: Array, scale: float) -> None:
        """Add the gradient, which is smooth."""
        self.add_gradient(weights, gradient, scale)

    def add_product(self, directions: Array, products: Array, scale: float) -> None:
        """Add the directions themselves, by strength."""
        add_scaled(products, directions, self.strength * scale)

    def shrink(self, weights: Array, step_sizes: Array, scale: float) -> None:
        """All is in the gradient."""
