"""Eigenvalues of a symmetric matrix that is known by its products."""

from typing import Any

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import LinearOperator, eigsh

from skregnet.curvature._matrix import DENSE, as_operator, check_count, dense
from skregnet.kernels import Array

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

    By Lanczos' method, which needs products only (ARPACK, through SciPy); up to 1,000
    parameters, and where most eigenvalues are asked for, by a dense decomposition.

    Parameters
    ----------
    operator : LinearOperator or array-like of shape (n_parameters, n_parameters)
        A symmetric matrix, such as a `HessianOperator`.
    k : int, default=10
        How many; all there are, if there are not as many.
    which : {'LM', 'SM', 'LA', 'SA', 'BE'}, default='LM'
        Those of largest or smallest magnitude, the algebraically largest or smallest,
        or half from either end. Lanczos' method is slow to find small magnitudes.
    return_eigenvectors : bool, default=False
        Whether to return the eigenvectors too.
    tol : float, default=0.0
        Relative accuracy of Lanczos' method; 0 for that of the machine.
    max_iter : int, default=None
        Most restarts of Lanczos' method; None for ten times the number of parameters.
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
        If there have been too many restarts.

    References
    ----------
    R. Lehoucq, D. Sorensen and C. Yang (1998). ARPACK users' guide. SIAM. The lecture's
    heading "Eigenvalues of The Hessian Matrix".

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
    # ARPACK leaves one out, and is slow where it is to find most of them.
    if n_parameters <= DENSE or 2 * k >= n_parameters:
        values, vectors = eigh(dense(operator, n_parameters))
        chosen = _choose(values, k, which)
    else:
        start = np.random.default_rng(random_state).standard_normal(n_parameters)
        values, vectors = _lanczos(
            operator, k, which, v0=start, tol=tol, maxiter=max_iter
        )
        chosen = np.argsort(values)
    chosen = chosen[::-1]
    if return_eigenvectors:
        return values[chosen], vectors[:, chosen]
    return values[chosen]


def _lanczos(
    operator: LinearOperator, k: int, which: str, *, v0: Array, **options: Any
) -> tuple[Array, Array]:
    """Return eigenvalues and eigenvectors, in cases that ARPACK refuses too."""
    if not operator.matvec(v0).any():
        return np.zeros(k), np.eye(len(v0), k)
    if which == "BE" and k == 1:
        which = "LA"
    values, vectors = eigsh(operator, k, which=which, v0=v0, **options)
    return values, vectors


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
