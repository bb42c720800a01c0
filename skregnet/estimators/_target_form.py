"""The form of targets of several tasks: columns, their names, and what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils._missing import is_pandas_na

from skregnet.checked_data import dense
from skregnet.kernels import Array


@dataclass(frozen=True)
class TargetForm:
    """The form in which targets are given, and predictions given back.

    Parameters
    ----------
    names : list
        Names of the columns.
    is_vector : bool, default=False
        Whether targets have one dimension.
    frame : type or None, default=None
        The type of the data frame that they are.
    """

    names: list[Any]
    is_vector: bool = False
    frame: Any = None

    @classmethod
    def of(cls, y: Any) -> tuple["TargetForm", Array]:
        """Return the form of targets, and the targets as an array of columns."""
        if hasattr(y, "columns"):
            form = cls(list(y.columns), frame=type(y))
            form._check_names()
            columns = [_column(y[name]) for name in form.names]
            return form, _side_by_side(columns, keeps_kinds=True)
        array = _as_array(y)
        if array.ndim == 2 and array.shape[1] == 1:
            array = column_or_1d(array, warn=True)
        columns = list(array.reshape(len(array), -1).T)
        form = cls(list(range(len(columns))), is_vector=array.ndim == 1)
        form._check_names()
        return form, _side_by_side(columns)

    def _check_names(self) -> None:
        """Refuse targets without columns, or with columns of one name."""
        if not self.names:
            raise ValueError("y expects at least one column, got none.")
        if len(set(self.names)) < len(self.names):
            raise ValueError(
                f"y expects columns of different names, got {self.names!r}; rename "
                "those that occur twice."
            )

    def give_back(self, y: Array) -> Any:
        """Return targets that are an array of columns as they were given."""
        if self.is_vector:
            return y.reshape(-1)
        if self.frame is None:
            return y
        columns = [
            column if is_missing(column).any() else plain(column) for column in y.T
        ]
        return self.frame(dict(zip(self.names, columns, strict=True)))

    def restore(self, tasks: Sequence[Any], decoded: Sequence[Array]) -> Any:
        """Return predictions of the tasks in the form of the targets."""
        columns: list[Any] = [None] * len(self.names)
        for task, values in zip(tasks, decoded, strict=True):
            by_column = values.reshape(len(values), -1).T
            for place, column in zip(task.columns, by_column, strict=True):
                columns[place] = column
        if self.is_vector:
            return columns[0]
        if self.frame is not None:
            return self.frame(dict(zip(self.names, columns, strict=True)))
        return _side_by_side(columns)


def _as_array(y: Any) -> Array:
    """Return targets that are no data frame as an array of one or two dimensions."""
    if y is None:
        raise ValueError(
            "MultiTaskMLP requires y to be passed, but the target y is None."
        )
    if hasattr(y, "to_list") and hasattr(y, "to_numpy"):
        return _column(y)
    array = dense(y)
    if array.dtype.kind in "US" and isinstance(y, list | tuple):
        # Numbers beside labels would have become labels.
        array = np.asarray(y, dtype=object)
    if array.ndim in (1, 2) and not len(array):
        raise ValueError("y expects at least one row, got none.")
    if array.ndim not in (1, 2):
        raise ValueError(
            f"y expects one or two dimensions, a column a task, got {array.ndim}."
        )
    return array


def _column(values: Any) -> Array:
    """Return a column of a data frame, integers as such."""
    column: Array = values.to_numpy()
    is_integer = getattr(values.dtype, "is_integer", None)
    if column.dtype.kind == "f" and (
        getattr(values.dtype, "kind", None) in ("i", "u")
        or (callable(is_integer) and is_integer())
    ):
        # pandas and polars make floats of integers if some are missing.
        column = np.array(values.to_list(), dtype=object)
    return column


def _side_by_side(columns: Sequence[Any], keeps_kinds: bool = False) -> Array:
    """Return columns as an array: of numbers if all are numbers, else of objects.

    Where kinds are to be kept, booleans, integers and floats are objects too.
    """
    columns = [np.asarray(column) for column in columns]
    kinds = {column.dtype.kind for column in columns}
    if kinds <= set("biuf") and not (keeps_kinds and len(kinds) > 1):
        return np.column_stack(columns)
    if len(kinds) == 1 and kinds <= set("US"):
        return np.column_stack(columns)
    mixed = np.empty((len(columns[0]), len(columns)), dtype=object)
    for k, column in enumerate(columns):
        mixed[:, k] = column
    return mixed


def is_missing(values: Array) -> Array:
    """Tell which values are NaN, None or pandas' NA."""
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind != "O":
        return np.zeros(values.shape, bool)
    flat = [_is_nothing(value) for value in values.ravel()]
    return np.array(flat, bool).reshape(values.shape)


def _is_nothing(value: Any) -> bool:
    """Tell whether a value stands for a missing one."""
    if value is None or is_pandas_na(value):
        return True
    return isinstance(value, float) and value != value


def plain(values: Array) -> Array:
    """Return values of objects in the array that their own type makes."""
    if values.dtype.kind != "O":
        return values
    found = np.array(values.tolist())
    return values.astype(str) if found.dtype.kind == "O" else found
