"""How the outputs of members become the output of their ensemble."""

from collections.abc import Iterable, Sequence
from reprlib import repr as short_repr
from typing import Any

import narwhals as nw
import numpy as np

from skregnet._kernels import Array
from skregnet._sklearn.labels import codes_of
from skregnet._sklearn.private import _num_samples, _safe_indexing

VOTES = {
    "classifier": ("soft", "hard"),
    "regressor": ("soft", "mean", "median"),
    None: ("soft", "hard"),
}
"""Which values of `voting` there are for which kind of members; None for several."""


def features_of(X: Any, columns: Array | None) -> Any:
    """Return the features that a member knows."""
    if columns is None:
        return X
    if hasattr(X, "columns") and len(set(columns)) < len(columns):
        return _each_with_a_name(X, columns)
    return _safe_indexing(X, columns, axis=1)


def _each_with_a_name(frame: Any, columns: Array) -> Any:
    """Return columns of a data frame; one that is drawn again gets another name.

    Data frames have no name twice. Names that are no strings give way to numbers.
    """
    every = list(frame.columns)
    chosen: dict[Any, nw.Expr] = {}
    for column in map(int, columns):
        name, n_before = every[column], 0
        if not isinstance(name, str):
            name = len(chosen)
        while name in chosen:
            n_before += 1
            name = f"{every[column]}.{n_before}"
        chosen[name] = nw.nth(column).alias(name)
    return nw.from_native(frame, eager_only=True).select(*chosen.values()).to_native()


def probabilities(
    member: Any,
    X: Any,
    classes: Array,
    by_votes: bool,
    parameters: dict[str, Any] | None = None,
) -> Array:
    """Return what a member gives each class, or its vote.

    Parameters
    ----------
    member : classifier
        Fitted, perhaps to some of the classes only.
    X : array-like of shape (n_rows, n_features)
        The member's features.
    classes : ndarray of shape (n_classes,)
        All classes, sorted; of a multilabel problem the numbers of its labels.
    by_votes : bool
        Whether to take the predicted class for certain; a member without
        `predict_proba` is taken so in any case.
    parameters : dict or None, default=None
        Metadata for the member's method.

    Returns
    -------
    probabilities : ndarray of shape (n_rows, n_classes)
        Probability of each class, or of each label; 0 for a class that the member has
        not seen.
    """
    parameters = parameters or {}
    if by_votes or not hasattr(member, "predict_proba"):
        return class_votes(member.predict(X, **parameters), classes)
    given = member.predict_proba(X, **parameters)
    if isinstance(given, list):
        return _of_labels(given, member.classes_)
    return aligned(given, member.classes_, classes)


def aligned(given: Array, known: Array, classes: Array, missing: float = 0.0) -> Array:
    """Return probabilities of known classes in the columns of all classes."""
    if len(known) == len(classes):
        return np.asarray(given)
    in_all = np.full((len(given), len(classes)), missing, given.dtype)
    in_all[:, _places(known, classes)] = given
    return in_all


def _places(known: Any, classes: Array) -> Array:
    """Return the numbers of labels that a member knows among all classes."""
    places = codes_of(np.asarray(known), classes)
    if (places < 0).any():
        raise ValueError(
            f"members expect labels among the classes {short_repr(list(classes))}, as "
            f"in fit, got {short_repr(list(np.asarray(known)[places < 0]))}."
        )
    return places


def log_probabilities(
    member: Any, X: Any, classes: Array, parameters: dict[str, Any]
) -> Array:
    """Return the logarithms of a member's probabilities, -inf for unseen classes.

    Where a member has a list of arrays, one a label, these lie side by side, of shape
    (n_rows, n_labels, 2).
    """
    with np.errstate(divide="ignore"):
        given = member.predict_log_proba(X, **parameters)
    if not isinstance(given, list):
        known = member.classes_ if np.ndim(member.classes_) == 1 else classes
        return aligned(given, known, classes, -np.inf)
    labels = [
        aligned(own, known, np.arange(2), -np.inf)
        for own, known in zip(given, member.classes_, strict=True)
    ]
    return np.stack(labels, axis=1)


def decisions(
    member: Any, X: Any, classes: Array, parameters: dict[str, Any] | None = None
) -> Array:
    """Return a member's decision function, in the form of one that knows all classes.

    Parameters
    ----------
    member : classifier
        Fitted, perhaps to some of the classes only.
    X : array-like of shape (n_rows, n_features)
        The member's features.
    classes : ndarray of shape (n_classes,)
        All classes, sorted.
    parameters : dict or None, default=None
        Metadata for the member's method.

    Returns
    -------
    decisions : ndarray of shape (n_rows,) or (n_rows, n_classes)
        One value a sample for two classes. A class that the member has not seen gets
        the least value of its others; a member of a single class says 1 for that and
        -1 for the others.
    """
    known = member.classes_
    places = _places(known, classes)
    if len(known) == 1 < len(classes):
        of_sample = -np.ones(len(classes))
        of_sample[places] = 1.0
        if len(classes) == 2:
            return np.full(_num_samples(X), of_sample[1])
        return np.tile(of_sample, (_num_samples(X), 1))
    given = np.asarray(member.decision_function(X, **(parameters or {})))
    if len(known) == len(classes):
        return given
    if given.ndim == 1:
        given = np.column_stack([-given, given])
    if given.shape[1] != len(known):
        raise ValueError(
            "decision_function expects members with one value for each of their "
            f"{len(known)} classes, since they have not all seen the same ones, got "
            f"{given.shape[1]}; set decision_function_shape='ovr' in members that have "
            "it."
        )
    in_all = np.repeat(given.min(axis=1, keepdims=True), len(classes), axis=1)
    in_all[:, places] = given
    return in_all


def class_votes(predicted: Any, classes: Array) -> Array:
    """Return 1 for each class, or label, that is predicted."""
    predicted = np.asarray(predicted)
    if predicted.ndim == 2:
        return predicted.astype(np.float64)
    return np.eye(len(classes))[_places(predicted, classes)]


def _of_labels(given: Sequence[Array], classes: Sequence[Array]) -> Array:
    """Return the probability of each label from those of its being off and on."""
    columns = [
        probability[:, np.asarray(known) == 1].sum(axis=1)
        for probability, known in zip(given, classes, strict=True)
    ]
    return np.stack(columns, axis=1)


def mean_of(outputs: Iterable[Array]) -> Array:
    """Return the mean of the members' outputs, summed in the order of the members."""
    iterator = iter(outputs)
    total = np.array(next(iterator))
    n_members = 1
    for output in iterator:
        total += output
        n_members += 1
    return total / total.dtype.type(n_members)
