"""The sum of the magnitudes of the weights."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skregnet._kernels import Array, Rate, by_member, cast_rate, soft_threshold


@dataclass(frozen=True)
class L1Penalty:
    """``strength`` times the sum of the magnitudes of a member's weights.

    Its gradient, a sign, would make a weight jump about zero for ever. The proximal
    step moves weights towards zero by ``step size * strength`` and stops there, so that
    they become exactly zero and stay there while the gradient of the loss is smaller
    than the strength.

    An optimizer that goes by the signs of gradients would see that of the loss, which
    is not zero at the minimum. It steps along the subgradient of least magnitude, and a
    weight that crosses zero stops there.

    Parameters
    ----------
    strength : float or ndarray of shape (n_members, 1)
        Factor of each member.

    References
    ----------
    N. Parikh and S. Boyd (2014). Proximal algorithms. Foundations and Trends in
    Optimization 1(3), section 6.5.2. The lecture's heading "L^1 Regularization".

    G. Andrew and J. Gao (2007). Scalable training of L1-regularized log-linear models.
    ICML.
    """

    strength: Rate
    is_smooth: ClassVar[bool] = False

    def value(self, weights: Array, scale: float) -> Any:
        """Return ``scale`` times the penalty of each member."""
        factor = cast_rate(self.strength * scale, weights.dtype)
        return np.abs(weights).sum(axis=1) * by_member(factor)

    def add_gradient(self, weights: Array, gradient: Array, scale: float) -> Any:
        """Return the value; nothing is smooth."""
        return self.value(weights, scale)

    def add_derivative(self, weights: Array, gradient: Array, scale: float) -> Any:
        """Add the signs, by strength, and return the value; the sign of 0 is 0."""
        gradient += np.sign(weights) * cast_rate(self.strength * scale, weights.dtype)
        return self.value(weights, scale)

    def add_product(self, directions: Array, products: Array, scale: float) -> None:
        """Signs do not change."""

    def shrink(self, weights: Array, step_sizes: Array, scale: float) -> None:
        """Move the weights towards zero, and no farther."""
        factor = cast_rate(self.strength * scale, weights.dtype)
        step_sizes *= factor
        if factor.ndim:
            # Steps of a member without the penalty may be of any size, infinite too.
            step_sizes[factor[:, 0] == 0] = 0
        soft_threshold(weights, step_sizes, np.empty_like(weights))

    def add_least_subgradient(
        self, weights: Array, gradient: Array, scale: float
    ) -> Any:
        """Add the signs, by strength; at 0 shrink the gradient by at most the strength.

        Andrew and Gao (2007), equation 4.
        """
        factor = cast_rate(self.strength * scale, weights.dtype)
        pull = np.sign(weights)
        pull *= factor
        np.copyto(pull, -np.clip(gradient, -factor, factor), where=weights == 0)
        gradient += pull
        return self.value(weights, scale)

    def confine(self, weights: Array, orthant: Array, scale: float) -> None:
        """Set to zero the weights that have left their orthant, where penalized."""
        has_left = np.sign(weights) != orthant
        has_left &= np.asarray(self.strength) > 0
        weights[has_left] = 0
