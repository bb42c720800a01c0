"""Validation data for early stopping: held out or given, scored and lost on."""

import copy
import inspect
import math
import warnings
from dataclasses import dataclass
from functools import cached_property
from reprlib import repr as short_repr
from typing import Any

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.model_selection import train_test_split

from skregnet._fitting.shared_data import as_array
from skregnet._kernels import Array
from skregnet._networks.losses import Loss, MultiTaskLoss
from skregnet._networks.one_hot import Targets
from skregnet._networks.plain import plain_outputs
from skregnet._sklearn.labels import merge_as_text


@dataclass(frozen=True)
class ValidationSet:
    """Rows that training does not learn from.

    Parameters
    ----------
    inputs : ndarray, CSR array or Selection of shape (n_rows, n_features)
        Features, for code that reads them in blocks of rows; all else takes `features`.
    y : ndarray
        Targets as the user gave them.
    targets : ndarray of shape (n_rows, n_outputs)
        Targets as the network sees them.
    weights : ndarray of shape (n_rows,) or None
        Sample weights.
    """

    inputs: Any
    y: Array
    targets: Targets
    weights: Array | None

    @property
    def features(self) -> Any:
        """The features as an array or CSR array; a new copy where they are shared.

        Kept, the copy would cost each member of an ensemble as much as the data.
        """
        return as_array(self.inputs)

    def loss_of(self, outputs: Array, loss: Loss | MultiTaskLoss) -> float:
        """Return the mean loss, without penalties, of outputs before activation."""
        n_rows, n_outputs = outputs.shape
        value = loss.value_and_gradient(
            outputs.T.copy()[np.newaxis],
            self._loss_targets,
            self._loss_weights,
            1.0 / n_rows,
            loss.workspace(1, n_outputs, n_rows, outputs.dtype),
        )
        return float(np.sum(value))

    @cached_property
    def _loss_targets(self) -> Array:
        """Targets as a loss wants them: output-major, of one member."""
        return np.asarray(self.targets).T.copy()[np.newaxis]

    @cached_property
    def _loss_weights(self) -> Array | None:
        """Weights as a loss wants them: of mean 1, of one member."""
        if self.weights is None:
            return None
        relative = self.weights / self.weights.max()
        scaled: Array = (relative / relative.mean()).astype(self.targets.dtype)
        return scaled.reshape(1, 1, -1)

    def evaluate(
        self, estimator: Any, scorer: Any, coefs: list[Array], intercepts: list[Array]
    ) -> tuple[float, float]:
        """Return score and loss of weights under training.

        `scorer` is None for the estimator's own score, "loss", or a scorer.
        """
        outputs = plain_outputs(self.inputs, coefs, intercepts, estimator.activation)
        loss = self.loss_of(outputs, estimator._loss)
        if scorer == "loss":
            return -loss, loss
        if not np.isfinite(outputs).all():
            return float("nan"), loss
        if scorer is None:
            score = estimator._score_outputs(outputs, self.y, self.weights)
            return float(score), loss
        trained = copy.copy(estimator)
        trained.coefs_, trained.intercepts_ = coefs, intercepts
        # The rows are plain arrays, whatever the estimator was given.
        vars(trained).pop("feature_names_in_", None)
        weights = {}
        if self.weights is not None and takes_weights(scorer):
            weights["sample_weight"] = self.weights
        y = estimator._as_given(self.y)
        try:
            return float(scorer(trained, self.features, y, **weights)), loss
        except (AttributeError, OverflowError, TypeError, ValueError) as error:
            raise ValueError(
                f"scoring={estimator.scoring!r} cannot score the validation rows: "
                f"{error}"
            ) from error


def scorer_of(estimator: Any) -> Any:
    """Return the scorer of `scoring`; None and "loss" as they are.

    Metrics of scikit-learn convert labels to NumPy's text, which drops NUL characters
    at the end.
    """
    scoring = estimator.scoring
    if scoring is None or (isinstance(scoring, str) and scoring == "loss"):
        return scoring
    scorer = check_scoring(estimator, scoring)
    metric = getattr(scorer, "_score_func", None)
    if getattr(metric, "__module__", "").startswith("sklearn."):
        classes: Any = getattr(estimator, "classes_", [])
        for own in classes if isinstance(classes, list) else [classes]:
            if merge_as_text(own):
                raise ValueError(
                    "y expects labels that differ in more than NUL characters at the "
                    "end, since metrics of scikit-learn cannot tell these apart, got "
                    f"the classes {short_repr(list(own))} with scoring={scoring!r}; "
                    "rename the labels, or set scoring to None, 'loss' or a callable."
                )
    return scorer


def takes_weights(scorer: Any) -> bool:
    """Tell whether a scorer can heed sample weights."""
    if hasattr(scorer, "_accept_sample_weight"):
        return bool(scorer._accept_sample_weight())
    return "sample_weight" in inspect.signature(scorer).parameters


def split_rows(
    rows: Array,
    fraction: float,
    labels: Array | None,
    random_state: np.random.RandomState,
) -> tuple[Array, Array]:
    """Split row numbers into those to learn from and those to validate on.

    Parameters
    ----------
    rows : ndarray of int
        The rows to split.
    fraction : float
        Share to validate on.
    labels : ndarray or None
        Class of each of the rows, for a stratified split; None for a plain one.
    random_state : RandomState
        Source of the draw, which is scikit-learn's.

    Returns
    -------
    train, validation : ndarray of int
        The two parts.
    """
    n_held_out = math.ceil(fraction * len(rows))
    if n_held_out < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' "
            "or the size of your dataset."
        )
    if labels is not None and not _can_stratify(labels, n_held_out):
        warnings.warn(
            f"The validation set of {n_held_out} rows is not stratified: that takes 2 "
            "rows of each class, and a row of each in either part.",
            stacklevel=2,
        )
        labels = None
    train, validation = train_test_split(
        rows, random_state=random_state, test_size=fraction, stratify=labels
    )
    return train, validation


def _can_stratify(labels: Array, n_held_out: int) -> bool:
    """Tell whether each class can have a row in either part."""
    _, counts = np.unique(labels, return_counts=True)
    n_smaller = min(n_held_out, len(labels) - n_held_out)
    return bool(counts.min() >= 2 and n_smaller >= len(counts))


def check_given(X_val: Any, y_val: Any, sample_weight_val: Any, early: bool) -> bool:
    """Tell whether validation data is given, and refuse half of it."""
    if X_val is None and y_val is None:
        if sample_weight_val is not None:
            raise ValueError(
                "sample_weight_val is provided, but X_val and y_val were not provided."
            )
        return False
    if y_val is None:
        raise ValueError("X_val is provided, but y_val was not provided.")
    if X_val is None:
        raise ValueError("y_val is provided, but X_val was not provided.")
    if not early:
        raise ValueError(
            "X_val and y_val are passed to fit while at the same time early_stopping "
            "is False. When passing X_val and y_val to fit, early_stopping should be "
            "set to True."
        )
    return True
