"""Full-batch training by L-BFGS."""

from collections.abc import Iterator

import numpy as np
from scipy import optimize

from skregnet.kernels import Array
from skregnet.network import Batch, Network
from skregnet.training.batches import BatchLoader, TrainingData
from skregnet.training.member import Member, Outcome
from skregnet.training.objective import Objective

# Rows a block: memory does not grow with the rows, and activations stay in the cache.
_BLOCK_ROWS = 1024


def train_lbfgs(
    network: Network, member: Member, *, tol: float, max_fun: int
) -> optimize.OptimizeResult | None:
    """Train one network by limited-memory BFGS.

    The arithmetic is in float64 whatever the data are, since the line search compares
    losses that differ by little; the vector returns to its own precision.

    Parameters
    ----------
    network : Network
        The architecture.
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
    problem = _Problem(network, member)
    try:
        with np.errstate(all="ignore"):
            result = optimize.minimize(
                problem.value_and_gradient,
                member.vector.astype(np.float64),
                method="L-BFGS-B",
                jac=True,
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
    member.vector = result.x.astype(dtype)
    if member.outcome is None:
        done = result.status == 0
        member.outcome = Outcome.CONVERGED if done else Outcome.OUT_OF_EPOCHS
    return result


class _Problem:
    """The loss of one member over all its rows, as SciPy wants it."""

    def __init__(self, network: Network, member: Member) -> None:
        self._member = member
        self._objective = Objective(network, [member], np.dtype(np.float64))
        self._blocks = list(_blocks(member.data))
        self._workspaces = {
            n_rows: network.workspace(1, n_rows, np.dtype(np.float64))
            for n_rows in {rows.shape[1] for rows, _ in self._blocks}
        }
        self.accepted = member.vector.astype(np.float64)
        self._epoch_is_open = False

    def value_and_gradient(self, vector: Array) -> tuple[float, Array]:
        """Return loss and gradient, summed over blocks of rows."""
        if not self._epoch_is_open:
            self._member.observer.epoch_begin()
            self._epoch_is_open = True
        objective = self._objective
        objective.parameters[0] = vector
        scale = 1.0 / len(self._member.data.rows)
        total = 0.0
        gradient = np.zeros_like(vector)
        for rows, loader in self._blocks:
            batch = _in_double(loader.load(rows))
            workspace = self._workspaces[rows.shape[1]]
            total += np.sum(objective.loss_and_gradient(batch, workspace, scale))
            gradient += objective.gradient[0]
        objective.gradient[0] = gradient
        total += np.sum(objective.add_penalty(scale))
        return float(total), objective.gradient[0].copy()

    def end_iteration(self, intermediate_result: optimize.OptimizeResult) -> None:
        """Record an iteration, and stop SciPy where the observer wants it."""
        member = self._member
        self.accepted = intermediate_result.x.copy()
        member.n_epochs += 1
        loss = float(intermediate_result.fun)
        member.history.losses.append(loss)
        member.plateau.best = max(member.plateau.best, -loss)
        member.observer.report(f"Iteration {member.n_epochs}, loss = {loss:.8f}")
        self._epoch_is_open = False
        if member.observer.epoch_end(self.accepted.astype(member.vector.dtype)):
            member.outcome = Outcome.STOPPED
            raise StopIteration


def _blocks(data: TrainingData) -> Iterator[tuple[Array, BatchLoader]]:
    """Yield the rows in blocks, each with a loader; loaders are shared by size."""
    loaders: dict[int, BatchLoader] = {}
    for start in range(0, len(data.rows), _BLOCK_ROWS):
        rows = data.rows[np.newaxis, start : start + _BLOCK_ROWS]
        n_rows = rows.shape[1]
        if n_rows not in loaders:
            loaders[n_rows] = BatchLoader([data], n_rows)
        yield rows, loaders[n_rows]


def _in_double(batch: Batch) -> Batch:
    """Return the batch in float64."""
    inputs = batch.inputs
    if isinstance(inputs, list):
        inputs = [rows.astype(np.float64) for rows in inputs]
    else:
        inputs = inputs.astype(np.float64, copy=False)
    weights = batch.weights
    return Batch(
        inputs,
        batch.targets.astype(np.float64, copy=False),
        None if weights is None else weights.astype(np.float64, copy=False),
    )
