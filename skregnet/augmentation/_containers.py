"""Arrays put into containers like those that data came in."""

from typing import Any

from scipy import sparse

from skregnet._sklearn.private import (
    _get_adapter_from_container,
    is_pandas_df,
    is_pandas_df_or_series,
    is_polars_df,
    is_polars_df_or_series,
)


def in_frame_like(values: Any, given: Any) -> Any:
    """Return rows in a data frame if they came in one, else as they are.

    Columns keep their names, and their types where those are floats. Rows are numbered
    anew.
    """
    if not (is_pandas_df(given) or is_polars_df(given)):
        return values
    adapter = _get_adapter_from_container(given)
    frame = adapter.create_container(values, None, given.columns)
    if is_polars_df(given):
        floats = {name: kind for name, kind in given.schema.items() if kind.is_float()}
        return frame.cast(floats)
    are_floats = [kind.kind == "f" for kind in given.dtypes]
    return frame.astype(given.dtypes.where(are_floats, frame.dtypes.to_numpy()))


def in_container_like(values: Any, given: Any) -> Any:
    """Return rows or targets as a frame, a series, a list or a sparse matrix too."""
    if isinstance(given, list):
        return values.tolist()
    if is_pandas_df(given) or is_polars_df(given):
        return in_frame_like(values, given)
    if is_pandas_df_or_series(given):
        return type(given)(values, name=given.name, dtype=given.dtype)
    if is_polars_df_or_series(given):
        return type(given)(given.name, values, dtype=given.dtype)
    return type(given)(values) if sparse.issparse(given) else values


def dense_frame(X: Any) -> Any:
    """Return a pandas frame of sparse columns as a dense one, others as they are."""
    return X.sparse.to_dense() if is_pandas_df(X) and hasattr(X, "sparse") else X
