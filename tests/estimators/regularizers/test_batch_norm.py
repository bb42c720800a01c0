"""Batch normalization in training, at test time and in between."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone

from skregnet import MLPRegressor
from tests.cases import problem
from tests.fitting import (
    AT_START,
    ENDLESS,
    PROBLEMS,
    assert_near,
    by_hand,
    fit,
    normalized,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("sizes", [(8,), (8, 5, 4)])
@pytest.mark.parametrize("place", ["before", "after"])
def test_units_are_normalized_by_exact_statistics(place, sizes, weighted):
    X, _ = problem("real")
    weights = np.random.RandomState(0).uniform(0.5, 2, 120) if weighted else None
    settings = {"hidden_layer_sizes": sizes, "activation": "tanh", "batch_size": 25}
    start = fit("real", sample_weight=weights, **settings, **AT_START)
    mlp = fit("real", sample_weight=weights, batch_norm=place, **settings, **AT_START)
    expected = by_hand(start, X, **{place: lambda z: normalized(z, weights)})
    np.testing.assert_allclose(mlp.predict(X), expected[:, 0], rtol=1e-8)
    np.testing.assert_allclose(mlp.predict(X), by_hand(mlp, X)[:, 0], rtol=1e-10)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("averaging", [None, "ema", "swa"])
@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_units_have_the_mean_and_variance_that_are_learned(solver, averaging, dropout):
    X, _ = problem("multiclass")
    mlp = fit(
        batch_norm="before",
        weight_averaging=averaging,
        dropout=dropout,
        solver=solver,
        batch_size=25,
        learning_rate_init=0.02,
    )
    values = mlp._normalization["values"]
    scale, shift, _, variance = values[:-1].reshape(4, 8)
    sums = X @ mlp.coefs_[0] + mlp.intercepts_[0]
    assert np.abs(shift).max() > 0.01
    assert np.abs(scale - 1).max() > 0.01
    np.testing.assert_allclose(sums.mean(axis=0), shift, atol=1e-10)
    np.testing.assert_allclose(
        sums.var(axis=0), scale**2 * variance / (variance + 1e-5), rtol=1e-8
    )


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize(("cls", "parameters", "kind"), PROBLEMS)
def test_a_normalized_network_is_a_plain_one(cls, parameters, kind, place):
    X, _ = problem(kind)
    mlp = fit(kind, batch_norm=place, hidden_layer_sizes=(8, 5), **parameters)
    outputs = by_hand(mlp, X)
    if isinstance(mlp, MLPRegressor):
        outputs = np.exp(outputs) if kind == "count" else outputs
        np.testing.assert_allclose(mlp.predict(X), np.squeeze(outputs), rtol=1e-8)
    elif kind == "multiclass":
        np.testing.assert_allclose(
            mlp.predict_log_proba(X)[:, 1:] - mlp.predict_log_proba(X)[:, :1],
            outputs[:, 1:] - outputs[:, :1],
            rtol=1e-6,
            atol=1e-9,
        )
    else:
        np.testing.assert_allclose(
            mlp.predict_proba(X)[:, -outputs.shape[1] :],
            1 / (1 + np.exp(-outputs)),
            rtol=1e-8,
        )
    assert mlp.loss_curve_[-1] < mlp.loss_curve_[0]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("place", ["before", "after"])
def test_a_warm_start_goes_on_from_the_same_network(place, activation, dtype):
    X, y = problem("real", dtype=dtype)
    mlp = fit(
        "real",
        data=(X, y),
        batch_norm=place,
        activation=activation,
        hidden_layer_sizes=(8, 5),
        batch_size=25,
        learning_rate_init=0.02,
        warm_start=True,
    )
    before = mlp.predict(X)
    mlp.set_params(max_iter=1, learning_rate_init=1e-12).fit(X, y)
    tolerance = 1e-8 if dtype == np.float64 else 1e-3
    np.testing.assert_allclose(mlp.predict(X), before, rtol=0, atol=tolerance)


@pytest.mark.parametrize("place", ["before", "after"])
def test_deep_sigmoid_networks_train_faster_when_normalized(place):
    settings = {
        "hidden_layer_sizes": (15,) * 7,
        "activation": "logistic",
        "learning_rate_init": 0.01,
        "batch_size": 30,
    }
    plain, faster = fit(**settings), fit(batch_norm=place, **settings)
    assert plain.loss_curve_[9] > 1.0  # still at the frequencies of the classes
    assert faster.loss_curve_[9] < 0.8 * plain.loss_curve_[9]


@pytest.mark.parametrize("place", ["before", "after"])
def test_partial_fit_keeps_running_statistics(place):
    X, y = problem("real")
    exact = fit("real", batch_norm=place, **AT_START).predict(X)
    for batch_size, tolerance in ((120, 1e-6), (30, 0.3)):
        mlp = MLPRegressor(
            hidden_layer_sizes=(8,),
            batch_norm=place,
            learning_rate_init=1e-300,
            batch_size=batch_size,
            random_state=0,
        )
        first = mlp.partial_fit(X, y).predict(X)
        for _ in range(20):
            mlp.partial_fit(X, y)
        error = np.abs(mlp.predict(X) - exact).max()
        assert error < tolerance * np.abs(exact).max()
        assert batch_size == 120 or 0 < error < 2 * np.abs(first - exact).max()


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize(("n_rows", "batch_size"), [(121, 40), (30, 1), (1, 1)])
def test_batches_of_one_row(n_rows, batch_size, place):
    X, y = problem("real", n_rows=n_rows)
    mlp = fit("real", data=(X, y), batch_norm=place, batch_size=batch_size, **ENDLESS)
    assert np.isfinite(mlp.predict(X)).all()
    assert mlp.loss_curve_[-1] < mlp.loss_curve_[0]


CONTINUED = [
    {"batch_norm": "before"},
    {"batch_norm": "after", "dropout": 0.3},
    {"batch_norm": "before", "weight_averaging": "ema"},
    {"batch_norm": "after", "weight_averaging": "swa", "l1_ratio": 0.5, "alpha": 1.0},
    {"dropout": [0.2], "input_dropout": 0.1},
    {"target_noise": 0.1, "weight_averaging": "ema"},
    {"max_norm": 0.7, "max_grad_norm": 0.1},
    {"adversarial_step": 0.1, "adversarial_norm": "sign", "dropout": 0.3},
    {"activity_alpha": 0.1, "l1_ratio": 1.0, "alpha": 1.0, "weight_averaging": "swa"},
]


@pytest.mark.parametrize("parameters", CONTINUED, ids=str)
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("call", ["fit", "partial_fit"])
def test_predicting_and_pickling_leave_the_path_unchanged(call, solver, parameters):
    X, y = problem("real")
    undisturbed = MLPRegressor(
        hidden_layer_sizes=(8,),
        solver=solver,
        max_iter=4,
        batch_size=30,
        learning_rate_init=0.01,
        random_state=0,
        warm_start=call == "fit",
        **parameters,
    )
    disturbed = clone(undisturbed)
    for _ in range(2 if call == "fit" else 8):
        getattr(undisturbed, call)(X, y)
        getattr(disturbed, call)(X, y)
        disturbed.predict(X)
        disturbed.input_gradient(X, y)
        disturbed = pickle.loads(pickle.dumps(disturbed))
    assert_near(disturbed, undisturbed)
    np.testing.assert_allclose(disturbed.loss_curve_, undisturbed.loss_curve_)
    assert len(set(undisturbed.loss_curve_)) == 8
