"""Full-batch training by steps that suit the curvature along leading eigenvectors."""

from typing import NamedTuple

import numpy as np
from scipy.sparse.linalg import ArpackError, ArpackNoConvergence, eigsh

from skregnet._kernels import Array
from skregnet._networks.loss_operator import LossOperator
from skregnet._networks.mean_loss import MeanLoss
from skregnet._training.descent import Point, makes_progress, reduction
from skregnet._training.member import Member, Outcome
from skregnet._training.objective import smooth_loss
from skregnet.curvature import step_sizes

# Eigenvectors that have step sizes of their own, and epochs for which they are kept.
N_LEADING = 10
REFRESH = 100

# Relative accuracy of the eigenvalues: steps need no more.
_ACCURACY = 0.05

# Lanczos' method starts where the gradient is so much longer than noise.
_PART_OF_GRADIENT = 10

# Eigenvectors are computed anew where a step takes a smaller share of its rate.
_STALE = 0.1

# A step that would raise the loss is halved so many times at most.
_MOST_HALVINGS = 30

# A way out along negative curvature is looked for at these lengths.
_LENGTHS = np.logspace(-3, 1, 9)

# Negative curvature of less than this share of the largest is rounding.
_FLAT = 1e-6


def train_eigen_step(member: Member, *, tol: float, max_fun: int) -> None:
    """Train one network by gradient steps whose sizes follow the curvature.

    The gradient is taken apart along the eigenvectors of the leading eigenvalues of the
    Hessian, and what is left. Each part is multiplied by the step size that suits its
    curvature (`skregnet.curvature.step_sizes`); what is left counts as curved as much
    as the least of the leading, which no direction of it exceeds. So the learning rate
    may be large: steep directions do not overshoot, and flat ones are not slowed down
    by them. The eigenvectors are computed anew every 100 epochs, and where steps that
    do not raise the loss have become short. A lower point is searched for along
    negative curvature, at those times and before training ends.

    Parameters
    ----------
    member : Member
        The network; its vector, history and outcome are updated.
    tol : float
        Training ends where no element of the gradient exceeds this, or by the member's
        plateau.
    max_fun : int
        Most evaluations of loss and gradient in steps; products with the Hessian, which
        cost two to three of them each, are not counted.

    References
    ----------
    Y. LeCun, P. Simard and B. Pearlmutter (1993). Automatic learning rate maximization
    by on-line estimation of the Hessian's eigenvectors. NIPS 5. The lecture's heading
    "Optimal Step Sizes based on Hessian Eigenvalues".
    """
    dtype = member.vector.dtype
    descent = _Descent(member, max_fun)
    try:
        with np.errstate(all="ignore"):
            _run(member, descent, tol)
    except KeyboardInterrupt:
        member.outcome = Outcome.INTERRUPTED
    member.finish(descent.point.vector.astype(dtype))


def _run(member: Member, descent: "_Descent", tol: float) -> None:
    """Step until training ends."""
    while member.outcome is None:
        member.observer.epoch_begin()
        if not member.n_epochs:
            descent.begin()
        member.learning_rate = member.rate_at(0.0)
        moved = descent.step(member.learning_rate)
        if not moved or np.abs(descent.point.gradient).max() <= tol:
            moved = descent.escape("SA")
        elif member.plateau.n_without >= member.plateau.patience:
            descent.escape("SA")
        vector = descent.point.vector.astype(member.vector.dtype)
        goes_on = member.end_epoch(descent.point.value, vector)
        if goes_on and not np.isfinite(descent.point.value):
            member.outcome = Outcome.DIVERGED
        elif goes_on and not moved:
            is_flat = np.abs(descent.point.gradient).max() <= tol
            member.outcome = Outcome.CONVERGED if is_flat else Outcome.STALLED
        elif goes_on and descent.n_left <= 0:
            member.outcome = Outcome.OUT_OF_EVALUATIONS


class _Basis(NamedTuple):
    """Leading eigenvalues, and their eigenvectors as columns."""

    values: Array
    vectors: Array


class _Descent:
    """Steps down the loss of one member, none of which raises it."""

    def __init__(self, member: Member, max_fun: int) -> None:
        self._loss: MeanLoss = smooth_loss(member.recipe, member.data)
        self.n_left = max_fun
        start = member.vector.astype(np.float64)
        self.point = Point(start, np.inf, np.zeros_like(start))
        self._basis: _Basis | None = None
        self._age = 0
        self._share = 1.0

    def begin(self) -> None:
        """Look at the start."""
        self.point = self._at(self.point.vector)

    def step(self, learning_rate: float) -> bool:
        """Move downhill, and tell whether there was a way."""
        if not np.isfinite(self.point.value):
            return False
        if not learning_rate:
            # A schedule may begin, or go on, with steps of no length.
            return True
        if self._basis is None or self._age >= REFRESH:
            self._refresh()
            if self.escape("LM"):
                self._refresh()
        for _ in range(_MOST_HALVINGS):
            move = self._downhill(self._share * learning_rate)
            there = self._at(self.point.vector + move)
            if reduction(self.point, there) >= 0 and makes_progress(self.point, there):
                self.point = there
                self._age += 1
                self._share = min(1.0, 2 * self._share)
                return True
            self._share *= 0.5
            if self._age and self._share < _STALE:
                self._refresh()
        return False

    def escape(self, which: str) -> bool:
        """Move to a lower point along the most negative curvature, if there is one.

        Of the leading eigenvectors ("LM") or of all ("SA").
        """
        if not np.isfinite(self.point.value):
            return False
        basis = self._leading(1, which) if which == "SA" else self._basis
        if basis is None or not len(basis.values):
            return False
        lowest, size = np.argmin(basis.values), np.abs(basis.values).max()
        if basis.values[lowest] >= -_FLAT * size:
            return False
        direction = basis.vectors[:, lowest]
        if self.point.gradient @ direction > 0:
            direction = -direction
        vectors = [self.point.vector + length * direction for length in _LENGTHS]
        losses = [self._loss.value(vector) for vector in vectors]
        best = int(np.nanargmin([*losses, self.point.value]))
        if best == len(losses):
            return False
        self.point = self._at(vectors[best])
        self._age = REFRESH
        return True

    def _at(self, vector: Array) -> Point:
        self.n_left -= 1
        return Point(vector, *self._loss.value_and_gradient(vector))

    def _refresh(self) -> None:
        """Compute the leading eigenvectors where training is now."""
        self._basis = self._leading(N_LEADING, "LM")
        self._age = 0

    def _leading(self, k: int, which: str) -> _Basis:
        operator = LossOperator(self._loss, self.point.vector)
        n_parameters = len(self.point.vector)
        # What the gradient has no part in may matter too.
        start = np.random.default_rng(0).standard_normal(n_parameters)
        start += self.point.gradient * _ratio(start, self.point.gradient)
        k = min(k, n_parameters - 1)
        try:
            found = eigsh(operator, k, which=which, v0=start, tol=_ACCURACY)
        except ArpackNoConvergence as some:
            found = some.eigenvalues, some.eigenvectors
        except ArpackError:  # nothing curves at all
            found = np.zeros(0), np.zeros((n_parameters, 0))
        values, vectors = found
        # Where curvature is zero, vectors may have parts in what is frozen.
        self._loss.freeze(vectors.T)
        return _Basis(values, vectors)

    def _downhill(self, learning_rate: float) -> Array:
        """Return minus the gradient, each part of it by its step size."""
        gradient, basis = self.point.gradient, self._basis
        if basis is None or not len(basis.values) or not learning_rate:
            return -learning_rate * gradient
        parts = basis.vectors.T @ gradient
        rest = gradient - basis.vectors @ parts
        bound = np.abs(basis.values).min(keepdims=True)
        sizes = step_sizes(basis.values, learning_rate)
        move = basis.vectors @ (sizes * parts) + step_sizes(bound, learning_rate) * rest
        downhill: Array = -move
        return downhill


def _ratio(start: Array, gradient: Array) -> float:
    """Return the factor that makes the gradient much longer than the start."""
    length = float(np.linalg.norm(gradient))
    return _PART_OF_GRADIENT * float(np.linalg.norm(start)) / length if length else 0.0
