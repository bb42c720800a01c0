"""Linear networks, whose losses are convex, against scikit-learn's own solvers."""

import warnings

import numpy as np
import pytest
from scipy import optimize
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from skregnet import MLPClassifier, MLPRegressor
from skregnet.curvature import gradient

ALPHAS = (1e-4, 0.01, 0.1, 2.0, 10.0)
LINEAR = {"hidden_layer_sizes": (), "max_iter": 1000, "random_state": 0}


def iris(n_classes, scaled):
    X, y = load_iris(return_X_y=True)
    chosen = y < n_classes
    X, y = X[chosen], y[chosen]
    return ((X - X.mean(axis=0)) / X.std(axis=0) if scaled else X), y


def row_weights(y, weighted):
    return np.random.RandomState(0).uniform(0.2, 3, len(y)) if weighted else None


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_newton_is_logistic_regression(n_classes, scaled, weighted, dtype):
    X, y = iris(n_classes, scaled)
    weights = row_weights(y, weighted)
    for alpha in ALPHAS:
        mlp = MLPClassifier(solver="newton_cg", alpha=alpha, tol=1e-7, **LINEAR)
        mlp.fit(X.astype(dtype), y, sample_weight=weights)
        slope = gradient(mlp, X, y, weights, penalties=True)
        assert np.linalg.norm(slope) < (1e-7 if dtype == np.float64 else 1e-5)
        reference = LogisticRegression(
            C=1 / alpha, solver="newton-cholesky", tol=1e-12, max_iter=1000
        ).fit(X, y, weights)
        np.testing.assert_allclose(
            mlp.predict_proba(X),
            reference.predict_proba(X),
            atol=3e-4 if alpha < 0.1 else 1e-5,
        )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6, 1e12])
def test_newton_is_ridge_regression(scale, weighted, dtype):
    X, y = load_diabetes(return_X_y=True)
    y = scale * np.column_stack([y, y**2 / 100])
    weights = row_weights(y, weighted)
    for alpha in ALPHAS:
        mlp = MLPRegressor(
            solver="newton_cg", alpha=alpha, tol=1e-9 * scale, **LINEAR
        ).fit(X.astype(dtype), y.astype(dtype), sample_weight=weights)
        reference = Ridge(alpha=alpha).fit(X, y, weights)
        np.testing.assert_allclose(
            mlp.predict(X), reference.predict(X), rtol=1e-5, atol=1e-5 * y.max()
        )


@pytest.mark.parametrize("solver", ["newton_cg", "eigen_step"])
def test_the_arithmetic_ends_before_a_tolerance_of_zero(solver):
    X, y = iris(2, scaled=True)
    mlp = MLPClassifier(
        solver=solver, alpha=10.0, tol=0, n_iter_no_change=np.inf, **LINEAR
    ).set_params(learning_rate_init=10.0)
    with pytest.warns(
        ConvergenceWarning, match=rf"^{solver}: No step lowers .*tol=0\."
    ):
        mlp.fit(X, y)
    assert mlp.n_iter_ < 1000
    assert np.abs(gradient(mlp, X, y, penalties=True)).max() < 1e-12


# SciPy's statuses of L-BFGS: limits, and a line search that finds no lower point.
@pytest.mark.parametrize(
    ("status", "message"),
    [(0, None), (1, "STOP: THE LIMIT"), (2, "ABNORMAL: NO LOWER POINT")],
)
def test_statuses_of_lbfgs(status, message, monkeypatch):
    original = optimize.minimize

    def minimize(*args, **kwargs):
        result = original(*args, **kwargs)
        result.status, result.message = status, message
        return result

    monkeypatch.setattr(optimize, "minimize", minimize)
    X, y = iris(2, scaled=True)
    mlp = MLPClassifier(solver="lbfgs", **LINEAR)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mlp.fit(X, y)
    if message is None:
        assert not caught
    else:
        (warning,) = caught
        assert warning.category is ConvergenceWarning
        assert f"status={status}" in str(warning.message)
        assert message in str(warning.message)


@pytest.mark.parametrize("solver", ["lbfgs", "newton_cg", "eigen_step"])
def test_a_loss_beyond_the_floats_is_refused(solver):
    X, y = load_diabetes(return_X_y=True)
    with pytest.raises(ValueError, match="non-finite"):
        MLPRegressor(solver=solver, **LINEAR).fit(X, 1e200 * y)
