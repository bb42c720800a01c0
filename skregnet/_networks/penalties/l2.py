"""The squared norm of the weights."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skregnet._kernels import (
    Array,
    Rate,
    add_scaled,
    add_scaled_squares,
    by_member,
    cast_rate,
    member_dot,
)


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
        return self._halved(member_dot(weights, weights), self.strength * scale)

    def add_gradient(self, weights: Array, gradient: Array, scale: float) -> Any:
        """Add ``scale`` times the gradient of the penalty, and return the value."""
        factor = self.strength * scale
        return self._halved(add_scaled_squares(gradient, weights, factor), factor)

    def add_derivative(self, weights: Array, gradient: Array, scale: float) -> Any:
        """Add the gradient, which is smooth, and return the value."""
        add_scaled(gradient, weights, self.strength * scale)
        return self.value(weights, scale)

    def add_product(self, directions: Array, products: Array, scale: float) -> None:
        """Add the directions themselves, by strength."""
        add_scaled(products, directions, self.strength * scale)

    def shrink(self, weights: Array, step_sizes: Array, scale: float) -> None:
        """All is in the gradient."""

    def add_least_subgradient(
        self, weights: Array, gradient: Array, scale: float
    ) -> Any:
        """Add the gradient, the only subgradient, and return the value."""
        return self.add_gradient(weights, gradient, scale)

    def confine(self, weights: Array, orthant: Array, scale: float) -> None:
        """Weights may have any sign."""

    def _halved(self, squares: Any, factor: Rate) -> Any:
        """Return half the factor times the sums of squares, one a member."""
        half = 0.5 * factor
        if isinstance(half, np.ndarray):
            half = by_member(cast_rate(half, squares.dtype))
        return squares * half
