"""Data checked by scikit-learn, and told by name where others would not.

Numbers beyond the floats, such as Python's integers or those of a longer float, are
refused as infinite ones are: by a ValueError, without warnings of NumPy's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import assert_all_finite, check_array, check_random_state
from sklearn.utils.validation import validate_data

from skregnet.kernels import Array, check_indices, check_positions

FLOATS = (np.float64, np.float32)
"""The precisions of features; the first is for what has another type."""


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Name the argument in what is said of values that cannot be numbers or labels.

    Parameters
    ----------
    name : str
        The argument that is checked.

    Raises
    ------
    ValueError
        If there are numbers that floats cannot hold.
    TypeError
        If there are values of other types than expected.
    """
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            yield
    except OverflowError as error:
        raise ValueError(
            f"{name} expects numbers that floats can hold, got larger ones: {error}."
        ) from error
    except TypeError as error:
        raise TypeError(f"{name} cannot be used: {error}") from error


def dense(values: Any) -> Array:
    """Return values as an array, those of a sparse one too."""
    array: Array = values.toarray() if sparse.issparse(values) else np.asarray(values)
    return array


def beyond_precision(what: str, dtype: Any, mend: str) -> ValueError:
    """Return the error that says what is too large for the precision of the features.

    Parameters
    ----------
    what : str
        What is too large, named.
    dtype : dtype
        The precision.
    mend : str
        What to do, if not to pass features of another precision.
    """
    return ValueError(
        f"{what} too large for {np.dtype(dtype)}, the precision of X; {mend}, or pass "
        "X as float64."
    )


def checked_rows(estimator: Any, X: Any, y: Any = "no_validation", **how: Any) -> Any:
    """Return what :func:`sklearn.utils.validation.validate_data` makes of data.

    Parameters
    ----------
    estimator : estimator
        Whose `n_features_in_` and `feature_names_in_` are set, or checked against.
    X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_features)
        Features.
    y : array-like, default="no_validation"
        Targets, if they are to be checked too.
    **how : dict
        What else to hand to it.

    Returns
    -------
    data : {ndarray, sparse matrix} or tuple of these
        `X`, and `y` if there is one.

    Raises
    ------
    ValueError
        If the data are invalid.
    """
    _check_columns(X)
    check_indices(X)
    is_alone = isinstance(y, str) and y == "no_validation"
    with naming("X" if is_alone else "X or y"):
        found = validate_data(estimator, X, y, **how)
        if how.get("dtype") != FLOATS:
            return found
        if is_alone:
            return _as_floats(found)
        return _as_floats(found[0]), found[1]


def checked_array(X: Any, **how: Any) -> Any:
    """Return what :func:`sklearn.utils.check_array` makes of features, as floats.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_features)
        Features.
    **how : dict
        What else to hand to it.

    Returns
    -------
    X : {ndarray, sparse matrix} of shape (n_rows, n_features)
        Features in float64 or float32.
    """
    _check_columns(X)
    check_indices(X)
    with naming("X"):
        return _as_floats(check_array(X, dtype=FLOATS, input_name="X", **how))


def _check_columns(X: Any) -> None:
    """Refuse data frames without columns, of which scikit-learn asks for their type."""
    if hasattr(X, "columns") and np.shape(X)[1:] == (0,):
        raise ValueError(f"X expects at least one column, got shape {np.shape(X)}.")


def _as_floats(X: Any) -> Any:
    """Return features as native floats: data frames may hold longer or swapped ones."""
    dtype = X.dtype.newbyteorder("=")
    if dtype not in FLOATS:
        dtype = np.dtype(np.float64)
    if X.dtype == dtype:
        return X
    floats: Array = X.astype(dtype)
    if dtype.itemsize < X.dtype.itemsize:
        assert_all_finite(floats, input_name="X")
    return floats


def random_source(random_state: Any) -> np.random.RandomState:
    """Return what :func:`sklearn.utils.check_random_state` does, its state checked.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        Seed or source.

    Raises
    ------
    ValueError
        If it is none of these, or a source whose state would read beyond its numbers.
    """
    source: np.random.RandomState = check_random_state(random_state)
    check_positions(source.get_state(legacy=False), "random_state")
    return source
