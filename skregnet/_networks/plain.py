"""Outputs of a fitted network from its plain arrays, in blocks of rows.

After training every model is a plain multilayer perceptron, so that prediction needs
its weights, its biases and its activations, and nothing else.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from skregnet._kernels import Array
from skregnet._networks.activations import ACTIVATIONS

# Rows a block: the activations of a block stay in the cache, the products are large
# enough to run at full speed.
_BLOCK_ROWS = 512

# What follows each affine map: an activation in place, nothing after the last.
_Applies = Sequence[Callable[[Array], None] | None]


def plain_outputs(
    X: Any,
    coefs: Sequence[Array],
    intercepts: Sequence[Array],
    activations: str | Sequence[str],
) -> Array:
    """Return the outputs before the output activation.

    Parameters
    ----------
    X : ndarray, sparse array or Selection of shape (n_rows, n_features)
        Features, sparse ones in CSR form, or whatever else gives such for a slice;
        a block of integers becomes float64.
    coefs : list of ndarray of shape (fan_in, fan_out)
        Weights of each layer.
    intercepts : list of ndarray of shape (fan_out,)
        Biases of each layer.
    activations : str or sequence of str
        Name of the activation of all hidden layers, or one name a hidden layer.

    Returns
    -------
    outputs : ndarray of shape (n_rows, n_outputs)
        A new array.

    Raises
    ------
    ValueError
        If there are not as many names as hidden layers.
    """
    applies = _applies(activations, len(coefs) - 1)
    return _in_blocks(X, coefs, intercepts, [*applies, None])


def hidden_outputs(
    X: Any,
    coefs: Sequence[Array],
    intercepts: Sequence[Array],
    activations: str | Sequence[str],
) -> Array:
    """Return the activations of the last hidden layer; parameters as above."""
    applies = _applies(activations, len(coefs) - 1)
    return _in_blocks(X, coefs[:-1], intercepts[:-1], applies)


def _applies(activations: str | Sequence[str], n_hidden: int) -> _Applies:
    """Return what is applied after each hidden layer's affine map."""
    if isinstance(activations, str):
        activations = (activations,) * n_hidden
    if len(activations) != n_hidden:
        raise ValueError(
            f"activation expects a name for each of the {n_hidden} hidden layers of "
            f"coefs_, got {activations!r}."
        )
    return [ACTIVATIONS[name].apply for name in activations]


def _in_blocks(
    X: Any, coefs: Sequence[Array], intercepts: Sequence[Array], applies: _Applies
) -> Array:
    """Return the outputs of the last layer, in blocks of rows."""
    n_rows = X.shape[0]
    if n_rows <= _BLOCK_ROWS:
        return _block_outputs(X[:], coefs, intercepts, applies)
    first = _block_outputs(X[:_BLOCK_ROWS], coefs, intercepts, applies)
    outputs = np.empty((n_rows, first.shape[1]), dtype=first.dtype)
    outputs[:_BLOCK_ROWS] = first
    for start in range(_BLOCK_ROWS, n_rows, _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        outputs[rows] = _block_outputs(X[rows], coefs, intercepts, applies)
    return outputs


def _block_outputs(
    values: Any, coefs: Sequence[Array], intercepts: Sequence[Array], applies: _Applies
) -> Array:
    if values.dtype.kind != "f":
        if isinstance(values, np.ndarray):
            values = values.astype(np.float64)
        else:
            # Of sparse rows the product makes floats, without sorting their columns.
            coefs = [coefs[0].astype(np.float64), *coefs[1:]]
    for weights, biases, apply in zip(coefs, intercepts, applies, strict=True):
        values = values.dot(weights)
        values += biases
        if apply is not None:
            apply(values)
    outputs: Array = values
    return outputs
