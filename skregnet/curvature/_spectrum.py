"""Eigenvalues of a symmetric matrix that is known by its products."""

from functools import partial
from typing import Any

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import ArpackNoConvergence

from skregnet._kernels import Array
from skregnet._networks.matrix import (
    DENSE,
    CheckedOperator,
    as_operator,
    check_count,
    dense,
)
from skregnet.curvature._lanczos import extreme_eigenvectors

# Largest matrix that is written down where products have not sufficed: 200 MB.
LARGEST_DENSE = 5_000

_WHICH = ("LM", "SM", "LA", "SA", "BE")


def eigenvalues(
    operator: Any,
    k: int = 10,
    which: str = "LM",
    *,
    return_eigenvectors: bool = False,
    tol: float = 0.0,
    max_iter: int | None = None,
    random_state: Any = 0,
) -> Any:
    """Return extreme eigenvalues: curvatures along the directions of their vectors.

    By Lanczos' method, which needs products only; up to 1,000 parameters, and where
    most eigenvalues are asked for, by a dense decomposition, and up to 5,000 parameters
    also where Lanczos' method has not converged after as many products as a dense
    matrix takes.

    Parameters
    ----------
    operator : LinearOperator, array-like or sparse matrix
        A symmetric matrix of shape (n_parameters, n_parameters), such as a
        `HessianOperator`; real, and symmetric to rounding.
    k : int, default=10
        How many; all there are, if there are not as many.
    which : {'LM', 'SM', 'LA', 'SA', 'BE'}, default='LM'
        Those of largest or smallest magnitude, the algebraically largest or smallest,
        or half from either end. Lanczos' method is slow to find small magnitudes.
    return_eigenvectors : bool, default=False
        Whether to return the eigenvectors too.
    tol : float, default=0.0
        Accuracy of Lanczos' method, relative to the largest magnitude; 0 for that of
        the operator's dtype.
    max_iter : int, default=None
        Most restarts of Lanczos' method, each of about `k` products, at least ten; None
        for as many as a dense matrix takes, and ten times these above 5,000 parameters.
    random_state : int or Generator, default=0
        Where Lanczos' method starts.

    Returns
    -------
    values : ndarray of shape (k,)
        From the algebraically largest to the smallest.
    vectors : ndarray of shape (n_parameters, k)
        Unit eigenvectors as columns; only with `return_eigenvectors`.

    Raises
    ------
    ValueError
        If an argument is not as described.
    scipy.sparse.linalg.ArpackNoConvergence
        If there have been `max_iter` restarts, or as many as None stands for above
        5,000 parameters.

    References
    ----------
    K. Wu and H. Simon (2000). Thick-restart Lanczos method for large symmetric
    eigenvalue problems. SIAM Journal on Matrix Analysis and Applications 22(2). The
    lecture's heading "Eigenvalues of The Hessian Matrix".

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.curvature import eigenvalues
    >>> eigenvalues(np.diag([1.0, -5.0, 3.0]), k=2).round(6)
    array([ 3., -5.])
    """
    operator = as_operator(operator)
    n_parameters = operator.shape[0]
    k = min(check_count("k", k), n_parameters)
    if which not in _WHICH:
        raise ValueError(f"which expects one of {_WHICH}, got which={which!r}.")
    # Lanczos' method is slow where it is to find most of them.
    if n_parameters <= DENSE or 2 * k >= n_parameters:
        values, vectors = _of_dense(operator, k, which)
    else:
        rng = np.random.default_rng(random_state)
        values, vectors = _by_products(
            operator, k, which, rng, tol=tol, max_iter=max_iter
        )
    if return_eigenvectors:
        return values[::-1], vectors[:, ::-1]
    return values[::-1]


def _by_products(
    operator: CheckedOperator,
    k: int,
    which: str,
    rng: np.random.Generator,
    *,
    tol: float,
    max_iter: int | None,
) -> tuple[Array, Array]:
    """Return eigenvalues and eigenvectors by Lanczos' method, or by all products.

    Where nobody says how long it may take, it may take as many products as there are
    parameters: then it costs no more to write the matrix down, if it is not too large.
    """
    n_parameters = operator.shape[0]
    may_write = max_iter is None and n_parameters <= LARGEST_DENSE
    if max_iter is None:
        # A restart adds about as many vectors as are asked for, at least ten.
        max_iter = max(10, (1 if may_write else 10) * n_parameters // max(10, k))
    try:
        *found, is_tried = extreme_eigenvectors(
            operator,
            k,
            partial(_choose, which=which),
            rng,
            tol=tol,
            max_restarts=max_iter,
        )
    except ArpackNoConvergence:
        if not may_write:
            raise
        is_tried = False
    if may_write and not is_tried:
        return _of_dense(operator, k, which)
    return found[0], found[1]


def _of_dense(operator: CheckedOperator, k: int, which: str) -> tuple[Array, Array]:
    """Return eigenvalues, ascending, and eigenvectors of the matrix written down."""
    values, vectors = eigh(dense(operator, operator.shape[0]))
    chosen = _choose(values, k, which)
    return values[chosen], vectors[:, chosen]


def _choose(values: Array, k: int, which: str) -> Array:
    """Return the places of k of the values, which ascend, in that order."""
    places = np.arange(len(values))
    if which == "SA":
        return places[:k]
    if which == "LA":
        return places[len(values) - k :]
    if which == "BE":
        below = k // 2
        return np.concatenate([places[:below], places[len(values) - k + below :]])
    by_magnitude = np.argsort(np.abs(values), kind="stable")
    chosen = by_magnitude[:k] if which == "SM" else by_magnitude[len(values) - k :]
    ascending: Array = np.sort(chosen)
    return ascending
