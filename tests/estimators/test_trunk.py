"""Networks that start from the layers of another."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor, MultiTaskMLP
from tests.cases import problem
from tests.fitting import AT_START, flat

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

TRUNK = {"hidden_layer_sizes": (8, 5), "max_iter": 10, "random_state": 0}


@pytest.fixture(scope="module")
def fitted():
    """Return a fitted network of two tasks, and a problem."""
    X, y = problem("multiclass")
    Y = np.column_stack([y, X[:, 0]])
    tasks = {0: "classification", 1: "regression"}
    return MultiTaskMLP(tasks, head_layer_sizes=(4,), **TRUNK).fit(X, Y), X, y


def start_of(network, X, y):
    """Return the network before its first step."""
    return clone(network).set_params(**AT_START).fit(X, y)


@pytest.mark.parametrize("wrap", [lambda mlp: mlp, FrozenEstimator])
@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor, MultiTaskMLP])
def test_it_starts_from_the_trunk(cls, wrap, fitted):
    trunk, X, y = fitted
    network = cls(**TRUNK, initial_trunk=wrap(trunk))
    start = start_of(network, X, y)
    for k in range(2):
        np.testing.assert_array_equal(start.coefs_[k], trunk.coefs_[k])
        np.testing.assert_array_equal(start.intercepts_[k], trunk.intercepts_[k])
    np.testing.assert_allclose(start.hidden_features(X), trunk.hidden_features(X))
    plain = start_of(cls(**TRUNK), X, y)
    np.testing.assert_array_equal(start.coefs_[2], plain.coefs_[2])
    trained = clone(network).fit(X, y)
    assert (trained.coefs_[0] != trunk.coefs_[0]).any()


def test_the_trunk_may_be_shorter(fitted):
    trunk, X, y = fitted
    network = MLPClassifier((8, 5, 7), initial_trunk=trunk, random_state=0)
    start = start_of(network, X, y)
    np.testing.assert_array_equal(start.coefs_[1], trunk.coefs_[1])
    assert start.coefs_[2].shape == (5, 7)


def test_any_network_is_a_trunk(fitted):
    _, X, y = fitted
    other = MLPRegressor(**TRUNK).fit(X, X[:, 1])
    start = start_of(MLPClassifier(**TRUNK, initial_trunk=other), X, y)
    np.testing.assert_array_equal(start.coefs_[1], other.coefs_[1])


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"solver": "sgd", "momentum": 0.9},
        {"solver": "adamw", "max_norm": 0.3, "l1_ratio": 0.5, "alpha": 1.0},
        {"solver": "lbfgs"},
        {"weight_averaging": "ema", "dropout": 0.2},
        {"early_stopping": True, "max_grad_norm": 0.1},
    ],
    ids="+".join,
)
def test_frozen(parameters, fitted):
    trunk, X, y = fitted
    network = MLPClassifier(**{**TRUNK, **parameters}, initial_trunk=trunk)
    frozen = clone(network).set_params(freeze_trunk=True).fit(X, y)
    for k in range(2):
        np.testing.assert_array_equal(frozen.coefs_[k], trunk.coefs_[k])
        np.testing.assert_array_equal(frozen.intercepts_[k], trunk.intercepts_[k])
    assert (frozen.coefs_[2] != start_of(network, X, y).coefs_[2]).any()


def test_frozen_is_a_linear_model_of_the_hidden_features(fitted):
    trunk, X, y = fitted
    frozen = MLPClassifier(
        **{**TRUNK, "max_iter": 500},
        solver="lbfgs",
        tol=1e-9,
        alpha=1.0,
        initial_trunk=trunk,
        freeze_trunk=True,
    ).fit(X, y)
    linear = MLPClassifier((), solver="lbfgs", alpha=1.0, max_iter=500, tol=1e-9)
    linear.fit(trunk.hidden_features(X), y)
    np.testing.assert_allclose(
        frozen.predict_proba(X),
        linear.predict_proba(trunk.hidden_features(X)),
        atol=1e-4,
    )


def test_copies_keep_the_trunk(fitted):
    trunk, X, y = fitted
    network = MLPClassifier(**TRUNK, initial_trunk=trunk)
    assert clone(network).initial_trunk is trunk
    grid = {"freeze_trunk": [True, False]}
    search = GridSearchCV(network, grid, n_jobs=2, cv=2, error_score="raise")
    assert search.fit(X, y).best_estimator_.initial_trunk.coefs_
    before = trunk.get_params(deep=False)
    bag = BaggingEnsemble(clone(network).set_params(freeze_trunk=True), 2).fit(X, y)
    for member in bag.estimators_:
        np.testing.assert_array_equal(member.coefs_[0], trunk.coefs_[0])
    assert trunk.get_params(deep=False) == before
    wrapped = clone(network).set_params(initial_trunk=FrozenEstimator(trunk))
    assert BaggingEnsemble(wrapped, 2).fit(X, y).predict(X).shape == (120,)


def test_a_warm_start_goes_on_from_its_own_weights(fitted):
    trunk, X, y = fitted
    network = MLPClassifier(**TRUNK, initial_trunk=trunk, warm_start=True).fit(X, y)
    first = flat(network)
    network.set_params(learning_rate_init=1e-300, max_iter=1).fit(X, y)
    np.testing.assert_array_equal(flat(network), first)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"hidden_layer_sizes": (8, 6)}, ValueError, r"layers of sizes \[6, 8, 5\]"),
        ({"hidden_layer_sizes": (8,)}, ValueError, "layers of sizes"),
        ({"activation": "tanh"}, ValueError, "with activations"),
        ({"initial_trunk": MLPClassifier()}, NotFittedError, "not fitted"),
        ({"initial_trunk": Ridge()}, ValueError, "multilayer perceptron"),
        ({"initial_trunk": "trunk"}, ValueError, "initial_trunk"),
        ({"freeze_trunk": True, "initial_trunk": None}, ValueError, "initial_trunk"),
        ({"freeze_trunk": True, "batch_norm": "after"}, ValueError, "batch_norm"),
        (
            {"freeze_trunk": True, "solver": "lbfgs", "l1_ratio": 0.5},
            ValueError,
            "l1_ratio",
        ),
    ],
)
def test_what_does_not_fit(parameters, error, message, fitted):
    trunk, X, y = fitted
    network = MLPClassifier(**{**TRUNK, "initial_trunk": trunk, **parameters})
    with pytest.raises(error, match=message):
        network.fit(X, y)
    with pytest.raises(ValueError, match="layers of sizes"):
        MLPClassifier(**TRUNK, initial_trunk=trunk).fit(X[:, :5], y)
