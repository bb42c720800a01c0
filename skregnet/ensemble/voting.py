"""How the outputs of members become the output of their ensemble."""

from collections.abc import Iterable, Sequence
from typing import Any

import narwhals as nw
import numpy as np
from sklearn.utils import _safe_indexing

from skregnet.kernels import Array
from skregnet.labels import codes_of

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


def probabilities(member: Any, X: Any, classes: Array, by_votes: bool) -> Array:
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

    Returns
    -------
    probabilities : ndarray of shape (n_rows, n_classes)
        Probability of each class, or of each label; 0 for a class that the member has
        not seen.
    """
    if by_votes or not hasattr(member, "predict_proba"):
        return class_votes(member.predict(X), classes)
    given = member.predict_proba(X)
    if isinstance(given, list):
        return _of_labels(given, member.classes_)
    return aligned(given, member.classes_, classes)


def aligned(given: Array, known: Array, classes: Array) -> Array:
    """Return probabilities of known classes in the columns of all, 0 for the others."""
    if len(known) == len(classes):
        return np.asarray(given)
    in_all = np.zeros((len(given), len(classes)), given.dtype)
    in_all[:, codes_of(np.asarray(known), classes)] = given
    return in_all


def class_votes(predicted: Any, classes: Array) -> Array:
    """Return 1 for each class, or label, that is predicted."""
    predicted = np.asarray(predicted)
    if predicted.ndim == 2:
        return predicted.astype(np.float64)
    return np.eye(len(classes))[codes_of(predicted, classes)]


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


def combined(outputs: Iterable[Array], voting: str) -> Array:
    """Return the mean, or the median, of members' outputs."""
    if voting == "median":
        middle: Array = np.median(np.stack(list(outputs)), axis=0)
        return middle
    return mean_of(outputs)


def out_of_bag(
    outputs: Iterable[tuple[Array, Array]], shape: tuple[int, ...], voting: str
) -> Array:
    """Return each row's output by the members that have not learned from it.

    Parameters
    ----------
    outputs : iterable of (rows, outputs)
        Of each member the rows left out, and its outputs for these.
    shape : tuple of int
        Shape of the outputs of all rows.
    voting : str
        How outputs are combined.

    Returns
    -------
    output : ndarray
        NaN for a row that all members have learned from.
    """
    if voting == "median":
        return _median_out_of_bag(outputs, shape)
    total = np.zeros(shape)
    counts = np.zeros((shape[0], *[1] * (len(shape) - 1)))
    for rows, values in outputs:
        total[rows] += values
        counts[rows] += 1
    return np.divide(total, counts, where=counts > 0, out=np.full(shape, np.nan))


def _median_out_of_bag(
    outputs: Iterable[tuple[Array, Array]], shape: tuple[int, ...]
) -> Array:
    """Return the median over what is there of a row."""
    columns = []
    for rows, values in outputs:
        column = np.full(shape, np.nan)
        column[rows] = values
        columns.append(column)
    middle = np.full(shape, np.nan)
    if columns:
        stacked = np.stack(columns)
        is_there = ~np.isnan(stacked).all(axis=0)
        middle[is_there] = np.nanmedian(stacked[:, is_there], axis=0)
    return middle
