"""One flat vector a network, and the named, shaped views of it that layers see.

All weights come first, layer by layer, then all biases, then whatever else layers have:
the order in which scikit-learn packs them, and a single slice for penalties, which
concern weights only.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet._kernels import Array

Parameters = dict[str, Array]
"""Parameters of one layer by name, each of shape (n_members, *shape of the layer)."""

RESTING_VALUES: dict[str, Any] = {
    "scale": 1.0,
    "shift": 0.0,
    "statistics": [[0.0], [1.0]],
    "n_batches": 0.0,
    "log_variances": 0.0,
}
"""Where parameters other than weights and biases start: their layer changes nothing."""

Shapes = tuple[tuple[str, tuple[int, ...]], ...]
"""Names and shapes of one layer's parameters."""


def layer_sizes(coefs: Any, intercepts: Any) -> list[int]:
    """Return the numbers of units in the layers of a plain network, inputs first.

    Parameters
    ----------
    coefs : list of ndarray of shape (fan_in, fan_out)
        Weights of each layer.
    intercepts : list of ndarray of shape (fan_out,)
        Biases of each layer.

    Returns
    -------
    sizes : list of int
        One more than there are layers with weights.

    Raises
    ------
    ValueError
        If they are not arrays of real numbers whose shapes make a network.
    """
    are_lists = isinstance(coefs, list | tuple) and isinstance(intercepts, list | tuple)
    if not are_lists or not len(coefs) == len(intercepts) > 0:
        raise ValueError(
            "coefs_ and intercepts_ expect lists with an array for each layer, as many "
            f"in both, got {type(coefs).__name__} and {type(intercepts).__name__}"
            f"{f' of lengths {len(coefs)} and {len(intercepts)}' if are_lists else ''}."
        )
    sizes: list[int] = []
    for k, (weights, biases) in enumerate(zip(coefs, intercepts, strict=True)):
        given = [np.asarray(weights), np.asarray(biases)]
        shape = given[0].shape
        fits = len(shape) == 2 and (not sizes or shape[0] == sizes[-1])
        if not fits or given[1].shape != shape[1:]:
            raise ValueError(
                f"coefs_[{k}] and intercepts_[{k}] expect the shapes "
                f"({sizes[-1] if sizes else 'n_features'}, n_units) and (n_units,), "
                f"got {shape} and {given[1].shape}."
            )
        if any(array.dtype.kind not in "fiu" for array in given):
            raise ValueError(
                f"coefs_[{k}] and intercepts_[{k}] expect real numbers, got arrays of "
                f"dtype {given[0].dtype} and {given[1].dtype}."
            )
        sizes += shape if not sizes else shape[1:]
    return sizes


def precision_of(arrays: Sequence[Any]) -> np.dtype:
    """Return the precision of weights and biases: float32 if all are, else float64."""
    common = np.result_type(np.float32, *(np.asarray(array).dtype for array in arrays))
    return common if common == np.float32 else np.dtype(np.float64)


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
        return self._size_of("weights")

    @property
    def n_parameters(self) -> int:
        """Length of the vector."""
        return sum(
            math.prod(shape) for shapes in self.layer_shapes for _, shape in shapes
        )

    def views(self, vectors: Array) -> list[Parameters]:
        """Return views, by layer, of vectors of shape (n_members, n_parameters)."""
        views: list[Parameters] = [{} for _ in self.layer_shapes]
        start = 0
        for kind in self._kinds():
            for layer, shapes in zip(views, self.layer_shapes, strict=True):
                for name, shape in shapes:
                    if name == kind:
                        stop = start + math.prod(shape)
                        layer[name] = vectors[:, start:stop].reshape(-1, *shape)
                        start = stop
        return views

    def pack(self, weights: Sequence[Array], biases: Sequence[Array]) -> Array:
        """Return one network's vector as a new array, all else at its resting value.

        The biases of a layer that has none are left out.
        """
        vector = np.empty(self.n_parameters, precision_of([*weights, *biases]))
        affine = iter(zip(weights, biases, strict=True))
        for layer in self.views(vector[np.newaxis]):
            values = dict(RESTING_VALUES)
            if "weights" in layer:
                values["weights"], values["biases"] = next(affine)
            for name, view in layer.items():
                view[...] = values[name]
        return vector

    def unpack(self, vector: Array) -> tuple[list[Array], list[Array]]:
        """Return one network's weights and biases as lists of new arrays.

        The biases of a layer that has none are zeros.
        """
        views = self.views(vector[np.newaxis])
        affine = [view for view in views if "weights" in view]
        weights = [view["weights"][0].copy() for view in affine]
        biases = [
            view["biases"][0, 0].copy()
            if "biases" in view
            else np.zeros(view["weights"].shape[-1], vector.dtype)
            for view in affine
        ]
        return weights, biases

    def first_layers(self, n_layers: int) -> list[slice]:
        """Return where weights and biases of the first layers with weights are."""
        sizes = {"weights": 0, "biases": 0}
        affine = [dict(shapes) for shapes in self.layer_shapes if shapes]
        affine = [shapes for shapes in affine if "weights" in shapes]
        for shapes in affine[:n_layers]:
            for name in sizes:
                sizes[name] += math.prod(shapes[name])
        starts = {"weights": 0, "biases": self.n_weights}
        return [slice(starts[name], starts[name] + sizes[name]) for name in sizes]

    def rest(self, vector: Array) -> Array:
        """Return the view of what is neither weights nor biases."""
        return vector[self._size_of("weights") + self._size_of("biases") :]

    def _size_of(self, kind: str) -> int:
        return sum(
            math.prod(shape)
            for shapes in self.layer_shapes
            for name, shape in shapes
            if name == kind
        )

    def _kinds(self) -> list[str]:
        """Return the names of parameters in the order of the vector."""
        names = (name for shapes in self.layer_shapes for name, _ in shapes)
        return list(dict.fromkeys(["weights", "biases", *names]))
