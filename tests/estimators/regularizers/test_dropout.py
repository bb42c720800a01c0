"""Dropout and what noise leaves alone."""

import numpy as np
import pytest
from scipy import sparse

from skregnet import MLPRegressor
from tests.cases import problem
from tests.fitting import (
    AT_START,
    ENDLESS,
    assert_near,
    by_hand,
    fit,
    flat,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_dropout_costs_training_loss_and_makes_weights_larger():
    mlps = [
        fit(
            hidden_layer_sizes=(30,),
            dropout=rate,
            alpha=0.0,
            max_iter=300,
            learning_rate_init=0.01,
            **ENDLESS,
        )
        for rate in (0.0, 0.5, 0.8)
    ]
    losses = [np.mean(mlp.loss_curve_[-20:]) for mlp in mlps]
    assert losses == sorted(losses)
    assert losses[1] > 3 * losses[0]
    # In the lecture's scale: what is kept is not scaled up, the weights are.
    norms = [np.linalg.norm(mlp.coefs_[1]) / (1 - mlp.dropout) for mlp in mlps]
    assert norms == sorted(norms)


def test_input_dropout_of_a_linear_model_is_a_ridge():
    # The mean over masks of (y - x @ (m * w) / (1 - p)) ** 2 has a closed form.
    X, y = problem("real", n_rows=200)
    rate = 0.3
    mlp = fit(
        data=(X, y),
        kind="real",
        hidden_layer_sizes=(),
        solver="sgd",
        alpha=0.0,
        input_dropout=rate,
        learning_rate_init=0.02,
        max_iter=1500,
        batch_size=50,
        weight_averaging="swa",
        **ENDLESS,
    )
    design = np.column_stack([X, np.ones(200)])
    penalty = rate / (1 - rate) * np.diag((design**2).sum(axis=0))
    penalty[-1, -1] = 0
    expected = np.linalg.solve(design.T @ design + penalty, design.T @ y)
    plain = np.linalg.lstsq(design, y)[0]
    found = np.append(mlp.coefs_[0].ravel(), mlp.intercepts_[0])
    assert np.linalg.norm(found - expected) < np.linalg.norm(plain - expected) / 10


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize(
    "noise",
    [
        {"dropout": 1e-6},
        {"dropout": [1e-6, 0.0]},
        {"input_dropout": 1e-6},
        {"target_noise": 1e-12},
    ],
)
def test_noise_leaves_all_other_draws_as_they_are(noise, solver, make):
    # Masks have 16 bits: at such a rate no unit is ever dropped.
    X, y = problem("multiclass")
    settings = {
        "hidden_layer_sizes": (8, 5),
        "batch_size": 16,
        "early_stopping": True,
        "solver": solver,
    }
    plain = fit(data=(make(X), y), **settings)
    noisy = fit(data=(make(X), y), **settings, **noise)
    assert_near(noisy, plain)
    np.testing.assert_allclose(noisy.loss_curve_, plain.loss_curve_)
    assert noisy.validation_scores_ == plain.validation_scores_


def test_dropout_of_each_layer():
    settings = {"hidden_layer_sizes": (8, 8)}
    both = fit(dropout=0.3, **settings)
    np.testing.assert_array_equal(flat(fit(dropout=[0.3, 0.3], **settings)), flat(both))
    lower = fit(dropout=[0.3, 0.0], **settings)
    upper = fit(dropout=np.array([0.0, 0.3]), **settings)
    assert not np.allclose(flat(lower), flat(upper))
    assert not np.allclose(flat(lower), flat(both))


@pytest.mark.parametrize(
    "noise", [{"dropout": 0.5}, {"input_dropout": 0.3}, {"target_noise": 0.3}]
)
@pytest.mark.parametrize("kind", ["multiclass", "binary", "multilabel", "real"])
def test_noise_comes_from_the_seed(kind, noise):
    X, _ = problem(kind)
    mlp = fit(kind, **noise)
    np.testing.assert_array_equal(flat(fit(kind, **noise)), flat(mlp))
    # The start and the order of the rows are those of the seed, too: take no steps.
    losses = {
        fit(kind, random_state=seed, **AT_START, **noise).loss_
        - fit(kind, random_state=seed, **AT_START).loss_
        for seed in range(3)
    }
    assert len(losses) == 3
    assert 0.0 not in losses
    off = fit(kind, **dict.fromkeys(noise, 0.0))
    np.testing.assert_array_equal(flat(off), flat(fit(kind)))
    assert not np.allclose(flat(off), flat(mlp))
    # Nothing is random, and nothing is missing, when predicting.
    np.testing.assert_array_equal(mlp.predict(X), mlp.predict(X))
    outputs = by_hand(mlp, X)
    if kind == "real":
        np.testing.assert_allclose(mlp.predict(X), outputs[:, 0])
    elif kind == "multiclass":
        np.testing.assert_array_equal(mlp.predict(X), outputs.argmax(axis=1))
    else:
        np.testing.assert_array_equal(
            mlp.predict(X).reshape(outputs.shape), outputs > 0
        )


def test_calls_do_not_repeat_their_noise():
    X, y = problem("real")
    mlp = MLPRegressor(
        dropout=0.5, learning_rate_init=1e-300, shuffle=False, random_state=0
    )
    for _ in range(4):
        mlp.partial_fit(X, y)
    assert len(set(mlp.loss_curve_)) == 4
    mlp.set_params(max_iter=1, warm_start=True)
    for _ in range(4):
        mlp.fit(X, y)
    assert len(set(mlp.loss_curve_)) == 8
