"""Batch normalization folded into the weights beside it, and out of them again.

With its statistics fixed a normalization is an affine map of each unit. Before the
activation it folds into the weights and biases below, after the activation into those
above, and what is left is a plain multilayer perceptron.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from skregnet._kernels import Array
from skregnet._networks.layers import ActivationLayer, BatchNorm
from skregnet._networks.layers.affine import Affine
from skregnet._networks.layers.batch_norm import EPSILON
from skregnet._networks.network import Network
from skregnet._networks.parameters import Parameters


def fold(network: Network, vector: Array) -> tuple[list[Array], list[Array]]:
    """Return weights and biases of the plain network that predicts alike.

    Parameters
    ----------
    network : Network
        The architecture.
    vector : ndarray of shape (n_parameters,)
        The parameters of one network, with the statistics of test time.

    Returns
    -------
    coefs, intercepts : list of ndarray
        New arrays, in the precision of the vector.
    """
    coefs, intercepts = network.unpack(vector)
    views = network.layout.views(vector[np.newaxis])
    for layer, index, is_below in _places(network):
        factor, shift = _affine(views[layer])
        if is_below:
            coefs[index] = coefs[index] * factor
            intercepts[index] = intercepts[index] * factor + shift
        else:
            intercepts[index] = intercepts[index] + shift @ coefs[index]
            coefs[index] = factor[:, np.newaxis] * coefs[index]
    return _cast(coefs, vector.dtype), _cast(intercepts, vector.dtype)


def unfold(
    network: Network,
    coefs: Sequence[Array],
    intercepts: Sequence[Array],
    rest: Array | None,
) -> Array:
    """Return the vector that folds into these weights and biases.

    Parameters
    ----------
    network : Network
        The architecture.
    coefs, intercepts : list of ndarray
        Weights and biases of the plain network.
    rest : ndarray or None
        The parameters that are neither, as `layout.rest` returns them; None for those
        of normalizations that change nothing.

    Returns
    -------
    vector : ndarray of shape (n_parameters,)
        A new array.
    """
    layout = network.layout
    vector = network.pack(coefs, intercepts)
    if rest is not None:
        layout.rest(vector)[...] = rest
    coefs, intercepts = list(coefs), list(intercepts)
    views = layout.views(vector[np.newaxis])
    for place in reversed(_places(network)):
        parameters, index = views[place.layer], place.affine
        factor, shift = _affine(parameters)
        # A unit whose scale has become 0 has lost its weights.
        inverse = np.divide(1, factor, where=factor != 0, out=np.zeros_like(factor))
        if place.is_below:
            # The layer has no biases: what was added to them has moved the mean.
            moved = (intercepts[index] - shift) * inverse
            parameters["statistics"][0, 0] -= moved
            coefs[index] = coefs[index] * inverse
        else:
            coefs[index] = inverse[:, np.newaxis] * coefs[index]
            intercepts[index] = intercepts[index] - shift @ coefs[index]
    rest = layout.rest(vector).copy()
    vector = network.pack(_cast(coefs, vector.dtype), _cast(intercepts, vector.dtype))
    layout.rest(vector)[...] = rest
    return vector


class _Place(NamedTuple):
    """Where a normalization is, and which affine layer takes it in."""

    layer: int
    affine: int
    is_below: bool


def _places(network: Network) -> list[_Place]:
    """Return the place of each normalization, from the inputs upward."""
    places = []
    n_affine = 0
    is_below = True
    for number, layer in enumerate(network.layers):
        if isinstance(layer, Affine):
            n_affine += 1
            is_below = not layer.activates
        elif isinstance(layer, ActivationLayer):
            is_below = False
        elif isinstance(layer, BatchNorm):
            affine = n_affine - 1 if is_below else n_affine
            places.append(_Place(number, affine, is_below))
    return places


def _affine(parameters: Parameters) -> tuple[Array, Array]:
    """Return factor and shift of a normalization with fixed statistics."""
    mean, variance = parameters["statistics"][0].astype(np.float64)
    factor = parameters["scale"][0, 0] / np.sqrt(variance + EPSILON)
    return factor, parameters["shift"][0, 0] - mean * factor


def _cast(arrays: Sequence[Array], dtype: np.dtype) -> list[Array]:
    return [array.astype(dtype, copy=False) for array in arrays]
