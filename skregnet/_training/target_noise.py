"""Noise on the targets of each minibatch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skregnet._kernels import Array, Rate, cast_rate


@dataclass(frozen=True)
class TargetNoise:
    """Adds Gaussian noise to target vectors, fresh in each minibatch.

    Parameters
    ----------
    std : float or ndarray of shape (n_members, 1)
        Standard deviation.
    keeps_sum : bool
        Whether the noise of a row sums to zero over the outputs, as the targets of a
        softmax must go on to sum to one.

    References
    ----------
    The lecture's heading "Approaches to Manufacturing New Data Cases".
    """

    std: Rate
    keeps_sum: bool

    def apply(self, targets: Array, rngs: Sequence[np.random.Generator]) -> None:
        """Add the noise in place.

        Parameters
        ----------
        targets : ndarray of shape (n_members, n_outputs, n_rows)
            The targets.
        rngs : sequence of Generator
            Each member's source.
        """
        stds = np.broadcast_to(cast_rate(self.std, targets.dtype), (len(targets), 1))
        for rng, std, of_member in zip(rngs, stds[:, 0], targets, strict=True):
            noise = rng.standard_normal(of_member.shape, of_member.dtype.type)
            if self.keeps_sum:
                # Less their mean, n numbers vary by a factor of (n - 1) / n less.
                noise -= noise.mean(axis=0)
                n_outputs = len(of_member)
                noise *= math.sqrt(n_outputs / (n_outputs - 1))
            np.add(of_member, std * noise, out=of_member)


@dataclass(frozen=True)
class GroupedTargetNoise:
    """Adds noise to the targets of several tasks, that come one after another.

    Parameters
    ----------
    parts : tuple of TargetNoise
        The noise of each task.
    sizes : tuple of int
        The number of outputs of each; what follows is left as it is.
    """

    parts: tuple[TargetNoise, ...]
    sizes: tuple[int, ...]

    def apply(self, targets: Array, rngs: Sequence[np.random.Generator]) -> None:
        """Add the noise of each task in place."""
        start = 0
        for part, size in zip(self.parts, self.sizes, strict=True):
            part.apply(targets[:, start : start + size], rngs)
            start += size
