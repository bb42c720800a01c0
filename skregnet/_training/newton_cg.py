"""Full-batch training by Newton's method, whose systems Krylov's method solves."""

import numpy as np

from skregnet._kernels import Array
from skregnet._training.descent import Point, makes_progress, reduction
from skregnet._training.member import Member, Outcome
from skregnet._training.objective import smooth_loss
from skregnet._training.trust_region import step_within

# Shares of the expected reduction: a step of less is refused, and the radius shrinks or
# grows (Nocedal and Wright, Numerical Optimization, algorithm 4.1).
_ACCEPTED = 1e-4
_POOR = 0.25
_GOOD = 0.75


def train_newton_cg(member: Member, *, tol: float, max_fun: int) -> None:
    """Train one network by a Hessian-free trust-region method.

    Each iteration minimises the second-order Taylor estimate of the loss within a
    radius in which it has proved right. Products with the exact Hessian suffice, and
    directions of negative curvature are followed to the end of the radius. Where
    training starts without a gradient, it ends there: at a saddle `train_eigen_step`
    looks for a way out.

    Parameters
    ----------
    member : Member
        The network; its vector, history and outcome are updated.
    tol : float
        Training ends where the Euclidean norm of the gradient is at most this.
    max_fun : int
        Most evaluations of loss and gradient; products with the Hessian, which cost two
        to three of them each, are not counted.

    References
    ----------
    J. Martens (2010). Deep learning via Hessian-free optimization. ICML.
    """
    dtype = member.vector.dtype
    descent = _Descent(member, max_fun)
    try:
        with np.errstate(all="ignore"):
            descent.begin()
            while member.outcome is None:
                member.outcome = descent.outcome(tol)
                if member.outcome is None:
                    member.observer.epoch_begin()
                    descent.step()
                    vector = descent.point.vector.astype(dtype)
                    member.end_iteration(descent.point.value, vector)
    except KeyboardInterrupt:
        member.outcome = Outcome.INTERRUPTED
    member.finish(descent.point.vector.astype(dtype))


class _Descent:
    """Steps down the loss of one member, as long as its estimate proves right."""

    def __init__(self, member: Member, max_fun: int) -> None:
        self._member = member
        self._loss = smooth_loss(member.recipe, member.data)
        self._n_left = max_fun
        self._radius = 1.0
        self._is_stalled = False
        start = member.vector.astype(np.float64)
        self.point = Point(start, np.inf, np.zeros_like(start))

    def begin(self) -> None:
        """Look at the start, and let the first step reach the minimum downhill."""
        self.point = self._at(self.point.vector)
        size = float(np.linalg.norm(self.point.gradient))
        if 0 < size < np.inf:
            downhill = self.point.gradient / size
            curvature = float(downhill @ self._product(downhill))
            if curvature > 0:
                self._radius = max(self._radius, size / curvature)

    def outcome(self, tol: float) -> Outcome | None:
        """Return why training ends where it is, None where it goes on."""
        member = self._member
        if not self.point.is_finite:
            return Outcome.DIVERGED
        if np.linalg.norm(self.point.gradient) <= tol:
            return Outcome.CONVERGED
        if member.n_epochs >= member.max_epochs:
            return Outcome.OUT_OF_EPOCHS
        if self._n_left <= 0:
            return Outcome.OUT_OF_EVALUATIONS
        # At a tolerance of 0 the gradient may be 0, and no step leads on.
        return Outcome.STALLED if self._is_stalled else None

    def step(self) -> None:
        """Move to the minimum of the estimate within the radius, if the loss falls."""
        here = self.point
        step = step_within(self._product, here.gradient, self._radius)
        there = self._at(here.vector + step.move)
        ratio = reduction(here, there) / step.expected
        is_good = ratio > _ACCEPTED and makes_progress(here, there)
        if not is_good or ratio < _POOR:
            self._radius = 0.25 * float(np.linalg.norm(step.move))
        elif ratio > _GOOD and step.is_bounded:
            self._radius *= 2
        if is_good:
            self.point = there
        else:
            reach = np.finfo(np.float64).eps * np.linalg.norm(here.vector)
            self._is_stalled = not self._radius > reach

    def _at(self, vector: Array) -> Point:
        self._n_left -= 1
        return Point(vector, *self._loss.value_and_gradient(vector))

    def _product(self, direction: Array) -> Array:
        vector = self.point.vector
        return self._loss.products(vector, direction[np.newaxis])[0]
