"""What a network learns from, read from the user's data or from a part of a pool."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet._fitting.request import Request
from skregnet._fitting.sample_weights import checked_weights
from skregnet._fitting.shared_data import Part, Selection
from skregnet._fitting.validation_set import ValidationSet
from skregnet._kernels import Array
from skregnet._networks.batches import weighted_data
from skregnet._networks.one_hot import Targets
from skregnet._training import TrainingData


@dataclass(frozen=True)
class Material:
    """Rows to learn from, as the network sees them.

    Parameters
    ----------
    X : ndarray or CSR array
        Features of all rows.
    y : ndarray
        Targets of all rows, as given.
    targets : ndarray or OneHot of shape (n_rows, n_outputs)
        Targets of all rows, encoded.
    weights : ndarray of shape (n_rows,) or None
        Weights of all rows.
    rows : ndarray of int
        Rows to learn from, all of weights above 0.
    part : Part or None, default=None
        What of the data is this network's, where it shares them.
    """

    X: Any
    y: Array
    targets: Targets
    weights: Array | None
    rows: Array
    part: Part | None = None

    @property
    def n_features(self) -> int:
        """Number of features to learn from."""
        if self.part is not None:
            return self.part.n_features
        n_features: int = self.X.shape[1]
        return n_features

    def training_data(self, targets: Targets, rows: Array) -> TrainingData:
        """Scale the weights to a mean of 1 over the rows to learn from."""
        columns = None if self.part is None else self.part.columns
        return weighted_data(self.X, targets, self.weights, rows, columns)

    def held_out(self, rows: Array, weights: Array | None = None) -> ValidationSet:
        """Return rows to validate on; shared features are copied in blocks only."""
        part = self.part
        X = self.X[rows] if part is None else Selection(self.X, rows, part.columns)
        if weights is None and self.weights is not None:
            weights = self.weights[rows]
        return ValidationSet(X, self.y[rows], self.targets[rows], weights)

    @property
    def held_out_of_pool(self) -> ValidationSet | None:
        """The validation rows of a part that has any."""
        part = self.part
        if part is None or part.validation_rows is None:
            return None
        return self.held_out(part.validation_rows, part.validation_weights)


def read_material(request: Request, is_first: bool) -> Material:
    """Check what is to be learned, and let the estimator learn what it encodes."""
    if request.part is None:
        return _of_user(request, is_first)
    return _of_part(request, request.part)


def _of_user(request: Request, is_first: bool) -> Material:
    """Check the user's data."""
    estimator = request.estimator
    X, y, targets = estimator._validate_training(request, is_first)
    weights = checked_weights(request.sample_weight, X)
    weights = estimator._row_weights(weights, y, request.incremental)
    rows = np.arange(len(targets)) if weights is None else np.flatnonzero(weights)
    return Material(X, y, targets, weights, rows)


def _of_part(request: Request, part: Part) -> Material:
    """Read what has been checked before; classes are those of the rows drawn."""
    estimator, pool, rows = request.estimator, part.pool, part.rows
    estimator.n_features_in_ = part.n_features
    pool.teach(estimator, request, rows)
    weights = request.sample_weight
    of_drawn = None if weights is None else weights[rows]
    of_drawn = estimator._row_weights(of_drawn, part.labels, request.incremental)
    if of_drawn is not None:
        weights = np.zeros(len(pool.y))
        weights[rows] = of_drawn
        rows = rows[of_drawn > 0]
    targets = pool.targets(estimator)
    return Material(pool.X, pool.y, targets, weights, rows, part)
