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
        dtypes = [column.dtype for column in frame.iter_columns()]
        floats = [dtype for dtype in dtypes if dtype.is_float()]
        return bool(floats) and all(dtype == nw.Float32 for dtype in floats)
    return bool(getattr(X, "dtype", None) == np.float32)
