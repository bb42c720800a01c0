"""Data, estimators that keep what they get, and augmenters of a few words."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.datasets import load_iris

from skregnet.augmentation import AugmentedEstimator, GaussianNoise
from skregnet.augmentation._base import generator_of

X, Y = load_iris(return_X_y=True)
X, Y = X[::2], Y[::2]
NAMES = np.array(["setosa", "versicolor", "virginica"])
WEIGHTS = np.linspace(0.5, 2.0, len(X))


class Recorder(BaseEstimator):
    """Keeps what it is fitted to."""

    def fit(self, X, y, **params):
        self.X_, self.y_, self.params_ = X, y, params
        return self

    def predict(self, X):
        return np.zeros(len(X))


class RecordingClassifier(ClassifierMixin, Recorder):
    pass


class RecordingRegressor(RegressorMixin, Recorder):
    pass


class FixedTargets(BaseEstimator):
    """An augmenter that returns the same targets whatever it is given."""

    def __init__(self, targets):
        self.targets = targets

    def fit(self, X, y):
        self.y_ = y
        return self

    def augment(self, X, y, rng):
        return X, np.broadcast_to(np.asarray(self.targets), y.shape)


class Stamping(FixedTargets):
    """An augmenter whose rows tell where the source of noise stands."""

    def augment(self, X, y, rng):
        return super().augment(np.full_like(X, rng.random()), y, rng)


class Doubling(BaseEstimator):
    """An augmenter of rows of any kind: two times the rows and the targets."""

    def fit(self, X, y):
        return self

    def augment(self, X, y, rng):
        return X * 2, y * 2

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        return tags


class Widening(Doubling):
    """An augmenter that returns float64 whatever it is given."""

    def augment(self, X, y, rng):
        return X.astype(np.float64), y.astype(np.float64)


class Dropping(Doubling):
    """No augmenter: it drops a row."""

    def augment(self, X, y, rng):
        return X[1:], y[1:]


class DroppingTargets(Doubling):
    """No augmenter: it drops the targets."""

    def augment(self, X, y, rng):
        return X, None


class Spoiling(Doubling):
    """No augmenter: it loses a number."""

    def augment(self, X, y, rng):
        return X, np.where(np.arange(len(y))[:, None] == 0, np.nan, y)


def with_noise(X, scale, n_copies, seed):
    """Return rows, then copies with Gaussian noise, row by row."""
    rng = generator_of(seed)
    noise = GaussianNoise(scale).fit(X)
    rows = list(X)
    for _ in range(n_copies):
        changed, _ = noise.augment(X, None, rng)
        rows.extend(changed)
    return np.array(rows)


def recorded(y, augmenter, X=None, kind=RecordingClassifier, **params):
    """Return what an estimator is fitted to."""
    X = np.zeros((len(y), 2)) if X is None else X
    return AugmentedEstimator(kind(), augmenter, **params).fit(X, y).estimator_
