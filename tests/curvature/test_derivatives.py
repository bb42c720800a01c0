"""Gradient and Hessian, against differences of the loss of what models predict."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import neural_network
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import log_loss, mean_squared_error

from skregnet import MLPClassifier, MLPRegressor
from skregnet._networks.build import multilayer_perceptron
from skregnet._networks.losses import LOG_LOSS
from skregnet.curvature import gradient, hessian
from tests.curvature.losses import (
    LBFGS,
    MAKERS,
    SMALL,
    case,
    differences_of_gradient,
    moved,
    of_sklearn,
    ours,
    small,
    weights_for,
)
from tests.fitting import fit, flat
from tests.references import central_differences

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

KINDS = ("binary", "multiclass", "multilabel", "real", "reals", "count")


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", MAKERS)
def test_gradient(name, weighted):
    it = case(name)
    weights = weights_for(len(it.y)) if weighted else None
    found = gradient(it.model, it.X, it.y, weights, parameters=it.parameters)
    expected = central_differences(lambda vector: it.loss(vector, weights), it.vector)
    assert found.dtype == np.float64
    assert abs(found).max() > 1e-3
    np.testing.assert_allclose(found, expected, atol=1e-7)


@pytest.mark.parametrize("name", MAKERS)
def test_hessian(name):
    it = case(name)
    weights = weights_for(len(it.y))
    found = hessian(it.model, it.X, it.y, weights, parameters=it.parameters)
    expected = differences_of_gradient(it.vector, it.model, it.X, it.y, weights)
    np.testing.assert_array_equal(found, found.T)
    assert abs(found).max() > 1e-2
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_exported_to_sklearn(kind):
    parameters = {"loss": "poisson"} if kind == "count" else {}
    it = ours(kind, alpha=2.0, **parameters)
    weights = weights_for(len(it.y))
    for function in (gradient, hessian):
        for penalties in (False, True):
            mine, theirs = (
                function(model, it.X, it.y, weights, penalties=penalties)
                for model in (it.model, it.model.to_sklearn())
            )
            np.testing.assert_allclose(theirs, mine, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
def test_losses_of_sklearn(kind):
    X, y = small(kind)
    weights = weights_for(len(y))
    is_real = kind == "real"
    cls = neural_network.MLPRegressor if is_real else neural_network.MLPClassifier
    mlp = cls(**LBFGS, alpha=3.0, random_state=0).fit(X, y)

    def loss(vector):
        model = moved(mlp, vector)
        if is_real:
            errors = mean_squared_error(y, model.predict(X), sample_weight=weights)
            value = errors / 2
        else:
            value = log_loss(y, model.predict_proba(X), sample_weight=weights)
        squares = sum((layer**2).sum() for layer in model.coefs_)
        return value + 0.5 * mlp.alpha * squares / weights.sum()

    np.testing.assert_allclose(
        gradient(mlp, X, y, weights, penalties=True),
        central_differences(loss, flat(mlp)),
        atol=1e-7,
    )


CONTAINERS = {
    "csr": sparse.csr_array,
    "csc": sparse.csc_array,
    "csr matrix": sparse.csr_matrix,
    "lists": np.ndarray.tolist,
    "Fortran": np.asfortranarray,
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    "name", ["multiclass", "regression, linear", "tasks", "scikit-learn, regression"]
)
def test_containers(name, container):
    it = case(name)
    X = it.X * (np.random.RandomState(0).uniform(size=it.X.shape) < 0.5)
    for function in (gradient, hessian):
        expected = function(it.model, X, it.y)
        found = function(it.model, CONTAINERS[container](X), it.y)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("container", ["csr", "csc"])
def test_sparse_network(container):
    it = case("network")
    X = it.X * (np.random.RandomState(0).uniform(size=it.X.shape) < 0.5)
    network = multilayer_perceptron(
        (3, 4, 2, 3), ("tanh", "elu"), LOG_LOSS, sparse=True
    )
    for function in (gradient, hessian):
        expected = function(it.model, X, it.y, parameters=it.vector)
        rows = CONTAINERS[container](X)
        found = function(network, rows, it.y, parameters=it.vector)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("cls", [MLPRegressor, neural_network.MLPRegressor])
def test_data_frames(cls):
    X, y = small("real")
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    mlp = cls(**SMALL, random_state=0).fit(frame, pd.Series(y))
    plain = cls(**SMALL, random_state=0).fit(X, y)
    np.testing.assert_array_equal(
        gradient(mlp, frame, pd.Series(y)), gradient(plain, X, y)
    )
    with pytest.raises(ValueError, match="feature names"):
        gradient(mlp, frame[["b", "a", "c"]], y)


def test_labels_of_any_kind():
    X, y = small("multiclass")
    words = np.array(["ash", "birch", "cedar"])[y]
    for cls in (MLPClassifier, neural_network.MLPClassifier):
        mlp = cls(**SMALL, random_state=0).fit(X, words)
        expected = gradient(cls(**SMALL, random_state=0).fit(X, y), X, y)
        for labels in (words, words.tolist(), pd.Series(words)):
            np.testing.assert_array_equal(gradient(mlp, X, labels), expected)


def test_a_column_of_targets():
    X, y = small("real")
    mlp = MLPRegressor(**SMALL, random_state=0).fit(X, y)
    expected = gradient(mlp, X, y)
    with pytest.warns(DataConversionWarning):
        found = gradient(mlp, X, y[:, np.newaxis])
    np.testing.assert_array_equal(found, expected)
    mlp = mlp.to_sklearn()
    np.testing.assert_array_equal(gradient(mlp, X, y[:, np.newaxis]), expected)


@pytest.mark.parametrize("function", [gradient, hessian])
def test_arithmetic_is_in_float64(function):
    X, y = small("multiclass")
    single = X.astype(np.float32)
    mlp = fit("multiclass", (single, y), **SMALL)
    assert mlp.coefs_[0].dtype == np.float32
    double = fit("multiclass", (single.astype(np.float64), y), **SMALL)
    double.coefs_ = [layer.astype(np.float64) for layer in mlp.coefs_]
    double.intercepts_ = [layer.astype(np.float64) for layer in mlp.intercepts_]
    found = function(mlp, single, y)
    assert found.dtype == np.float64
    expected = function(double, single.astype(np.float64), y)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


WEIGHTED = (
    "multiclass",
    "weighted classes",
    "tasks",
    "scikit-learn, binary",
    "network",
)


@pytest.mark.parametrize("function", [gradient, hessian])
@pytest.mark.parametrize("name", WEIGHTED)
def test_weights_of_rows(name, function):
    it = case(name)
    counts = np.random.RandomState(1).randint(3, size=len(it.y))
    rows = np.repeat(np.arange(len(it.y)), counts)
    y = it.y.iloc[rows] if isinstance(it.y, pd.DataFrame) else it.y[rows]
    options = {"parameters": it.parameters, "penalties": not it.is_network}
    found = function(it.model, it.X, it.y, counts, **options)
    repeated = function(it.model, it.X[rows], y, **options)
    np.testing.assert_allclose(found, repeated, rtol=1e-10, atol=1e-14)
    plain = function(it.model, it.X, it.y, **options)
    assert abs(found - plain).max() > 1e-3


@pytest.mark.parametrize("make", [ours, of_sklearn])
def test_rows_without_weight_are_not_looked_at(make):
    it = make("count", loss="poisson", hidden_layer_sizes=())
    X, weights = it.X.copy(), np.ones(len(it.y))
    # An output whose exponential overflows.
    X[0], weights[0] = 1e4, 0
    options = {"parameters": [1.0, 1.0, 1.0, 0.0]}
    found = gradient(it.model, X, it.y, weights, **options)
    expected = gradient(it.model, X[1:], it.y[1:], **options)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("name", WEIGHTED)
def test_scale_of_weights(name):
    it = case(name)
    weights = weights_for(len(it.y))
    one, many = (
        gradient(it.model, it.X, it.y, factor * weights, parameters=it.parameters)
        for factor in (1, 8)
    )
    np.testing.assert_allclose(one, many, rtol=1e-12, atol=1e-15)


def test_class_weight():
    X, y = small("multiclass")
    mlp = fit("multiclass", (X, y), **SMALL)
    of_rows = weights_for(len(y))

    def slope(class_weight, weights):
        return gradient(mlp.set_params(class_weight=class_weight), X, y, weights)

    of_classes = np.array([0.5, 1.0, 3.0])
    given = dict(enumerate(of_classes))
    for weights in (None, of_rows):
        found = slope(given, weights)
        expected = slope(None, of_classes[y] * (1 if weights is None else weights))
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)
        assert abs(found - slope(None, weights)).max() > 1e-2
    shares = np.array([of_rows[y == label].sum() for label in range(3)])
    np.testing.assert_allclose(
        slope("balanced", of_rows),
        slope(None, of_rows / shares[y]),
        rtol=1e-12,
        atol=1e-15,
    )


@pytest.mark.parametrize("name", ["multiclass", "tasks", "scikit-learn, regression"])
@pytest.mark.parametrize("function", [gradient, hessian])
def test_parameters(function, name):
    it = case(name)
    there = it.vector + 0.3 * np.random.RandomState(0).normal(size=len(it.vector))
    expected = function(moved(it.model, there), it.X, it.y)
    found = function(it.model, it.X, it.y, parameters=there.tolist())
    np.testing.assert_array_equal(found, expected)
    at_rest = function(it.model, it.X, it.y)
    assert abs(found - at_rest).max() > 1e-2
    np.testing.assert_array_equal(
        function(it.model, it.X, it.y, parameters=it.vector), at_rest
    )


@pytest.mark.parametrize("name", MAKERS)
def test_nothing_given_is_changed(name):
    it = case(name)
    X, vector, weights = it.X.copy(), it.vector.copy(), weights_for(len(it.y))
    given = weights.copy()
    hessian(it.model, X, it.y, weights, parameters=vector)
    np.testing.assert_array_equal(X, it.X)
    np.testing.assert_array_equal(vector, it.vector)
    np.testing.assert_array_equal(weights, given)
    if not it.is_network:
        np.testing.assert_array_equal(flat(it.model), it.vector)


def test_max_parameters():
    it = case("multiclass")
    n_parameters = len(it.vector)
    expected = hessian(it.model, it.X, it.y)
    found = hessian(it.model, it.X, it.y, max_parameters=n_parameters)
    np.testing.assert_array_equal(found, expected)
    message = (
        f"a matrix of {n_parameters} parameters takes 0 MB, more than "
        f"max_parameters={n_parameters - 1} allows; use HessianOperator"
    )
    with pytest.raises(ValueError, match=message):
        hessian(it.model, it.X, it.y, max_parameters=n_parameters - 1)


def test_too_many_parameters_allocate_nothing():
    X, y = small("real")
    mlp = fit("real", (X, y), hidden_layer_sizes=(2000,), max_iter=1)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"10001 parameters takes 800 MB.*=5000"):
            hessian(mlp, X, y)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5e6
