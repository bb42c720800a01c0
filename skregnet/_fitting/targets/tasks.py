"""Tasks of a network with several heads: what each learns, and in which code."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from scipy import special
from sklearn.metrics import r2_score
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skregnet._kernels import Array
from skregnet._networks.losses import BINARY_LOG_LOSS, LOG_LOSS, SQUARED_ERROR, Loss
from skregnet._sklearn.data_checks import beyond_precision, naming, real_numbers
from skregnet._sklearn.labels import (
    class_weights,
    codes_of,
    is_missing,
    learn_classes,
    objects,
    plain,
)

KINDS = ("classification", "regression")


@dataclass(frozen=True)
class Task:
    """One task: some columns of the targets.

    Parameters
    ----------
    name : object
        Name of the task: that of its column, or the number of its column.
    columns : tuple of int
        Columns of the targets; several make one regression of several numbers.
    kind : {'classification', 'regression'}
        What is learned.
    classes : ndarray or None
        The classes, sorted; None for a regression.
    mean, scale : ndarray of shape (n_columns,) or None
        What numbers are standardised by; None for a classification.
    class_weights : ndarray of shape (n_classes,) or None
        Weights of the classes, where there are any.
    """

    name: Any
    columns: tuple[int, ...]
    kind: str
    classes: Array | None = None
    mean: Any = None
    scale: Any = None
    class_weights: Array | None = None

    @property
    def loss(self) -> Loss:
        """The loss, and with it the output activation."""
        if self.classes is None:
            return SQUARED_ERROR
        return LOG_LOSS if len(self.classes) > 2 else BINARY_LOG_LOSS

    @property
    def n_outputs(self) -> int:
        """Outputs of the network: one for two classes."""
        if self.classes is None:
            return len(self.columns)
        return len(self.classes) if len(self.classes) > 2 else 1

    def encode(self, Y: Array, encoded: Array) -> Array:
        """Write targets as the network sees them to zeros, and tell which are there."""
        is_there = self.is_there(Y)
        values = Y[is_there][:, self.columns]
        if self.classes is None:
            encoded[is_there] = (values.astype(np.float64) - self.mean) / self.scale
            return is_there
        codes = codes_of(plain(values[:, 0]), self.classes)
        if self.n_outputs == 1:
            encoded[is_there, 0] = codes
        else:
            encoded[np.flatnonzero(is_there), codes] = 1
        return is_there

    def check_size(self, Y: Array, dtype: Any) -> None:
        """Refuse numbers that could not be predicted in this precision."""
        if self.classes is not None:
            return
        numbers = Y[self.is_there(Y)][:, self.columns].astype(np.float64)
        if np.abs(numbers).max(initial=0) > np.finfo(dtype).max:
            what = f"y contains values of task {self.name!r}"
            raise beyond_precision(what, dtype, "scale y")

    def decode(self, outputs: Array) -> Array:
        """Return labels or numbers, of shape (n_rows,) or (n_rows, n_columns)."""
        if self.classes is None:
            numbers = outputs * np.asarray(self.scale, outputs.dtype)
            numbers += np.asarray(self.mean, outputs.dtype)
            return numbers[:, 0] if len(self.columns) == 1 else numbers
        if self.n_outputs == 1:
            codes = (outputs[:, 0] > 0).astype(np.intp) * (len(self.classes) > 1)
        else:
            codes = outputs.argmax(axis=1)
        return self.classes[codes]

    def probabilities(self, outputs: Array) -> Array:
        """Return the probability of each class."""
        if self.n_outputs > 1:
            return special.softmax(outputs, axis=1)
        if self.classes is not None and len(self.classes) == 1:
            return np.ones_like(outputs)
        return special.expit(np.hstack([-outputs, outputs]))

    def score(self, outputs: Array, Y: Array, weights: Array | None) -> float:
        """Return the score of outputs; NaN if they are not finite."""
        if not np.isfinite(outputs).all():
            return float("nan")
        return self.score_of(self.decode(outputs), Y, weights)

    def score_of(self, decoded: Array, Y: Array, weights: Array | None) -> float:
        """Return accuracy or R^2 over the targets that are there; NaN without any."""
        counts = self.is_there(Y)
        if weights is not None:
            counts &= weights > 0
        rows = np.flatnonzero(counts)
        fewest = 1 if self.classes is not None else 2
        if len(rows) < fewest:
            return float("nan")
        predicted, own = decoded[rows], Y[rows][:, self.columns]
        weights = None if weights is None else weights[rows]
        if self.classes is None:
            numbers = own.astype(np.float64).reshape(predicted.shape)
            return float(r2_score(numbers, predicted, sample_weight=weights))
        codes = codes_of(plain(own[:, 0]), self.classes)
        hits = (codes == codes_of(predicted, self.classes)) & (codes >= 0)
        return float(np.average(hits, weights=weights))

    @property
    def key(self) -> Any:
        """What tells tasks apart that encode differently."""
        return tuple(
            None if part is None else tuple(part.tolist())
            for part in (self.classes, self.mean, self.scale)
        )

    def is_there(self, Y: Array) -> Array:
        """Tell which targets of the task are not missing."""
        missing = is_missing(Y[:, self.columns])
        return np.logical_not(missing.any(axis=1))

    def replace_unknown(self, Y: Array) -> None:
        """Replace classes that are not known by one that is, in place."""
        if self.classes is None:
            return
        rows = np.flatnonzero(self.is_there(Y))
        codes = codes_of(plain(Y[rows, self.columns[0]]), self.classes)
        known = self.classes[:1]
        known = objects(known) if Y.dtype.kind == "O" else known
        Y[rows[codes < 0], self.columns[0]] = known


def learn_tasks(
    Y: Array,
    names: Sequence[Any],
    tasks: Any,
    kind: str | None,
    weights: Array | None = None,
) -> list[Task]:
    """Return the tasks, what each encodes learned from the targets that are there.

    Parameters
    ----------
    Y : ndarray of shape (n_rows, n_columns)
        Targets.
    names : sequence
        Names of the columns.
    tasks : str or dict
        What the columns are.
    kind : str or None
        The kind of tasks that are not described; None to infer it.
    weights : ndarray of shape (n_rows,) or None, default=None
        Weights of the rows in means and scales.
    """
    return [
        _learned(name, columns, what or kind, Y, weights)
        for name, columns, what in _described(names, tasks)
    ]


def weigh_classes(
    tasks: Sequence[Task], Y: Array, class_weight: Any, weights: Array | None
) -> list[Task]:
    """Return the tasks with weights of their classes.

    Parameters
    ----------
    tasks : sequence of Task
        The tasks.
    Y : ndarray of shape (n_rows, n_columns)
        Targets.
    class_weight : dict, 'balanced' or None
        Weights of the classes, of all classifications or, where the values of a dict
        are no numbers, by name of the task.
    weights : ndarray of shape (n_rows,) or None
        Weights of the rows.
    """
    is_by_task = isinstance(class_weight, dict) and not all(
        isinstance(weight, Real) for weight in class_weight.values()
    )
    if is_by_task:
        _check_by_task(class_weight, [task.name for task in tasks])
    weighed = []
    for task in tasks:
        given = class_weight.get(task.name) if is_by_task else class_weight
        if task.classes is None or given is None:
            weighed.append(replace(task, class_weights=None))
            continue
        is_there = task.is_there(Y)
        labels = plain(Y[is_there, task.columns[0]])
        own = np.ones(len(labels)) if weights is None else weights[is_there]
        found = _class_weights(task, labels, given, own)
        weighed.append(replace(task, class_weights=found))
    return weighed


def _check_by_task(class_weight: dict[Any, Any], names: Sequence[Any]) -> None:
    """Refuse weights of classes of tasks that are not there, or that are no such."""
    are_valid = all(
        given is None or isinstance(given, dict) or given == "balanced"
        for given in class_weight.values()
    )
    if not are_valid or set(class_weight) - set(names):
        raise ValueError(
            "class_weight expects 'balanced', a dict of weights by class, or a dict of "
            f"either by names of tasks, {list(names)!r}, got "
            f"class_weight={class_weight!r}."
        )


def _class_weights(task: Task, labels: Array, given: Any, weights: Array) -> Array:
    """Return the weight of each class of a task."""
    classes: Any = task.classes
    with naming("class_weight"):
        found = class_weights(given, classes, codes_of(labels, classes), weights)
    if not (np.isfinite(found).all() and (found >= 0).all() and found.any()):
        raise ValueError(
            "class_weight expects finite weights that are not negative, not all of "
            f"them 0, got {given!r} for task {task.name!r}."
        )
    return found


def _described(
    names: Sequence[Any], tasks: Any
) -> list[tuple[Any, tuple[int, ...], str | None]]:
    """Return name, columns and kind of each task; no kind if it is to be inferred."""
    if isinstance(tasks, str):
        return [(name, (k,), _kind_of(tasks)) for k, name in enumerate(names)]
    described: list[tuple[Any, tuple[int, ...], str | None]] = []
    for name, what in tasks.items():
        columns = [name] if isinstance(what, str) else list(what)
        places = tuple(_place(column, names) for column in columns)
        kind = _kind_of(what) if isinstance(what, str) else "regression"
        described.append((name, places, kind))
    taken = sorted(place for _, places, _ in described for place in places)
    if taken != list(range(len(names))):
        raise ValueError(
            f"tasks expects each column of y once, of {list(names)!r}, got "
            f"tasks={tasks!r}."
        )
    return described


def _kind_of(what: str) -> str | None:
    return None if what == "auto" else what


def _place(column: Any, names: Sequence[Any]) -> int:
    """Return the number of a column."""
    if column in names:
        return names.index(column)
    raise ValueError(
        f"tasks expects columns of y, {list(names)!r}, got {column!r}; name them as y "
        "does, or by their numbers where it has no names."
    )


def _learned(
    name: Any,
    columns: tuple[int, ...],
    kind: str | None,
    Y: Array,
    weights: Array | None,
) -> Task:
    """Learn what a task encodes."""
    values = Y[:, columns]
    is_there = np.logical_not(is_missing(values).any(axis=1))
    values = values[is_there]
    if not len(values):
        raise ValueError(f"task {name!r} has no target in y that is not missing.")
    kind = kind or _inferred(name, values[:, 0])
    if kind == "regression":
        mean, scale = _moments(
            _as_numbers(name, values), None if weights is None else weights[is_there]
        )
        if not (np.isfinite(mean) & np.isfinite(scale)).all():
            raise ValueError(
                f"task {name!r} expects numbers whose variance is finite, got a "
                f"largest one of {np.abs(values.astype(np.float64)).max():g}; scale y."
            )
        return Task(name, columns, kind, mean=mean, scale=scale)
    labels = _as_labels(name, values[:, 0])
    if labels.dtype.kind != "O":
        check_classification_targets(labels)
    return Task(name, columns, kind, classes=_classes(name, labels))


def _moments(numbers: Array, weights: Array | None) -> tuple[Array, Array]:
    """Return means and standard deviations of columns, 1 where there is no spread."""
    if weights is not None and not weights.any():
        weights = None
    mean = np.average(numbers, axis=0, weights=weights)
    spread = np.sqrt(np.average((numbers - mean) ** 2, axis=0, weights=weights))
    tiny = np.finfo(np.float64).eps * np.abs(numbers).max(axis=0)
    return mean, np.where(spread <= tiny, 1.0, spread)


def _inferred(name: Any, values: Array) -> str:
    """Return the kind of a task by its values."""
    labels = _as_labels(name, values)
    if labels.dtype.kind == "O":
        return "regression" if _has_fractions(name, labels) else "classification"
    target = type_of_target(labels, input_name=f"y of task {name!r}")
    if target.startswith("continuous"):
        return "regression"
    if target in ("binary", "multiclass"):
        return "classification"
    raise ValueError(
        f"task {name!r} expects labels or numbers, got values of type {target!r}; give "
        "its kind by tasks={...}."
    )


def _as_labels(name: Any, values: Array) -> Array:
    """Return targets of a task, each a single one and finite."""
    labels = plain(values)
    if labels.ndim != 1:
        raise ValueError(f"task {name!r} expects labels or numbers, got {values[0]!r}.")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ValueError(f"task {name!r} expects finite numbers, got infinity.")
    return labels


def _classes(name: Any, labels: Array) -> Array:
    """Return the classes of a task."""
    try:
        return learn_classes(labels)[0]
    except TypeError as error:
        raise ValueError(
            f"y of task {name!r} expects labels that can be hashed, such as text, "
            f"numbers or dates, got {labels[0]!r}."
        ) from error


def _has_fractions(name: Any, values: Array) -> bool:
    """Tell whether objects are numbers, such as decimals, and not all are whole."""
    if not all(isinstance(value, Real | Decimal) for value in values):
        return False
    try:
        return any(value % 1 != 0 for value in values)
    except ArithmeticError as error:
        raise ValueError(f"task {name!r} expects finite numbers: {error}.") from error


def _as_numbers(name: Any, values: Array) -> Array:
    """Return targets of a regression as numbers."""
    try:
        numbers = real_numbers(values, "y").astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"task {name!r} is a regression and expects numbers, got {values[0]!r}."
        ) from error
    if not np.isfinite(numbers).all():
        raise ValueError(
            f"task {name!r} is a regression and expects finite numbers, got infinity."
        )
    return numbers


def check_known(task: Task, Y: Array, name: str) -> None:
    """Refuse classes that a task has not learned."""
    values = Y[:, task.columns]
    values = values[~is_missing(values).any(axis=1)]
    if task.classes is None:
        if len(values):
            _as_numbers(task.name, values)
        return
    labels = plain(values[:, 0])
    unknown = list(dict.fromkeys(labels[codes_of(labels, task.classes) < 0]))
    if unknown:
        raise ValueError(
            f"{name} has classes of task {task.name!r} that the y of fit has not: that "
            f"has {task.classes}, {name} has {unknown}."
        )


def check_tasks(tasks: Any, kind: str | None) -> None:
    """Refuse descriptions of tasks that are no such, or of another kind than all."""
    known = ("auto", *KINDS) if kind is None else ("auto", kind)
    for what in [tasks] if isinstance(tasks, str) else tasks.values():
        is_group = isinstance(what, list | tuple) and len(what) > 0
        if isinstance(what, str):
            is_valid = what in known
        else:
            is_valid = is_group and "regression" in (kind or "regression")
        if not is_valid:
            raise ValueError(
                f"tasks expects one of {known}, or a dict of these, or of lists of "
                f"columns that make one regression, by task, got tasks={tasks!r}."
            )


def mean_score(scores: Iterable[float]) -> float:
    """Return the mean of what is a number; NaN where nothing is."""
    numbers = [score for score in scores if not np.isnan(score)]
    return float(np.mean(numbers)) if numbers else float("nan")
