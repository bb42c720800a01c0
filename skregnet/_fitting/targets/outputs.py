"""What members of a kind put out, and what their ensemble makes of it.

Whatever the members predict, an ensemble combines arrays of numbers: probabilities of
classes, numbers, or both side by side for the tasks of a network with several heads.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from sklearn.metrics import r2_score

from skregnet._fitting.targets.target_form import TargetForm
from skregnet._fitting.targets.tasks import Task, mean_score
from skregnet._fitting.targets.votes import (
    aligned,
    class_votes,
    decisions,
    probabilities,
)
from skregnet._kernels import Array
from skregnet._sklearn.data_checks import accuracy

Metadata = dict[str, Any]
"""Parameters that metadata routing hands to members."""

# Sums of squares of numbers up to this size are finite.
_SQUARABLE = 1e100


class Output(Protocol):
    """How outputs of members are read."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the outputs of one row."""
        ...

    def of_member(
        self, member: Any, X: Any, by_votes: bool, parameters: Metadata
    ) -> Array:
        """Return a member's outputs of some rows."""
        ...

    def decode(self, outputs: Array) -> Any:
        """Return predictions."""
        ...

    def probabilities(self, outputs: Array) -> Any:
        """Return probabilities of classes, in the form in which members have them."""
        ...

    def score(self, outputs: Array, y: Any, weights: Array | None) -> float:
        """Return the score of combined outputs."""
        ...


@dataclass(frozen=True)
class NumberOutput:
    """Numbers of regressors.

    Parameters
    ----------
    shape : tuple of int
        Empty for one number a row.
    """

    shape: tuple[int, ...]

    def of_member(
        self, member: Any, X: Any, by_votes: bool, parameters: Metadata
    ) -> Array:
        """Return predictions."""
        return np.asarray(member.predict(X, **parameters))

    def decode(self, outputs: Array) -> Array:
        """Return the numbers."""
        return outputs

    def probabilities(self, outputs: Array) -> Any:
        """There are none."""
        raise NotImplementedError

    def score(self, outputs: Array, y: Any, weights: Array | None) -> float:
        """Return R^2, NaN for a single row, or for outputs beyond floats."""
        if len(y) < 2 or not np.isfinite(outputs).all():
            return float("nan")
        y = np.asarray(y)
        largest = float(np.abs(y).max()) if y.dtype.kind in "iuf" else 0.0
        if largest > _SQUARABLE:
            y, outputs = y / largest, outputs / largest
        return float(r2_score(y, outputs, sample_weight=weights))


@dataclass(frozen=True)
class ClassOutput:
    """Probabilities of classes, or of labels.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        All classes, sorted; of a multilabel problem the numbers of its labels.
    is_multilabel : bool
        Whether a row may have several labels.
    in_lists : bool
        Whether members return the probabilities of labels as a list.
    """

    classes: Array
    is_multilabel: bool
    in_lists: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """One output a class."""
        return (len(self.classes),)

    def of_member(
        self, member: Any, X: Any, by_votes: bool, parameters: Metadata
    ) -> Array:
        """Return a member's probabilities, or its votes."""
        return probabilities(member, X, self.classes, by_votes, parameters)

    def decisions(self, member: Any, X: Any, parameters: Metadata) -> Array:
        """Return a member's decision function."""
        if self.is_multilabel:
            return np.asarray(member.decision_function(X, **parameters))
        return decisions(member, X, self.classes, parameters)

    def decode(self, outputs: Array) -> Array:
        """Return the most probable class, or each label that is probable."""
        if self.is_multilabel:
            labels: Array = (outputs > 0.5).astype(np.intp)
            return labels
        return self.classes[outputs.argmax(axis=1)]

    def probabilities(self, outputs: Array) -> Any:
        """Return an array, or a list of one array a label."""
        if self.is_multilabel and self.in_lists:
            return [np.stack([1 - label, label], axis=1) for label in outputs.T]
        return outputs

    def score(self, outputs: Array, y: Any, weights: Array | None) -> float:
        """Return the accuracy."""
        return accuracy(y, self.decode(outputs), weights)


@dataclass(frozen=True)
class TaskOutput:
    """Probabilities and numbers of several tasks, side by side.

    Parameters
    ----------
    tasks : tuple of Task
        The tasks, with all their classes.
    form : TargetForm
        The form of the targets.
    """

    tasks: tuple[Task, ...]
    form: TargetForm

    @property
    def shape(self) -> tuple[int, ...]:
        """A number for each class and for each column of a regression."""
        return (sum(self._widths),)

    @property
    def _widths(self) -> list[int]:
        return [
            len(task.columns) if task.classes is None else len(task.classes)
            for task in self.tasks
        ]

    def of_member(
        self, member: Any, X: Any, by_votes: bool, parameters: Metadata
    ) -> Array:
        """Return a member's probabilities, or votes, and numbers."""
        outputs = member._outputs(X)
        parts = []
        for task, own, part in zip(
            self.tasks, member.tasks_, member._loss.outputs_of_tasks, strict=True
        ):
            decoded = own.decode(outputs[:, part])
            if task.classes is None:
                parts.append(decoded.reshape(len(outputs), -1))
            elif by_votes:
                parts.append(class_votes(decoded, task.classes))
            else:
                given = own.probabilities(outputs[:, part])
                parts.append(aligned(given, own.classes, task.classes))
        return np.hstack(parts)

    @property
    def classes(self) -> Any:
        """Classes of each classification, in the form of the probabilities."""
        found = [task.classes for task in self.tasks if task.classes is not None]
        return found[0] if found and self.form.is_vector else found

    def decode(self, outputs: Array) -> Any:
        """Return predictions of all tasks, in the form of the targets."""
        decoded = [
            part if task.classes is None else task.classes[part.argmax(axis=1)]
            for task, part in zip(self.tasks, self._parts(outputs), strict=True)
        ]
        return self.form.restore(self.tasks, decoded)

    def probabilities(self, outputs: Array) -> Any:
        """Return an array for each classification."""
        parts = zip(self.tasks, self._parts(outputs), strict=True)
        found = [part for task, part in parts if task.classes is not None]
        return found[0] if self.form.is_vector else found

    def score(self, outputs: Array, y: Any, weights: Array | None) -> float:
        """Return the mean over tasks of accuracy or R^2; NaN where nothing is."""
        _, Y = TargetForm.of(y)
        scores = []
        for task, part in zip(self.tasks, self._parts(outputs), strict=True):
            if task.classes is None:
                decoded = part[:, 0] if len(task.columns) == 1 else part
            else:
                decoded = task.classes[part.argmax(axis=1)]
            scores.append(task.score_of(decoded, Y, weights))
        return mean_score(scores)

    def _parts(self, outputs: Array) -> list[Array]:
        """Return the outputs of each task."""
        return np.split(outputs, np.cumsum(self._widths)[:-1], axis=1)
