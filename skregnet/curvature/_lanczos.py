"""Extreme eigenvalues of a symmetric operator by Lanczos' method, restarted.

The basis is kept orthonormal and small: once it is full, the Ritz vectors nearest to
those asked for start the next one (thick restart). What counts as converged is relative
to the largest magnitude, since rounding is: an eigenvalue of 0 has no accuracy of its
own. From one start the method finds one eigenvector of each eigenvalue, and none that
the start has no part in; so what is found is tried against new random directions, until
these add nothing.

References
----------
K. Wu and H. Simon (2000). Thick-restart Lanczos method for large symmetric eigenvalue
problems. SIAM Journal on Matrix Analysis and Applications 22(2).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import ArpackNoConvergence

from skregnet._kernels import Array
from skregnet._networks.matrix import CheckedOperator, power_of_two

Chooser = Callable[[Array, int], Array]
"""From ascending values to the places of so many of them."""

# Vectors of the basis beyond twice those asked for, and the least of them all.
_SPARE = 10
_LEAST_VECTORS = 30

# A vector that loses more of its length than this is not yet orthogonal to others.
_KEPT = 0.7

# Rounding of a residual, in units of the accuracy of products.
_ROUNDING = 10

# Values count as equal that differ by so much, in the same units.
_SPREAD = 100


def extreme_eigenvectors(
    operator: CheckedOperator,
    k: int,
    choose: Chooser,
    rng: np.random.Generator,
    *,
    tol: float,
    max_restarts: int,
) -> tuple[Array, Array, bool]:
    """Return eigenvalues, ascending, eigenvectors as columns, and whether all is tried.

    Parameters
    ----------
    operator : CheckedOperator
        The matrix.
    k : int
        How many, fewer than there are.
    choose : callable
        Which ones.
    rng : Generator
        Source of the start, and of further directions.
    tol : float
        Length of the residuals, relative to the largest magnitude.
    max_restarts : int
        Most restarts.

    Raises
    ------
    ArpackNoConvergence
        If not all have converged after so many restarts.
    """
    n_vectors = min(operator.shape[0], max(2 * k + _SPARE, _LEAST_VECTORS))
    tol = max(tol, _ROUNDING * operator.accuracy)
    basis = _Basis(operator, n_vectors, rng)
    found: Array | None = None
    for _ in range(max_restarts):
        ritz = basis.solve()
        wanted = ritz.chosen(choose, k)
        margin = tol * float(np.abs(ritz.values).max())
        converged = wanted[ritz.residuals[wanted] <= margin]
        kept = choose(ritz.values, k + (n_vectors - k) // 2)
        if len(converged) == k:
            is_new = found is None or _differ(found, ritz.values[wanted], margin)
            if basis.is_whole or not (is_new or _may_grow(ritz, choose, k, margin)):
                return *basis.eigenvectors(wanted, ritz), True
            if is_new:
                found, kept = ritz.values[wanted], wanted
        final = basis.eigenvectors(converged, ritz)
        basis.restart(kept, ritz)
        if len(kept) == k:
            basis.turn()
    if len(converged) == k:
        return *final, False
    raise ArpackNoConvergence(
        f"Lanczos' method has found {len(converged)} of {k} eigenvalues in "
        f"{max_restarts} restarts; raise tol or max_iter, or write the matrix down.",
        *final,
    )


class _Ritz(NamedTuple):
    """Eigenvalues along a basis, ascending, with their coordinates as columns."""

    values: Array
    coordinates: Array
    residuals: Array
    """Distance of each, at most, from an eigenvalue of the matrix."""
    clusters: list[Array]
    """Places of equal values, of which the last has what residual there is."""

    def chosen(self, choose: Chooser, k: int) -> Array:
        """Return the places of k values, of equal ones those without a residual."""
        places = set(choose(self.values, k).tolist())
        for cluster in self.clusters:
            left = [place for place in cluster.tolist() if place not in places]
            if left and cluster[-1] in places:
                places.remove(int(cluster[-1]))
                places.add(left[-1])
        return np.array(sorted(places), dtype=np.intp)


def _turned(coordinates: Array) -> Array:
    """Return columns that span the same, all but the last of which end in zero.

    By a reflection (Householder), so that of equal eigenvalues one takes the residual.
    """
    ends = coordinates[-1]
    mirror = ends.copy()
    mirror[-1] += np.copysign(np.linalg.norm(ends), ends[-1])
    square = float(mirror @ mirror)
    if len(ends) == 1 or not square:
        return coordinates
    turned: Array = coordinates - np.outer(coordinates @ mirror, mirror) * (2 / square)
    turned[-1, :-1] = 0
    return turned


def _differ(values: Array, others: Array, margin: float) -> bool:
    """Return whether values differ by more than their errors."""
    return bool((np.abs(values - others) > 10 * margin).any())


def _may_grow(ritz: _Ritz, choose: Chooser, k: int, margin: float) -> bool:
    """Return whether those next to the chosen may still become as extreme as these."""
    chosen = ritz.chosen(choose, k)
    others = np.setdiff1d(ritz.chosen(choose, k + 2), chosen)
    gaps = np.minimum(
        np.abs(np.subtract.outer(ritz.values[others], ritz.values[chosen])),
        np.abs(
            np.subtract.outer(np.abs(ritz.values[others]), np.abs(ritz.values[chosen]))
        ),
    ).min(axis=1)
    return bool((ritz.residuals[others] > np.maximum(margin, 0.5 * gaps)).any())


class _Basis:
    """Orthonormal vectors, one a row, and the matrix that an operator is along them.

    The matrix is scaled by a power of 2, so that squares neither over- nor underflow.
    """

    def __init__(
        self, operator: CheckedOperator, n_vectors: int, rng: np.random.Generator
    ) -> None:
        n_parameters = operator.shape[0]
        self._operator = operator
        self._rng = rng
        self._n_vectors = n_vectors
        self._rows = np.empty((n_vectors, n_parameters))
        self._count = 0
        self._matrix = np.zeros((n_vectors, n_vectors))
        self._residual = 0.0
        self._next = self._new_direction()
        self._scale = power_of_two(operator.matvec(self._next))

    @property
    def is_whole(self) -> bool:
        """Whether the basis is one of the whole space."""
        return self._n_vectors == self._rows.shape[1]

    def solve(self) -> _Ritz:
        """Add vectors until there are as many as there may be, and solve along them."""
        while self._count < self._n_vectors:
            row = self._count
            self._rows[row] = self._next
            self._count += 1
            product = self._scale * self._operator.matvec(self._next)
            along = self._vectors @ product
            self._matrix[row, : row + 1] = along
            self._matrix[: row + 1, row] = along
            if self._count < self._rows.shape[1]:
                self._next, self._residual = self._orthonormal(product)
            else:
                self._residual = 0.0
        values, coordinates = eigh(self._matrix)
        spread = _SPREAD * self._operator.accuracy * float(np.abs(values).max())
        starts = np.flatnonzero(np.diff(values) > spread) + 1
        clusters = np.split(np.arange(len(values)), starts)
        for places in clusters:
            coordinates[:, places] = _turned(coordinates[:, places])
        residuals = self._residual * np.abs(coordinates[-1])
        return _Ritz(values, coordinates, residuals, clusters)

    def eigenvectors(self, places: Array, ritz: _Ritz) -> tuple[Array, Array]:
        """Return eigenvalues of the matrix itself, and eigenvectors as columns."""
        values = ritz.values[places] / self._scale
        return values, self._vectors.T @ ritz.coordinates[:, places]

    def restart(self, kept: Array, ritz: _Ritz) -> None:
        """Keep some Ritz vectors, and go on from these."""
        vectors = ritz.coordinates[:, kept].T @ self._vectors
        self._count = len(kept)
        self._rows[: self._count] = vectors
        self._matrix[...] = 0
        np.fill_diagonal(self._matrix[: self._count], ritz.values[kept])

    def turn(self) -> None:
        """Go on in a new direction, since what is kept has converged."""
        self._next = self._new_direction()

    @property
    def _vectors(self) -> Array:
        return self._rows[: self._count]

    def _new_direction(self) -> Array:
        drawn = self._rng.standard_normal(self._rows.shape[1])
        return self._orthonormal(drawn)[0]

    def _orthonormal(self, vector: Array) -> tuple[Array, float]:
        """Return a unit vector orthogonal to the basis, and how long it was."""
        before = float(np.linalg.norm(vector))
        residual = None
        while True:
            vector = vector - self._vectors.T @ (self._vectors @ vector)
            length = float(np.linalg.norm(vector))
            residual = length if residual is None else residual
            if not length:
                return self._new_direction(), 0.0
            vector = vector / length
            if length > _KEPT * before:
                return vector, residual
            before = 1.0
