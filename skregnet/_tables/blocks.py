"""Predictions of tables in blocks of rows: memory does not grow with the table.

The prediction of a row does not depend, to the last bit, on the rows beside it.
Products of BLAS round by their shapes and by its threads: those of few rows, and of
rows that do not fill its registers, differ from those of many. So blocks hold whole
numbers of the blocks in which networks predict, the last one is filled up to a number
of rows whose products round alike, and BLAS has one thread.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from skregnet._kernels import Array
from skregnet._sklearn.private import _num_samples, _safe_indexing

# Rows in which networks predict.
_ROWS = 512
# Numbers of rows to which fewer are filled up, if products of so many round alike.
_FEWER_ROWS = (16, 32, 64, 128, 256)
# Numbers of a block, encoded or predicted, about, and most rows.
_NUMBERS, _MOST_ROWS = 2**20, 16 * _ROWS


def in_blocks(X: Any, n_columns: int, outputs: Callable[[Any], Array]) -> Array:
    """Return outputs for the rows of a table, computed in blocks.

    Parameters
    ----------
    X : data frame or array-like of shape (n_rows, n_features)
        The table.
    n_columns : int
        Numbers that there are at once for a row.
    outputs : callable
        Turns rows of the table into an array with an entry for each, or refuses them.

    Returns
    -------
    outputs : ndarray of shape (n_rows, ...)
        A new array.
    """
    n_rows = _n_rows(X)
    size = min(max(_ROWS, _NUMBERS // n_columns // _ROWS * _ROWS), _MOST_ROWS)
    if n_rows <= size:
        return outputs(X)
    first = outputs(_safe_indexing(X, slice(size)))
    found = np.empty((n_rows, *first.shape[1:]), first.dtype)
    found[:size] = first
    for start in range(size, n_rows, size):
        rows = slice(start, start + size)
        found[rows] = outputs(_safe_indexing(X, rows))
    return found


def filled_up(encoded: Array, networks: Iterable[Any]) -> Array:
    """Return rows with copies of the last one, so that each has the same outputs ever.

    Parameters
    ----------
    encoded : ndarray of shape (n_rows, n_columns)
        Rows of a table, encoded.
    networks : iterable of estimators
        Fitted networks that are to predict.

    Returns
    -------
    filled : ndarray of shape (n_filled_rows, n_columns)
        The rows, and perhaps further ones.
    """
    n_last = len(encoded) % _ROWS
    if not n_last:
        return encoded
    products = {
        (*weights.shape, np.result_type(encoded, weights))
        for network in networks
        for weights in network.coefs_
    }
    n_filled = next(
        (
            n_rows
            for n_rows in _FEWER_ROWS
            if n_rows >= n_last and all(_rounds_alike(n_rows, *own) for own in products)
        ),
        _ROWS,
    )
    return np.pad(encoded, [(0, n_filled - n_last), (0, 0)], mode="edge")


@lru_cache(maxsize=1024)
def _rounds_alike(n_rows: int, fan_in: int, fan_out: int, dtype: Any) -> bool:
    """Return whether products of so many rows round as those of a block."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((_ROWS, fan_in)).astype(dtype)
    weights = rng.standard_normal((fan_in, fan_out)).astype(dtype)
    expected = rows.dot(weights)
    parts = slice(n_rows), slice(_ROWS - n_rows, _ROWS)
    return all(np.array_equal(rows[p].dot(weights), expected[p]) for p in parts)


def _n_rows(X: Any) -> int:
    """Return the number of rows, 0 for data that have none and will be refused."""
    try:
        return int(_num_samples(X))
    except TypeError:
        return 0
