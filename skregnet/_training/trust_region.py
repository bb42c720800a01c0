"""The minimum of a quadratic within a radius, given only matrix-vector products.

Lanczos' method reduces the matrix ``H`` to a tridiagonal ``T = Q.T @ H @ Q``, of which
all eigenvalues are known. So the minimum of ``g @ s + s @ H @ s / 2`` over the steps
``s = Q @ h`` of at most a given length is exact, where it lies inside and where it lies
on the boundary, negative curvature included. The basis ``Q`` is kept orthonormal, so
that it ends where the matrix has no more directions.

References
----------
N. Gould, S. Lucidi, M. Roma and P. Toint (1999). Solving the trust-region subproblem
using the Lanczos method. SIAM Journal on Optimization 9(2).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.optimize import brentq

from skregnet._kernels import Array

Product = Callable[[Array], Array]
"""From a direction to its product with the matrix, both of shape (n_parameters,)."""

_EPSILON = float(np.finfo(np.float64).eps)

# A residual of this share of the matrix is rounding: there are no more directions.
_EXHAUSTED = 1e-14

# Most numbers in a basis, 160 MB of them, but at least so many vectors.
_MOST_NUMBERS = 20_000_000
_LEAST_VECTORS = 20

# Relative accuracy of the shift of steps that end on the boundary.
_ACCURACY = 1e-10

# Growth of the basis between two solutions within it.
_GROWTH = 1.1


class Step(NamedTuple):
    """A step within the radius."""

    move: Array
    """The step, of shape (n_parameters,)."""
    expected: float
    """How much lower the quadratic is there, above 0."""
    is_bounded: bool
    """Whether it ends on the boundary."""


@np.errstate(all="ignore")
def step_within(product: Product, gradient: Array, radius: float) -> Step:
    """Return the step that minimizes the quadratic within the radius.

    The residual of the step is at most ``min(0.5, sqrt(size)) * size`` inside, where
    ``size`` is the length of the gradient, which makes Newton's method superlinear.

    Parameters
    ----------
    product : callable
        Returns products with the symmetric matrix of the quadratic.
    gradient : ndarray of shape (n_parameters,)
        Its gradient at the start, not zero.
    radius : float
        Largest Euclidean length of the step.
    """
    size = float(np.linalg.norm(gradient))
    basis = _Basis(gradient / size)
    tolerance = min(0.5, np.sqrt(size)) * size
    n_checked = 0.0
    while True:
        residual = basis.extend(product)
        is_last = residual is None
        if not is_last and len(basis) < _GROWTH * n_checked:
            continue
        n_checked = len(basis)
        step, expected, is_bounded = _tridiagonal_step(*basis.tridiagonal, size, radius)
        if is_last or not residual * abs(step[-1]) > tolerance:
            return Step(basis.vectors.T @ step, expected, is_bounded)


class _Basis:
    """Orthonormal vectors that Lanczos' method finds, and the matrix along them."""

    def __init__(self, start: Array) -> None:
        n_parameters = len(start)
        most = max(_LEAST_VECTORS, _MOST_NUMBERS // n_parameters)
        self._most = min(n_parameters, most)
        self._rows = np.empty((min(self._most, 16), n_parameters))
        self._next: Array = start
        self._diagonal: list[float] = []
        self._off_diagonal: list[float] = []

    def __len__(self) -> int:
        """Return the number of vectors."""
        return len(self._diagonal)

    @property
    def vectors(self) -> Array:
        """The vectors, of shape (n_vectors, n_parameters)."""
        return self._rows[: len(self)]

    @property
    def tridiagonal(self) -> tuple[Array, Array]:
        """Diagonal and off-diagonal of the matrix along the vectors."""
        n_vectors = len(self)
        return np.array(self._diagonal), np.array(self._off_diagonal[: n_vectors - 1])

    def extend(self, product: Product) -> float | None:
        """Add a vector, and return what follows from it; None where it is the last."""
        count = len(self)
        if count == len(self._rows):
            grown = np.empty((min(2 * count, self._most), self._rows.shape[1]))
            grown[:count] = self._rows
            self._rows = grown
        self._rows[count] = self._next
        residual = product(self._next)
        if not np.isfinite(residual).all():
            # Where second derivatives overflow, the loss counts as linear.
            residual = np.zeros_like(residual)
        self._diagonal.append(float(self._next @ residual))
        # Twice is enough (Kahan and Parlett): rounding leaves nothing of the basis.
        for _ in range(2):
            residual = residual - self.vectors.T @ (self.vectors @ residual)
        length = float(np.linalg.norm(residual))
        largest = max(map(abs, (*self._diagonal, *self._off_diagonal)))
        if len(self) == self._most or not length > _EXHAUSTED * largest:
            return None
        self._off_diagonal.append(length)
        self._next = residual / length
        return length


def _tridiagonal_step(
    diagonal: Array, off_diagonal: Array, size: float, radius: float
) -> tuple[Array, float, bool]:
    """Return the minimum within the radius, the fall to it, and whether it is bounded.

    Of ``size * h[0] + h @ T @ h / 2``: ``h = -size * inv(T + shift * I)[0]``, where the
    shift is 0 inside, and on the boundary the least that makes the matrix positive
    semidefinite and the step as long as the radius.
    """
    values, vectors = eigh_tridiagonal(diagonal, off_diagonal)
    slopes = size * vectors[0]
    lowest, largest = values[0], np.abs(values).max()

    def length(shift: float) -> float:
        return float(np.linalg.norm(slopes / (values + shift)))

    least = max(0.0, -lowest) + _EPSILON * largest
    shift = 0.0 if lowest > _EPSILON * largest else least
    is_bounded = length(shift) > radius or lowest < 0
    if length(shift) > radius:
        most = least + 2 * size / radius + largest
        if not np.isfinite(most):
            # Beside such a slope the curvature does not matter.
            return radius * -np.eye(len(values))[0], size * radius, True
        # Nearly a straight line, which a few secants find the root of.
        shift = brentq(
            lambda it: 1 / length(it) - 1 / radius,
            shift,
            most,
            xtol=np.finfo(np.float64).tiny,
            rtol=_ACCURACY,
            disp=False,
        )
    parts = -slopes / (values + shift)
    reach = float(np.linalg.norm(parts))
    if is_bounded and reach > radius:
        parts *= radius / reach
    elif is_bounded:
        # Along the lowest eigenvector, which has nearly no slope, to the boundary.
        others = float(np.linalg.norm(parts[1:]))
        parts[0] = np.copysign(np.sqrt(radius**2 - others**2), parts[0])
    expected = -(slopes @ parts + 0.5 * values @ parts**2)
    return vectors @ parts, float(expected), bool(is_bounded)
