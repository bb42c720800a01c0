"""Fits any number of estimators, those of one architecture as a stack."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from sklearn.callback._callback_support import callback_management_context

from skregnet.estimators._results import conclude
from skregnet.estimators._session import Request, Session
from skregnet.training import train_lbfgs, train_minibatch

# What scikit-learn keeps on an estimator while its callbacks run; it clears them up
# itself, after a failed fit too.
_CALLBACK_ATTRIBUTES = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")


def fit_together(requests: Sequence[Request]) -> None:
    """Fit the estimators of all requests.

    Networks that agree in architecture, batch size and number of rows train as one
    stack; each comes out as if it had been fitted alone. If any fit fails, every
    estimator is left as it was.

    Parameters
    ----------
    requests : sequence of Request
        Estimators with their data; no estimator occurs twice.
    """
    with ExitStack() as stack:
        for request in requests:
            stack.enter_context(callback_management_context(request.estimator))
            stack.enter_context(_all_or_nothing(request.estimator))
        sessions = [Session(request) for request in requests]
        groups = defaultdict(list)
        for session in sessions:
            groups[session.signature].append(session)
        for group in groups.values():
            _train(group)


def _train(sessions: list[Session]) -> None:
    """Train sessions of one signature, and store what they found."""
    first = sessions[0]
    if first.is_stochastic:
        members = [session.member for session in sessions]
        train_minibatch(members, first.batch_size)
        for session in sessions:
            conclude(session)
        return
    for session in sessions:
        conclude(session, train_lbfgs(session.member, **session.limits))


@contextmanager
def _all_or_nothing(estimator: Any) -> Iterator[None]:
    """Restore the estimator's attributes if its fit fails."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        now = vars(estimator)
        kept = {name: now[name] for name in _CALLBACK_ATTRIBUTES if name in now}
        now.clear()
        now.update(before | kept)
        raise
