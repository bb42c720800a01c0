"""What is no model, no data of a model, or no point, is refused in words."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier as SklearnClassifier
from sklearn.neural_network import MLPRegressor as SklearnRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import MLPClassifier, MLPRegressor, MultiTaskMLP
from skregnet._networks.build import Heads, multilayer_perceptron
from skregnet._networks.losses import LOG_LOSS, SQUARED_ERROR, MultiTaskLoss
from skregnet.curvature import (
    GaussNewtonOperator,
    HessianOperator,
    gradient,
    hessian,
    taylor_estimate,
)
from tests.curvature.losses import case, of_sklearn, ours, small
from tests.references import central_differences

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def taylor(model, X, y, sample_weight=None, **options):
    """Estimate along a direction of the right length, where that is known."""
    n_parameters = len(case("network").vector)
    direction = np.ones(n_parameters)
    return taylor_estimate(model, X, y, direction, sample_weight, **options)


CALLERS = [gradient, hessian, HessianOperator, GaussNewtonOperator, taylor]
X, LABELS = small("multiclass")
PARAMETERS = case("network").vector


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), MLPClassifier(max_iter=1)),
        LogisticRegression(),
        MLPClassifier,
        None,
        "network",
    ],
    ids=["pipeline", "other estimator", "class", "None", "string"],
)
def test_what_is_no_model(model, caller):
    if hasattr(model, "fit") and not isinstance(model, type):
        model.fit(X, LABELS)
    message = (
        "expected a fitted MLPClassifier, MLPRegressor or MultiTaskMLP of skregnet, an "
        "MLPClassifier or MLPRegressor of scikit-learn, or a Network with parameters, "
        f"got {type(model).__name__}; of a Pipeline pass the last step"
    )
    with pytest.raises(TypeError, match=re.escape(message)):
        caller(model, X, LABELS)


def test_the_last_step_of_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), MLPClassifier((3,), max_iter=5))
    pipeline.fit(X, LABELS)
    mlp = pipeline[-1]

    def loss(vector):
        return taylor_estimate(
            mlp, pipeline[:-1].transform(X), LABELS, vector - start
        ).actual

    start = np.concatenate([p.ravel() for p in (*mlp.coefs_, *mlp.intercepts_)])
    found = gradient(mlp, pipeline[:-1].transform(X), LABELS)
    np.testing.assert_allclose(found, central_differences(loss, start), atol=1e-7)


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(
    "cls",
    [MLPClassifier, MLPRegressor, MultiTaskMLP, SklearnClassifier, SklearnRegressor],
)
def test_what_is_not_fitted(cls, caller):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        caller(cls(), X, LABELS)


N_NETWORK = "35 finite numbers, one for each weight, layer by layer, then for each bias"


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (None, "parameters are expected with a Network, which has none of its own"),
        (np.ones(34), f"parameters expects {N_NETWORK}, got an array of shape (34,)."),
        (np.ones((1, 35)), f"{N_NETWORK}, got an array of shape (1, 35)."),
        (1.0, f"{N_NETWORK}, got an array of shape ()."),
        (np.full(35, np.nan), "of shape (35,) that has others."),
        (np.full(35, np.inf), "of shape (35,) that has others."),
    ],
)
def test_points(parameters, message, caller):
    it = case("network")
    with pytest.raises(ValueError, match=re.escape(message)):
        caller(it.model, it.X, it.y, parameters=parameters)


def test_points_of_estimators():
    it = case("multiclass")
    n_parameters = len(it.vector)
    message = f"parameters expects {n_parameters} finite numbers"
    with pytest.raises(ValueError, match=message):
        gradient(it.model, it.X, it.y, parameters=it.vector[1:])


NETWORK_X, NETWORK_Y = case("network").X, case("network").y
SHAPES = "X and y expect the shapes (n_rows, 3) and (n_rows, 3), as the network does, "


def with_element(array, value):
    """Return a copy of which one element is another."""
    array = array.copy()
    array[1, 2] = value
    return array


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X": NETWORK_X[:, :2]}, SHAPES + "got (30, 2) and (30, 3)."),
        ({"X": NETWORK_X[:29]}, SHAPES + "got (29, 3) and (30, 3)."),
        ({"X": NETWORK_X[0]}, SHAPES + "got (3,) and (30, 3)."),
        ({"X": 1.0}, SHAPES + "got () and (30, 3)."),
        ({"X": NETWORK_X[:0], "y": NETWORK_Y[:0]}, SHAPES + "got (0, 3) and (0, 3)."),
        ({"y": NETWORK_Y[:, :1]}, SHAPES + "got (30, 3) and (30, 1)."),
        ({"y": NETWORK_Y[:, 0]}, SHAPES + "got (30, 3) and (30,)."),
        ({"X": with_element(NETWORK_X, np.nan)}, "X and y expect finite numbers"),
        ({"y": with_element(NETWORK_Y, np.inf)}, "X and y expect finite numbers"),
        ({"X": sparse.csr_array(NETWORK_X)}, "X expects dense features"),
        ({"penalties": True}, "penalties=True expects an estimator that has any, got"),
        ({"sample_weight": np.ones(29)}, "expects 30 finite weights, none negative"),
        ({"sample_weight": np.ones((30, 1))}, "got an array of shape (30, 1)."),
        ({"sample_weight": -np.ones(30)}, "sample_weight expects 30 finite weights"),
        ({"sample_weight": np.zeros(30)}, "none negative and not all of them 0"),
        ({"sample_weight": np.full(30, np.nan)}, "sample_weight expects 30 finite"),
    ],
)
def test_data_of_networks(changes, message, caller):
    arguments = {"X": NETWORK_X, "y": NETWORK_Y, "parameters": PARAMETERS}
    with pytest.raises(ValueError, match=re.escape(message)):
        caller(case("network").model, **{**arguments, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "X expects sparse features, as the network does."),
        (
            {"X": sparse.csr_array(with_element(NETWORK_X, np.nan))},
            "X and y expect finite numbers",
        ),
        ({"X": sparse.csr_array(NETWORK_X[:, :2])}, SHAPES + "got (30, 2)"),
    ],
)
def test_data_of_networks_with_sparse_features(changes, message):
    network = multilayer_perceptron((3, 4, 2, 3), "tanh", LOG_LOSS, sparse=True)
    arguments = {"X": NETWORK_X, "y": NETWORK_Y, "parameters": PARAMETERS}
    with pytest.raises(ValueError, match=re.escape(message)):
        gradient(network, **{**arguments, **changes})


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("options", [{"dropout": [0.1, 0.1]}, {"batch_norm": "after"}])
def test_networks_that_are_not_plain(options, caller):
    network = multilayer_perceptron((3, 4, 2, 3), "tanh", LOG_LOSS, **options)
    parameters = np.ones(network.layout.n_parameters)
    with pytest.raises(ValueError, match="a plain network, got a layer"):
        caller(network, NETWORK_X, NETWORK_Y, parameters=parameters)


@pytest.mark.parametrize("learns_weights", [False, True])
def test_networks_of_several_tasks(learns_weights):
    loss = MultiTaskLoss((LOG_LOSS, SQUARED_ERROR), (2, 1), learns_weights)
    heads = Heads(0, loss.sizes, learns_weights)
    network = multilayer_perceptron((3, 2, 3), "tanh", loss, heads=heads)
    vector = np.random.RandomState(0).normal(size=network.layout.n_parameters)
    # Behind the targets stands how much a row counts in each task.
    y = np.hstack([NETWORK_Y, np.ones((30, 2))])
    for function in (gradient, hessian):
        alone = [
            function(network, NETWORK_X, y * mask, parameters=vector)
            for mask in ([1, 1, 1, 1, 0], [1, 1, 1, 0, 1], [1, 1, 1, 0, 0])
        ]
        both = function(network, NETWORK_X, y, parameters=vector)
        # What learned weights cost does not depend on the tasks' losses.
        expected = alone[0] + alone[1] - alone[2]
        np.testing.assert_allclose(both, expected, atol=1e-12)
        assert abs(alone[0] - both).max() > 1e-2
    with pytest.raises(ValueError, match=r"\(n_rows, 5\), as the network does"):
        gradient(network, NETWORK_X, NETWORK_Y, parameters=vector)


def test_lists_of_networks():
    it = case("network")
    found = gradient(
        it.model, it.X.tolist(), it.y.tolist(), parameters=it.vector.tolist()
    )
    expected = gradient(it.model, it.X, it.y, parameters=it.vector)
    np.testing.assert_array_equal(found, expected)


KINDS = {
    "binary": lambda: ours("binary"),
    "multilabel": lambda: ours("multilabel"),
    "real": lambda: ours("real"),
    "reals": lambda: ours("reals"),
    "count": lambda: ours("count", loss="poisson"),
    "theirs, binary": lambda: of_sklearn("binary"),
    "theirs, multiclass": lambda: of_sklearn("multiclass"),
    "theirs, multilabel": lambda: of_sklearn("multilabel"),
    "theirs, real": lambda: of_sklearn("real"),
    "theirs, reals": lambda: of_sklearn("reals"),
    "theirs, count": lambda: of_sklearn("count", loss="poisson"),
}
REAL = small("real")[1]
REALS = small("reals")[1]
INDICATORS = small("multilabel")[1]


@pytest.mark.parametrize(
    ("name", "y", "message"),
    [
        ("binary", LABELS, r"y has classes that the y of fit has not"),
        ("multilabel", LABELS, "y has 1 labels a row, the y of fit has 3"),
        ("real", REALS, "y has 3 outputs, but the y of fit has 1"),
        ("reals", REAL, "y has 1 outputs, but the y of fit has 3"),
        ("count", -np.ones(40), r"loss='poisson' expects y >= 0, got a smallest"),
        ("real", np.full(40, np.nan), "NaN"),
        ("theirs, binary", LABELS, r"that fit was given, \[0 1\], got \[0 1 2\]"),
        ("theirs, multiclass", LABELS + 1, r"fit was given, \[0 1 2\], got \[1 2 3\]"),
        ("theirs, multiclass", LABELS.astype(str), "labels of the kind that fit was"),
        ("theirs, multilabel", LABELS, "labels of the kind that fit was given"),
        ("theirs, multilabel", INDICATORS[:, :2], "mismatch with the labels"),
        ("theirs, binary", INDICATORS, "labels of the kind that fit was given"),
        ("theirs, real", REALS, r"expects 1 finite numbers a row, .*shape \(40, 3\)\."),
        ("theirs, reals", REAL, r"expects 3 finite numbers a row, .*shape \(40,\)\."),
        ("theirs, real", np.full(40, np.nan), r"of shape \(40,\) that has others"),
        ("theirs, real", np.full(40, np.inf), r"of shape \(40,\) that has others"),
        ("theirs, count", -np.ones(40), "below 0 with loss='poisson', got .* of -1"),
    ],
)
def test_targets_of_estimators(name, y, message):
    it = KINDS[name]()
    for function in (gradient, HessianOperator):
        with pytest.raises(ValueError, match=message):
            function(it.model, it.X, y)


@pytest.mark.parametrize(
    "name", ["multiclass", "regression", "scikit-learn, multiclass"]
)
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X": X[:39]}, r"inconsistent numbers of samples: \[39, 40\]"),
        ({"X": X[:, :2]}, "X has 2 features, but .* is expecting 3 features"),
        ({"X": X[0]}, "Expected 2D array, got 1D array"),
        ({"X": with_element(X, np.nan)}, "Input X contains NaN"),
        ({"sample_weight": np.ones(39)}, r"sample_weight.shape == \(39,\), expected"),
        ({"sample_weight": -np.ones(40)}, "Negative values in data passed to `sample"),
        ({"sample_weight": np.zeros(40)}, "at least one non-zero number"),
        ({"sample_weight": np.full(40, np.nan)}, "NaN"),
    ],
)
def test_data_of_estimators(name, changes, message):
    it = case(name)
    for function in (gradient, HessianOperator):
        with pytest.raises(ValueError, match=message):
            function(it.model, **{"X": it.X, "y": it.y, **changes})


def test_data_of_several_tasks():
    it = case("tasks")
    with pytest.raises(ValueError, match="y expects the columns of the y of fit"):
        gradient(it.model, it.X, it.y[["flag"]])
    with pytest.raises(ValueError, match="y has classes of task 'colour'"):
        gradient(it.model, it.X, it.y.assign(colour="black"))
    with pytest.raises(ValueError, match="a row with a target that is not missing"):
        gradient(it.model, it.X, it.y.map(lambda _: None))
    empty = it.y.isna().all(axis=1).to_numpy().astype(float)
    assert empty.sum() >= 1
    with pytest.raises(ValueError, match="a row with a target that is not missing"):
        gradient(it.model, it.X, it.y, empty)


def test_rows_without_targets_do_not_count():
    it = case("tasks")
    is_empty = it.y.isna().all(axis=1).to_numpy()
    found = gradient(it.model, it.X, it.y)
    without = gradient(it.model, it.X[~is_empty], it.y[~is_empty])
    np.testing.assert_allclose(found, without, atol=1e-14)
    # A missing target is not any value.
    filled = it.y.assign(size=it.y["size"].astype(float).fillna(0.0))
    assert isinstance(filled, pd.DataFrame)
    assert abs(gradient(it.model, it.X, filled) - found).max() > 1e-3
