"""Columns of a table, of whatever library, as arrays of NumPy.

Nothing is decided of a column here: its values are those of the table, in the table's
precision, and with their missing ones marked. Columns are read one at a time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any, Self

import narwhals as nw
import numpy as np

from skregnet._kernels import Array
from skregnet._sklearn.data_checks import checked_rows
from skregnet._tables.values import family_of, missing_among, objects_of


@dataclass(frozen=True)
class Column:
    """One column.

    Parameters
    ----------
    name : str
        Its name, ``x0`` and so on where the table has none.
    values : ndarray of shape (n_values,)
        Booleans, integers, floats, dates of NumPy or objects.
    is_missing : ndarray of shape (n_values,)
        Which of them are missing.
    zone : object, default=None
        Time zone of dates of NumPy, which are then those of UTC; None if they have
        none. Objects have theirs themselves.
    codes : ndarray of shape (n_samples,) or None, default=None
        Where in `values` each sample's value is; None if `values` are the samples'.
    is_category : bool, default=False
        Whether the table, or the user, says that the values are categories.
    parses_text : bool, default=False
        Whether text may have been made of numbers: arrays have one type for all
        columns.
    """

    name: str
    values: Array
    is_missing: Array
    zone: Any = None
    codes: Array | None = None
    is_category: bool = False
    parses_text: bool = False

    @classmethod
    def of(
        cls, name: str, values: Array, is_missing: Array | None = None, **how: Any
    ) -> Self:
        """Return a column of an array of any type."""
        kind = values.dtype.kind
        if kind not in "biufMO":
            values, kind = objects_of(values, len(values)), "O"
        if kind in "fM":
            gaps = np.isnan(values) if kind == "f" else np.isnat(values)
            is_missing = gaps if is_missing is None else gaps | is_missing
        elif is_missing is None and kind == "O":
            is_missing = missing_among(values)
        elif is_missing is None:
            is_missing = np.zeros(len(values), bool)
        return cls(name, values, is_missing, **how)

    @cached_property
    def present(self) -> Array:
        """The values that are not missing."""
        return self.values[~self.is_missing] if self.is_missing.any() else self.values

    @cached_property
    def types(self) -> set[type]:
        """The types of the values that are not missing."""
        if self.values.dtype.kind == "O":
            return set(map(type, self.present))
        return {self.values.dtype.type} if len(self.present) else set()

    @property
    def families(self) -> set[str]:
        """The families of these types."""
        return set(map(family_of, self.types))

    def with_codes(self, codes: Array) -> Self:
        """Return the column of these among the values; -1 is a missing one."""
        values = np.append(self.values, np.zeros(1, self.values.dtype))
        is_missing = np.append(self.is_missing, True)
        used, codes = np.unique(codes, return_inverse=True)
        return replace(
            self, values=values[used], is_missing=is_missing[used], codes=codes
        )

    def take(self, rows: Array) -> Self:
        """Return the column of some of the samples."""
        if self.codes is not None:
            used, codes = np.unique(self.codes[rows], return_inverse=True)
        else:
            used, codes = rows, None
        return replace(
            self,
            values=self.values[used],
            is_missing=self.is_missing[used],
            codes=codes,
        )

    def by_sample(self, found: Array) -> Array:
        """Return what was found of the values for each sample."""
        return found if self.codes is None else found[self.codes]


@dataclass(frozen=True)
class Table:
    """A table, whose columns are read one after the other."""

    names: list[str]
    n_samples: int
    read: Callable[[int], Column]

    def __iter__(self) -> Iterator[Column]:
        """Yield the columns."""
        return map(self.read, range(len(self.names)))


def read_table(
    estimator: Any, X: Any, categorical_features: Any, *, reset: bool
) -> Table:
    """Check the form of features and return their columns.

    Parameters
    ----------
    estimator : estimator
        Whose `n_features_in_` and `feature_names_in_` are set, or checked against.
    X : data frame or array-like of shape (n_samples, n_features)
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
        If the columns are not those of `fit`, or if there are none.
    TypeError
        If the table is a lazy one.
    """
    if not hasattr(X, "shape") and hasattr(X, "collect"):
        raise TypeError(
            "X expects a table that is there, got a lazy one of type "
            f"{type(X).__name__}; call its method collect() first."
        )
    if nw.dependencies.is_into_dataframe(X) and not isinstance(X, np.ndarray):
        frame = _frame_of(X)
        checked_rows(estimator, X, reset=reset, skip_check_array=True)
        if not len(frame) or not frame.columns:
            raise ValueError(
                f"X expects at least one row and one column, got shape {frame.shape}."
            )
        names = [str(name) for name in frame.columns]
        n_samples = len(frame)

        def read(k: int) -> Column:
            return _of_series(frame[:, k], names[k])
    else:
        values = _array_of(estimator, X, reset=reset)
        n_samples, n_columns = values.shape
        names = [f"x{k}" for k in range(n_columns)]

        def read(k: int) -> Column:
            return Column.of(names[k], values[:, k], parses_text=True)

    chosen = _chosen(categorical_features, names)
    return Table(
        names,
        n_samples,
        lambda k: replace(read(k), is_category=True) if chosen[k] else read(k),
    )


def _frame_of(X: Any) -> Any:
    """Return a data frame of any library, or refuse one in which a name comes twice."""
    with different_names():
        return nw.from_native(X, eager_only=True)


@contextmanager
def different_names() -> Iterator[None]:
    """Refuse a data frame in which a name comes twice, by name of the argument."""
    try:
        yield
    except nw.exceptions.DuplicateError as error:
        raise ValueError(
            f"X expects columns of different names; rename some: {error}"
        ) from error


def _of_series(series: Any, name: str) -> Column:
    """Read a column of a data frame."""
    dtype = series.dtype
    native = series.to_native()
    if hasattr(native, "sparse"):  # pandas, which widens floats where some are missing
        values, subtype = series.to_numpy(), native.dtype.subtype
        return Column.of(
            name, values.astype(subtype) if subtype.kind == "f" else values
        )
    zone = getattr(getattr(native, "dtype", None), "tz", None)
    if zone is not None:  # pandas, of whose zones narwhals knows some
        return Column.of(name, native.dt.tz_convert(None).to_numpy(), zone=zone)
    if dtype in (nw.Categorical, nw.Enum):
        return _of_categorical(series, name)
    if dtype in (nw.Datetime, nw.Date):
        zone = dtype.time_zone if dtype == nw.Datetime else None
        return Column.of(name, series.to_numpy(), zone=zone)
    if dtype in (nw.Object, nw.Unknown, nw.Duration):
        return Column.of(name, series.to_numpy())
    return Column.of(name, *_values_and_gaps(series))


def _of_categorical(series: Any, name: str) -> Column:
    """Read a column whose type says that it holds categories."""
    own: Any = getattr(series.to_native(), "cat", None)
    if not hasattr(own, "codes"):
        values = objects_of(series.to_list(), len(series))
        return Column.of(name, values, is_category=True)
    distinct: Any = own.categories.to_series()
    distinct = _of_series(nw.from_native(distinct, series_only=True), name)
    return replace(distinct.with_codes(own.codes.to_numpy()), is_category=True)


def _values_and_gaps(series: Any) -> tuple[Array, Array | None]:
    """Return numbers, Booleans, text or objects, and a mask of the missing ones."""
    dtype = series.dtype
    if dtype == nw.String:
        return objects_of(series.to_list(), len(series)), _nulls_of(series)
    is_of_numpy = dtype == nw.Boolean or dtype.is_float() or dtype.is_integer()
    if not is_of_numpy or dtype in (nw.Int128, nw.UInt128):
        return objects_of(series.to_list(), len(series)), None
    is_missing = _nulls_of(series)
    if is_missing.any():
        series = series.fill_null(False if dtype == nw.Boolean else 0)
    return series.to_numpy(), is_missing


def _nulls_of(series: Any) -> Array:
    """Return a mask of what a library says is missing."""
    return np.asarray(series.is_null().to_numpy(), bool)


def _array_of(estimator: Any, X: Any, *, reset: bool) -> Array:
    """Return an array of two dimensions, with the values as they are."""
    if isinstance(X, list | tuple):
        X = _array_of_list(X)
    if isinstance(X, np.ma.MaskedArray):
        X = _unmasked(X)
    dtype = getattr(X, "dtype", None)
    kind = getattr(dtype, "kind", None)
    if kind == "c":
        raise ValueError(
            "Complex data not supported: X expects numbers, text, Booleans or dates, "
            f"got {dtype} in column 'x0'; make columns of real and imaginary parts."
        )
    if kind == "T":
        X = X.astype(object)
    values: Array = checked_rows(
        estimator, X, dtype=None, ensure_all_finite=False, reset=reset
    )
    return values


def _array_of_list(X: Any) -> Any:
    """Return a list of samples as an array of objects, which keep their types."""
    if not X or not all(map(_is_sample, X)):
        return X
    lengths = {len(sample) for sample in X}
    if len(lengths) > 1:
        raise ValueError(
            "X expects samples of one length, got samples of "
            f"{min(lengths)} and of {max(lengths)} values."
        )
    (n_columns,) = lengths
    flat = objects_of(chain.from_iterable(X), len(X) * n_columns)
    return flat.reshape(len(X), n_columns)


def _unmasked(X: Any) -> Array:
    """Return an array in which the masked values are missing ones."""
    if X.dtype.kind in "fM":
        gap = np.nan if X.dtype.kind == "f" else np.datetime64("NaT")
        return np.asarray(X.filled(gap))
    if X.dtype.kind in "cV":
        return np.asarray(X)
    values = np.asarray(X.data).astype(object)
    values[np.ma.getmaskarray(X)] = None
    return values


def _is_sample(sample: Any) -> bool:
    """Tell a list of values, or an array or series of one dimension."""
    return isinstance(sample, list | tuple) or len(getattr(sample, "shape", ())) == 1


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
