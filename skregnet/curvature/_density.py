"""How the eigenvalues of a matrix that is known by its products are distributed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.sparse.linalg import LinearOperator

from skregnet._kernels import Array
from skregnet._networks.matrix import as_operator, check_count

# Share of the largest magnitude below which a residual is rounding.
_EXHAUSTED = 1e-10


@dataclass(frozen=True)
class SpectralDensity:
    """An estimate of the distribution of eigenvalues.

    Parameters
    ----------
    nodes : ndarray of shape (n_nodes,)
        Eigenvalues that stand for all, ascending.
    weights : ndarray of shape (n_nodes,)
        The share of the eigenvalues that each stands for; they sum to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.curvature import SpectralDensity
    >>> density = SpectralDensity(np.array([1.0, 5.0]), np.array([0.9, 0.1]))
    >>> density.at([1.0, 5.0], width=0.1).round(2)
    array([3.59, 0.4 ])
    """

    nodes: Array
    weights: Array

    def at(self, values: Any, width: float) -> Array:
        """Return the density at given values, each node smoothed by a normal curve.

        Parameters
        ----------
        values : array-like of shape (n_values,)
            Where to look.
        width : float
            Standard deviation of the normal curves, above 0.

        Returns
        -------
        density : ndarray of shape (n_values,)
            Of integral 1 over all values.
        """
        if not width > 0:
            raise ValueError(f"width expects a number > 0, got width={width!r}.")
        distances = (np.asarray(values, dtype=np.float64)[:, np.newaxis]) - self.nodes
        curves = np.exp(-0.5 * (distances / width) ** 2)
        density: Array = curves @ self.weights / (width * np.sqrt(2 * np.pi))
        return density


def spectral_density(
    operator: Any, n_steps: int = 60, n_probes: int = 8, *, random_state: Any = 0
) -> SpectralDensity:
    """Estimate how eigenvalues are distributed, by stochastic Lanczos quadrature.

    From each of some random vectors Lanczos' method makes a small tridiagonal matrix,
    whose eigenvalues and the first elements of whose eigenvectors are nodes and weights
    of a Gaussian quadrature. All probes run at once, with full reorthogonalisation.

    Parameters
    ----------
    operator : LinearOperator, array-like or sparse matrix
        A symmetric matrix of shape (n_parameters, n_parameters), such as a
        `HessianOperator`.
    n_steps : int, default=60
        Products for each probe, at most the number of parameters.
    n_probes : int, default=8
        Number of random vectors, over which the result is averaged.
    random_state : int or Generator, default=0
        Source of the random vectors.

    Returns
    -------
    density : SpectralDensity
        Nodes and weights.

    Raises
    ------
    ValueError
        If a number is below 1.

    Notes
    -----
    Lanczos vectors of all probes are kept: ``8 * n_steps * n_probes * n_parameters``
    bytes.

    References
    ----------
    S. Ubaru, J. Chen and Y. Saad (2017). Fast estimation of tr(f(A)) via stochastic
    Lanczos quadrature. SIAM Journal on Matrix Analysis and Applications 38(4).

    B. Ghorbani, S. Krishnan and Y. Xiao (2019). An investigation into neural net
    optimization via Hessian eigenvalue density. ICML.

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.curvature import spectral_density
    >>> density = spectral_density(np.diag([1.0] * 90 + [5.0] * 10), n_probes=50)
    >>> round(float(density.weights[density.nodes > 3].sum()), 1)
    0.1
    """
    operator = as_operator(operator)
    n_steps = min(check_count("n_steps", n_steps), operator.shape[0])
    n_probes = check_count("n_probes", n_probes)
    rng = np.random.default_rng(random_state)
    nodes, weights = [], []
    for diagonal, off_diagonal in _tridiagonals(operator, n_steps, n_probes, rng):
        values, vectors = eigh_tridiagonal(diagonal, off_diagonal)
        nodes.append(values)
        weights.append(vectors[0] ** 2 / n_probes)
    all_nodes = np.concatenate(nodes)
    order = np.argsort(all_nodes)
    return SpectralDensity(all_nodes[order], np.concatenate(weights)[order])


def _tridiagonals(
    operator: LinearOperator, n_steps: int, n_probes: int, rng: np.random.Generator
) -> list[tuple[Array, Array]]:
    """Return diagonals of the matrix that Lanczos' method makes of each probe."""
    n_parameters = operator.shape[0]
    basis = np.zeros((n_steps, n_probes, n_parameters))
    probes = rng.choice([-1.0, 1.0], size=(n_probes, n_parameters))
    basis[0] = probes / np.sqrt(n_parameters)
    alphas, betas = np.zeros((n_probes, n_steps)), np.zeros((n_probes, n_steps))
    for step in range(n_steps):
        residuals = operator.matmat(basis[step].T).T
        alphas[:, step] = np.einsum("pi,pi->p", residuals, basis[step])
        # Twice is enough (Kahan and Parlett): rounding leaves nothing of the basis.
        for _ in range(2):
            shares = np.einsum("spi,pi->sp", basis[: step + 1], residuals)
            residuals = residuals - np.einsum("sp,spi->pi", shares, basis[: step + 1])
        betas[:, step] = np.linalg.norm(residuals, axis=1)
        if step + 1 < n_steps:
            scale = np.where(betas[:, step] > 0, betas[:, step], 1.0)
            basis[step + 1] = residuals / scale[:, np.newaxis]
    return [
        _until_exhausted(alpha, beta) for alpha, beta in zip(alphas, betas, strict=True)
    ]


def _until_exhausted(alpha: Array, beta: Array) -> tuple[Array, Array]:
    """Cut off what follows once a probe has no more eigenvectors."""
    scale = np.abs(alpha).max() + beta.max()
    ends = np.flatnonzero(beta <= _EXHAUSTED * scale)
    n_steps = int(ends[0]) + 1 if len(ends) else len(alpha)
    return alpha[:n_steps], beta[: n_steps - 1]
