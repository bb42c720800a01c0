"""Successive halving: in rungs of ever more epochs, ever fewer candidates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np

from skregnet._kernels import Array
from skregnet.search._trials import Record

# A candidate on a fold.
Pair = tuple[int, int]

# Without `min_epochs`, so many rungs at most: ranks after very few epochs are those of
# the learning rates, not of what regularizes.
_MOST_RUNGS = 3


@dataclass(frozen=True)
class Going:
    """A candidate on a fold that is to be trained, on from a snapshot if there is one.

    Parameters
    ----------
    candidate, fold : int
        Which.
    pause : int or None
        Number of epochs to train in all; None for as many as it takes.
    snapshot : dict or None
        What to go on from.
    """

    candidate: int
    fold: int
    pause: int | None = None
    snapshot: Any = None


def rung_shares(
    n_candidates: int, factor: float, max_epochs: int, min_epochs: int | None
) -> list[float]:
    """Return the share of its epochs that a candidate is trained for, in each rung.

    From rung to rung they grow by `factor`, up to 1, and candidates dwindle by it.
    """
    n_rungs = _n_times(n_candidates, factor) + 1
    if min_epochs is None:
        n_rungs = min(n_rungs, _MOST_RUNGS)
    else:
        n_rungs = min(n_rungs, _n_times(max_epochs / min_epochs, factor) + 1)
    return [float(factor) ** -k for k in reversed(range(n_rungs))]


def epochs_for(share: float, max_epochs: int) -> int:
    """Return the epochs of a candidate, in all, at the end of a rung."""
    return ceil(share * max_epochs)


def _n_times(number: float, factor: float) -> int:
    """Return how often a number can be divided by a factor until it is below it."""
    n_times = 0
    while number >= factor:
        number /= factor
        n_times += 1
    return n_times


def halve(
    train: Callable[[Sequence[Going]], list[Record]],
    max_epochs: Sequence[int],
    n_folds: int,
    shares: Sequence[float],
    factor: float,
    metric: Callable[[Any], float],
) -> tuple[dict[Pair, Record], Array]:
    """Train all candidates for some epochs, the best of them for more, and so on.

    Parameters
    ----------
    train : callable
        Trains candidates on folds.
    max_epochs : sequence of int
        Epochs of each candidate.
    n_folds : int
        Number of folds.
    shares : sequence of float
        Share of the epochs in each rung.
    factor : float
        By what candidates dwindle.
    metric : callable
        Takes scores of a trial to the one that candidates are judged by.

    Returns
    -------
    records : dict
        What came of each candidate on each fold, in the last rung that it reached.
    rungs : ndarray of int of shape (n_candidates,)
        That rung.
    """
    records: dict[Pair, Record] = {}
    rungs = np.zeros(len(max_epochs), dtype=int)
    alive = list(range(len(max_epochs)))
    for rung, share in enumerate(shares):
        is_last = rung == len(shares) - 1
        rungs[alive] = rung
        pairs = [(k, fold) for k in alive for fold in range(n_folds)]
        going = [
            Going(
                *pair,
                None if is_last else epochs_for(share, max_epochs[pair[0]]),
                known,
            )
            for pair in pairs
            if (known := _snapshot(records, pair)) is not None or rung == 0
        ]
        found = train(going) if going else []
        for each, record in zip(going, found, strict=True):
            records[each.candidate, each.fold] = record
        if not is_last:
            alive = _best(alive, records, n_folds, metric, factor)
    return records, rungs


def _snapshot(records: dict[Pair, Record], pair: Pair) -> Any:
    """Return what to go on from; None where training has ended, or not begun."""
    return records[pair].snapshot if pair in records else None


def _best(
    alive: list[int],
    records: dict[Pair, Record],
    n_folds: int,
    metric: Callable[[Any], float],
    factor: float,
) -> list[int]:
    """Return the candidates that go on; of equals the first ones."""
    scores = [
        np.mean(
            [metric(records[k, fold].result["test_scores"]) for fold in range(n_folds)]
        )
        for k in alive
    ]
    order = np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable")
    return sorted(alive[k] for k in order[: max(1, floor(len(alive) / factor))])


def ranks_by_rung(ranks: Array, rungs: Array) -> Array:
    """Return ranks that go by the rung first, the highest being the first."""
    keys = list(zip(-rungs, ranks, strict=True))
    in_order = sorted(keys)
    return np.array([in_order.index(key) + 1 for key in keys], dtype=ranks.dtype)
