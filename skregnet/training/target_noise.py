"""Noise on the targets of each minibatch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skregnet.kernels import Array, Rate, cast_rate


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
