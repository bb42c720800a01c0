"""Full-batch training by L-BFGS."""

import numpy as np
from scipy import optimize

from skregnet._kernels import Array
from skregnet._training.member import Member, Outcome
from skregnet._training.objective import smooth_loss

# SciPy's statuses; of the others the line search has found no lower point.
_CONVERGED = 0
_AT_A_LIMIT = 1


def train_lbfgs(
    member: Member, *, tol: float, max_fun: int
) -> optimize.OptimizeResult | None:
    """Train one network by limited-memory BFGS.

    The arithmetic is in float64 whatever the data are, since the line search compares
    losses that differ by little; the vector returns to its own precision.

    Parameters
    ----------
    member : Member
        The network; its vector, history and outcome are updated.
    tol : float
        Training ends where no element of the gradient exceeds this.
    max_fun : int
        Most evaluations of the loss.

    Returns
    -------
    result : OptimizeResult or None
        What SciPy says of the solution; None when interrupted.
    """
    dtype = member.vector.dtype
    problem = _Problem(member)
    try:
        with np.errstate(all="ignore"):
            result = optimize.minimize(
                problem.value_and_gradient,
                problem.start,
                method="L-BFGS-B",
                jac=True,
                bounds=problem.bounds,
                callback=problem.end_iteration,
                options={
                    "maxfun": max_fun,
                    "maxiter": member.max_epochs,
                    "gtol": tol,
                },
            )
    except KeyboardInterrupt:
        member.outcome = Outcome.INTERRUPTED
        member.vector = problem.accepted.astype(dtype)
        return None
    member.vector = problem.vector_of(result.x).astype(dtype)
    if member.outcome is None:
        member.outcome = _outcome(member, result)
    return result


def _outcome(member: Member, result: optimize.OptimizeResult) -> Outcome:
    """Return why training ended, by SciPy's status."""
    if not np.isfinite(result.fun):
        return Outcome.DIVERGED
    if result.status == _CONVERGED:
        return Outcome.CONVERGED
    if result.status != _AT_A_LIMIT:
        return Outcome.STALLED
    if member.n_epochs >= member.max_epochs:
        return Outcome.OUT_OF_EPOCHS
    return Outcome.OUT_OF_EVALUATIONS


class _Problem:
    """The loss of one member over all its rows, as SciPy wants it.

    An L1 penalty has no gradient where a weight is zero. With it each weight is the
    difference of two numbers that are not negative, whose sum is penalised: a smooth
    problem with bounds, at whose minimum one of the two is zero.
    """

    def __init__(self, member: Member) -> None:
        recipe = member.recipe
        strengths = [float(p.strength) for p in recipe.penalties if not p.is_smooth]
        self._member = member
        self._strength = sum(strengths) / len(member.data.rows)
        self._n_split = recipe.network.layout.n_weights if self._strength else 0
        self._loss = smooth_loss(recipe, member.data)
        self.accepted = member.vector.astype(np.float64)
        self._epoch_is_open = False

    @property
    def start(self) -> Array:
        """Where SciPy starts: the parameters, or split weights and the rest."""
        weights, rest = np.split(self.accepted, [self._n_split])
        return np.concatenate([np.maximum(weights, 0), np.maximum(-weights, 0), rest])

    @property
    def bounds(self) -> optimize.Bounds | None:
        """Keep both parts of a split weight from becoming negative."""
        if not self._n_split:
            return None
        lower = np.full(len(self.accepted) + self._n_split, -np.inf)
        lower[: 2 * self._n_split] = 0
        return optimize.Bounds(lower, np.inf)

    def vector_of(self, point: Array) -> Array:
        """Return the parameters at a point of SciPy's."""
        n = self._n_split
        return np.concatenate([point[:n] - point[n : 2 * n], point[2 * n :]])

    def value_and_gradient(self, point: Array) -> tuple[float, Array]:
        """Return loss and gradient at a point of SciPy's."""
        n = self._n_split
        value, gradient = self._at(self.vector_of(point))
        value += self._strength * float(point[: 2 * n].sum())
        weights, rest = np.split(gradient, [n])
        return value, np.concatenate(
            [self._strength + weights, self._strength - weights, rest]
        )

    def _at(self, vector: Array) -> tuple[float, Array]:
        """Return loss and gradient, which begins an iteration."""
        if not self._epoch_is_open:
            self._member.observer.epoch_begin()
            self._epoch_is_open = True
        return self._loss.value_and_gradient(vector)

    def end_iteration(self, intermediate_result: optimize.OptimizeResult) -> None:
        """Record an iteration, and stop SciPy where the observer wants it."""
        member = self._member
        self.accepted = self.vector_of(intermediate_result.x)
        self._epoch_is_open = False
        vector = self.accepted.astype(member.vector.dtype)
        if not member.end_iteration(float(intermediate_result.fun), vector):
            raise StopIteration
