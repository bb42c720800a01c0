"""Candidates on folds: trained together as stacks, scored one by one.

A trial that fails does not take others along: what fails before or after training is
its own, and if the training of a stack fails its members are trained again, each alone.
"""

import copy
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from traceback import format_exc
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skregnet._fitting.blocks import one_blas_thread
from skregnet._fitting.members import network_of
from skregnet._fitting.prepare import Session
from skregnet._fitting.solvers import FULL_BATCH
from skregnet._fitting.store import conclude
from skregnet._kernels import Array
from skregnet._sklearn.private import (
    _fit_and_score,
    _MultimetricScorer,
    _num_samples,
    _score,
    callback_management_context,
)
from skregnet._training import Observer, Outcome, resume, train_minibatch
from skregnet.optimizers import State
from skregnet.search._folds import TEST, TRAIN, Folds, Lesson, fresh_copy


@dataclass(frozen=True)
class Task:
    """What all trials of a search have in common.

    Parameters
    ----------
    folds : Folds
        The data.
    scorer : callable
        What measures.
    error_score : 'raise' or float
        What a trial counts that fails.
    return_train_score : bool
        Whether to measure on the rows learned from too.
    caller : estimator
        The search, for its callbacks.
    """

    folds: Folds
    scorer: Any
    error_score: Any
    return_train_score: bool
    caller: Any = None


@dataclass(frozen=True)
class Trial:
    """One candidate on one fold, to be trained to its end or to a pause.

    Parameters
    ----------
    estimator : estimator
        The candidate, not fitted.
    lesson : Lesson
        What it is to learn.
    context : CallbackContext or None, default=None
        Its task in the eyes of callbacks.
    pause : int or None, default=None
        Number of epochs after which to pause.
    snapshot : dict or None, default=None
        Of the pause to go on from.
    """

    estimator: Any
    lesson: Lesson
    context: Any = None
    pause: int | None = None
    snapshot: State | None = None


@dataclass(frozen=True)
class Record:
    """What came of a trial.

    Parameters
    ----------
    result : dict
        Scores, times and errors, as scikit-learn's searches format them.
    n_epochs : int
        How many epochs it has been trained, from the beginning.
    snapshot : dict or None
        What to go on from, after a pause.
    """

    result: dict[str, Any]
    n_epochs: int
    snapshot: State | None


def run_trials(
    task: Task, trials: Sequence[Trial], valid: set[int] | None = None
) -> list[Record]:
    """Return what comes of trials; those of one architecture train together.

    What is no network, and no plain Pipeline that ends in one, is fitted alone. In
    `valid` candidates are noted whose parameters are, to be checked once.
    """
    valid = set() if valid is None else valid
    runs = {
        k: _Run(task, trial, valid)
        for k, trial in enumerate(trials)
        if network_of(trial.estimator) is not None
    }
    with one_blas_thread():
        for run in _train(list(runs.values())):
            run.restart()
            _train([run])
        return [
            runs[k].record() if k in runs else _fitted_alone(task, trial)
            for k, trial in enumerate(trials)
        ]


def _fitted_alone(task: Task, trial: Trial) -> Record:
    """Return what comes of a trial whose estimator is fitted by its own `fit`."""
    folds, fold = task.folds, trial.lesson.fold
    train, test = folds.splits[fold]
    result = _fit_and_score(
        clone(trial.estimator),
        folds.X,
        folds.y,
        scorer=task.scorer,
        train=train,
        test=test,
        verbose=0,
        parameters=None,
        fit_params=folds.fit_parameters,
        score_params=folds.score_parameters,
        return_train_score=task.return_train_score,
        return_n_test_samples=True,
        return_times=True,
        error_score=task.error_score,
        caller=task.caller,
        callback_ctx=trial.context,
    )
    return Record(result, n_epochs=0, snapshot=None)


class _Pause:
    """Ends training after some epochs, and keeps what is needed to go on.

    Listens to a member, and keeps its snapshot, in place of its observer and keeper.
    """

    def __init__(self, observer: Observer, n_epochs: int) -> None:
        self._n_left = n_epochs
        self._is_due = False
        self.snapshot: State | None = None
        self.validate: Callable[[Array], tuple[float, float]] = observer.validate
        self.report: Callable[[str], None] = observer.report
        self.epoch_begin: Callable[[], None] = observer.epoch_begin
        self._epoch_end = observer.epoch_end

    def epoch_end(self, vector: Array) -> bool:
        """Stop with the last epoch, or when a callback says so."""
        self._n_left -= 1
        is_stopped = self._epoch_end(vector)
        self._is_due = not is_stopped and self._n_left <= 0
        return is_stopped or self._is_due

    def is_due(self, n_epochs: int) -> bool:  # noqa: ARG002
        """Want no snapshots on the way."""
        return False

    def keep(self, snapshot: State) -> None:
        """Keep that of the end, if it is not an end for good."""
        if self._is_due and snapshot["outcome"] is None:
            arrays = {name: snapshot[name].copy() for name in ("parameters", "order")}
            self.snapshot = {**snapshot, **arrays}


class _Run:
    """A trial on its way.

    Candidates whose parameters have been found valid are noted in `valid`.
    """

    def __init__(self, task: Task, trial: Trial, valid: set[int]) -> None:
        self._task, self._trial, self._valid = task, trial, valid
        self.restart()

    def restart(self) -> None:
        """Begin anew."""
        self.seconds = 0.0
        self.session: Session | None = None
        self._pause: _Pause | None = None
        self._error = self._trial.lesson.error
        self._estimator = fresh_copy(self._trial.estimator)
        self._network = network_of(self._estimator)

    @property
    def signature(self) -> tuple[Any, ...] | None:
        """What runs have in common that train as one stack; None to train none."""
        if self.session is None:
            return None
        if self._trial.snapshot is None:
            return self.session.signature
        # All but the last, by which those that go on from a state train alone.
        return (*self.session.signature[:-1], self.session.member.n_epochs)

    @contextmanager
    def callbacks(self) -> Iterator[None]:
        """Hand callbacks on to the network, and tell them of beginning and end."""
        trial, task = self._trial, self._task
        if trial.context is None:
            with callback_management_context(self._network):
                yield
            return
        fold = trial.lesson.fold
        hook_data = {
            "X": lambda: task.folds.data(fold, TRAIN)[0],
            "y": lambda: task.folds.data(fold, TRAIN)[1],
        }
        with (
            trial.context.propagate_callback_context(self._network),
            callback_management_context(self._network),
        ):
            trial.context.call_on_fit_task_begin(estimator=task.caller, **hook_data)
            yield
        trial.context.call_on_fit_task_end(estimator=task.caller, **hook_data)

    def open(self) -> None:
        """Check parameters and data, and set up what is to be trained."""
        if self._error is None:
            self.attempt(self._open)

    def _open(self) -> None:
        trial, network = self._trial, self._network
        if trial.snapshot is None and id(trial.estimator) not in self._valid:
            network._validate_params()
            self._valid.add(id(trial.estimator))
        session = Session(trial.lesson.request(network))
        member = session.member
        if trial.snapshot is not None:
            history = copy.deepcopy(trial.snapshot["history"])
            resume(member, {**trial.snapshot, "history": history})
        if trial.pause is not None:
            n_epochs = trial.pause - member.n_epochs
            self._pause = _Pause(member.observer, n_epochs)
            member.observer, member.keeper = self._pause, self._pause
        self.session = session

    def attempt(self, call: Callable[[], object]) -> None:
        """Make a call, whose failure is this trial's own."""
        start = time.perf_counter()
        try:
            call()
        except Exception:
            if self._task.error_score == "raise":
                raise
            self._error = format_exc()
            self.session = None
        self.seconds += time.perf_counter() - start

    def record(self) -> Record:
        """Score what has been trained."""
        result: dict[str, Any] = {"fit_error": self._error, "fit_time": self.seconds}
        fold = self._trial.lesson.fold
        result["n_test_samples"] = _num_samples(self._task.folds.splits[fold][TEST])
        start = time.perf_counter()
        result["test_scores"] = self._scores(TEST)
        result["score_time"] = time.perf_counter() - start
        if self._task.return_train_score:
            result["train_scores"] = self._scores(TRAIN)
        n_epochs = getattr(self._network, "n_iter_", 0)
        snapshot = None if self._pause is None else self._pause.snapshot
        return Record(result, n_epochs, None if self._error else snapshot)

    def _scores(self, part: int) -> Any:
        task, fold = self._task, self._trial.lesson.fold
        if self._error is not None:
            if isinstance(task.scorer, _MultimetricScorer):
                return dict.fromkeys(task.scorer._scorers, task.error_score)
            return task.error_score
        return _score(
            self._fitted(),
            *task.folds.data(fold, part),
            task.scorer,
            task.folds.to_score(fold, part),
            task.error_score,
        )

    def _fitted(self) -> Any:
        """Return the estimator as its own `fit` would have left it."""
        lesson = self._trial.lesson
        if lesson.names is not None:
            self._network.feature_names_in_ = lesson.names
        if isinstance(self._estimator, Pipeline):
            self._estimator.steps = [*lesson.steps, self._estimator.steps[-1]]
        return self._estimator


def _train(runs: Sequence[_Run]) -> list[_Run]:
    """Train runs, as stacks; return those of stacks whose training failed."""
    failed: list[_Run] = []
    with ExitStack() as stack:
        groups = defaultdict(list)
        for run in runs:
            stack.enter_context(run.callbacks())
            run.open()
            if run.session is not None:
                groups[run.signature].append((run, run.session))
        for group in groups.values():
            if not _train_group(group):
                failed += [run for run, _ in group]
    return failed


def _train_group(group: Sequence[tuple[_Run, Session]]) -> bool:
    """Train a stack, and store what was found; tell whether training succeeded."""
    sessions = [session for _, session in group]
    if len(group) == 1:
        group[0][0].attempt(lambda: _train_sessions(sessions))
    else:
        start = time.perf_counter()
        try:
            _train_sessions(sessions)
        except Exception:
            return False
        for run, _ in group:
            run.seconds += (time.perf_counter() - start) / len(group)
    if any(s.member.outcome is Outcome.INTERRUPTED for s in sessions):
        raise KeyboardInterrupt
    if sessions[0].is_stochastic:
        for run, session in group:
            if run.session is not None:
                run.attempt(partial(conclude, session))
    return True


def _train_sessions(sessions: Sequence[Session]) -> None:
    """Train the members of sessions of one signature."""
    first = sessions[0]
    if first.is_stochastic:
        train_minibatch([session.member for session in sessions], first.batch_size)
        return
    train = FULL_BATCH[first.estimator.solver]
    conclude(first, train(first.member, **first.limits))
