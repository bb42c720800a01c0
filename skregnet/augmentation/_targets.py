"""Targets as vectors of numbers, and targets again from changed vectors.

Augmenters change vectors: of a class, ones and zeros, one for each class. What comes
back is a share of each class, and a label is drawn by these shares, so that labels are
in the mean what the vectors say, and any estimator can learn from them.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy import sparse
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skregnet._kernels import Array
from skregnet._sklearn.data_checks import naming


class Targets(Protocol):
    """Targets of one kind."""

    @property
    def y(self) -> Any:
        """The targets as an estimator takes them."""
        ...

    @property
    def vectors(self) -> Array:
        """The targets as numbers, of shape (n_rows, n_outputs)."""
        ...

    def decode(self, vectors: Array, rng: np.random.Generator) -> Any:
        """Return targets, as an estimator takes them, by changed vectors."""
        ...


@dataclass(frozen=True, eq=False)
class Numbers:
    """Targets of a regression.

    Parameters
    ----------
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Floats.
    """

    y: Array

    @property
    def vectors(self) -> Array:
        """The targets, in two dimensions."""
        return self.y.reshape(len(self.y), -1)

    def decode(self, vectors: Array, rng: np.random.Generator) -> Array:
        """Return the numbers as they are, in the shape of `y`."""
        return vectors.reshape(self.y.shape).astype(self.y.dtype, copy=False)


@dataclass(frozen=True, eq=False)
class Classes:
    """Labels of classes that exclude one another.

    Parameters
    ----------
    codes : ndarray of shape (n_rows,)
        Number of each row's class.
    names : ndarray of shape (n_classes,)
        Label of each class, or its column of an indicator matrix.
    table : ndarray of shape (n_classes,), (n_classes, 1) or (n_classes, n_classes)
        How a class is written: a label, or its row of an indicator matrix.
    """

    codes: Array
    names: Array
    table: Array

    @property
    def y(self) -> Array:
        """The labels."""
        labels: Array = self.table[self.codes]
        return labels

    @property
    def vectors(self) -> Array:
        """Ones and zeros, a column for each class."""
        one_hot: Array = np.eye(len(self.table))[self.codes]
        return one_hot

    def counts(self) -> dict[Any, int]:
        """Return the number of rows of each class."""
        counts = np.bincount(self.codes, minlength=len(self.table))
        return dict(zip(self.names.tolist(), counts.tolist(), strict=True))

    def decode(self, vectors: Array, rng: np.random.Generator) -> Array:
        """Draw labels; a row without any positive share keeps its own."""
        labels: Array = self.table[_drawn(vectors, self.codes, rng)]
        return labels


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of which a row may have any number.

    Parameters
    ----------
    y : ndarray of shape (n_rows, n_labels)
        Ones and zeros.
    """

    y: Array

    @property
    def vectors(self) -> Array:
        """Ones and zeros, a column for each label."""
        return self.y.astype(np.float64)

    def decode(self, vectors: Array, rng: np.random.Generator) -> Array:
        """Draw each label by its share."""
        labels: Array = vectors >= 1.0
        is_open = (vectors > 0.0) & ~labels
        shares = vectors[is_open]
        labels[is_open] = rng.random(len(shares)) < shares
        return labels.astype(self.y.dtype)


def targets_of(y: Any, as_classes: bool | None, caller: Any) -> Targets:
    """Check targets, and say how they become vectors.

    Parameters
    ----------
    y : array-like or sparse matrix of shape (n_rows,) or (n_rows, n_outputs)
        Targets.
    as_classes : bool or None
        Whether they are labels rather than numbers; None to go by what they are.
    caller : estimator
        Whose name errors give.
    """
    if y is None:
        raise ValueError(
            f"{type(caller).__name__} requires y to be passed, but the target y is "
            "None."
        )
    with naming("y"):
        checked = check_array(
            y,
            accept_sparse="csr",
            ensure_2d=False,
            dtype="numeric" if as_classes is False else None,
            input_name="y",
            estimator=caller,
        )
        if sparse.issparse(checked):
            checked = checked.toarray()
        if as_classes is None:
            kind = type_of_target(checked, input_name="y")
            as_classes = not kind.startswith("continuous")
        return _classes_of(checked) if as_classes else _numbers_of(checked)


def _numbers_of(y: Array) -> Numbers:
    """Return targets of a regression; whole numbers become floats."""
    return Numbers(y if y.dtype.kind == "f" else y.astype(np.float64))


def _classes_of(y: Array) -> Targets:
    """Return targets of a classification.

    An indicator matrix with one label in each row is one of classes.
    """
    check_classification_targets(y)
    kind = type_of_target(y)
    if kind == "multiclass-multioutput":
        raise ValueError(
            "y expects one column of labels, or a label indicator matrix of zeros and "
            f"ones, got shape {y.shape} with other labels; augment for one column at a "
            "time, as sklearn.multioutput.MultiOutputClassifier fits."
        )
    if kind == "multilabel-indicator":
        if (y.sum(axis=1) == 1).all():
            columns = np.arange(y.shape[1])
            return Classes(
                y.argmax(axis=1), columns, np.eye(len(columns), dtype=y.dtype)
            )
        return Labels(y)
    classes, codes = np.unique(column_or_1d(y), return_inverse=True)
    return Classes(codes, classes, classes.reshape(-1, *y.shape[1:]))


def _drawn(vectors: Array, kept: Array, rng: np.random.Generator) -> Array:
    """Return a class for each row, drawn by its shares where several are possible."""
    shares = np.maximum(vectors, 0.0, dtype=np.float64)
    n_possible = np.count_nonzero(shares, axis=1)
    drawn = np.where(n_possible > 0, shares.argmax(axis=1), kept)
    is_open = n_possible > 1
    cumulated = shares[is_open].cumsum(axis=1)
    thresholds = rng.random(len(cumulated)) * cumulated[:, -1]
    drawn[is_open] = (cumulated <= thresholds[:, None]).sum(axis=1)
    return drawn
