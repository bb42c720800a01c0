"""Small fits, and what tests of fitted networks compare."""

import numpy as np
import pytest

from skregnet import MLPClassifier, MLPRegressor
from tests.cases import ESTIMATORS, problem
from tests.references import ACTIVATIONS

PROBLEMS = [pytest.param(*case[1:], id=case[0]) for case in ESTIMATORS]
ENDLESS = {"tol": 0.0, "n_iter_no_change": np.inf}
FULL_BATCH = {"batch_size": 120, "shuffle": False}
# Steps so short that no weight moves: the network as it starts.
AT_START = {"max_iter": 1, "learning_rate_init": 1e-300}


def fit(kind="multiclass", data=None, sample_weight=None, **parameters):
    """Fit to one problem with one seed."""
    cls = MLPRegressor if kind in ("real", "reals", "count") else MLPClassifier
    defaults = {"random_state": 0, "max_iter": 30, "hidden_layer_sizes": (8,)}
    X, y = data or problem(kind)
    return cls(**{**defaults, **parameters}).fit(X, y, sample_weight)


def flat(mlp):
    """Return all weights and biases in one vector."""
    return np.concatenate([part.ravel() for part in (*mlp.coefs_, *mlp.intercepts_)])


def assert_near(ours, other, rtol=1e-6, atol=1e-9):
    """Compare all weights and biases."""
    np.testing.assert_allclose(flat(ours), flat(other), rtol=rtol, atol=atol)


def share_of_zeros(mlp):
    """Return the share of weights that are exactly zero."""
    return np.mean(np.concatenate([coefs.ravel() for coefs in mlp.coefs_]) == 0)


def normalized(values, weights=None):
    """Return units of mean 0 and variance 1, but for what keeps the root off 0."""
    mean = np.average(values, axis=0, weights=weights)
    variance = np.average((values - mean) ** 2, axis=0, weights=weights)
    return (values - mean) / np.sqrt(variance + 1e-5)


def by_hand(mlp, X, before=None, after=None):
    """Return the outputs of plain weights, with something done to hidden units."""
    names = mlp.activation
    if isinstance(names, str):
        names = [names] * (len(mlp.coefs_) - 1)
    values = X
    for weights, biases, name in zip(mlp.coefs_, mlp.intercepts_, names, strict=False):
        values = values @ weights + biases
        values = values if before is None else before(values)
        values = np.vectorize(ACTIVATIONS[name], otypes=[float])(values)
        values = values if after is None else after(values)
    return values @ mlp.coefs_[-1] + mlp.intercepts_[-1]
