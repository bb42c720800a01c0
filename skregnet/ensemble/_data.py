"""What an ensemble is given to learn from or to predict, checked."""

from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skregnet._fitting.members import is_network
from skregnet._fitting.targets.outputs import (
    ClassOutput,
    NumberOutput,
    Output,
    TaskOutput,
)
from skregnet._fitting.targets.target_form import TargetForm
from skregnet._fitting.targets.tasks import learn_tasks
from skregnet._sklearn.arrays import by_rows, flat_if_one_column
from skregnet._sklearn.data_checks import (
    FLOATS,
    checked_labels,
    checked_numbers,
    checked_rows,
    dense,
    naming,
)
from skregnet._sklearn.labels import learn_classes, without_loss
from skregnet.estimators import MultiTaskMLP


def checked_features(ensemble: Any, X: Any, *, reset: bool, dtype: Any = FLOATS) -> Any:
    """Return features that members can take rows of.

    Networks get arrays of floats, checked once for all. Others check features
    themselves and get them as they are: data frames stay data frames.
    """
    if is_network(ensemble._template()):
        X = checked_rows(
            ensemble,
            X,
            accept_sparse=["csr", "csc"],
            dtype=dtype,
            order="C",
            reset=reset,
        )
        return by_rows(X)
    if hasattr(X, "columns"):
        return checked_rows(ensemble, X, reset=reset, skip_check_array=True)
    return checked_rows(
        ensemble,
        X,
        accept_sparse=["csr", "csc"],
        dtype=None,
        ensure_all_finite=False,
        reset=reset,
    )


def checked_targets(ensemble: Any, X: Any, y: Any) -> tuple[Any, Output]:
    """Return targets that can be taken row by row, and how outputs are read.

    Targets are an array of labels, of indicators of labels, or of numbers; those of
    several tasks are as they were given.
    """
    if y is None:
        raise ValueError(
            f"{type(ensemble).__name__} requires y to be passed, but the target y is "
            "None."
        )
    with naming("y"):
        return _checked_targets(ensemble._template(), X, y)


def dense_targets(y: Any) -> Any:
    """Return targets as a dense array; a data frame stays one."""
    return y if hasattr(y, "columns") else dense(without_loss(y))


def _checked_targets(template: Any, X: Any, y: Any) -> tuple[Any, Output]:
    """Return targets, and how outputs are read, of members of a kind."""
    if isinstance(template, MultiTaskMLP):
        form, Y = TargetForm.of(y)
        check_consistent_length(X, Y)
        tasks = learn_tasks(Y, form.names, template.tasks, template._kind)
        return dense_targets(y), TaskOutput(tuple(tasks), form)
    classifies = is_classifier(template)
    y = check_array(
        checked_labels(y, "y") if classifies else checked_numbers(y, "y"),
        accept_sparse="csr",
        ensure_2d=False,
        dtype=None if classifies else "numeric",
        input_name="y",
    )
    check_consistent_length(X, y)
    y = flat_if_one_column(dense(y))
    if not classifies:
        return y, NumberOutput(y.shape[1:])
    check_classification_targets(y)
    if type_of_target(y) == "multiclass-multioutput":
        raise ValueError(
            "y of a classifier expects one column of labels, or a label indicator "
            f"matrix of zeros and ones, got shape {y.shape} with other labels; use "
            "MultiTaskMLPClassifier, or fit one ensemble for each column, as "
            "sklearn.multioutput.MultiOutputClassifier does."
        )
    classes = learn_classes(y)[0] if y.ndim == 1 else np.arange(y.shape[1])
    return y, ClassOutput(classes, is_multilabel=y.ndim == 2)
