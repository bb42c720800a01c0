"""Every task that a callback sees begin also ends, however training ends."""

import numpy as np
import pytest
from sklearn.callback import ProgressBar
from sklearn.model_selection import GridSearchCV

from skregnet import MLPClassifier, MLPRegressor
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Ledger:
    """Notes the tasks that begin and end, and raises where it is told to."""

    def __init__(self, raise_at=None):
        self.raise_at = raise_at
        self.begun, self.ended, self.losses = [], [], []
        self.is_torn_down = False

    def setup(self, estimator, context):
        """Nothing."""

    def teardown(self, estimator, context):
        self.is_torn_down = True

    def on_fit_task_begin(self, estimator, context):
        self.begun.append((context.task_name, context.task_id))
        if self.begun[-1] == self.raise_at:
            raise RuntimeError("a callback's own error")

    def on_fit_task_end(self, estimator, context):
        self.ended.append((context.task_name, context.task_id))


def assert_balanced(ledger, n_epochs):
    """Check that the epochs run from begin to end, inside one fit."""
    epochs = [("epoch", k) for k in range(n_epochs)]
    assert ledger.begun == [("fit", 0), *epochs]
    assert ledger.ended == [*epochs, ("fit", 0)]
    assert ledger.is_torn_down


@pytest.mark.parametrize(
    "parameters",
    [
        {"solver": "adam", "max_iter": 4},
        {"solver": "adam", "tol": 1.0, "n_iter_no_change": 2},
        {"solver": "sgd", "early_stopping": True, "tol": 1.0, "n_iter_no_change": 2},
        {"solver": "lbfgs", "max_iter": 4},
        {"solver": "lbfgs", "max_fun": 4},
        {"solver": "lbfgs", "tol": 0.02},
        {"solver": "lbfgs", "max_iter": 5000, "activation": "identity"},
    ],
    ids=str,
)
@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_balance(cls, parameters):
    X, y = problem("binary")
    ledger = Ledger()
    mlp = cls(random_state=0, **parameters).set_callbacks(ledger).fit(X, y)
    assert 0 < mlp.n_iter_ == len(mlp.loss_curve_)
    assert_balanced(ledger, mlp.n_iter_)


def test_balance_of_a_divergence_that_is_survived():
    X, y = problem("real")
    mlp = MLPRegressor(
        solver="sgd",
        activation="identity",
        early_stopping=True,
        warm_start=True,
        max_iter=2,
        random_state=0,
    ).fit(X, y)
    ledger = Ledger()
    mlp.set_params(learning_rate_init=1e8, max_iter=50).set_callbacks(ledger).fit(X, y)
    assert mlp.n_iter_ < 50
    assert_balanced(ledger, mlp.n_iter_)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("at", [("fit", 0), ("epoch", 0), ("epoch", 2)])
def test_a_failing_callback_leaves_no_trace(solver, at):
    X, y = problem("real")
    mlp = MLPRegressor(solver=solver, max_iter=3, random_state=0).fit(X, y)
    before = mlp.predict(X)
    ledger = Ledger(at)
    mlp.set_params(max_iter=9).set_callbacks(ledger)
    with pytest.raises(RuntimeError, match="own error"):
        mlp.fit(X, y)
    assert ledger.is_torn_down
    assert mlp.n_iter_ == 3
    np.testing.assert_array_equal(mlp.predict(X), before)
    mlp.set_callbacks().fit(X, y)
    assert mlp.n_iter_ == 9


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
def test_callbacks_change_nothing(solver):
    X, y = problem("multiclass")
    settings = {"solver": solver, "max_iter": 5, "random_state": 0}
    plain = MLPClassifier(**settings).fit(X, y)
    watched = MLPClassifier(**settings).set_callbacks(Ledger()).fit(X, y)
    for a, b in zip(plain.coefs_, watched.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)
    assert plain.loss_curve_ == watched.loss_curve_


def test_progress_bar_of_a_convergence(capsys):
    X, y = problem("real")
    mlp = MLPRegressor(solver="lbfgs", activation="identity", max_iter=5000)
    mlp.set_params(random_state=0).set_callbacks(ProgressBar()).fit(X, y)
    assert "MLPRegressor" in capsys.readouterr().out


@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.FitFailedWarning", "ignore:One or more of the test"
)
def test_progress_bar_of_a_search_that_fails():
    X, y = problem("real")
    search = GridSearchCV(
        MLPRegressor(solver="sgd", max_iter=3, activation="identity", random_state=0),
        {"learning_rate_init": [1e-3, 1e200]},
        cv=2,
    )
    search.set_callbacks(ProgressBar()).fit(X, y)
    assert np.isnan(search.cv_results_["mean_test_score"][1])
    assert search.best_params_ == {"learning_rate_init": 1e-3}
