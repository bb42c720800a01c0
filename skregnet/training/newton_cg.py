"""Full-batch training by Newton's method, whose systems Krylov's method solves."""

import numpy as np
from scipy import optimize

from skregnet.kernels import Array
from skregnet.training.member import Member, Outcome
from skregnet.training.objective import smooth_loss

# SciPy's status where the gradient is as small as asked for.
_SMALL_GRADIENT = 0


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
        Training ends where the Euclidean norm of the gradient is below this.
    max_fun : int
        Most evaluations of loss and gradient; products with the Hessian, which cost two
        to three of them each, are not counted.

    References
    ----------
    N. Gould, S. Lucidi, M. Roma and P. Toint (1999). Solving the trust-region
    subproblem using the Lanczos method. SIAM Journal on Optimization 9(2).

    J. Martens (2010). Deep learning via Hessian-free optimization. ICML.
    """
    dtype = member.vector.dtype
    problem = _Problem(member, max_fun)
    try:
        with np.errstate(all="ignore"):
            result = optimize.minimize(
                problem.value_and_gradient,
                problem.accepted,
                method="trust-krylov",
                jac=True,
                hessp=problem.product,
                callback=problem.end_iteration,
                options={"gtol": tol, "maxiter": member.max_epochs},
            )
    except KeyboardInterrupt:
        member.outcome = Outcome.INTERRUPTED
        member.finish(problem.accepted.astype(dtype))
        return
    if member.outcome is None:
        done = result.status == _SMALL_GRADIENT
        member.outcome = Outcome.CONVERGED if done else Outcome.OUT_OF_EPOCHS
    member.finish(result.x.astype(dtype))


class _Problem:
    """The loss of one member over all its rows, as SciPy wants it."""

    def __init__(self, member: Member, max_fun: int) -> None:
        self._member = member
        self._loss = smooth_loss(member.recipe, member.data)
        self._n_left = max_fun
        self._epoch_is_open = False
        self.accepted = member.vector.astype(np.float64)

    def value_and_gradient(self, vector: Array) -> tuple[float, Array]:
        """Return loss and gradient; the first of an iteration begins it."""
        if not self._epoch_is_open:
            self._member.observer.epoch_begin()
            self._epoch_is_open = True
        self._n_left -= 1
        return self._loss.value_and_gradient(vector)

    def product(self, vector: Array, direction: Array) -> Array:
        """Return the product of the Hessian and a direction."""
        return self._loss.products(vector, direction[np.newaxis])[0]

    def end_iteration(self, intermediate_result: optimize.OptimizeResult) -> None:
        """Record an iteration, and stop SciPy where it is time."""
        member = self._member
        self.accepted = intermediate_result.x.copy()
        self._epoch_is_open = False
        goes_on = member.end_iteration(
            float(intermediate_result.fun), self.accepted.astype(member.vector.dtype)
        )
        if goes_on and self._n_left <= 0:
            member.outcome = Outcome.OUT_OF_EPOCHS
        if member.outcome is not None:
            raise StopIteration
