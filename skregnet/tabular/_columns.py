"""Columns of a table, of whatever library, as arrays of NumPy by their kind."""

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
from sklearn.utils import check_array

from skregnet.checked_data import checked_rows, naming
from skregnet.kernels import Array

NUMBERS = "numbers"
CATEGORIES = "categories"
DATES = "dates"

_SECONDS_A_DAY = 86_400
_DAYS_A_YEAR = 365.2425


@dataclass(frozen=True)
class Column:
    """One column.

    Parameters
    ----------
    name : str
        Its name, ``x0`` and so on where the table has none.
    kind : str
        What it holds: numbers, categories or dates.
    values : ndarray of shape (n_rows,)
        Numbers, float64, NaN where one is missing; categories, objects, None where one
        is missing; dates, days since 1970 as numbers.
    """

    name: str
    kind: str
    values: Array


def read_columns(
    estimator: Any, X: Any, categorical_features: Any, *, reset: bool
) -> list[Column]:
    """Check features and return their columns.

    Parameters
    ----------
    estimator : estimator
        Whose `n_features_in_` and `feature_names_in_` are set, or checked against.
    X : data frame or array-like of shape (n_rows, n_features)
        Features: a data frame of pandas, polars or another library that narwhals knows,
        or an array.
    categorical_features : "from_dtype" or array-like
        Which columns are categories whatever they hold: their names, their places, or
        a mask. "from_dtype" is none.
    reset : bool
        Whether the estimator learns from these.

    Raises
    ------
    ValueError
        If there are infinite numbers or columns of another type, or if the columns are
        not those of `fit`.
    """
    if nw.dependencies.is_into_dataframe(X) and not isinstance(X, np.ndarray):
        frame = _frame_of(X)
        checked_rows(estimator, X, reset=reset, skip_check_array=True)
        if not len(frame) or not frame.columns:
            raise ValueError(
                f"X expects at least one row and one column, got shape {frame.shape}."
            )
        names = [str(name) for name in frame.columns]
        chosen = _chosen(categorical_features, names)
        return [
            _of_series(frame[:, k], name, chosen[k]) for k, name in enumerate(names)
        ]
    values = _array_of(estimator, X, reset=reset)
    names = [f"x{k}" for k in range(values.shape[1])]
    chosen = _chosen(categorical_features, names)
    return [_of_array(values[:, k], name, chosen[k]) for k, name in enumerate(names)]


def _frame_of(X: Any) -> Any:
    """Return a data frame of any library, or refuse one in which a name comes twice."""
    try:
        return nw.from_native(X, eager_only=True)
    except nw.exceptions.DuplicateError as error:
        raise ValueError(
            f"X expects columns of different names; rename some: {error}"
        ) from error


def _array_of(estimator: Any, X: Any, *, reset: bool) -> Array:
    """Return an array of numbers, or of objects if that is what it holds."""
    options: dict[str, Any] = {"ensure_all_finite": "allow-nan", "reset": reset}
    dtype = getattr(X, "dtype", None)
    if dtype is None:
        with naming("X"):
            X = check_array(
                X, dtype=None, ensure_all_finite="allow-nan", input_name="X"
            )
        dtype = X.dtype
    if dtype.kind in "OUS":
        try:
            return checked_rows(estimator, X, dtype=np.float64, **options)
        except ValueError as error:
            if "could not convert" not in str(error):
                raise
        return checked_rows(estimator, X, dtype=object, **options)
    return checked_rows(estimator, X, dtype=np.float64, **options)


def _chosen(categorical_features: Any, names: list[str]) -> Array:
    """Return a mask of the columns that are said to be categories."""
    mask = np.zeros(len(names), bool)
    if isinstance(categorical_features, str) and categorical_features == "from_dtype":
        return mask
    given = np.asarray(categorical_features)
    if given.dtype == bool:
        if given.shape != mask.shape:
            raise ValueError(
                f"categorical_features expects a mask of {len(names)} values, got "
                f"{given.size}."
            )
        return given
    for item in given.ravel().tolist():
        if isinstance(item, str) and item in names:
            mask[names.index(item)] = True
        elif isinstance(item, int) and 0 <= item < len(names):
            mask[item] = True
        else:
            raise ValueError(
                "categorical_features expects names or places of columns, from 0 to "
                f"{len(names) - 1}, got {item!r}."
            )
    return mask


def _of_series(series: Any, name: str, is_category: bool) -> Column:
    """Read a column of a data frame."""
    dtype = series.dtype
    if is_category or not (dtype.is_numeric() or dtype.is_temporal()):
        is_missing = series.is_null().to_list()
        texts = [
            None if gone else _category(value)
            for value, gone in zip(series.to_list(), is_missing, strict=True)
        ]
        return Column(name, CATEGORIES, np.array(texts, dtype=object))
    if dtype.is_temporal():
        if dtype not in (nw.Datetime, nw.Date):
            raise ValueError(
                f"X expects numbers, categories, text, booleans and dates, got {dtype} "
                f"in column {name!r}; make numbers of them."
            )
        milliseconds = series.dt.timestamp("ms").cast(nw.Float64).to_numpy()
        days = np.asarray(milliseconds, np.float64) / (1000 * _SECONDS_A_DAY)
        return Column(name, DATES, days)
    values = np.asarray(series.cast(nw.Float64).to_numpy(), np.float64)
    return Column(name, NUMBERS, _without_infinities(values, name))


def _of_array(values: Array, name: str, is_category: bool) -> Column:
    """Read a column of an array; text that is no number makes it categories."""
    if values.dtype != object and not is_category:
        return Column(name, NUMBERS, values)
    if not is_category:
        try:
            numbers = np.array([np.nan if v is None else v for v in values], np.float64)
        except ValueError:
            pass
        else:
            return Column(name, NUMBERS, _without_infinities(numbers, name))
    texts = np.array([_category(v) for v in values.tolist()], dtype=object)
    return Column(name, CATEGORIES, texts)


def _category(value: Any) -> str | None:
    """Return a category as text, None if it is missing."""
    if value is None or value != value:
        return None
    # 1 and 1.0 are one category, in whatever table.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def _without_infinities(values: Array, name: str) -> Array:
    """Refuse infinite numbers."""
    if np.isinf(values).any():
        raise ValueError(
            "X expects finite numbers or missing ones, got infinity in column "
            f"{name!r}."
        )
    return values


def date_parts(days: Array) -> dict[str, Array]:
    """Return what may matter of dates: time itself, season, weekday and hour.

    What comes round is given by sine and cosine, so that the end is near the start.
    """
    turns = {"year": days / _DAYS_A_YEAR, "week": days / 7, "day": days}
    parts = {"days": days}
    for name, turn in turns.items():
        parts[f"sin_{name}"] = np.sin(2 * np.pi * turn)
        parts[f"cos_{name}"] = np.cos(2 * np.pi * turn)
    return parts
