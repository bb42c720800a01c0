"""Symmetric matrices, written down or as operators."""

from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from skregnet.kernels import Array

# Up to so many parameters a matrix is written down and decomposed: it takes a second,
# and no iterations that may not converge.
DENSE = 1_000


def as_operator(matrix: Any) -> LinearOperator:
    """Return a square matrix of finite numbers as an operator."""
    if not isinstance(matrix, LinearOperator):
        matrix = np.asarray(matrix, dtype=np.float64)
        if not np.isfinite(matrix).all():
            raise ValueError("operator expects finite numbers, got others.")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.shape[0]:
        raise ValueError(
            "operator expects a symmetric matrix, or a LinearOperator such as "
            f"HessianOperator, got the shape {matrix.shape}."
        )
    return aslinearoperator(matrix)


def dense(operator: LinearOperator, max_parameters: int) -> Array:
    """Write an operator down, exactly symmetric, if it is not too large."""
    n_parameters = operator.shape[0]
    if n_parameters > max_parameters:
        raise ValueError(
            f"a matrix of {n_parameters} parameters takes "
            f"{8 * n_parameters**2 / 1e6:,.0f} MB, more than "
            f"max_parameters={max_parameters!r} allows; use HessianOperator, whose "
            "products take no such matrix, or raise max_parameters."
        )
    matrix: Array = operator.matmat(np.eye(n_parameters))
    matrix += matrix.T.copy()
    matrix *= 0.5
    return matrix


def check_count(name: str, value: Any, least: int = 1) -> int:
    """Return a whole number that is not too small."""
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or value < least:
        raise ValueError(f"{name} expects a whole number >= {least}, got {value!r}.")
    return int(value)
