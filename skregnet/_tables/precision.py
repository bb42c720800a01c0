"""The precision of tables, in which predictions are given."""

from typing import Any

import narwhals as nw
import numpy as np


def is_single(X: Any) -> bool:
    """Return whether the floats of a table are all of single precision.

    Parameters
    ----------
    X : data frame or array-like of shape (n_rows, n_features)
        The table. Columns of other types, such as integers and categories, do not
        count; without any of floats it is not of single precision.
    """
    if nw.dependencies.is_into_dataframe(X) and not isinstance(X, np.ndarray):
        frame = nw.from_native(X, eager_only=True)
        # Not by its schema, for which pandas changes the filters of warnings.
        sizes = [size for c in frame.iter_columns() if (size := _size_of_floats(c))]
        return bool(sizes) and set(sizes) == {4}
    return bool(getattr(X, "dtype", None) == np.float32)


def _size_of_floats(column: Any) -> int:
    """Return the bytes of each float of a column, 0 if it is not one of floats."""
    native = column.to_native()
    if hasattr(native, "sparse"):  # pandas
        dtype = native.dtype.subtype
        return dtype.itemsize if dtype.kind == "f" else 0
    if not column.dtype.is_float():
        return 0
    return 4 if column.dtype == nw.Float32 else 8
