"""Batch normalization folded into the weights beside it, and out of them again.

With its statistics fixed a normalization is an affine map of each unit. Before the
activation it folds into the weights and biases below, after the activation into those
above, and what is left is a plain multilayer perceptron.
"""

from collections.abc import Sequence

import numpy as np

from skregnet.kernels import Array
from skregnet.layers import ActivationLayer, BatchNorm
from skregnet.layers.affine import Affine
from skregnet.layers.batch_norm import EPSILON
from skregnet.network import Network
from skregnet.parameters import Parameters


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
    coefs, intercepts = network.layout.unpack(vector)
    for index, factor, shift, is_below in _maps(network, vector):
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
    vector = network.layout.pack(coefs, intercepts)
    n_rest = len(network.layout.rest(vector))
    if rest is not None:
        network.layout.rest(vector)[...] = rest
    coefs, intercepts = list(coefs), list(intercepts)
    for index, factor, shift, is_below in reversed(_maps(network, vector)):
        # A unit whose scale has become 0 has lost its weights.
        inverse = np.divide(1, factor, where=factor != 0, out=np.zeros_like(factor))
        if is_below:
            intercepts[index] = (intercepts[index] - shift) * inverse
            coefs[index] = coefs[index] * inverse
        else:
            coefs[index] = inverse[:, np.newaxis] * coefs[index]
            intercepts[index] = intercepts[index] - shift @ coefs[index]
    vector[: len(vector) - n_rest] = np.concatenate(
        [np.ravel(part) for part in (*coefs, *intercepts)]
    )
    return vector


def _maps(network: Network, vector: Array) -> list[tuple[int, Array, Array, bool]]:
    """Return each normalization as an affine map of units, in float64.

    With it comes the number of the affine layer that takes it in, and whether that is
    the one below.
    """
    views = network.layout.views(vector[np.newaxis])
    maps = []
    n_affine = 0
    is_below = True
    for layer, parameters in zip(network.layers, views, strict=True):
        if isinstance(layer, Affine):
            n_affine += 1
            is_below = True
        elif isinstance(layer, ActivationLayer):
            is_below = False
        elif isinstance(layer, BatchNorm):
            index = n_affine - 1 if is_below else n_affine
            maps.append((index, *_affine(parameters), is_below))
    return maps


def _affine(parameters: Parameters) -> tuple[Array, Array]:
    """Return factor and shift of a normalization with fixed statistics."""
    mean, variance = parameters["statistics"][0].astype(np.float64)
    factor = parameters["scale"][0, 0] / np.sqrt(variance + EPSILON)
    return factor, parameters["shift"][0, 0] - mean * factor


def _cast(arrays: Sequence[Array], dtype: np.dtype) -> list[Array]:
    return [array.astype(dtype, copy=False) for array in arrays]
