"""A bound on the weights that come into each unit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skregnet._kernels import Array, Rate, cast_rate


@dataclass(frozen=True)
class MaxNorm:
    """Scales the weights into a unit down to a norm of at most `limit`.

    Parameters
    ----------
    limit : float or ndarray of shape (n_members, 1)
        Largest Euclidean norm of the weights into a unit.

    References
    ----------
    N. Srebro and A. Shraibman (2005). Rank, trace-norm and max-norm. COLT.

    N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov (2014).
    Dropout: a simple way to prevent neural networks from overfitting. JMLR 15, section
    5.1.
    """

    limit: Rate

    def project(self, weights: Sequence[Array]) -> None:
        """Scale the units that exceed the limit, in place.

        Parameters
        ----------
        weights : sequence of ndarray of shape (n_members, ..., fan_in, n_units)
            The weights of each layer, in blocks where units come in groups.
        """
        for layer in weights:
            limit = cast_rate(self.limit, layer.dtype)
            if limit.ndim:
                limit = limit.reshape(-1, *[1] * (layer.ndim - 2))
            norms = np.sqrt(np.einsum("...ij,...ij->...j", layer, layer))
            too_long = norms > limit
            if too_long.any():
                factors = np.divide(limit, norms, where=too_long, out=norms)
                factors[~too_long] = 1
                np.multiply(layer, factors[..., np.newaxis, :], out=layer)
