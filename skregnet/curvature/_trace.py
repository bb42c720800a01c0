"""The trace of a matrix that is known by its products."""

from typing import Any

import numpy as np

from skregnet._kernels import Array
from skregnet._networks.matrix import as_operator, check_count


def trace(operator: Any, n_products: int = 60, *, random_state: Any = 0) -> float:
    """Estimate the trace of a matrix: the sum of its eigenvalues.

    By Hutch++: a third of the products find the directions of the large eigenvalues,
    whose part of the trace is exact; random signs estimate the rest. Exact where there
    are not more parameters than products.

    Parameters
    ----------
    operator : LinearOperator, array-like or sparse matrix
        A symmetric matrix of shape (n_parameters, n_parameters), such as a
        `HessianOperator`.
    n_products : int, default=60
        Number of products, at least 3.
    random_state : int or Generator, default=0
        Source of the random signs.

    Returns
    -------
    trace : float
        Without bias; the relative error of a positive semidefinite matrix falls as one
        over the number of products.

    Raises
    ------
    ValueError
        If there are fewer than 3 products.

    References
    ----------
    R. Meyer, C. Musco, C. Musco and D. Woodruff (2021). Hutch++: optimal stochastic
    trace estimation. SOSA.

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.curvature import trace
    >>> round(trace(np.diag([1.0, -5.0, 3.0])), 9)
    -1.0
    """
    operator = as_operator(operator)
    n_parameters = operator.shape[0]
    n_products = check_count("n_products", n_products, 3)
    if n_parameters <= n_products:
        return float(np.trace(operator.matmat(np.eye(n_parameters))))
    rng = np.random.default_rng(random_state)
    third = n_products // 3
    basis, _ = np.linalg.qr(operator.matmat(_signs(rng, n_parameters, third)))
    within = float(np.sum(basis * operator.matmat(basis)))
    probes = _signs(rng, n_parameters, n_products - 2 * third)
    probes -= basis @ (basis.T @ probes)
    rest = float(np.sum(probes * operator.matmat(probes))) / probes.shape[1]
    return within + rest


def _signs(rng: np.random.Generator, n_parameters: int, n_probes: int) -> Array:
    return rng.choice([-1.0, 1.0], size=(n_parameters, n_probes))
