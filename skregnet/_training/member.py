"""One network in training: where it starts, how it steps, when it ends, what it found.

A member is the same whether it is trained alone or in a stack.
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

import numpy as np

from skregnet._kernels import Array
from skregnet._networks.batches import TrainingData
from skregnet._training.augmentation import Augmenter
from skregnet._training.averaging import START
from skregnet._training.history import History
from skregnet._training.recipe import Recipe
from skregnet._training.stopping import Plateau
from skregnet.optimizers import Gradual, Schedule, State

# No training lasts so long, and no float holds integers of any size.
_MOST_EPOCHS = 2**63


class Outcome(Enum):
    """Why a member's training ended."""

    CONVERGED = auto()
    OUT_OF_EPOCHS = auto()
    OUT_OF_EVALUATIONS = auto()
    STALLED = auto()
    STOPPED = auto()
    INTERRUPTED = auto()
    DIVERGED = auto()


class Observer(Protocol):
    """What training tells of a member, and asks about it."""

    def validate(self, vector: Array) -> tuple[float, float]:
        """Return score and loss of the parameters on the validation data."""
        ...

    def report(self, message: str) -> None:
        """Take a message about the progress of training."""
        ...

    def epoch_begin(self) -> None:
        """Take notice of the start of an epoch."""
        ...

    def epoch_end(self, vector: Array) -> bool:
        """Take notice of the end of an epoch, and tell whether training shall stop."""
        ...


class Keeper(Protocol):
    """Who keeps snapshots of a member's training, to go on from after a fall."""

    def is_due(self, n_epochs: int) -> bool:
        """Tell whether one is to be taken after so many epochs."""
        ...

    def keep(self, snapshot: State) -> None:
        """Keep a snapshot in place of the last, before its arrays change."""
        ...


@dataclass
class Member:
    """A network in training.

    Parameters
    ----------
    recipe : Recipe
        How it is trained.
    data : TrainingData
        What it learns from.
    vector : ndarray of shape (n_parameters,)
        Its parameters: where training starts, and afterwards where it ended.
    plateau : Plateau
        When progress has ended; persists over a warm start.
    history : History
        Curves, to which training adds.
    observer : Observer
        Who listens.
    max_epochs : int
        Most epochs to run.
    total_epochs : int or None
        Epochs that a gradual schedule spans, over all calls; None for `max_epochs`.
    validates : bool
        Whether the plateau is that of the validation score.
    validation_interval : int
        Epochs between checks of the validation data.
    best : ndarray of shape (n_parameters,) or None
        Parameters of the best validation score.
    is_averaging : bool
        Whether the epoch's weights enter the average of the last epochs.
    is_continued : bool
        Whether later calls go on from here; the best parameters then come back only
        once the plateau is reached.
    schedule, random_state, shuffle
        Used by minibatch training only.
    rng : Generator or None
        Source of noise, where the recipe or the augmenter asks for any.
    augmenter : Augmenter or None
        Who changes the rows of each minibatch.
    learning_rate : float
        Current rate.
    state : dict or None
        Of the optimizer and of the average: what to go on from, and afterwards what
        there is at the end.
    order : ndarray of int or None
        The rows to learn from in the order of an earlier epoch; None for that of the
        data.
    keeper : Keeper or None
        Who keeps snapshots of minibatch training.
    """

    recipe: Recipe
    data: TrainingData
    vector: Array
    plateau: Plateau
    history: History
    observer: Observer
    max_epochs: int
    total_epochs: int | None = None
    validates: bool = False
    validation_interval: int = 1
    best: Array | None = None
    is_continued: bool = False
    schedule: Schedule | None = None
    random_state: np.random.RandomState | None = None
    shuffle: bool = True
    rng: np.random.Generator | None = None
    augmenter: Augmenter | None = None
    learning_rate: float = 0.0
    state: State | None = None
    is_averaging: bool = False
    order: Array | None = None
    keeper: Keeper | None = None
    n_epochs: int = field(default=0, init=False)
    outcome: Outcome | None = field(default=None, init=False)

    def rate_at(self, share: float) -> float:
        """Return the learning rate once a share of the epoch is over."""
        if not isinstance(self.schedule, Gradual):
            return self.learning_rate
        n_done = len(self.history.losses) if self.is_continued else self.n_epochs
        total = min(self.total_epochs or self.max_epochs, _MOST_EPOCHS)
        return self.schedule.at(min(1.0, (n_done + share) / total))

    def end_epoch(self, loss: float, vector: Array) -> bool:
        """Record an epoch and decide whether to go on with another.

        Parameters
        ----------
        loss : float
            Mean loss of the epoch.
        vector : ndarray of shape (n_parameters,)
            Parameters at its end, or their average, where there is one.
        """
        self.n_epochs += 1
        self.history.losses.append(loss)
        self.history.learning_rates.append(self.learning_rate)
        self.history.n_rows_seen += len(self.data.rows)
        self.observer.report(f"Iteration {self.n_epochs}, loss = {loss:.8f}")
        if not np.isfinite(vector).all():
            self.outcome = Outcome.DIVERGED
            if self.best is not None:
                self.observer.epoch_end(self.best)
            return False
        self._watch(loss, vector)
        if self.schedule is not None:
            self.learning_rate = self.schedule.after_epoch(
                self.learning_rate, self.history.n_rows_seen
            )
        self._start_averaging()
        if self.plateau.reached and self._stops_on_plateau():
            self.outcome = Outcome.CONVERGED
        stopped = self.observer.epoch_end(vector)
        if self.outcome is None and stopped:
            self.outcome = Outcome.STOPPED
        if self.outcome is None and self.n_epochs >= self.max_epochs:
            self.outcome = Outcome.OUT_OF_EPOCHS
        return self.outcome is None

    def end_iteration(self, loss: float, vector: Array) -> bool:
        """Record an iteration of a full-batch solver; see `end_epoch`.

        The solver itself tells when it has converged, unless validation data do.
        """
        self.n_epochs += 1
        self.history.losses.append(loss)
        self.observer.report(f"Iteration {self.n_epochs}, loss = {loss:.8f}")
        if self.validates:
            self._watch(loss, vector)
            if self.plateau.reached:
                self._stops_on_plateau()
                self.outcome = Outcome.CONVERGED
        else:
            self.plateau.best = max(self.plateau.best, -loss)
        if self.observer.epoch_end(vector) and self.outcome is None:
            self.outcome = Outcome.STOPPED
        return self.outcome is None

    @property
    def is_to_be_kept(self) -> bool:
        """Whether a snapshot is due: at an end, but of what has diverged."""
        if self.keeper is None or self.outcome is Outcome.DIVERGED:
            return False
        return self.outcome is not None or self.keeper.is_due(self.n_epochs)

    def finish(self, vector: Array) -> None:
        """Keep the best parameters where they are due, else these."""
        goes_on = self.is_continued and self.outcome is not Outcome.DIVERGED
        if self.best is None or (goes_on and not self.plateau.reached):
            self.vector = vector.copy()
            return
        self.vector = self.best
        if self.is_continued:
            self.plateau.n_without = 0

    def _watch(self, loss: float, vector: Array) -> None:
        """Update the plateau by the training loss, or by a check of validation data."""
        if not self.validates:
            self.plateau.update(-loss)
            return
        n_epochs = len(self.history.losses) if self.is_continued else self.n_epochs
        since_check = n_epochs % self.validation_interval
        is_last = not self.is_continued and n_epochs >= self.max_epochs
        if since_check and not is_last:
            return
        score, validation_loss = self.observer.validate(vector)
        self.history.validation_scores.append(score)
        self.history.validation_losses.append(validation_loss)
        self.observer.report(f"Validation score: {score:f}")
        if self.plateau.update(score, since_check or self.validation_interval):
            self.best = vector.copy()

    def _start_averaging(self) -> None:
        """Average the epochs to come once most are over, or at a first plateau."""
        averaging = self.recipe.averaging
        if self.is_averaging or averaging is None or not averaging.starts_late:
            return
        if self.plateau.reached:
            self.plateau.n_without = 0
            self.is_averaging = True
        elif self.n_epochs >= int(START * min(self.max_epochs, _MOST_EPOCHS)):
            self.is_averaging = True

    def _stops_on_plateau(self) -> bool:
        """Stop, or go on at the rate that the schedule gives for a plateau."""
        watched = "Validation score" if self.validates else "Training loss"
        message = (
            f"{watched} did not improve more than tol={self.plateau.tol:f} for "
            f"{self.plateau.patience:.0f} consecutive epochs."
        )
        schedule = self.schedule
        rate = None if schedule is None else schedule.on_plateau(self.learning_rate)
        if rate is None:
            reason = "" if schedule is None else schedule.why_stop
            self.observer.report(f"{message} {reason}Stopping.")
            return True
        self.observer.report(f"{message} Setting learning rate to {rate:f}")
        self.learning_rate = rate
        self.plateau.n_without = 0
        return False
