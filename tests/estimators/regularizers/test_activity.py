"""Penalties on activations make hidden units sparse or small."""

import numpy as np
import pytest

from tests.cases import problem
from tests.fitting import (
    AT_START,
    FULL_BATCH,
    fit,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("penalty", ["l1", "l2", "kl"])
def test_value_of_an_activity_penalty(penalty, weighted):
    X, _ = problem("multiclass")
    weights = np.random.RandomState(0).uniform(0.5, 2, 120) if weighted else None
    settings = {"activation": "logistic", "sample_weight": weights, **AT_START}
    plain = fit(**settings, **FULL_BATCH)
    penalized = fit(
        activity_penalty=penalty,
        activity_alpha=0.3,
        activity_target=0.2,
        **settings,
        **FULL_BATCH,
    )
    hidden = plain.hidden_features(X)
    mean = np.average(hidden, axis=0, weights=weights)
    expected = {
        "l1": mean.sum(),
        "l2": np.average(hidden**2, axis=0, weights=weights).sum() / 2,
        "kl": (0.2 * np.log(0.2 / mean) + 0.8 * np.log(0.8 / (1 - mean))).sum(),
    }
    assert penalized.loss_ - plain.loss_ == pytest.approx(0.3 * expected[penalty])


def test_l1_activity_makes_hidden_units_sparse(solver):
    X, _ = problem("multiclass")
    settings = {"hidden_layer_sizes": (20,), "solver": solver, "max_iter": 200}
    shares = [
        (
            fit(activity_alpha=a, learning_rate_init=0.01, **settings).hidden_features(
                X
            )
            == 0
        ).mean()
        for a in (0.0, 0.01, 0.1)
    ]
    assert shares == sorted(shares)
    assert shares[-1] > shares[0] + 0.1


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
def test_l2_activity_makes_hidden_units_small(solver, activation):
    X, _ = problem("multiclass")
    settings = {"activation": activation, "solver": solver, "max_iter": 100}
    squares = [
        (
            fit(
                activity_penalty="l2",
                activity_alpha=a,
                learning_rate_init=0.01,
                **settings,
            ).hidden_features(X)
            ** 2
        ).mean()
        for a in (0.0, 0.05, 0.5)
    ]
    assert squares == sorted(squares, reverse=True)
    assert squares[-1] < squares[0] / 2


@pytest.mark.parametrize("target", [0.05, 0.3])
def test_kl_aims_at_a_mean_activation(target):
    X, _ = problem("multiclass")
    mlp = fit(
        activation="logistic",
        activity_penalty="kl",
        activity_alpha=10.0,
        activity_target=target,
        learning_rate_init=0.02,
        max_iter=500,
        **FULL_BATCH,
    )
    np.testing.assert_allclose(mlp.hidden_features(X).mean(axis=0), target, atol=0.02)
