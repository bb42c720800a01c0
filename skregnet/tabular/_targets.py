"""Targets of tables, read without a loss or refused."""

from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from skregnet._kernels import Array
from skregnet._sklearn.data_checks import dense
from skregnet._sklearn.labels import is_missing, without_loss
from skregnet._sklearn.private import _check_y

# Kinds of NumPy's types for which scikit-learn's checks are made: they are numbers.
_NUMBERS = "biuf"


def labels_of(y: Any) -> Array:
    """Return labels of classes as they were given.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Labels: numbers that are whole, text, dates, or any objects that can be hashed.

    Returns
    -------
    labels : ndarray of shape (n_samples,)
        The same.

    Raises
    ------
    ValueError
        If labels are missing, complex or not whole, or there are several columns.
    """
    labels = _vector_of(y)
    if labels.dtype.kind in _NUMBERS:
        try:
            check_classification_targets(labels)
        except ValueError as error:
            raise ValueError(
                f"y expects labels of classes, whole numbers or text: {error}"
            ) from error
    return labels


def numbers_of(y: Any) -> Array:
    """Return targets of a regression in float64.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Numbers.

    Returns
    -------
    numbers : ndarray of shape (n_samples,)
        The same.

    Raises
    ------
    ValueError
        If they are no numbers, missing or infinite, or there are several columns.
    """
    values = _vector_of(y)
    is_number = values.dtype.kind in _NUMBERS
    if values.dtype.kind == "O":
        is_number = not any(isinstance(value, str | bytes) for value in values)
    if not is_number:
        raise ValueError(
            f"y expects numbers, got an array of {values.dtype} with the value "
            f"{values[0]!r}; make numbers of it, such as days of dates."
        )
    numbers: Array = _check_y(values.astype(np.float64), multi_output=True)
    return numbers


def _vector_of(y: Any) -> Array:
    """Return targets as a vector without missing values."""
    if np.ma.is_masked(y):
        raise ValueError(
            "y expects a value for each row, got masked ones; drop their rows."
        )
    try:
        array = dense(without_loss(y))
    except ValueError as error:
        raise ValueError(
            f"y expects one value for each row, got rows of several lengths: {error}"
        ) from error
    if array.dtype.kind in "cV":
        raise ValueError(
            "y expects real numbers, or labels of another kind for classes, got an "
            f"array of {array.dtype}."
        )
    if array.dtype.kind in _NUMBERS:
        array = _check_y(array, multi_output=True)
    array = column_or_1d(array, warn=True)
    if is_missing(array).any():
        raise ValueError(
            "y expects a value for each row, got missing ones (None, NaN, NaT or NA); "
            "drop their rows."
        )
    return array
