"""The form of targets of several tasks: columns, their names and their types."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.utils import column_or_1d

from skregnet._kernels import Array
from skregnet._sklearn.data_checks import dense
from skregnet._sklearn.labels import (
    column_of,
    is_missing,
    plain,
    side_by_side,
    without_loss,
)


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
    dtypes : dict, default={}
        Types of columns of the data frame that NumPy does not have, by name.
    """

    names: list[Any]
    is_vector: bool = False
    frame: Any = None
    dtypes: dict[Any, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, y: Any) -> tuple["TargetForm", Array]:
        """Return the form of targets, and the targets as an array of columns."""
        if hasattr(y, "columns"):
            form = cls(list(y.columns), frame=type(y), dtypes=_own_dtypes(y))
            form._check_names()
            columns = [column_of(y[name]) for name in form.names]
            return form, side_by_side(columns, keeps_kinds=True)
        array = _as_array(y)
        if array.ndim == 2 and array.shape[1] == 1:
            array = column_or_1d(array, warn=True)
        columns = list(array.reshape(len(array), -1).T)
        form = cls(list(range(len(columns))), is_vector=array.ndim == 1)
        form._check_names()
        return form, side_by_side(columns)

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
        return self._framed(columns, self.names)

    def restore(
        self, tasks: Sequence[Any], decoded: Sequence[Array], X: Any = None
    ) -> Any:
        """Return predictions of the tasks in the form of the targets.

        A data frame has the index of `X`, where that is a data frame with one.
        """
        columns: list[Any] = [None] * len(self.names)
        for task, values in zip(tasks, decoded, strict=True):
            by_column = values.reshape(len(values), -1).T
            for place, column in zip(task.columns, by_column, strict=True):
                columns[place] = column
        if self.is_vector:
            return columns[0]
        if self.frame is None:
            return side_by_side(columns)
        labels = [
            self.names[task.columns[0]] for task in tasks if task.classes is not None
        ]
        return with_index_of(X, self._framed(columns, labels))

    def _framed(self, columns: Sequence[Array], labels: Sequence[Any]) -> Any:
        """Return columns as a data frame, those of labels in the types given."""
        by_name = dict(zip(self.names, columns, strict=True))
        dtypes = {name: self.dtypes[name] for name in labels if name in self.dtypes}
        if hasattr(self.frame, "astype"):
            return self.frame(by_name).astype(dtypes)
        # polars does not look into arrays of objects for what they are.
        lists = {
            name: column.tolist() if column.dtype.kind == "O" else column
            for name, column in by_name.items()
        }
        return self.frame(lists, schema_overrides=dtypes)


def _own_dtypes(frame: Any) -> dict[Any, Any]:
    """Return the types of a data frame's columns that NumPy does not have, by name."""
    dtypes = frame.dtypes
    return {
        name: dtype
        for name, dtype in zip(frame.columns, dtypes, strict=True)
        if not isinstance(dtype, np.dtype)
    }


def with_index_of(X: Any, predicted: Any) -> Any:
    """Return predictions, those in a data frame with the index of the features."""
    if hasattr(X, "iloc") and hasattr(predicted, "iloc"):
        predicted.index = X.index
    return predicted


def _as_array(y: Any) -> Array:
    """Return targets that are no data frame as an array of one or two dimensions."""
    if y is None:
        raise ValueError(
            "MultiTaskMLP requires y to be passed, but the target y is None."
        )
    array = dense(without_loss(y))
    if array.ndim in (1, 2) and not len(array):
        raise ValueError("y expects at least one row, got none.")
    if array.ndim not in (1, 2):
        raise ValueError(
            f"y expects one or two dimensions, a column a task, got {array.ndim}."
        )
    return array
