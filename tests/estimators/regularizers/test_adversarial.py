"""Training on inputs moved up the loss."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits

from skregnet import MLPClassifier, MLPRegressor, adversarial_examples
from tests.cases import problem
from tests.fitting import (
    AT_START,
    FULL_BATCH,
    assert_near,
    fit,
    flat,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize(
    ("norm", "step", "iterations"),
    [("gradient", 0.3, 1), ("sign", 0.1, 1), ("l2", 0.5, 1), ("sign", 0.1, 3)],
)
def test_adversarial_training_withstands_attacks(norm, step, iterations):
    X, y = load_digits(return_X_y=True)
    X = X / 16
    train, test = slice(500), slice(500, 900)
    accuracies = []
    for of_training in (0.0, step):
        mlp = MLPClassifier(
            (30,),
            max_iter=50,
            batch_size=50,
            random_state=0,
            adversarial_step=of_training,
            adversarial_norm=norm,
            adversarial_iterations=iterations,
        ).fit(X[train], y[train])
        moved = adversarial_examples(mlp, X[test], y[test], step, norm, iterations)
        assert mlp.score(X[test], y[test]) > 0.8
        assert mlp.score(moved, y[test]) < mlp.score(X[test], y[test]) - 0.1
        accuracies.append(mlp.score(moved, y[test]))
    assert accuracies[1] > accuracies[0] + 0.03


@pytest.mark.parametrize("norm", ["gradient", "sign", "l2"])
@pytest.mark.parametrize(
    "parameters", [{}, {"batch_norm": "before"}, {"solver": "sgd", "max_norm": 0.5}]
)
def test_an_adversary_without_weight(norm, parameters):
    mlp = fit(
        adversarial_step=0.5,
        adversarial_weight=0.0,
        adversarial_norm=norm,
        **parameters,
    )
    assert_near(mlp, fit(**parameters))


@pytest.mark.parametrize("place", ["before", "after"])
def test_moved_inputs_leave_running_statistics_alone(place):
    X, y = problem("real")
    mlps = [MLPRegressor(random_state=0) for _ in range(2)]
    mlps[1].set_params(adversarial_step=2.0, adversarial_weight=0.0)
    for mlp in mlps:
        mlp.set_params(hidden_layer_sizes=(8,), batch_norm=place, batch_size=40)
        for _ in range(3):
            mlp.partial_fit(X, y)
    assert_near(*mlps)


@pytest.mark.parametrize("norm", ["gradient", "sign", "l2"])
def test_the_adversarial_loss_by_hand(norm):
    X, y = problem("real")
    start = fit("real", activation="tanh", **AT_START, **FULL_BATCH)
    moved = adversarial_examples(start, X, y, 0.4, norm, 3)
    losses = [np.mean((start.predict(Z) - y) ** 2) / 2 for Z in (X, moved)]
    mlps = [
        fit(
            "real",
            activation="tanh",
            alpha=0.0,
            adversarial_step=0.4,
            adversarial_norm=norm,
            adversarial_weight=weight,
            adversarial_iterations=3,
            **AT_START,
            **FULL_BATCH,
        )
        for weight in (0.0, 0.25, 1.0)
    ]
    assert losses[1] > losses[0]
    expected = [losses[0], 0.75 * losses[0] + 0.25 * losses[1], losses[1]]
    np.testing.assert_allclose([mlp.loss_ for mlp in mlps], expected, rtol=1e-9)


@pytest.mark.parametrize("norm", ["gradient", "sign", "l2"])
def test_more_iterations_attack_harder(norm):
    X, y = problem("multiclass")
    mlp = fit(max_iter=200, learning_rate_init=0.01)
    step = 2.0 if norm == "gradient" else 0.5
    losses = []
    for iterations in (1, 10):
        moved = adversarial_examples(mlp, X, y, step, norm, iterations)
        losses.append(-mlp.predict_log_proba(moved)[np.arange(120), y].mean())
    assert losses[1] > losses[0]
    settings = {"adversarial_step": step, "adversarial_norm": norm}
    once, thrice = (fit(adversarial_iterations=n, **settings) for n in (1, 3))
    assert not np.allclose(flat(once), flat(thrice))


def test_adversaries_of_sparse_features():
    X, y = problem("multiclass")
    settings = {"adversarial_step": 0.1, "input_dropout": 0.2}
    dense = fit(**settings)
    assert_near(fit(data=(sparse.csr_array(X), y), **settings), dense)
