"""Symmetric matrices, written down or as operators."""

from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from skregnet._kernels import Array

# Up to so many parameters a matrix is written down and decomposed: it takes a second,
# and no iterations that may not converge.
DENSE = 1_000

# Asymmetry up to this share of the largest element is rounding, or that of differences.
_ASYMMETRY = 1e-5

# Columns that are multiplied at once.
_BLOCK_COLUMNS = 256


class CheckedOperator(LinearOperator):
    """A symmetric operator whose products are real, finite and of the right shape.

    Parameters
    ----------
    operator : LinearOperator
        The operator itself. Its symmetry is tried before its first product, unless it
        is its own adjoint.

    Attributes
    ----------
    accuracy : float
        Relative accuracy of its products, by its dtype.
    """

    def __init__(self, operator: LinearOperator) -> None:
        super().__init__(np.float64, operator.shape)
        self._operator = operator
        self._is_tried = operator.H is operator
        self._goes_by_columns = False
        kind = np.dtype(operator.dtype)
        self.accuracy = float(
            max(np.finfo(t).eps for t in (kind, np.float64) if np.dtype(t).kind == "f")
        )

    def _matvec(self, x: Array) -> Array:
        return self._matmat(x.reshape(-1, 1))[:, 0]

    def _matmat(self, X: Array) -> Array:
        if not self._is_tried:
            self._is_tried = True
            self._try_symmetry()
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                products = self._multiplied(X).reshape(X.shape)
        except ValueError as error:
            raise ValueError(
                f"operator expects products of shape {X.shape}, as it says by its "
                f"shape {self.shape}; {error}"
            ) from error
        if not np.isfinite(products).all():
            raise ValueError(
                "operator expects products that are finite, got others; its numbers "
                "are not finite, or so large that products overflow."
            )
        return products

    def _adjoint(self) -> "CheckedOperator":
        return self

    def _multiplied(self, X: Array) -> Array:
        """Return products with all columns at once, or one by one."""
        name = "products of operator"
        if X.shape[1] > 1 and not self._goes_by_columns:
            try:
                return real_numbers(self._operator.matmat(X), name)
            except (IndexError, TypeError, ValueError):
                # SciPy hands columns of shape (n, 1) to a `matvec` that may take (n,).
                self._goes_by_columns = True
        products = [self._operator.matvec(np.ascontiguousarray(x)) for x in X.T]
        return real_numbers(np.column_stack(products), name)

    def _try_symmetry(self) -> None:
        """Refuse an operator whose products with two vectors are not symmetric."""
        tried = np.random.default_rng(0).standard_normal((self.shape[0], 2))
        products = self._matmat(tried)
        products = products * power_of_two(products)
        crossed = tried.T @ products
        sizes = np.linalg.norm(tried, axis=0) * np.linalg.norm(products, axis=0)[::-1]
        if abs(crossed[0, 1] - crossed[1, 0]) > _ASYMMETRY * sizes.max():
            raise ValueError(_ASYMMETRIC)


def real_numbers(values: Any, name: str) -> Array:
    """Return values in float64, or refuse complex numbers and what is no number."""
    found = np.asarray(values)
    if found.dtype.kind not in "biufO":
        raise ValueError(f"{name} expects real numbers, got the dtype {found.dtype}.")
    try:
        return found.astype(np.float64, copy=False)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} expects real numbers, got others: {error}.") from None


def as_operator(matrix: Any) -> CheckedOperator:
    """Return a symmetric matrix of finite numbers as an operator.

    Parameters
    ----------
    matrix : object
        An array-like, a sparse matrix or array, a LinearOperator, or any object that
        has a shape and `matvec`.
    """
    if isinstance(matrix, CheckedOperator):
        return matrix
    if sparse.issparse(matrix):
        _check_dtype(matrix.dtype)
        matrix = matrix.tocsr().astype(np.float64)
    elif not hasattr(matrix, "matvec"):
        matrix = real_numbers(matrix, "operator")
    shape = tuple(matrix.shape)
    if len(shape) != 2 or shape[0] != shape[1] or not shape[0]:
        raise ValueError(
            "operator expects a symmetric matrix, or a LinearOperator such as "
            f"HessianOperator, got the shape {shape}."
        )
    if not hasattr(matrix, "matvec"):
        return CheckedOperator(_Written(_symmetric(matrix)))
    operator = aslinearoperator(matrix)
    _check_dtype(np.dtype(operator.dtype))
    return CheckedOperator(operator)


class _Written(LinearOperator):
    """A symmetric matrix that is written down, dense or CSR."""

    def __init__(self, matrix: Any) -> None:
        super().__init__(np.float64, matrix.shape)
        self._matrix = matrix

    def _matmat(self, X: Array) -> Array:
        product: Array = self._matrix @ X
        return product

    def _matvec(self, x: Array) -> Array:
        return self._matmat(x.reshape(-1))

    def _adjoint(self) -> "_Written":
        return self


def _symmetric(matrix: Any) -> Any:
    """Return a dense or CSR matrix of finite numbers, without asymmetry of rounding."""
    values = matrix.data if sparse.issparse(matrix) else matrix
    if not np.isfinite(values).all():
        raise ValueError("operator expects finite numbers, got others.")
    # Halves first: sums of large numbers would overflow.
    half = 0.5 * matrix
    if abs(half - half.T).max() > _ASYMMETRY * abs(half).max():
        raise ValueError(_ASYMMETRIC)
    return half + half.T


_ASYMMETRIC = (
    "operator expects a symmetric matrix, got one that differs from its transpose; "
    "pass (matrix + matrix.T) / 2 if that is meant."
)


def _check_dtype(dtype: np.dtype) -> None:
    """Refuse matrices of complex numbers and of no numbers."""
    if dtype.kind not in "biufO":
        raise ValueError(f"operator expects real numbers, got the dtype {dtype}.")


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
    matrix = np.empty((n_parameters, n_parameters))
    for start in range(0, n_parameters, _BLOCK_COLUMNS):
        stop = min(start + _BLOCK_COLUMNS, n_parameters)
        columns = np.eye(n_parameters, stop - start, -start)
        matrix[:, start:stop] = operator.matmat(columns)
    # Halves first: sums of large numbers would overflow.
    matrix *= 0.5
    matrix += matrix.T.copy()
    return matrix


def power_of_two(values: Array) -> float:
    """Return the power of 2 that scales finite values to magnitudes of about 1."""
    largest = float(np.abs(values).max(initial=0.0))
    if not largest:
        return 1.0
    return float(np.ldexp(1.0, int(np.clip(-np.frexp(largest)[1], -1022, 1023))))


def check_count(name: str, value: Any, least: int = 1) -> int:
    """Return a whole number that is not too small."""
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or value < least:
        raise ValueError(f"{name} expects a whole number >= {least}, got {value!r}.")
    return int(value)
