"""The data of all folds, and what networks learn in each of them.

Preprocessing that candidates share is fitted once a fold. Networks of all candidates
then learn from one array: from rows of all data where nothing comes before them, from
what the preprocessing makes of a fold's rows otherwise.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from traceback import format_exc
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skregnet._fitting.members import StackedFitMixin, is_network, network_of
from skregnet._fitting.request import Request
from skregnet._fitting.sample_weights import checked_weights
from skregnet._fitting.shared_data import Part, Pool
from skregnet._kernels import Array
from skregnet._sklearn.data_checks import rows_of_parameters
from skregnet._sklearn.private import (
    _routing_enabled,
    _safe_split,
    callback_management_context,
)
from skregnet.estimators import MultiTaskMLP

# Whose rows are taken: those to learn from, or those to be scored on.
TRAIN, TEST = 0, 1

# Attributes of networks that copies have in common.
_SHARED = ("initial_trunk", "_skl_callbacks", "_metadata_request")


@dataclass
class Folds:
    """Rows of each fold, sliced when they are asked for.

    Parameters
    ----------
    template : estimator
        What candidates are copies of.
    X, y : array-like
        The data.
    splits : sequence of (ndarray of int, ndarray of int)
        Rows to learn from and rows to be scored on, of each fold.
    fit_parameters, score_parameters : dict
        What is handed to `fit` and to scorers besides.
    """

    template: Any
    X: Any
    y: Any
    splits: Sequence[tuple[Array, Array]]
    fit_parameters: dict[str, Any]
    score_parameters: dict[str, Any]
    _slices: dict[Any, Any] = field(default_factory=dict)

    def data(self, fold: int, part: int) -> tuple[Any, Any]:
        """Return features and targets."""
        key = (fold, part)
        if key not in self._slices:
            train, rows = self.splits[fold][TRAIN], self.splits[fold][part]
            # Kernel matrices are cut in their columns too.
            columns = None if part == TRAIN else train
            self._slices[key] = _safe_split(
                self.template, self.X, self.y, rows, columns
            )
        found: tuple[Any, Any] = self._slices[key]
        return found

    def to_fit(self, fold: int) -> dict[str, Any]:
        """Return what is handed to `fit` besides, as far as it is the fold's."""
        return self._of_rows(self.fit_parameters, self.splits[fold][TRAIN])

    def to_score(self, fold: int, part: int) -> dict[str, Any]:
        """Return what is handed to scorers besides."""
        return self._of_rows(self.score_parameters, self.splits[fold][part])

    def _of_rows(self, parameters: dict[str, Any], rows: Array) -> dict[str, Any]:
        return rows_of_parameters(self.X, parameters, rows)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the slices behind, which are quickly made anew."""
        return {**vars(self), "_slices": {}}


@dataclass(frozen=True)
class Lesson:
    """What networks learn in one fold, behind one preprocessing.

    Parameters
    ----------
    fold : int
        The fold.
    part : Part or None, default=None
        Rows of data that have been checked, where that could be done.
    weights : ndarray or None, default=None
        Weights of all rows of its pool.
    names : ndarray of str or None, default=None
        Names of the features.
    arguments : dict
        What `fit` of a network is called with where there is no part.
    steps : tuple
        The fitted preprocessing, as steps of a pipeline.
    error : str or None, default=None
        Why there is nothing to learn.
    """

    fold: int
    part: Part | None = None
    weights: Array | None = None
    names: Any = None
    arguments: dict[str, Any] = field(default_factory=dict)
    steps: tuple[Any, ...] = ()
    error: str | None = None

    def request(self, network: Any) -> Request:
        """Return what a network is asked to learn."""
        if self.part is None:
            return Request(network, **self.arguments)
        return Request(network, part=self.part, sample_weight=self.weights)


class Lessons:
    """The lessons of all folds, each made once.

    Parameters
    ----------
    folds : Folds
        The data.
    error_score : 'raise' or float
        Whether errors of the preprocessing are raised.
    """

    def __init__(self, folds: Folds, error_score: Any) -> None:
        self._folds = folds
        self._error_score = error_score
        self._known: dict[Any, Lesson] = {}
        self._shared: Any = None
        if is_network(folds.template):
            self._shared = _checked(folds.template, folds.X, folds.y)

    def of(self, estimator: Any, parameters: dict[str, Any], fold: int) -> Lesson:
        """Return what a candidate of these parameters is to learn in a fold."""
        if network_of(estimator) is None:
            return Lesson(fold)
        key = (fold, preprocessing_key(self._folds.template, parameters))
        if key not in self._known:
            self._known[key] = self._make(estimator, fold)
        return self._known[key]

    def _make(self, estimator: Any, fold: int) -> Lesson:
        folds = self._folds
        if not isinstance(folds.template, Pipeline):
            return _lesson(self._shared, folds, fold)
        pipeline = clone(estimator)
        try:
            X, arguments = _before_last_step(
                pipeline, *folds.data(fold, TRAIN), folds.to_fit(fold)
            )
        except Exception:
            if self._error_score == "raise":
                raise
            return Lesson(fold, error=format_exc())
        y = folds.data(fold, TRAIN)[1]
        checked = _checked(pipeline.steps[-1][1], X, y)
        rows = np.arange(len(folds.splits[fold][TRAIN]))
        found = _with_part(checked, rows, arguments)
        if found is None:
            found = {"arguments": {"X": X, "y": y, **arguments}}
        return Lesson(fold, steps=tuple(pipeline.steps[:-1]), **found)


def candidate(template: Any, parameters: dict[str, Any]) -> Any:
    """Return a copy of the estimator with the parameters of a candidate.

    They are copied too, since there may be estimators among them.
    """
    return clone(template).set_params(**clone(parameters, safe=False))


def fresh_copy(estimator: Any) -> Any:
    """Return an unfitted copy of a candidate, to be trained behind some preprocessing.

    As `clone` copies it, which takes longer; steps of a pipeline before the last stay.
    """
    copied = copy.copy(estimator)
    if isinstance(estimator, Pipeline):
        name, network = estimator.steps[-1]
        copied.steps = [*estimator.steps[:-1], (name, fresh_copy(network))]
        return copied
    for name, value in vars(estimator).items():
        is_plain = value is None or isinstance(value, str | bool | int | float)
        if not is_plain and name not in _SHARED:
            setattr(copied, name, clone(value, safe=False))
    return copied


def preprocessing_key(template: Any, parameters: dict[str, Any]) -> Any:
    """Return what candidates share that share their preprocessing."""
    if not isinstance(template, Pipeline):
        return None
    last = template.steps[-1][0]
    before = {
        name: value for name, value in parameters.items() if name.split("__")[0] != last
    }
    return tuple((name, _identity(before[name])) for name in sorted(before))


def _identity(value: Any) -> Any:
    """Return what is equal for equal numbers, names and tuples of them."""
    if isinstance(value, tuple):
        return tuple(map(_identity, value))
    if value is None or isinstance(value, bool | int | float | str):
        return type(value), value
    return id(value)


def _before_last_step(
    pipeline: Any, X: Any, y: Any, parameters: dict[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Fit all steps but the last; return features and parameters for that one.

    As `Pipeline.fit` does before it comes to its last step.
    """
    if not _routing_enabled() and pipeline.transform_input is not None:
        raise ValueError(
            "The `transform_input` parameter can only be set if metadata routing is "
            "enabled, by `sklearn.set_config(enable_metadata_routing=True)`."
        )
    pipeline._validate_params()
    routed = pipeline._check_method_params(method="fit", props=parameters)
    with callback_management_context(pipeline):
        context = pipeline._init_callback_context(max_subtasks=len(pipeline.steps))
        X = pipeline._fit(X, y, routed, raw_params=parameters, callback_ctx=context)
    of_last = pipeline._get_metadata_for_step(
        step_idx=len(pipeline) - 1,
        step_params=routed[pipeline.steps[-1][0]],
        all_params=parameters,
    )
    return X, dict(of_last["fit"])


def _checked(network: Any, X: Any, y: Any) -> tuple[Pool, Any] | None:
    """Return the data as networks see them and names of features, if all is well.

    If it is not, each network is left to say so itself.
    """
    if isinstance(network, MultiTaskMLP):
        return None
    probe = clone(network)
    try:
        X, y, _ = probe._validate_training(Request(probe, X, y), is_first=True)
    except Exception:
        return None
    return Pool(X, y), getattr(probe, "feature_names_in_", None)


def _lesson(shared: Any, folds: Folds, fold: int) -> Lesson:
    """Return rows of the data that all folds share, or the fold's own rows."""
    found = _with_part(shared, folds.splits[fold][TRAIN], folds.to_fit(fold))
    if found is None:
        X, y = folds.data(fold, TRAIN)
        found = {"arguments": {"X": X, "y": y, **folds.to_fit(fold)}}
    return Lesson(fold, **found)


def _with_part(
    checked: Any, rows: Array, arguments: dict[str, Any]
) -> dict[str, Any] | None:
    """Return the fields of a lesson for rows of a pool, if that is possible."""
    if checked is None or not set(arguments) <= {"sample_weight"}:
        return None
    pool, names = checked
    rows = np.asarray(rows)
    if rows.dtype == bool:
        rows = np.flatnonzero(rows)
    weights = None
    if arguments.get("sample_weight") is not None:
        weights = np.zeros(len(pool.y))
        try:
            weights[rows] = checked_weights(arguments["sample_weight"], rows)
        except ValueError:
            return None
    return {"part": Part(pool, rows), "weights": weights, "names": names}


def check_template(estimator: Any, owner: str) -> None:
    """Refuse estimators that are not networks of this package, and have none within."""
    if not has_network(estimator):
        raise TypeError(
            f"{owner} expects a network of skregnet, such as MLPClassifier(), or a "
            "Pipeline or another estimator with one within, got "
            f"estimator={estimator!r}. For other estimators use GridSearchCV or "
            "RandomizedSearchCV of scikit-learn."
        )


def has_network(estimator: Any) -> bool:
    """Tell whether an estimator is a network, or has one among its parameters.

    Of a pipeline the last step counts, which alone predicts.
    """
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        return False
    parts = (estimator, *estimator.get_params(deep=True).values())
    return any(isinstance(part, StackedFitMixin) for part in parts)
