"""Labels of classes: any values that can be told apart, and given back as they were.

NumPy's own text has a fixed width, so that each sample takes as much memory as the
longest label, and NUL characters at the end are lost. Text that does not come in such
an array is therefore kept as objects, and so are all labels for which NumPy has no type
that holds each of them as it is: decimals, enumerations, numbers beside text.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from skregnet._kernels import Array
from skregnet._sklearn.private import is_pandas_na

# Classes with longer names than this are objects, since predictions repeat the names.
_WIDEST = 64

_PLAIN_NUMBERS = (bool, int, float)


def objects(values: Iterable[Any]) -> Array:
    """Return values as a vector of objects, sequences among them too.

    Parameters
    ----------
    values : iterable
        The values.

    Returns
    -------
    array : ndarray of shape (n_values,)
        Objects as they are, not converted.
    """
    values = list(values)
    return np.fromiter(values, dtype=object, count=len(values))


def without_loss(y: Any) -> Any:
    """Return targets in an array that holds each value as it was given.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.

    Returns
    -------
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Lists and tuples with other values than numbers, columns of series and data
        frames with missing values, and NumPy's text of variable width become objects.
        All else is returned as it is.
    """
    if hasattr(y, "columns"):
        names = list(y.columns)
        if not names or len(set(names)) < len(names):
            return y
        return side_by_side([column_of(y[name]) for name in names])
    if hasattr(y, "to_numpy") and hasattr(y, "dtype"):
        return column_of(y)
    if isinstance(y, list | tuple) and len(y):
        return _of_list(y)
    if isinstance(y, np.ndarray) and y.dtype.kind == "T":
        return y.astype(object)
    return y


def _of_list(y: Any) -> Array:
    """Return a list as an array of numbers if all are numbers, else of objects."""
    if not any(hasattr(value, "__len__") and not _is_text(value) for value in y):
        return plain(objects(y))
    array, given = np.asarray(y), np.asarray(y, dtype=object)
    is_exact = array.dtype.kind in "biuf" and _holds(array.ravel(), given.ravel())
    return array if is_exact else given


def _is_text(value: Any) -> bool:
    return isinstance(value, str | bytes)


def column_of(values: Any) -> Array:
    """Return a series of pandas or polars as an array without a loss.

    Parameters
    ----------
    values : series
        A column of a data frame.

    Returns
    -------
    column : ndarray of shape (n_samples,)
        Integers and truths of which some are missing, and times with a zone, become
        objects.
    """
    if hasattr(values.dtype, "is_numeric"):
        return _polars_column(values)
    column: Array = values.to_numpy()
    if isinstance(values.dtype, np.dtype) or column.dtype.kind not in "fO":
        return column
    if column.dtype.kind == "f" and getattr(values.dtype, "kind", "O") not in "iub":
        return column
    # pandas makes floats of integers if some are missing.
    return objects(values.tolist())


def _polars_column(values: Any) -> Array:
    """Return a series of polars as an array without a loss."""
    dtype = values.dtype
    has_zone = getattr(dtype, "time_zone", None) is not None
    is_whole = dtype.is_integer() and not values.null_count() and str(dtype) != "Int128"
    if not (dtype.is_float() or is_whole or (dtype.is_temporal() and not has_zone)):
        return plain(objects(values.to_list()))
    column: Array = values.to_numpy()
    return column


def side_by_side(columns: Iterable[Any], keeps_kinds: bool = False) -> Array:
    """Return columns as one array, of objects unless they have one kind.

    Parameters
    ----------
    columns : iterable of array-like of shape (n_samples,)
        The columns.
    keeps_kinds : bool, default=False
        Whether truths, integers and floats beside one another become objects too,
        rather than numbers of one type.

    Returns
    -------
    array : ndarray of shape (n_samples, n_columns)
        A new array.
    """
    columns = [np.asarray(column) for column in columns]
    kinds = {column.dtype.kind for column in columns}
    if kinds <= set("biuf") and not (keeps_kinds and len(kinds) > 1):
        return np.column_stack(columns)
    if len(kinds) == 1 and kinds <= set("USmM"):
        return np.column_stack(columns)
    mixed = np.empty((len(columns[0]), len(columns)), dtype=object)
    for k, column in enumerate(columns):
        # Not an assignment of the array, of which dates would come out as integers.
        mixed[:, k] = objects(column) if column.dtype.kind in "mM" else column
    return mixed


def is_missing(values: Array) -> Array:
    """Tell which values are NaN, NaT, None or pandas' NA.

    Parameters
    ----------
    values : ndarray
        Targets.

    Returns
    -------
    missing : ndarray of bool
        In the shape of `values`.
    """
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind in "mM":
        return np.isnat(values)
    if values.dtype.kind != "O":
        return np.zeros(values.shape, bool)
    flat = [_is_nothing(value) for value in values.ravel()]
    return np.array(flat, bool).reshape(values.shape)


def _is_nothing(value: Any) -> bool:
    """Tell whether a value stands for a missing one."""
    if value is None or is_pandas_na(value):
        return True
    if isinstance(value, str | int | np.ndarray):
        return False
    try:
        return bool(value != value)
    except (ArithmeticError, TypeError, ValueError):
        return False


def plain(values: Array) -> Array:
    """Return objects in NumPy's array of their type, if that holds each as it is.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        Values, none of them missing.

    Returns
    -------
    values : ndarray of shape (n_samples,)
        An array of truths, numbers, dates or spans of time; text and all else as it is.
    """
    if values.dtype.kind != "O" or values.ndim != 1:
        return values
    types = set(map(type, values))
    if all(map(_is_number, types)):
        given = values.tolist()
        found = np.array(given)
        is_exact = found.dtype.kind in "biuf" and _holds(found, given)
        return found if is_exact else values
    if len(types) == 1 and issubclass(types.pop(), np.datetime64 | np.timedelta64):
        return np.array(values.tolist())
    return values


def _is_number(kind: type) -> bool:
    """Tell whether a type is of plain numbers, Python's or NumPy's."""
    if issubclass(kind, np.timedelta64):  # NumPy takes it for an integer.
        return False
    return kind in _PLAIN_NUMBERS or issubclass(kind, np.number | np.bool_)


def _holds(array: Array, given: Iterable[Any]) -> bool:
    """Tell whether numbers have not been rounded; NaN is one of them."""
    return all(
        one == other or other != other
        for one, other in zip(array.tolist(), given, strict=True)
    )


def learn_classes(labels: Array) -> tuple[Array, Array]:
    """Return the classes that labels name, and the number of each label's class.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
        Labels; objects that can be hashed.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
        In ascending order; those that cannot be compared by their types, and within a
        type by what represents them.
    codes : ndarray of int of shape (n_samples,)
        Numbers of classes.

    Raises
    ------
    TypeError
        If a label cannot be hashed.
    """
    if labels.dtype.kind == "U" and labels.dtype.itemsize > 4 * _WIDEST:
        labels = labels.astype(object)
    if labels.dtype.kind != "O":
        return np.unique(labels, return_inverse=True)
    known: dict[Any, int] = {}
    found = [known.setdefault(label, len(known)) for label in labels]
    classes = _in_order(list(known))
    places = np.empty(len(classes), np.intp)
    places[[known[label] for label in classes]] = np.arange(len(classes))
    return _narrow(objects(classes)), places[found]


def _in_order(classes: list[Any]) -> list[Any]:
    """Return classes in ascending order, or by type if they cannot be compared."""
    try:
        return sorted(classes)
    except (ArithmeticError, TypeError, ValueError):
        by_type = defaultdict(list)
    for label in classes:
        by_type[type(label).__qualname__].append(label)
    if len(by_type) == 1:
        return sorted(classes, key=repr)
    return [label for name in sorted(by_type) for label in _in_order(by_type[name])]


def _narrow(classes: Array) -> Array:
    """Return names of classes in NumPy's own text, if that is narrow and holds them."""
    is_narrow = all(
        type(label) in (str, np.str_)
        and len(label) <= _WIDEST
        and not label.endswith("\0")
        for label in classes
    )
    return classes.astype(str) if is_narrow else plain(classes)


def codes_of(labels: Array, classes: Array) -> Array:
    """Return the number of each label's class.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
        Labels.
    classes : ndarray of shape (n_classes,)
        Classes that :func:`learn_classes` has returned.

    Returns
    -------
    codes : ndarray of int of shape (n_samples,)
        -1 for a label that equals no class.
    """
    if not len(classes):
        return np.full(len(labels), -1, np.intp)
    kinds = labels.dtype.kind + classes.dtype.kind
    if set(kinds) <= set("biuf") or kinds in ("UU", "SS", "mm", "MM"):
        places = classes.searchsorted(labels)
        places[places == len(classes)] = 0
        return np.where(classes[places] == labels, places, -1)
    numbers = {
        key: k for k, label in enumerate(_scalars(classes)) for key in _keys(label)
    }
    found = [
        next((numbers[key] for key in _keys(label) if key in numbers), -1)
        for label in _scalars(labels)
    ]
    return np.array(found, np.intp)


def _scalars(labels: Array) -> list[Any]:
    """Return labels as Python's objects, dates as NumPy's."""
    return list(labels) if labels.dtype.kind in "mM" else labels.tolist()


def _keys(label: Any) -> tuple[Any, ...]:
    """Return a label, and a date of NumPy's as Python's besides, which equals it."""
    if not isinstance(label, np.datetime64 | np.timedelta64):
        return (label,)
    item = label.item()
    return (label,) if isinstance(item, int) else (label, item)


def merge_as_text(classes: Array) -> bool:
    """Tell whether NumPy's text of fixed width makes one of two classes.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Classes that :func:`learn_classes` has returned.

    Returns
    -------
    merge : bool
        Whether two names differ only in the NUL characters at their ends.
    """
    names = [label for label in classes if isinstance(label, str)]
    return len({name.rstrip("\0") for name in names}) < len(names)


def class_weights(given: Any, classes: Array, codes: Array, weights: Any) -> Array:
    """Return the weight of each class.

    Parameters
    ----------
    given : dict or 'balanced'
        Weights by class, 1 for those that are not named; or what makes them inversely
        proportional to the classes' weight in the data.
    classes : ndarray of shape (n_classes,)
        The classes.
    codes : ndarray of int of shape (n_samples,)
        Numbers of the samples' classes.
    weights : ndarray of shape (n_samples,) or None
        Sample weights.

    Returns
    -------
    found : ndarray of shape (n_classes,)
        0 for classes that have no weight in the data, if balanced.
    """
    if given != "balanced":
        return _given_weights(given, classes)
    counted = codes if weights is None else codes[weights > 0]
    known = np.unique(counted)
    found = np.zeros(len(classes))
    if len(known):
        # A class without weight must not be balanced: that would divide by 0.
        found[known] = compute_class_weight(
            given,
            classes=known,
            y=counted,
            sample_weight=None if weights is None else weights[weights > 0],
        )
    return found


def _given_weights(given: Any, classes: Array) -> Array:
    """Return the weights of classes in a dict, 1 for those that it does not name."""
    labels = _scalars(classes)
    unknown = [label for label in labels if label not in given]
    if unknown and len(labels) - len(unknown) != len(given):
        raise ValueError(f"The classes, {unknown}, are not in class_weight")
    return np.array([given.get(label, 1) for label in labels], np.float64)
