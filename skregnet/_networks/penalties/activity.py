"""Penalties on the activations of a hidden layer.

Activations have shape (n_members, n_rows, n_units). The penalty of a member is the
weighted mean over its rows, `scale` times the weighted sum, of what it is for a row; a
`Share` says how much each row counts.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from skregnet._kernels import Array, Rate, by_member, cast_rate


class Share(NamedTuple):
    """How rows make up the mean."""

    scale: float
    """One over the number of rows."""
    weights: Array | None = None
    """Weights of the rows, of shape (n_members, 1, n_rows)."""

    def sum_rows(self, values: Array) -> Array:
        """Return ``scale`` times the weighted sum, of shape (n_members, 1, n_units)."""
        if self.weights is None:
            total: Array = values.sum(axis=1, keepdims=True)
        else:
            total = np.matmul(self.weights, values)
        return total * np.asarray(self.scale, values.dtype)

    def spread(self, gradient: Array) -> Array:
        """Return the gradient by each row of a function of such a sum."""
        factor = np.asarray(self.scale, gradient.dtype)
        return gradient * (factor if self.weights is None else self.weights.mT * factor)


class ActivityPenalty(Protocol):
    """A term of the loss that depends on the activations of a hidden layer."""

    @property
    def strength(self) -> Rate:
        """Factor of each member."""
        ...

    def value(self, activations: Array, share: Share) -> Any:
        """Return the penalty of each member, of shape (n_members,)."""
        ...

    def gradient(self, activations: Array, share: Share) -> Array:
        """Return the gradient by the activations, in an array of that shape."""
        ...

    def tangent(self, activations: Array, tangents: Array, share: Share) -> Any:
        """Return how the gradient changes along tangents of the activations.

        The activations are those of one member, the tangents have shape (n_directions,
        n_rows, n_units), and the result has theirs, or is a number.
        """
        ...


@dataclass(frozen=True)
class L1Activity:
    """``strength`` times the mean over rows of the sum of magnitudes.

    Parameters
    ----------
    strength : float or ndarray of shape (n_members, 1)
        Factor of each member.
    """

    strength: Rate

    def value(self, activations: Array, share: Share) -> Any:
        """Return the penalty of each member."""
        return _total(share.sum_rows(np.abs(activations)), self.strength)

    def gradient(self, activations: Array, share: Share) -> Array:
        """Return the signs, where the sign of 0 is 0."""
        return share.spread(np.sign(activations) * _each(self.strength, activations))

    def tangent(self, activations: Array, tangents: Array, share: Share) -> Any:
        """Return 0: signs do not change."""
        return 0


@dataclass(frozen=True)
class L2Activity:
    """``strength / 2`` times the mean over rows of the sum of squares.

    Parameters
    ----------
    strength : float or ndarray of shape (n_members, 1)
        Factor of each member.
    """

    strength: Rate

    def value(self, activations: Array, share: Share) -> Any:
        """Return the penalty of each member."""
        squares = share.sum_rows(activations * activations)
        return _total(squares, self.strength * 0.5)

    def gradient(self, activations: Array, share: Share) -> Array:
        """Return the activations themselves, by strength."""
        return share.spread(activations * _each(self.strength, activations))

    def tangent(self, activations: Array, tangents: Array, share: Share) -> Any:
        """Return the tangents themselves, by strength."""
        return self.gradient(tangents, share)


@dataclass(frozen=True)
class DivergenceActivity:
    """``strength`` times the divergence of the units' mean activations from a target.

    The activation of a unit, averaged over the rows, is taken for the probability that
    the unit is on: ``KL(target || mean)`` is summed over the units.

    Parameters
    ----------
    strength, target : float or ndarray of shape (n_members, 1)
        Factor and target rate, in (0, 1), of each member.

    References
    ----------
    H. Lee, C. Ekanadham and A. Ng (2008). Sparse deep belief net model for visual area
    V2. NIPS 20.
    """

    strength: Rate
    target: Rate

    def value(self, activations: Array, share: Share) -> Any:
        """Return the penalty of each member."""
        rate, target = self._rates(activations, share)
        off = 1 - target
        divergence = target * np.log(target / rate) + off * np.log(off / (1 - rate))
        return _total(divergence, self.strength)

    def gradient(self, activations: Array, share: Share) -> Array:
        """Return what is the same for all rows but for their weights."""
        rate, target = self._rates(activations, share)
        slope = (1 - target) / (1 - rate) - target / rate
        strength = _each(self.strength, activations)
        within = self._in_batch(share)
        return np.broadcast_to(within.spread(slope * strength), activations.shape)

    def tangent(self, activations: Array, tangents: Array, share: Share) -> Any:
        """Return what follows from how the mean activations change."""
        rate, target = self._rates(activations, share)
        within = self._in_batch(share)
        slope = (1 - target) / (1 - rate) ** 2 + target / rate**2
        change = slope * within.sum_rows(tangents) * _each(self.strength, activations)
        return within.spread(change)

    def _rates(self, activations: Array, share: Share) -> tuple[Array, Array]:
        """Return the mean activation of each unit, kept off 0 and 1, and the target."""
        rate = self._in_batch(share).sum_rows(activations)
        margin = np.finfo(rate.dtype).eps
        return np.clip(rate, margin, 1 - margin), _each(self.target, activations)

    def _in_batch(self, share: Share) -> Share:
        """Return shares that sum to one in each batch: the mean of what is there."""
        if share.weights is None:
            return share
        total = share.weights.sum(axis=2, keepdims=True)
        return Share(1.0, share.weights / total)


def _each(rate: Rate, activations: Array) -> Array:
    """Return a rate in the shape and precision of activations of each member."""
    cast = cast_rate(rate, activations.dtype)
    return cast[:, :, np.newaxis] if cast.ndim else cast


def _total(by_unit: Array, factor: Rate) -> Any:
    """Sum over the units, and multiply by each member's factor."""
    return by_unit.sum(axis=(1, 2)) * by_member(cast_rate(factor, by_unit.dtype))
