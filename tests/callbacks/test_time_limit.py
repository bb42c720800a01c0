"""Fits that end once their time is over, by a clock that the tests turn."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor
from skregnet.callbacks import TimeLimit
from skregnet.callbacks import _time_limit as time_limit
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Clock:
    """A clock on which each epoch takes a second."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(time_limit.time, "time", lambda: self.now)

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "epoch":
            self.now += 1

    def on_fit_task_end(self, estimator, context):
        pass


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def network(**parameters):
    return MLPClassifier((4,), max_iter=50, random_state=0, **parameters)


@pytest.mark.parametrize("each_fit", [False, True])
@pytest.mark.parametrize(("seconds", "n_epochs"), [(0.5, 1), (3, 3), (3.5, 4)])
def test_a_network_ends_with_its_epoch(seconds, n_epochs, each_fit, clock):
    X, y = problem("binary", n_rows=40)
    limit = TimeLimit(seconds, each_fit=each_fit)
    mlp = network().set_callbacks(clock, limit).fit(X, y)
    assert mlp.n_iter_ == n_epochs
    expected = network(n_iter_no_change=99).set_params(max_iter=n_epochs).fit(X, y)
    np.testing.assert_array_equal(mlp.coefs_[0], expected.coefs_[0])
    # The time of a second fit is its own.
    assert mlp.fit(X, y).n_iter_ == n_epochs


@pytest.mark.parametrize("solver", ["lbfgs", "newton_cg", "eigen_step", "sgd"])
def test_all_solvers(solver, clock):
    X, y = problem("real", n_rows=40)
    mlp = MLPRegressor(hidden_layer_sizes=(4,), solver=solver, random_state=0)
    mlp.set_params(tol=1e-12).set_callbacks(clock, TimeLimit(3)).fit(X, y)
    assert mlp.n_iter_ == 3


def test_the_best_weights_are_kept(clock):
    X, y = problem("binary", n_rows=60)
    mlp = network(early_stopping=True, learning_rate_init=0.1)
    mlp.set_callbacks(clock, TimeLimit(8)).fit(X, y)
    assert len(mlp.validation_scores_) == mlp.n_iter_ == 8
    best = int(np.argmax(mlp.validation_scores_)) + 1
    shorter = clone(mlp).set_callbacks().set_params(max_iter=best).fit(X, y)
    np.testing.assert_array_equal(mlp.coefs_[0], shorter.coefs_[0])


def test_a_search_shares_its_time(clock):
    X, y = problem("binary", n_rows=60)
    model = make_pipeline(StandardScaler(), network().set_callbacks(clock))
    grid = {"mlpclassifier__alpha": [1e-4, 1e-2]}
    search = GridSearchCV(model, grid, cv=2).set_callbacks(TimeLimit(60))
    search.fit(X, y)
    # 50 epochs of the first fit, 10 of the second, one each of those to come.
    assert clock.now == 1000 + 50 + 10 + 1 + 1 + 1
    assert search.best_estimator_[-1].n_iter_ == 1


def test_each_fit_of_a_search_has_its_own(clock):
    X, y = problem("binary", n_rows=60)
    inner = network().set_callbacks(clock, TimeLimit(4, each_fit=True))
    model = make_pipeline(StandardScaler(), inner)
    grid = {"mlpclassifier__alpha": [1e-4, 1e-2]}
    search = GridSearchCV(model, grid, cv=2).fit(X, y)
    assert clock.now == 1000 + 5 * 4
    assert search.best_estimator_[-1].n_iter_ == 4


def test_members_of_an_ensemble_end_together(clock):
    X, y = problem("binary", n_rows=60)
    member = network().set_callbacks(clock)
    ensemble = BaggingEnsemble(member, n_estimators=3, random_state=0)
    ensemble.set_callbacks(TimeLimit(6)).fit(X, y)
    # All three take a second each of the same clock.
    assert [m.n_iter_ for m in ensemble.estimators_] == [2, 2, 2]


@pytest.mark.parametrize("each_fit", [False, True])
def test_workers(each_fit):
    X, y = problem("binary", n_rows=60)
    limit = TimeLimit(1e-9, each_fit=each_fit)
    member, outer = network(), [limit]
    if each_fit:
        member, outer = member.set_callbacks(limit), []
    search = GridSearchCV(member, {"alpha": [0.1, 1]}, cv=2, n_jobs=2)
    search.set_callbacks(*outer).fit(X, y)
    assert search.best_estimator_.n_iter_ == 1
    ensemble = BaggingEnsemble(member, n_estimators=4, n_jobs=2, random_state=0)
    ensemble.set_callbacks(*outer).fit(X, y)
    assert [m.n_iter_ for m in ensemble.estimators_] == [1] * 4


def test_it_can_be_pickled():
    limit = pickle.loads(pickle.dumps(TimeLimit(1e-9)))
    X, y = problem("binary", n_rows=40)
    assert network().set_callbacks(limit).fit(X, y).n_iter_ == 1


@pytest.mark.parametrize("seconds", [0, -1, np.nan, "1", None, 10**400])
def test_bad_times(seconds):
    with pytest.raises(ValueError, match="max_seconds expects a positive number"):
        TimeLimit(seconds)
