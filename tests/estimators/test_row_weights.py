"""Weights of rows and classes: what they mean, and which are refused."""

from contextlib import nullcontext

import numpy as np
import pytest

from skregnet import MLPClassifier, MLPRegressor
from tests.cases import ESTIMATORS, problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PROBLEMS = [pytest.param(*case[1:], id=case[0]) for case in ESTIMATORS]
SETTINGS = {"random_state": 0, "max_iter": 6, "hidden_layer_sizes": (5,)}


def assert_same_weights(ours, other, rtol=1e-6):
    """Compare all parameters."""
    for name in ("coefs_", "intercepts_"):
        for a, b in zip(getattr(ours, name), getattr(other, name), strict=True):
            np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-9)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
@pytest.mark.parametrize(("cls", "parameters", "kind"), PROBLEMS)
def test_a_row_of_weight_two_is_two_rows(cls, parameters, kind, solver):
    X, y = problem(kind)
    weights = np.arange(len(y)) % 3  # with rows of weight 0, which are none
    rows = np.repeat(np.arange(len(y)), weights)
    mlp = cls(**SETTINGS, **parameters, solver=solver, alpha=0.5, batch_size=1000)
    clips = pytest.warns(UserWarning, match="clipped")
    with clips if solver in ("adam", "sgd") else nullcontext():
        weighted = mlp.fit(X, y, weights)
    again = cls(**mlp.get_params()).set_params(batch_size="auto")
    assert_same_weights(weighted, again.fit(X[rows], y[rows]))
    assert weighted.loss_ == pytest.approx(again.loss_, rel=1e-6)


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30, 1e300, 1.7e308])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
def test_any_scale(solver, scale):
    X, y = problem("real")
    weights = np.random.RandomState(0).uniform(0.2, 1.0, len(y))
    mlp = MLPRegressor(**SETTINGS, solver=solver, alpha=0.0, batch_size=32)
    scaled = MLPRegressor(**mlp.get_params()).fit(X, y, scale * weights)
    assert_same_weights(scaled, mlp.fit(X, y, weights), rtol=1e-5)


@pytest.mark.parametrize("call", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    "weights", [np.zeros(120), -np.ones(120), np.full(120, np.nan), np.ones(7)]
)
def test_refused(call, weights):
    X, y = problem("real")
    mlp = MLPRegressor(**SETTINGS)
    with pytest.raises(ValueError, match=r"[Ww]eight"):
        getattr(mlp, call)(X, y, weights)
    assert not hasattr(mlp, "coefs_")
    stopped = MLPRegressor(**SETTINGS, early_stopping=True)
    with pytest.raises(ValueError, match=r"[Ww]eight"):
        getattr(stopped, call)(X, y, X_val=X, y_val=y, sample_weight_val=weights)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_class_weights_refused(bad):
    X, y = problem("binary")
    with pytest.raises(ValueError, match="class_weight"):
        MLPClassifier(**SETTINGS, class_weight={0: bad, 1: 1.0}).fit(X, y)
    with pytest.raises(ValueError, match="class_weight"):
        MLPClassifier(**SETTINGS, class_weight={0: 0.0, 1: 0.0}).fit(X, y)


def test_balanced_where_a_class_has_no_weight():
    X, y = problem("multiclass")
    weights = (y != 2).astype(float)
    mlp = MLPClassifier(**SETTINGS, alpha=0.0, class_weight="balanced")
    mlp.fit(X, y, weights)
    share = np.where(y == 0, 1 / (y == 0).sum(), 1 / (y == 1).sum())
    explicit = MLPClassifier(**SETTINGS, alpha=0.0).fit(X, y, weights * share)
    assert_same_weights(mlp, explicit)
    assert mlp.predict_proba(X).shape == (len(y), 3)


def test_held_out_rows_keep_their_weights():
    X, y = problem("binary")
    weights = np.where(y == 1, 1.0, 1e-9)
    mlp = MLPClassifier(
        early_stopping=True, random_state=0, learning_rate_init=0.05
    ).fit(X, y, weights)
    # The rows that count are all of one class: predicting it scores 1.
    assert mlp.best_validation_score_ == pytest.approx(1)
    assert mlp.predict(X).mean() > 0.95
