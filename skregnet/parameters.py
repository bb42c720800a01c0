"""One flat vector a network, and the named, shaped views of it that layers see.

All weights come first, layer by layer, then all biases, then whatever else layers have:
the order in which scikit-learn packs them, and a single slice for penalties, which
concern weights only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skregnet.kernels import Array

Parameters = dict[str, Array]
"""Parameters of one layer by name, each of shape (n_members, *shape of the layer)."""

Shapes = tuple[tuple[str, tuple[int, ...]], ...]
"""Names and shapes of one layer's parameters."""


@dataclass(frozen=True)
class ParameterLayout:
    """Where the parameters of each layer lie in the flat vector.

    Parameters
    ----------
    layer_shapes : tuple of Shapes
        What each layer has, empty for a layer without parameters.
    """

    layer_shapes: tuple[Shapes, ...]

    @property
    def n_weights(self) -> int:
        """Number of weights, which are the head of the vector."""
        return sum(
            int(np.prod(shape))
            for shapes in self.layer_shapes
            for name, shape in shapes
            if name == "weights"
        )

    @property
    def n_parameters(self) -> int:
        """Length of the vector."""
        return sum(
            int(np.prod(shape)) for shapes in self.layer_shapes for _, shape in shapes
        )

    def views(self, vectors: Array) -> list[Parameters]:
        """Return views, by layer, of vectors of shape (n_members, n_parameters)."""
        views: list[Parameters] = [{} for _ in self.layer_shapes]
        start = 0
        for kind in self._kinds():
            for layer, shapes in zip(views, self.layer_shapes, strict=True):
                for name, shape in shapes:
                    if name == kind:
                        stop = start + int(np.prod(shape))
                        layer[name] = vectors[:, start:stop].reshape(-1, *shape)
                        start = stop
        return views

    def pack(self, weights: Sequence[Array], biases: Sequence[Array]) -> Array:
        """Return the flat vector of one plain network as a new array."""
        return np.concatenate([np.ravel(part) for part in (*weights, *biases)])

    def unpack(self, vector: Array) -> tuple[list[Array], list[Array]]:
        """Return one network's weights and biases as lists of new arrays."""
        affine = [view for view in self.views(vector[np.newaxis]) if view]
        return (
            [view["weights"][0].copy() for view in affine],
            [view["biases"][0, 0].copy() for view in affine],
        )

    def _kinds(self) -> list[str]:
        """Return the names of parameters in the order of the vector."""
        names = (name for shapes in self.layer_shapes for name, _ in shapes)
        return list(dict.fromkeys(["weights", "biases", *names]))
