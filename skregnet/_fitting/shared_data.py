"""Data that many estimators share, each learning from rows and columns of its own."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from skregnet._kernels import Array
from skregnet._networks.one_hot import Targets
from skregnet._sklearn.labels import learn_classes


@dataclass(frozen=True)
class Pool:
    """Features and targets, checked once for all estimators of a kind.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features) or CSR array
        Features, in the precision of training, rows contiguous.
    y : ndarray
        Targets as the user gave them.
    """

    X: Any
    y: Array
    _encoded: dict[Any, Targets] = field(default_factory=dict, compare=False)
    _learned: dict[bytes, dict[str, Any]] = field(default_factory=dict, compare=False)

    def teach(self, estimator: Any, request: Any, rows: Array) -> None:
        """Check the targets of some rows, and let the estimator learn their classes.

        What an estimator has learned serves all whose rows have the same classes.
        """
        follows = is_classifier(estimator) and estimator._learns_classes_only
        if not follows or self.y.ndim > 1:
            estimator._check_targets(self.y[rows], request)
            return
        is_there = np.zeros(self._codes.max() + 1, bool)
        is_there[self._codes[rows]] = True
        key = is_there.tobytes()
        if key not in self._learned:
            before = set(vars(estimator))
            estimator._check_targets(self.y[rows], request)
            learned = {k: v for k, v in vars(estimator).items() if k not in before}
            self._learned[key] = learned
        vars(estimator).update(self._learned[key])

    @cached_property
    def _codes(self) -> Array:
        """The number of each row's class."""
        return learn_classes(self.y)[1]

    def targets(self, estimator: Any) -> Targets:
        """Return the targets of all rows as the estimator's network sees them.

        Estimators that encode alike get one array. Rows of classes that the estimator
        has not seen, which it will not be asked to learn, are encoded as anything.
        """
        key = estimator._encoding_key()
        if key not in self._encoded:
            y = estimator._with_known_classes(self.y)
            self._encoded[key] = estimator._as_targets(y, self.X.dtype)
        return self._encoded[key]


@dataclass(frozen=True)
class Part:
    """What one estimator sees of a pool.

    Parameters
    ----------
    pool : Pool
        The data.
    rows : ndarray of int
        Rows to learn from; a row that occurs twice counts twice.
    columns : ndarray of int or None, default=None
        Features to learn from; None for all.
    validation_rows : ndarray of int or None, default=None
        Rows to validate on where the estimator stops early, of classes that are among
        the `rows`; None to hold out some of those.
    validation_weights : ndarray of shape (n_validation_rows,) or None, default=None
        Weights of these.
    """

    pool: Pool
    rows: Array
    columns: Array | None = None
    validation_rows: Array | None = None
    validation_weights: Array | None = None

    @property
    def n_features(self) -> int:
        """Number of features to learn from."""
        if self.columns is not None:
            return len(self.columns)
        n_features: int = self.pool.X.shape[1]
        return n_features

    @property
    def features(self) -> Any:
        """A copy of the features to learn from."""
        return as_array(Selection(self.pool.X, self.rows, self.columns))

    @property
    def labels(self) -> Array:
        """A copy of the targets to learn from."""
        return self.pool.y[self.rows]


@dataclass(frozen=True)
class Selection:
    """Rows and columns of features, copied only when a slice of them is taken.

    Only the package's own loops over blocks of rows read it: features that go to other
    code, such as scorers, callbacks and augmenters, pass through `as_array`.

    Parameters
    ----------
    X : ndarray or CSR array
        Features.
    rows : ndarray of int
        Rows in the order of the selection.
    columns : ndarray of int or None
        Columns, None for all.
    """

    X: Any
    rows: Array
    columns: Array | None

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and of columns."""
        n_columns = self.X.shape[1] if self.columns is None else len(self.columns)
        return len(self.rows), n_columns

    def __getitem__(self, part: slice) -> Any:
        """Return a copy of some of the rows."""
        taken = self.X[self.rows[part]]
        if self.columns is None:
            return taken
        if isinstance(taken, np.ndarray):
            return taken.take(self.columns, axis=1)  # in C order
        return taken[:, self.columns]


def as_array(X: Any) -> Any:
    """Return features as other code expects them: an array, or CSR."""
    return X[:] if isinstance(X, Selection) else X
