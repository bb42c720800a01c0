"""Batches of candidates, trained on all folds, with halving or without."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet._fitting.members import network_of
from skregnet.search._blocks import run_in_blocks
from skregnet.search._candidates import Parameters, Result, Source
from skregnet.search._folds import Lessons, candidate
from skregnet.search._halving import Going, Pair, epochs_for, halve, rung_shares
from skregnet.search._trials import Record, Task, Trial


@dataclass(frozen=True)
class Halving:
    """How candidates leave early.

    Parameters
    ----------
    factor : float
        By what candidates dwindle and epochs grow from rung to rung.
    min_epochs : int or None
        Epochs of the first rung, at least.
    """

    factor: float
    min_epochs: int | None


class Evaluation:
    """Trains candidates, and keeps what comes of them.

    Parameters
    ----------
    task : Task
        The data, and what measures.
    context : CallbackContext
        The search in the eyes of callbacks.
    halving : Halving or None
        How candidates leave early; None where all are trained to the end.
    check : callable
        Takes a candidate's estimator, and raises an error if it cannot be searched.
    measure : callable
        Takes scores of a trial to the one that candidates are judged by.
    n_jobs : int or None
        Workers.
    verbose : int
        How much to print.
    """

    def __init__(
        self,
        task: Task,
        context: Any,
        *,
        halving: Halving | None,
        check: Callable[[Any], None],
        measure: Callable[[Any], float],
        n_jobs: int | None,
        verbose: int,
    ) -> None:
        self._task, self._context, self._halving = task, context, halving
        self._check, self._measure = check, measure
        self._n_jobs, self._verbose = n_jobs, verbose
        self._lessons = Lessons(task.folds, task.error_score)
        self._n_folds = len(task.folds.splits)
        self._n_begun = 0
        self._shares: list[float] | None = None
        self._max_epochs: list[int] = []
        self.candidates: list[Parameters] = []
        self.records: dict[Pair, Record] = {}
        self.rungs: list[int] = []

    def run(self, source: Source) -> None:
        """Train and score all that a source has, batch by batch."""
        try:
            while batch := source.ask():
                first = len(self.candidates)
                self._evaluate(batch, source.batch_size)
                if source.learns:
                    numbers = range(first, len(self.candidates))
                    source.tell([self._result(k) for k in numbers])
        finally:
            source.close()

    def _evaluate(self, batch: list[Parameters], batch_size: int) -> None:
        """Train and score a batch."""
        template = self._task.folds.template
        estimators = [candidate(template, each) for each in batch]
        for estimator in estimators:
            self._check(estimator)
        networks = [network_of(estimator) for estimator in estimators]
        max_epochs = [1 if each is None else each.max_iter for each in networks]
        if self._shares is None:
            self._shares = self._rung_shares(batch_size, max(max_epochs))
        records, rungs = halve(
            lambda going: self._train(going, batch, estimators),
            max_epochs,
            self._n_folds,
            self._shares,
            1 if self._halving is None else self._halving.factor,
            self._measure,
        )
        first = len(self.candidates)
        self.records |= {(first + k, fold): each for (k, fold), each in records.items()}
        self.rungs += rungs.tolist()
        self._max_epochs += max_epochs
        self.candidates += batch

    def _rung_shares(self, n_candidates: int, max_epochs: int) -> list[float]:
        """Return the share of its epochs that a candidate gets in each rung."""
        halving = self._halving
        if halving is None:
            return [1.0]
        return rung_shares(n_candidates, halving.factor, max_epochs, halving.min_epochs)

    def _train(
        self,
        going: Sequence[Going],
        batch: Sequence[Parameters],
        estimators: Sequence[Any],
    ) -> list[Record]:
        """Train candidates of a batch on folds."""
        trials = [
            Trial(
                estimators[each.candidate],
                self._lessons.of(
                    estimators[each.candidate], batch[each.candidate], each.fold
                ),
                self._context.subcontext(
                    task_name="candidate-split-evaluation", task_id=self._n_begun + k
                ),
                each.pause,
                each.snapshot,
            )
            for k, each in enumerate(going)
        ]
        self._n_begun += len(going)
        return run_in_blocks(self._task, trials, self._n_jobs, self._verbose)

    def _result(self, k: int) -> Result:
        """Return what a source learns about a candidate."""
        records = [self.records[k, fold] for fold in range(self._n_folds)]
        scores = [self._measure(record.result["test_scores"]) for record in records]
        shares = self._shares or [1.0]
        n_epochs = epochs_for(shares[self.rungs[k]], self._max_epochs[k])
        is_last = self.rungs[k] == len(shares) - 1
        has_ended = all(record.snapshot is None for record in records)
        return Result(float(np.mean(scores)), n_epochs, is_last or has_ended)
