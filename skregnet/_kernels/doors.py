"""Checks of arrays that come from outside, before unchecked code goes through them.

Loops that Numba compiles, SciPy's BLAS and SciPy's sparse products all trust the shapes
and the indices that they are given.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from skregnet._kernels.buffers import Array

FLOATS = frozenset({np.dtype(np.float32), np.dtype(np.float64)})
"""The precisions of the arithmetic."""


def check_precision(dtype: np.dtype) -> None:
    """Refuse parameters of another precision than those that updates have.

    Raises
    ------
    TypeError
        If it is not float32 or float64, in native byte order.
    """
    if dtype not in FLOATS:
        raise TypeError(
            "an optimizer expects parameters of dtype float32 or float64, got "
            f"{dtype}; convert them, for example by parameters.astype(float)."
        )


def check_vectors(vectors: Sequence[Array]) -> None:
    """Refuse vectors of an update that do not belong together.

    Parameters
    ----------
    vectors : sequence of ndarray of shape (n_members, n_parameters)
        Vectors, of which the second is only read, in a precision of its own; all others
        are written.

    Raises
    ------
    ValueError
        If they differ in shape or precision, or are read-only.
    TypeError
        If they are not arrays of real numbers.
    """
    first = vectors[0]
    for number, vector in enumerate(vectors):
        if not isinstance(vector, np.ndarray) or vector.dtype.kind not in "fiub":
            kind = getattr(vector, "dtype", type(vector).__name__)
            raise TypeError(f"an optimizer expects arrays of real numbers, got {kind}.")
        if vector.shape != first.shape or vector.ndim != 2:
            raise ValueError(
                "parameters, gradient and the optimizer's state expect one shape, "
                f"(n_members, n_parameters), got {[v.shape for v in vectors]}; start "
                "from the state that optimizer.init(parameters) returns."
            )
        if number == 1:
            continue
        if vector.dtype != first.dtype or not vector.flags.writeable:
            raise ValueError(
                f"parameters of dtype {first.dtype} expect a state of that dtype that "
                f"can be written, got {vector.dtype}"
                f"{'' if vector.flags.writeable else ', read-only'}; start from the "
                "state that optimizer.init(parameters) returns."
            )
    check_precision(first.dtype)


def check_rates(rates: Sequence[Any], n_members: int) -> None:
    """Refuse rates of other numbers of members.

    Raises
    ------
    ValueError
        If a rate is neither a number nor an array of shape (n_members, 1).
    """
    for rate in rates:
        if not isinstance(rate, np.ndarray) or not rate.ndim:
            continue
        if rate.shape not in ((1, 1), (n_members, 1)):
            raise ValueError(
                f"a rate expects a number, or an array of shape ({n_members}, 1), one "
                f"for each member, got shape {rate.shape}."
            )


# Where bit generators of NumPy stand within arrays of theirs, which it does not check.
_POSITIONS = {"pos": "key", "buffer_pos": "buffer"}


def check_positions(state: Any, name: str) -> None:
    """Refuse a state of a bit generator that stands beyond the numbers it has.

    Parameters
    ----------
    state : dict
        State of a bit generator of NumPy.
    name : str
        What it is the state of.

    Raises
    ------
    ValueError
        If a position in it is not within its array.
    """
    for position, array in _POSITIONS.items():
        if position in state and not 0 <= state[position] <= len(state[array]):
            raise ValueError(
                f"{name} expects a state of random numbers that is whole, got position "
                f"{state[position]!r} of {len(state[array])}; make it anew from a seed."
            )
    for value in state.values():
        if isinstance(value, dict):
            check_positions(value, name)


def check_indices(X: Any) -> None:
    """Refuse a sparse array whose indices point beyond its ends.

    Parameters
    ----------
    X : object
        What is checked; all but the sparse arrays of SciPy pass.

    Raises
    ------
    ValueError
        If the indices are not those of a sparse array of this shape.
    """
    fits = _FITS.get(getattr(X, "format", None))
    if fits is None or len(X.shape) != 2 or fits(X):
        return
    raise ValueError(
        f"X expects indices within its shape {X.shape}, got a sparse array in "
        f"{X.format.upper()} format whose indices point beyond it or do not belong to "
        "its values; build it again."
    )


def _compressed_fits(X: Any) -> bool:
    """Tell whether the indices of a CSR, CSC or BSR array stay within it."""
    n_major, n_minor = X.shape
    if X.format == "bsr":
        n_major, n_minor = n_major // X.blocksize[0], n_minor // X.blocksize[1]
    elif X.format == "csc":
        n_major, n_minor = n_minor, n_major
    indptr, indices = X.indptr, X.indices
    if indptr.shape != (n_major + 1,) or indptr.dtype.kind not in "iu" or indptr[0]:
        return False
    n_stored = int(indptr[-1])
    if (indptr[1:] < indptr[:-1]).any() or n_stored > min(len(indices), len(X.data)):
        return False
    return _within(indices[:n_stored], n_minor)


def _coordinates_fit(X: Any) -> bool:
    """Tell whether the coordinates of a COO array stay within it."""
    return all(
        len(indices) == len(X.data) and _within(indices, size)
        for indices, size in zip((X.row, X.col), X.shape, strict=True)
    )


def _diagonals_fit(X: Any) -> bool:
    """Tell whether a DIA array has an offset for each of its diagonals."""
    return X.data.ndim == 2 and X.offsets.shape == X.data.shape[:1]


def _lists_fit(X: Any) -> bool:
    """Tell whether the lists of a LIL array belong together and stay within it."""
    n_rows, n_columns = X.shape
    return X.rows.shape == X.data.shape == (n_rows,) and all(
        len(columns) == len(values) and all(0 <= k < n_columns for k in columns)
        for columns, values in zip(X.rows, X.data, strict=True)
    )


def _within(indices: Array, size: int) -> bool:
    """Tell whether indices are whole numbers from 0 to below a size."""
    if indices.ndim != 1 or indices.dtype.kind not in "iu":
        return False
    return not len(indices) or bool(indices.min() >= 0 and indices.max() < size)


_FITS: dict[Any, Callable[[Any], bool]] = {
    "csr": _compressed_fits,
    "csc": _compressed_fits,
    "bsr": _compressed_fits,
    "coo": _coordinates_fit,
    "dia": _diagonals_fit,
    "lil": _lists_fit,
}
