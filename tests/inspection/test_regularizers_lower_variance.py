"""The lecture's definition: a regularizer lowers variance, measured."""

import numpy as np
import pytest

from skregnet import MLPClassifier, MLPRegressor
from skregnet.inspection import bias_variance

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

N_ROUNDS = 24

# Of a network that learns the noise of its training data by heart.
REGULARIZERS = {
    "L2": {"alpha": 1.0},
    "L1": {"alpha": 0.5, "l1_ratio": 1.0},
    "activity, L1": {"activity_alpha": 0.02},
    "activity, L2": {"activity_alpha": 0.1, "activity_penalty": "l2"},
    "activity, KL": {
        "activity_alpha": 0.3,
        "activity_penalty": "kl",
        "activation": "logistic",
    },
    "dropout": {"dropout": 0.3},
    "input dropout": {"input_dropout": 0.2},
    "batch norm": {"batch_norm": "before"},
    "target noise": {"target_noise": 1.5},
    "adversarial training": {"adversarial_step": 0.3},
    "early stopping": {"early_stopping": True, "n_iter_no_change": 5},
    "max norm": {"max_norm": 0.8},
    "moving average": {"weight_averaging": "ema"},
    "average of epochs": {"weight_averaging": "swa"},
}


def sample(n_rows, seed):
    """Return features, noisy targets and what these are without noise."""
    random_state = np.random.RandomState(seed)
    X = random_state.uniform(-2, 2, size=(n_rows, 3))
    f = np.sin(2 * X[:, 0]) + 0.5 * X[:, 1]
    return X, f + 0.7 * random_state.normal(size=n_rows), f


def variance(**changes):
    """Return the variance of a network over training sets."""
    parameters = {
        "hidden_layer_sizes": (40,),
        "alpha": 0.0,
        "learning_rate_init": 0.02,
        "batch_size": 16,
        "max_iter": 150,
        "tol": 0.0,
        "n_iter_no_change": 1000,
        "random_state": 0,
    }
    X, y, _ = sample(60, seed=0)
    X_test, y_test, f_test = sample(200, seed=1)
    found = bias_variance(
        MLPRegressor(**parameters | changes),
        X,
        y,
        X_test,
        y_test,
        n_rounds=N_ROUNDS,
        y_optimal=f_test,
        random_state=0,
    )
    return found.variance


@pytest.fixture(scope="module")
def unregularized():
    """Return the variances of networks without any regularizer, by activation."""
    return {name: variance(activation=name) for name in ("relu", "logistic")}


@pytest.mark.parametrize("name", REGULARIZERS)
def test_variance_falls(name, unregularized):
    changes = REGULARIZERS[name]
    plain = unregularized[changes.get("activation", "relu")]
    found = variance(**changes)
    assert found < 0.97 * plain


def test_smoothing_labels_lowers_the_variance_of_probabilities():
    # Not that of classes: where probabilities are near a half, those change easily.
    X, y, _ = sample(100, seed=0)
    X_test, y_test, _ = sample(400, seed=1)
    variances, losses = [], []
    for smoothing in (0.0, 0.3):
        probabilities = []
        for seed in range(12):
            rows = np.random.RandomState(seed).randint(len(X), size=len(X))
            mlp = MLPClassifier(
                hidden_layer_sizes=(40,),
                label_smoothing=smoothing,
                learning_rate_init=0.02,
                batch_size=16,
                max_iter=60,
                random_state=seed,
            )
            mlp.fit(X[rows], y[rows] > 0)
            probabilities.append(mlp.predict_proba(X_test)[:, 1])
        variances.append(np.var(probabilities, axis=0).mean())
        losses.append(np.mean((probabilities - (y_test > 0)) ** 2))
    assert variances[1] < 0.7 * variances[0]
    assert losses[1] < losses[0]
