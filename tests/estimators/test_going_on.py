"""Calls after calls: warm starts, other solvers, failures between, threads."""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.base import clone

import skregnet
from skregnet import MLPClassifier, MLPRegressor
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def assert_same(ours, other):
    """Compare all parameters, bit for bit."""
    for name in ("coefs_", "intercepts_"):
        for a, b in zip(getattr(ours, name), getattr(other, name), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("second", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
@pytest.mark.parametrize("first", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
def test_another_solver(first, second):
    X, y = problem("binary")
    mlp = MLPClassifier(solver=first, max_iter=3, warm_start=True, random_state=0)
    before = mlp.fit(X, y).loss_
    mlp.set_params(solver=second, max_iter=20).fit(X, y)
    assert mlp.loss_ < before
    assert len(mlp.loss_curve_) == 3 + mlp.n_iter_
    assert min(mlp.loss_curve_) == mlp.best_loss_


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_partial_fit_after_lbfgs(solver):
    X, y = problem("binary")
    mlp = MLPClassifier(solver="lbfgs", max_iter=3, random_state=0).fit(X, y)
    before = mlp.loss_
    mlp.set_params(solver=solver)
    for _ in range(20):
        mlp.partial_fit(X, y)
    assert mlp.loss_ < before


@pytest.mark.parametrize("first", [False, True])
def test_early_stopping_switched(first):
    X, y = problem("binary")
    mlp = MLPClassifier(max_iter=3, warm_start=True, random_state=0)
    mlp.set_params(early_stopping=first).fit(X, y)
    mlp.set_params(early_stopping=not first).fit(X, y)
    assert (mlp.best_loss_ is None) == mlp.early_stopping
    assert (mlp.validation_scores_ is None) != mlp.early_stopping
    assert len(mlp.loss_curve_) == 6


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("kind", ["multiclass", "real"])
def test_a_failure_between_changes_nothing(kind, solver):
    X, y = problem(kind)
    cls = MLPClassifier if kind == "multiclass" else MLPRegressor
    first = {"classes": [0, 1, 2]} if kind == "multiclass" else {}
    disturbed = cls(solver=solver, random_state=0, batch_size=30)
    undisturbed = clone(disturbed)
    for chunk in (slice(0, 60), slice(60, 120), slice(30, 90)):
        undisturbed.partial_fit(X[chunk], y[chunk], **first)
        disturbed.partial_fit(X[chunk], y[chunk], **first)
        with pytest.raises(ValueError, match="contains NaN"):
            disturbed.partial_fit(X * np.nan, y)
        with pytest.raises(ValueError, match="features"):
            disturbed.partial_fit(X[:, :2], y)
        with pytest.raises(ValueError, match="inconsistent"):
            disturbed.partial_fit(X, y[:-1])
        with pytest.raises(ValueError, match="layer sizes"):
            disturbed.set_params(hidden_layer_sizes=(3,)).partial_fit(X, y)
        disturbed.set_params(hidden_layer_sizes=(100,))
        first = {}
    assert_same(disturbed, undisturbed)
    assert disturbed.loss_curve_ == undisturbed.loss_curve_


def test_a_failing_first_call_leaves_nothing():
    X, y = problem("multiclass")
    mlp = MLPClassifier()
    for labels, message in [
        (y + 1, "has classes not in"),
        (y[:-1], "inconsistent"),
    ]:
        with pytest.raises(ValueError, match=message):
            mlp.partial_fit(X, labels, classes=[0, 1, 2])
        assert vars(mlp) == vars(MLPClassifier())
    with pytest.raises(ValueError, match="contains NaN"):
        mlp.fit(X * np.nan, y)
    assert vars(mlp) == vars(MLPClassifier())


@pytest.mark.parametrize("call", ["fit", "partial_fit"])
def test_edited_weights_are_gone_on_from(call):
    X, y = problem("real")
    mlp = MLPRegressor(
        warm_start=True, max_iter=1, learning_rate_init=1e-9, random_state=0
    ).fit(X, y)
    mlp.coefs_ = [2 * coefs for coefs in mlp.coefs_]
    mlp.intercepts_[-1][...] = 5.0
    edited = mlp.predict(X)
    getattr(mlp, call)(X, y)
    np.testing.assert_allclose(mlp.predict(X), edited, rtol=1e-5)


def test_fitted_arrays_are_the_estimators_own():
    X, y = problem("real")
    mlp = MLPRegressor(warm_start=True, max_iter=2, random_state=0).fit(X, y)
    kept, values = mlp.coefs_[0], mlp.coefs_[0].copy()
    curve = mlp.loss_curve_
    other = copy.deepcopy(mlp)
    mlp.fit(X, y)
    np.testing.assert_array_equal(kept, values)
    np.testing.assert_array_equal(other.coefs_[0], values)
    assert len(curve) == len(other.loss_curve_) == 2


def test_float64_data_go_on_in_float32():
    X, y = problem("real", dtype=np.float32)
    mlp = MLPRegressor(warm_start=True, max_iter=2, random_state=0).fit(X, y)
    mlp.fit(X.astype(np.float64), y).partial_fit(X.astype(np.float64), y)
    assert mlp.coefs_[0].dtype == np.float32


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
def test_threads(solver):
    X, y = problem("multiclass")

    def curve(seed):
        mlp = MLPClassifier(solver=solver, max_iter=8, batch_size=16, random_state=seed)
        return mlp.fit(X, y).loss_curve_

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(curve, range(8))) == [curve(seed) for seed in range(8)]


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_any_random_state(name):
    X, y = problem("binary")
    results = []
    for module in (skregnet, neural_network):
        np.random.seed(7)  # noqa: NPY002
        state = np.random.RandomState(5)
        for random_state in (None, state, state, None):
            mlp = getattr(module, name)(
                max_iter=2, early_stopping=True, random_state=random_state
            )
            results.append(mlp.fit(X, y).coefs_[0])
    for ours, theirs in zip(results[:4], results[4:], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_partial_fit_prints_the_same(name, capsys):
    X, y = problem("binary")
    printed = []
    for module in (skregnet, neural_network):
        mlp = getattr(module, name)(
            solver="sgd", verbose=True, tol=0.5, n_iter_no_change=2, random_state=0
        )
        for _ in range(6):
            mlp.partial_fit(X, y, **{"classes": [0, 1]} if "C" in name else {})
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert "Stopping." in printed[0]


def test_partial_fit_of_lbfgs_says_why():
    # scikit-learn's regressor does not refuse: its test is never called.
    with pytest.raises(AttributeError) as caught:
        neural_network.MLPClassifier(solver="lbfgs").partial_fit([[1.0]], [1])
    expected = str(caught.value), str(caught.value.__cause__)
    for cls in (MLPClassifier, MLPRegressor):
        with pytest.raises(AttributeError) as caught:
            cls(solver="lbfgs").partial_fit([[1.0]], [1])
        said = str(caught.value), str(caught.value.__cause__)
        assert said == tuple(s.replace("MLPClassifier", cls.__name__) for s in expected)
    assert "lbfgs is not stochastic" in expected[1]


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_representation(name):
    ours, theirs = (getattr(m, name)(alpha=0.5) for m in (skregnet, neural_network))
    assert repr(ours) == repr(theirs) == f"{name}(alpha=0.5)"
    assert theirs.get_params().items() <= ours.get_params().items()
    assert clone(ours).get_params() == ours.get_params()
    with pytest.raises(ValueError, match="Invalid parameter 'alfa'"):
        ours.set_params(alfa=1.0)
