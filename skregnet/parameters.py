"""One flat vector a network, and the named, shaped views of it that layers see.

All weights come first, layer by layer, then all biases: the order in which
scikit-learn packs them, and a single slice for penalties, which concern weights only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from skregnet.kernels import Array


class AffineParameters(NamedTuple):
    """Weights and biases of one affine map, for all members of a stack."""

    weights: Array
    """Shape (n_members, fan_in, fan_out)."""
    biases: Array
    """Shape (n_members, 1, fan_out)."""


@dataclass(frozen=True)
class ParameterLayout:
    """Where the weights and biases of each layer lie in the flat vector.

    Parameters
    ----------
    layer_units : tuple of int
        Numbers of inputs, of each hidden layer's units and of outputs.
    """

    layer_units: tuple[int, ...]

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Fan-in and fan-out of each affine map."""
        return list(pairwise(self.layer_units))

    @property
    def n_weights(self) -> int:
        """Number of weights, which are the head of the vector."""
        return sum(fan_in * fan_out for fan_in, fan_out in self.shapes)

    @property
    def n_parameters(self) -> int:
        """Length of the vector."""
        return self.n_weights + sum(self.layer_units[1:])

    def views(self, vectors: Array) -> list[AffineParameters]:
        """Return views, by layer, of vectors of shape (n_members, n_parameters)."""
        n_members = len(vectors)
        views = []
        start, bias_start = 0, self.n_weights
        for fan_in, fan_out in self.shapes:
            stop, bias_stop = start + fan_in * fan_out, bias_start + fan_out
            weights = vectors[:, start:stop].reshape(n_members, fan_in, fan_out)
            biases = vectors[:, bias_start:bias_stop].reshape(n_members, 1, fan_out)
            views.append(AffineParameters(weights, biases))
            start, bias_start = stop, bias_stop
        return views

    def pack(self, weights: Sequence[Array], biases: Sequence[Array]) -> Array:
        """Return the flat vector of one network as a new array."""
        return np.concatenate([np.ravel(part) for part in (*weights, *biases)])

    def unpack(self, vector: Array) -> tuple[list[Array], list[Array]]:
        """Return one network's weights and biases as lists of new arrays."""
        views = self.views(vector[np.newaxis])
        return (
            [view.weights[0].copy() for view in views],
            [view.biases[0, 0].copy() for view in views],
        )
