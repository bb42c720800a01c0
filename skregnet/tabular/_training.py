"""Ensembles trained one beside the other: at once, or in rounds while there is time.

A few networks trained well are better than many that are not. With a time limit a
network each is trained first, of the second ensemble if some epochs of it fit in, and
then as many as train together best, if they will end in time, judged by those before.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from joblib import effective_n_jobs

from skregnet._fitting.blocks import block_size, multiplications_a_step
from skregnet._fitting.sizes import hidden_sizes
from skregnet._fitting.targets.votes import probabilities
from skregnet._kernels import Array
from skregnet.ensemble import BaggingEnsemble

SHARE_AFTERWARDS = 0.6
"""Time after training, by that before: both grow with the table alike."""

# An epoch with adversarial examples takes 1.8 to 2.5 times as long as one without, with
# 64 to 256 units, and networks of fewer epochs than this are not worth their time.
_COST_OF_EXAMPLES = 2.5
_FEWEST_EPOCHS = 3


class Deadline:
    """Callback that ends training at a time, which may be put off.

    Parameters
    ----------
    end : float
        Seconds, by the clock that all processes of a machine share.
    """

    def __init__(self, end: float) -> None:
        self.end = end

    def setup(self, estimator: Any, context: Any) -> None:
        """Do nothing."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing."""

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:  # noqa: ARG002
        """Tell whether it is time."""
        return time.time() >= self.end


def train(
    ensembles: Sequence[BaggingEnsemble],
    fit: Callable[[BaggingEnsemble], None],
    shape: tuple[int, ...],
    end: float | None,
) -> list[BaggingEnsemble]:
    """Fit ensembles until all are complete, time is over or the user interrupts.

    Parameters
    ----------
    ensembles : sequence of BaggingEnsemble
        The ensembles, each with as many members as are wanted.
    fit : callable
        Fits an ensemble.
    shape : tuple of int
        Rows and columns that it is fitted to.
    end : float or None
        When time is over; None for never. Members are the same, but fewer.

    Returns
    -------
    ensembles : list of BaggingEnsemble
        Those that have members.
    """
    wanted = [ensemble.n_estimators for ensemble in ensembles]
    # The last one is the cheapest: what it leaves of its time, the others get.
    places = range(len(ensembles))[::-1]
    fewest_epochs = 0.0
    deadlines = [_prepare(ensemble, end) for ensemble in ensembles]
    n_workers = effective_n_jobs(ensembles[0].n_jobs)
    most = min(_most_together(ensemble.estimator, shape) for ensemble in ensembles)
    for n_members in _numbers_in_time(max(wanted), n_workers, most, end):
        for place in places:
            ensemble = ensembles[place]
            ensemble.n_estimators = min(n_members, wanted[place])
            if len(getattr(ensemble, "estimators_", ())) == ensemble.n_estimators:
                continue
            if end is not None:
                now = time.time()
                deadlines[place].end = now + (end - now) / (place + 1)
                fitted = _fitted(ensembles)
                is_first = bool(fitted) and ensemble not in fitted
                if is_first and now + _COST_OF_EXAMPLES * fewest_epochs > end:
                    return fitted
                fit(ensemble)
                fewest_epochs = _seconds_of_fewest_epochs(ensemble, time.time() - now)
            else:
                fit(ensemble)
            if _is_interrupted(ensemble):
                return _fitted(ensembles)
    return list(ensembles)


def _fitted(ensembles: Sequence[BaggingEnsemble]) -> list[BaggingEnsemble]:
    """Return the ensembles that have members."""
    return [ensemble for ensemble in ensembles if hasattr(ensemble, "estimators_")]


def _seconds_of_fewest_epochs(ensemble: BaggingEnsemble, seconds: float) -> float:
    """Return how long so few epochs took that fewer are not worth it."""
    n_epochs = max(member.n_iter_ for member in ensemble.estimators_)
    return _FEWEST_EPOCHS * seconds / n_epochs


def _most_together(network: Any, shape: tuple[int, ...]) -> int:
    """Return how many networks train together best."""
    n_rows, n_columns = shape
    units = (n_columns, *hidden_sizes(network), 1)
    return block_size(multiplications_a_step(network, units, n_rows))


def _numbers_in_time(
    n_members: int, n_workers: int, most: int, end: float | None
) -> Iterator[int]:
    """Yield numbers of members to reach, one after another, while there is time.

    Each worker trains one more at a time, or as many as will end in time, but at most
    `most`.
    """
    if end is None:
        yield n_members
        return
    start = time.time()
    n_there = min(n_workers, n_members)
    while True:
        yield n_there
        now = time.time()
        seconds = max(now - start, 1e-9) * n_workers / n_there
        n_more = n_workers * int(min((end - now) / seconds, most))
        if n_more < 1 or n_there == n_members:
            return
        n_there = min(n_there + n_more, n_members)


def _prepare(ensemble: BaggingEnsemble, end: float | None) -> Any:
    """Let networks end by a deadline, which is returned, and not warn of their end."""
    network = ensemble.estimator
    network._expects_to_converge = False
    if end is None:
        return None
    deadline = Deadline(end)
    network.set_callbacks(*getattr(network, "_skl_callbacks", []), deadline)
    ensemble.warm_start = True
    return deadline


def _is_interrupted(ensemble: BaggingEnsemble) -> bool:
    """Tell whether the user has ended the training of members."""
    members = ensemble.estimators_
    return len(members) < ensemble.n_estimators or any(
        getattr(member, "_is_interrupted", False) for member in members
    )


def left_out_outputs(ensemble: BaggingEnsemble, X: Array) -> Array:
    """Return the probabilities of each row by the members that it is new to.

    Parameters
    ----------
    ensemble : BaggingEnsemble
        Fitted to the rows.
    X : ndarray of shape (n_rows, n_features)
        The rows.

    Returns
    -------
    outputs : ndarray of shape (n_rows, n_classes)
        NaN for a row that all members have learned from.
    """
    total = np.zeros((len(X), len(ensemble.classes_)))
    counts = np.zeros((len(X), 1))
    for member, drawn in zip(
        ensemble.estimators_, ensemble.estimators_samples_, strict=True
    ):
        is_left = np.ones(len(X), bool)
        is_left[drawn] = False
        rows = np.flatnonzero(is_left)
        if len(rows):
            total[rows] += probabilities(
                member, X[rows], ensemble.classes_, by_votes=False
            )
            counts[rows] += 1
    return np.divide(total, counts, where=counts > 0, out=np.full_like(total, np.nan))


def forget_training(ensemble: BaggingEnsemble) -> None:
    """Drop what only training needed, and all that grows with the rows."""
    ensemble.warm_start = False
    for network in (ensemble.estimator, ensemble.estimator_, *ensemble.estimators_):
        vars(network).pop("_expects_to_converge", None)
        callbacks = getattr(network, "_skl_callbacks", [])
        network.set_callbacks(*(c for c in callbacks if not isinstance(c, Deadline)))
