"""A fit that diverges raises, or returns to the best weights of early stopping."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skregnet import MLPClassifier, MLPRegressor
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")

DIVERGED = "Training diverged in epoch"
MESSAGE = (
    r"Solver produced non-finite parameter weights\. The input data may contain large "
    r"values and need to be preprocessed\."
)


def slow_regressor(**parameters):
    """Return a linear regressor that learns a little."""
    return MLPRegressor(
        solver="sgd",
        activation="identity",
        early_stopping=True,
        learning_rate_init=1e-3,
        max_iter=3,
        random_state=0,
        **parameters,
    )


def copies(mlp):
    """Return copies of all parameters."""
    return [array.copy() for array in mlp.coefs_ + mlp.intercepts_]


def assert_weights(mlp, expected):
    """Compare all parameters, bit for bit."""
    for mine, other in zip(mlp.coefs_ + mlp.intercepts_, expected, strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_message(cls, solver):
    X, y = problem("binary")
    # Adam's step is the rate: only a rate near the largest float leaves the floats.
    mlp = cls(solver=solver, learning_rate_init=1.7e308, batch_size=10, random_state=0)
    with pytest.raises(ValueError, match=MESSAGE):
        mlp.fit(X, y)
    assert not hasattr(mlp, "coefs_")


@pytest.mark.parametrize("call", ["fit", "partial_fit"])
def test_the_estimator_is_left_as_it_was(call):
    X, y = problem("real")
    mlp = slow_regressor(warm_start=True).set_params(early_stopping=False)
    mlp.partial_fit(X, y)
    before, n_epochs = copies(mlp), len(mlp.loss_curve_)
    mlp.set_params(max_iter=50)
    with pytest.raises(ValueError, match=MESSAGE):
        getattr(mlp, call)(1e200 * X, y)
    assert_weights(mlp, before)
    assert len(mlp.loss_curve_) == n_epochs
    undisturbed = slow_regressor(warm_start=True).set_params(early_stopping=False)
    undisturbed.partial_fit(X, y).partial_fit(X, y)
    assert_weights(mlp.partial_fit(X, y), copies(undisturbed))


def test_training_can_go_on_from_the_best():
    X, y = problem("real")
    mlp = slow_regressor(warm_start=True).fit(X, y)
    best = mlp.best_validation_score_
    mlp.set_params(learning_rate_init=1e8, max_iter=50)
    with pytest.warns(ConvergenceWarning, match=DIVERGED):
        mlp.fit(X, y)
    assert mlp.best_validation_score_ == best
    # The moments of the diverged fit are no place to go on from.
    mlp.set_params(learning_rate_init=1e-3, early_stopping=False)
    for _ in range(3):
        mlp.partial_fit(X, y)
    assert np.isfinite(mlp.predict(X)).all()


@pytest.mark.parametrize("kind", ["binary", "real"])
def test_partial_fit_returns_to_the_best(kind):
    X, y = problem(kind)
    cls = MLPClassifier if kind == "binary" else MLPRegressor
    mlp = cls(
        solver="sgd",
        activation="identity",
        batch_size=10,
        early_stopping=True,
        random_state=0,
    )
    given = {"X_val": X, "y_val": y}
    first = {"classes": [0, 1]} if kind == "binary" else {}
    mlp.partial_fit(X, y, **first, **given)
    for _ in range(3):
        mlp.partial_fit(X, y, **given)
    best = mlp.best_validation_score_
    with pytest.warns(ConvergenceWarning, match=DIVERGED):
        mlp.partial_fit(1e300 * X, y, **given)
    assert mlp.score(X, y) == pytest.approx(best)
    mlp.partial_fit(X, y, **given)
    assert np.isfinite(mlp.validation_scores_[-1])
    assert mlp.score(X, y) >= best - 0.1


@pytest.mark.parametrize("scoring", [None, "loss", "accuracy", "roc_auc"])
def test_weights_that_are_not_finite_are_never_the_best(scoring):
    # A full batch in one step: the loss of this epoch is still finite, its weights
    # are not, and whoever predicts the first class alone scores well.
    X, _ = problem("binary")
    y = (np.arange(len(X)) % 4 == 0).astype(int)
    given = {"X_val": X, "y_val": y}
    mlp = MLPClassifier(
        solver="sgd",
        learning_rate_init=1e-9,
        batch_size=len(X),
        class_weight={0: 1.0, 1: 30.0},
        scoring=scoring,
        early_stopping=True,
        warm_start=True,
        max_iter=3,
        random_state=0,
    )
    mlp.fit(X, y, **given)
    best, score = copies(mlp), mlp.best_validation_score_
    mlp.set_params(learning_rate_init=1e307, max_iter=20)
    with pytest.warns(ConvergenceWarning, match=DIVERGED):
        mlp.fit(1e4 * X, y, **given)
    assert_weights(mlp, best)
    assert mlp.best_validation_score_ == score


def test_divergence_in_float32():
    X, y = problem("real", dtype=np.float32)
    mlp = slow_regressor(warm_start=True).fit(X, y)
    mlp.set_params(learning_rate_init=1e8, max_iter=50)
    with pytest.warns(ConvergenceWarning, match=DIVERGED):
        mlp.fit(X, y)
    assert mlp.n_iter_ < 10
    assert mlp.predict(X).dtype == np.float32
    assert np.isfinite(mlp.predict(X)).all()


def test_no_improvement_returns_to_the_weights_before():
    # scikit-learn trains the very arrays that it keeps as the best.
    X, y = problem("binary")
    mlp = MLPClassifier(
        early_stopping=True, warm_start=True, learning_rate_init=0.02, random_state=0
    )
    mlp.fit(X, y)
    best, score = copies(mlp), mlp.best_validation_score_
    mlp.set_params(learning_rate_init=1e-12, max_iter=2).fit(X, y)
    assert mlp.best_validation_score_ == score
    assert_weights(mlp, best)
