"""Trials in blocks of one architecture, over many workers."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from sklearn.utils.parallel import Parallel, delayed

from skregnet._fitting.blocks import (
    block_size,
    multiplications_a_step,
    preferred_workers,
)
from skregnet._fitting.configuration import network_of as description_of
from skregnet._fitting.configuration import recipe_of
from skregnet._fitting.members import network_of
from skregnet._fitting.sizes import clipped_batch_size
from skregnet._networks.stacking import architecture
from skregnet.search._folds import Lesson, fresh_copy
from skregnet.search._trials import Record, Task, Trial, run_trials


def run_in_blocks(
    task: Task, trials: Sequence[Trial], n_jobs: int | None, verbose: int
) -> list[Record]:
    """Return what comes of trials, in their order.

    It depends neither on the workers nor on the blocks.
    """
    n_workers = effective_n_jobs(n_jobs)
    blocks, cost = _blocks(trials, n_workers)
    if n_workers == 1:
        found = []
        valid: set[int] = set()
        for number, block in enumerate(blocks, 1):
            found.append(run_trials(task, [trials[k] for k in block], valid))
            if verbose > 1:
                print(f"{number} of {len(blocks)} blocks trained")  # noqa: T201
    else:
        prefer = preferred_workers(cost)
        found = Parallel(n_jobs=n_jobs, verbose=max(0, verbose - 1), prefer=prefer)(
            delayed(run_trials)(task, [trials[k] for k in block]) for block in blocks
        )
    in_order = np.argsort(list(chain.from_iterable(blocks)))
    records = list(chain.from_iterable(found))
    return [records[k] for k in in_order]


def _blocks(trials: Sequence[Trial], n_workers: int) -> tuple[list[list[int]], float]:
    """Return numbers of trials to train together, and what a step costs at most."""
    known: dict[int, tuple[Any, float]] = {}
    groups = defaultdict(list)
    costs: dict[Any, float] = {}
    # Fold by fold, so that what is taken from a fold's data is in few blocks.
    for k in sorted(range(len(trials)), key=lambda k: trials[k].lesson.fold):
        trial = trials[k]
        key = id(trial.estimator)
        if key not in known:
            known[key] = (None, 0.0)
            if trial.lesson.part is not None:
                network = network_of(fresh_copy(trial.estimator))
                known[key] = _kind(network, trial.lesson)
        kind, cost = known[key]
        costs[kind] = cost
        groups[kind].append(k)
    blocks = [
        (costs[kind] * len(block), block)
        for kind, group in groups.items()
        for block in equal_parts(group, block_size(costs[kind]), n_workers)
    ]
    # The longest first, so that workers end at about the same time.
    blocks.sort(key=lambda block: -block[0])
    return [block for _, block in blocks], max(costs.values())


def equal_parts(group: list[int], size: int, n_workers: int) -> list[list[int]]:
    """Return a group in parts of about equal length, `size` at most.

    As many for each worker, as far as there are enough to share.
    """
    n_parts = -(-len(group) // size)
    n_parts = min(len(group), -(-n_parts // n_workers) * n_workers)
    return [part.tolist() for part in np.array_split(group, n_parts)]


def _kind(network: Any, lesson: Lesson) -> tuple[Any, float]:
    """Return what networks have in common that can be stacked, and a step's cost.

    Nothing is known of those that have errors or whose data have not been checked; they
    are sorted once they have read them.
    """
    part: Any = lesson.part
    try:
        part.pool.teach(network, lesson.request(network), part.rows)
        targets = part.pool.targets(network)
        units = network._layer_units(part.n_features, targets)
        is_sparse = not isinstance(part.pool.X, np.ndarray)
        described = description_of(network, units, sparse=is_sparse)
        recipe = recipe_of(network, described, 1.0)
        kind = (architecture(recipe), clipped_batch_size(network, len(part.rows)))
    except Exception:
        return None, 0.0
    return kind, multiplications_a_step(network, units, len(part.rows))
