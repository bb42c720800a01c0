"""Activations of each layer, export to scikit-learn."""

import pickle

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skregnet import MLPClassifier
from tests.cases import ACTIVATION_NAMES, problem
from tests.fitting import (
    PROBLEMS,
    by_hand,
    fit,
    flat,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_every_activation(name, solver):
    X, y = problem("real")
    settings = {
        "solver": solver,
        "hidden_layer_sizes": (6, 4),
        "learning_rate_init": 0.02,
        "max_iter": 80,
    }
    mlp = fit("real", activation=name, **settings)
    np.testing.assert_allclose(mlp.predict(X), by_hand(mlp, X)[:, 0], rtol=1e-9)
    assert mlp.loss_ < np.var(y) / 2
    alike = fit("real", activation=[name, name], **settings)
    np.testing.assert_array_equal(flat(alike), flat(mlp))


@pytest.mark.parametrize("kind", ["real", "multiclass"])
def test_an_activation_a_layer(kind):
    X, _ = problem(kind)
    names = ("tanh", "softplus", "mish")
    mlps = [
        fit(kind, activation=make(names), hidden_layer_sizes=(6, 5, 4))
        for make in (list, tuple, np.array)
    ]
    for mlp in mlps[1:]:
        np.testing.assert_array_equal(flat(mlp), flat(mlps[0]))
    outputs = by_hand(mlps[0], X)
    if kind == "real":
        np.testing.assert_allclose(mlps[0].predict(X), outputs[:, 0], rtol=1e-9)
    else:
        np.testing.assert_array_equal(mlps[0].predict(X), outputs.argmax(axis=1))
    other = fit(kind, activation=names[::-1], hidden_layer_sizes=(6, 5, 4))
    assert not np.allclose(flat(other), flat(mlps[0]))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"batch_norm": "before", "dropout": 0.2},
        {"batch_norm": "after", "activation": ["logistic", "logistic"]},
        {"solver": "lbfgs", "l1_ratio": 0.5, "scoring": "loss"},
        {"hidden_layer_sizes": (), "activation": "gelu"},
        {"hidden_layer_sizes": (), "activation": []},
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("cls", "parameters", "kind"), PROBLEMS)
def test_to_sklearn(cls, parameters, kind, dtype, changes):
    X, y = problem(kind, dtype=dtype)
    settings = {"hidden_layer_sizes": (8, 5), "activation": "tanh"}
    mlp = fit(kind, data=(X, y), **{**settings, **parameters, **changes})
    exported = mlp.to_sklearn()
    assert type(exported) is getattr(neural_network, cls.__name__)
    tolerance = {"rtol": 1e-10, "atol": 1e-10}
    if dtype == np.float32:
        tolerance = {"rtol": 1e-4, "atol": 1e-5}
    methods = ["predict"] + ["predict_proba"] * (cls is MLPClassifier)
    for method in methods:
        np.testing.assert_allclose(
            getattr(exported, method)(X), getattr(mlp, method)(X), **tolerance
        )
    assert exported.score(X, y) == pytest.approx(mlp.score(X, y), rel=1e-5)
    again = pickle.loads(pickle.dumps(exported))
    np.testing.assert_array_equal(again.predict(X), exported.predict(X))
    clone(exported).fit(X, y)
    # The copy is the export's own.
    exported.coefs_[0][...] = 0
    assert mlp.coefs_[0].any()
    if exported.solver != "lbfgs":
        again.partial_fit(X, y)
        assert not np.allclose(again.coefs_[0], mlp.coefs_[0], atol=1e-9)


@pytest.mark.parametrize(
    ("activation", "message"),
    [
        ("gelu", "lacks 'gelu'"),
        (["tanh", "mish"], "lacks 'mish'"),
        (["tanh", "relu"], r"\['tanh', 'relu'\]"),
    ],
)
def test_to_sklearn_lacks(activation, message):
    mlp = fit(activation=activation, hidden_layer_sizes=(4, 3))
    with pytest.raises(ValueError, match=message):
        mlp.to_sklearn()
    with pytest.raises(NotFittedError):
        clone(mlp).to_sklearn()
