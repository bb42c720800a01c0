"""Fits any number of estimators, those of one architecture as a stack."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack

from skregnet._fitting.prepare import Session
from skregnet._fitting.request import Request
from skregnet._fitting.solvers import FULL_BATCH
from skregnet._fitting.store import conclude
from skregnet._sklearn.private import callback_management_context
from skregnet._sklearn.rollback import all_or_nothing
from skregnet._training import train_minibatch


def fit_together(requests: Sequence[Request]) -> bool:
    """Fit the estimators of all requests.

    Networks that agree in architecture, batch size and number of rows train as one
    stack; each comes out as if it had been fitted alone. If any fit fails, every
    estimator is left as it was; if the user interrupts, so are those whose training has
    not begun.

    Parameters
    ----------
    requests : sequence of Request
        Estimators with their data; no estimator occurs twice.

    Returns
    -------
    is_complete : bool
        False if the user interrupted.
    """
    with ExitStack() as stack:
        restores = {}
        for request in requests:
            estimator = request.estimator
            stack.enter_context(callback_management_context(estimator))
            restores[id(estimator)] = stack.enter_context(all_or_nothing(estimator))
        sessions = [Session(request) for request in requests]
        groups = defaultdict(list)
        for session in sessions:
            groups[session.signature].append(session)
        is_complete = True
        for group in groups.values():
            if is_complete:
                is_complete = _train(group)
                continue
            for session in group:
                restores[id(session.estimator)]()
    return is_complete


def _train(sessions: list[Session]) -> bool:
    """Train sessions of one signature, and store what they found.

    Tells whether the user has let them.
    """
    first = sessions[0]
    if first.is_stochastic:
        train_minibatch([session.member for session in sessions], first.batch_size)
        for session in sessions:
            conclude(session)
    else:
        train = FULL_BATCH[first.estimator.solver]
        conclude(first, train(first.member, **first.limits))
    return all(session.is_complete for session in sessions)
