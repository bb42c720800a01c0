"""Data checked by scikit-learn, and told by name where others would not.

Numbers beyond the floats, such as Python's integers or those of a longer float, are
refused as infinite ones are: by a ValueError, without warnings of NumPy's.
"""

from collections import UserString
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from reprlib import repr as short_repr
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.metrics import accuracy_score
from sklearn.utils import (
    InputTags,
    assert_all_finite,
    check_array,
    check_random_state,
    get_tags,
)
from sklearn.utils.validation import validate_data

from skregnet._kernels import Array, check_indices, check_positions
from skregnet._sklearn.labels import (
    codes_of,
    is_missing,
    learn_classes,
    plain,
    without_loss,
)
from skregnet._sklearn.private import _check_method_params, _get_feature_names

FLOATS = (np.float64, np.float32)
"""The precisions of features; the first is for what has another type."""

NUMBERS = (*FLOATS, np.bool_, *(np.dtype(letter).type for letter in "bBhHiIlLqQ"))
"""Types of features whose blocks are made floats one after another."""


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
    if how.get("dtype") is not None:
        X = real_numbers(X)
    explains = how.get("dtype") is not None and not how.get("skip_check_array")
    columns = _naming_columns(X, estimator) if explains else nullcontext()
    with columns, naming("X" if is_alone else "X or y"):
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
    X = real_numbers(X)
    check_indices(X)
    with _naming_columns(X), naming("X"):
        return _as_floats(check_array(X, dtype=FLOATS, input_name="X", **how))


def rows_of_parameters(
    X: Any, parameters: dict[str, Any] | None, rows: Any = None
) -> dict[str, Any]:
    """Return fit parameters, those that have a value for each sample for some samples.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Features.
    parameters : dict or None
        Parameters by name.
    rows : ndarray of int or None, default=None
        The samples to take; None for all.

    Returns
    -------
    parameters : dict
        Values by sample are sequences, arrays, series and frames of `n_samples` items.
        Text, bytes, sets, mappings, estimators and scalars are returned as they are,
        whatever their length.
    """
    parameters = parameters or {}
    by_sample = {k: v for k, v in parameters.items() if _may_be_by_sample(v)}
    return {**parameters, **_check_method_params(X, by_sample, indices=rows)}


# Types with a length whose values are never one for each sample.
_WHOLE = (str, UserString, bytes, bytearray, memoryview, BaseEstimator)


def _may_be_by_sample(value: Any) -> bool:
    """Tell whether a value is of a type that can hold one item for each sample."""
    if isinstance(value, _WHOLE):
        return False
    of_array = (1,) if hasattr(value, "__array__") else ()
    return isinstance(value, Sequence) or len(getattr(value, "shape", of_array)) > 0


def _check_columns(X: Any) -> None:
    """Refuse data frames without columns, of which scikit-learn asks for their type."""
    if hasattr(X, "columns") and np.shape(X)[1:] == (0,):
        raise ValueError(f"X expects at least one column, got shape {np.shape(X)}.")


def real_numbers(X: Any, argument: str = "X") -> Any:
    """Refuse dates, spans of time and complex numbers, which would become floats.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_features)
        Features, or targets.
    argument : str, default='X'
        Name of the argument.

    Returns
    -------
    X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_features)
        As they are; lists become an array.

    Raises
    ------
    ValueError
        If there are such values; it names the column.
    """
    if isinstance(X, list | tuple):
        X = np.asarray(X)
    for name, kind, column in _columns(X):
        has_dates = kind == "O" and any(isinstance(v, _NO_NUMBERS) for v in column())
        if has_dates or kind in "mMc":
            what = _KINDS.get(kind, "Dates or spans of time")
            raise ValueError(
                f"{what} not supported: {argument} expects real numbers, got others in "
                f"column {name!r}; make numbers of them first."
            )
    return X


_NO_NUMBERS = (np.datetime64, np.timedelta64)
_KINDS = {"m": "Spans of time", "M": "Dates", "c": "Complex data"}


def _columns(X: Any) -> Iterator[tuple[Any, str, Callable[[], Any]]]:
    """Yield name and kind of columns that may be no numbers, and what returns one."""
    if hasattr(X, "columns") and hasattr(X, "dtypes"):
        # By place: names may occur twice.
        for k, (name, dtype) in enumerate(zip(X.columns, X.dtypes, strict=True)):
            kind = "M" if getattr(dtype, "is_temporal", bool)() else _kind_of(dtype)
            if kind not in "biuf":
                yield name, kind, partial(_column_of_frame, X, k)
        return
    kind = getattr(getattr(X, "dtype", None), "kind", "f")
    if kind in "biuf" or sparse.issparse(X):
        return
    array = np.asarray(X)
    for k, column in enumerate(array.T if array.ndim > 1 else [array]):
        yield k, kind, column.ravel


def _kind_of(dtype: Any) -> str:
    """Return NumPy's letter for a type of a column; "O" for types of others."""
    kind = getattr(dtype, "kind", "O")
    return kind if isinstance(kind, str) else "O"


def _column_of_frame(X: Any, k: int) -> Array:
    """Return a column of a data frame."""
    column = X.iloc[:, k] if hasattr(X, "iloc") else X[:, k]
    return np.asarray(column, dtype=object)


@contextmanager
def _naming_columns(X: Any, estimator: Any = None) -> Iterator[None]:
    """Name the column in errors of the conversion of features to floats."""
    try:
        yield
    except (TypeError, ValueError, OverflowError) as error:
        if estimator is not None and not _has_names_of_fit(estimator, X):
            raise
        for name, _, column in _columns(X):
            for value in column():
                if not _is_float(value):
                    kind = TypeError if isinstance(error, TypeError) else ValueError
                    raise kind(
                        "X expects numbers that floats can hold, got "
                        f"{short_repr(value)} in column {name!r}: "
                        f"{error.__cause__ or error}"
                    ) from error
        raise


def _has_names_of_fit(estimator: Any, X: Any) -> bool:
    """Tell whether names of columns are allowed, and those of fit if there were any."""
    try:
        names = _get_feature_names(X)
    except TypeError:
        return False
    known = getattr(estimator, "feature_names_in_", None)
    return names is None or known is None or np.array_equal(names, known)


def _is_float(value: Any) -> bool:
    """Tell whether a value can become a float."""
    if isinstance(value, complex | np.complexfloating):
        return False
    try:
        float(value)
    except (TypeError, ValueError, OverflowError):
        return value is None
    return True


def checked_labels(y: Any, name: str) -> Any:
    """Return labels of one task as an array that holds each as it was given.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Labels.
    name : str
        The argument.

    Returns
    -------
    y : array-like
        Text that is not in an array of a fixed width, as an array of objects.

    Raises
    ------
    ValueError
        If there are missing labels, or other objects than text.
    """
    y = without_loss(y)
    if not isinstance(y, np.ndarray) or y.dtype.kind not in "OmMc":
        return y
    if y.dtype.kind == "c":
        real_numbers(y, name)
    if is_missing(y).any():
        raise ValueError(
            f"Input {name} contains NaN, NaT, None or NA: it expects a label for each "
            "sample."
        )
    y = plain(y)
    if y.dtype.kind == "O":
        _check_text(y, name)
    return y


def _check_text(y: Array, name: str) -> None:
    """Refuse objects that are no text, as scikit-learn does."""
    for label in y.ravel():
        if not isinstance(label, str):
            raise ValueError(
                f"Unknown label type: {name} expects text, numbers, truths or dates, "
                f"all of one type that NumPy has, got {label!r} of type "
                f"{type(label).__name__}; use numbers for them, or "
                "MultiTaskMLPClassifier, which takes objects."
            )


def accuracy(y: Any, predicted: Any, sample_weight: Any = None) -> float:
    """Return the share of samples whose labels are predicted.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        True labels.
    predicted : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Predicted labels.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples.

    Returns
    -------
    accuracy : float
        In [0, 1]; of several labels a sample all must be predicted.
    """
    labels = checked_labels(y, "y")
    are_text = all(
        isinstance(array, np.ndarray) and array.ndim == 1 and array.dtype.kind in "OU"
        for array in (labels, predicted)
    )
    if are_text:
        # By number: scikit-learn makes text of a fixed width of the labels.
        classes, predicted = learn_classes(predicted)
        labels = codes_of(labels, classes)
    return float(accuracy_score(labels, predicted, sample_weight=sample_weight))


def checked_numbers(y: Any, name: str) -> Any:
    """Return targets of a regression as an array of numbers.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    name : str
        The argument.

    Returns
    -------
    y : array-like
        Objects as floats.

    Raises
    ------
    ValueError
        If there are missing targets, or such as are no real numbers.
    """
    y = without_loss(y)
    if not isinstance(y, np.ndarray) or y.dtype.kind in "biuf":
        return y
    if y.dtype.kind in "OmM" and is_missing(y).any():
        raise ValueError(
            f"Input {name} contains NaN, NaT, None or NA: it expects a number for each "
            "sample."
        )
    real_numbers(y, name)
    for value in y.ravel():
        if not _is_float(value):
            raise ValueError(
                f"{name} expects numbers that floats can hold, got {short_repr(value)}."
            )
    return y.astype(np.float64)


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


def input_tags_of(augmenter: Any) -> InputTags:
    """Return which samples an augmenter takes; without tags, finite dense ones."""
    if hasattr(augmenter, "__sklearn_tags__") and not isinstance(augmenter, type):
        return get_tags(augmenter).input_tags
    return InputTags()


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
