"""What training found, as fitted attributes, warnings and errors."""

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skregnet._fitting.continuation import training_state
from skregnet._fitting.fitted import network_attributes
from skregnet._fitting.prepare import Session
from skregnet._fitting.solvers import takes_steps
from skregnet._sklearn.private import _check_optimize_result
from skregnet._training import Member, Outcome
from skregnet.optimizers import Gradual


def conclude(session: Session, result: Any = None) -> None:
    """Store what training found, and warn or raise if it found nothing good.

    Parameters
    ----------
    session : Session
        The session, its member trained.
    result : OptimizeResult or None
        What SciPy says, where it was the solver.
    """
    member, estimator = session.member, session.estimator
    has_diverged = member.outcome is Outcome.DIVERGED and member.best is None
    attributes = _fitted_attributes(session)
    arrays = [member.vector, *attributes["coefs_"], *attributes["intercepts_"]]
    if has_diverged or not all(np.isfinite(array).all() for array in arrays):
        raise ValueError(
            "Solver produced non-finite parameter weights. The input data may"
            " contain large values and need to be preprocessed."
        )
    for name, value in attributes.items():
        setattr(estimator, name, value)
    _store_curves(estimator, member)
    _store_state(session)
    session.context.call_on_fit_task_end(
        estimator=estimator, reconstruction_attributes=dict, **session.hook_data
    )
    if result is None:
        if estimator._expects_to_converge or estimator._is_interrupted:
            _warn(estimator, member)
    else:
        estimator.loss_ = float(result.fun)
        estimator.best_loss_ = min(estimator.best_loss_, estimator.loss_)
        if member.outcome is not Outcome.STOPPED and estimator._expects_to_converge:
            estimator.n_iter_ = _check_optimize_result(
                "lbfgs", result, estimator.max_iter
            )


def _fitted_attributes(session: Session) -> dict[str, Any]:
    """Return weights and biases, and what training needs to go on from them."""
    # What has nearly diverged may overflow where statistics are exact.
    with np.errstate(over="ignore", invalid="ignore"):
        vector = session.at_test(session.member.vector)
        return network_attributes(session.estimator, session.network, vector)


def _store_curves(estimator: Any, member: Member) -> None:
    """Set the attributes that tell how training went."""
    history, plateau = member.history, member.plateau
    validates = member.validates
    estimator.n_iter_ = member.n_epochs
    estimator.t_ = history.n_rows_seen
    estimator.loss_ = history.losses[-1] if history.losses else np.nan
    estimator.loss_curve_ = history.losses
    estimator.learning_rate_curve_ = history.learning_rates
    estimator.validation_scores_ = history.validation_scores if validates else None
    estimator.validation_loss_curve_ = history.validation_losses if validates else None
    estimator.best_validation_score_ = plateau.best if validates else None
    estimator.best_loss_ = None if validates else -plateau.best


def _store_state(session: Session) -> None:
    """Keep what a warm start or a later `partial_fit` goes on from."""
    estimator, member = session.estimator, session.member
    estimator._is_interrupted = member.outcome is Outcome.INTERRUPTED
    estimator._no_improvement_count = member.plateau.n_without
    estimator._training_state = training_state(estimator, member)


def _warn(estimator: Any, member: Member) -> None:
    """Say where training did not end as it should."""
    unfinished = _unfinished(estimator, member)
    if unfinished is not None:
        solver = "Stochastic Optimizer" if takes_steps(estimator) else estimator.solver
        warnings.warn(f"{solver}: {unfinished}", ConvergenceWarning, stacklevel=2)
    elif member.outcome is Outcome.INTERRUPTED:
        warnings.warn("Training interrupted by user.", stacklevel=2)
    elif member.outcome is Outcome.DIVERGED:
        warnings.warn(
            f"Training diverged in epoch {member.n_epochs}; the weights of the best "
            "validation score are kept. The input data may contain large values and "
            "need to be preprocessed.",
            ConvergenceWarning,
            stacklevel=2,
        )


def _unfinished(estimator: Any, member: Member) -> str | None:
    """Return why training ended short of convergence, None if it did not."""
    # A schedule over all epochs has come to the end that it was made for.
    is_planned = member.is_continued or isinstance(member.schedule, Gradual)
    limit = None
    if member.outcome is Outcome.OUT_OF_EPOCHS and not is_planned:
        limit = f"Maximum iterations ({estimator.max_iter})"
    elif member.outcome is Outcome.OUT_OF_EVALUATIONS:
        limit = f"Maximum evaluations of the loss ({estimator.max_fun})"
    if limit is not None:
        return f"{limit} reached and the optimization hasn't converged yet."
    if member.outcome is Outcome.STALLED:
        return (
            f"No step lowers the loss any more after {member.n_epochs} iterations, but "
            f"its gradient is larger than tol={estimator.tol!r}. Raise tol, or scale X "
            "and regression targets to a standard deviation of 1."
        )
    return None
