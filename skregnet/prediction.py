"""Outputs of a fitted network from its plain arrays, in blocks of rows.

After training every model is a plain multilayer perceptron, so that prediction needs
its weights, its biases and two activations, and nothing else.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skregnet.activations import ACTIVATIONS
from skregnet.kernels import Array

# Rows a block: the activations of a block stay in the cache, the products are large
# enough to run at full speed.
_BLOCK_ROWS = 512


def plain_outputs(
    X: Any, coefs: Sequence[Array], intercepts: Sequence[Array], activation: str
) -> Array:
    """Return the outputs before the output activation.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n_rows, n_features)
        Features, sparse ones in CSR form.
    coefs : list of ndarray of shape (fan_in, fan_out)
        Weights of each layer.
    intercepts : list of ndarray of shape (fan_out,)
        Biases of each layer.
    activation : str
        Name of the hidden activation.

    Returns
    -------
    outputs : ndarray of shape (n_rows, n_outputs)
        A new array.
    """
    n_rows = X.shape[0]
    if n_rows <= _BLOCK_ROWS:
        return _block_outputs(X, coefs, intercepts, activation)
    first = _block_outputs(X[:_BLOCK_ROWS], coefs, intercepts, activation)
    outputs = np.empty((n_rows, first.shape[1]), dtype=first.dtype)
    outputs[:_BLOCK_ROWS] = first
    for start in range(_BLOCK_ROWS, n_rows, _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        outputs[rows] = _block_outputs(X[rows], coefs, intercepts, activation)
    return outputs


def _block_outputs(
    values: Any, coefs: Sequence[Array], intercepts: Sequence[Array], activation: str
) -> Array:
    apply = ACTIVATIONS[activation].apply
    last = len(coefs) - 1
    for index, (weights, biases) in enumerate(zip(coefs, intercepts, strict=True)):
        values = values.dot(weights)
        values += biases
        if index < last:
            apply(values)
    outputs: Array = values
    return outputs
