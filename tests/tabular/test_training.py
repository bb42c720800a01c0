"""How long networks on tables train: until they are done, time is over or Ctrl-C."""

import pickle
import sys
import threading
import warnings

import numpy as np
import pytest
from sklearn.base import clone

from skregnet import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor
from skregnet._training.objective import Objective
from skregnet.tabular import _base, _training
from tests.reliability.faults import InterruptAtLine, is_as_before
from tests.tabular.test_estimators import members_of, outputs, problem, quick

ESTIMATORS = [TabularClassifier, TabularRegressor]
EPOCHS = 20


class Clock:
    """A clock that goes on with every look at it: once an epoch of each network."""

    def __init__(self):
        self.now = 0.0

    def time(self):
        self.now += 1.0
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """Replace the clock of the estimators."""
    clock = Clock()
    monkeypatch.setattr(_base, "time", clock)
    monkeypatch.setattr(_training, "time", clock)
    return clock


def of_few_epochs(kind, n_members, **parameters):
    """Return an estimator whose networks all train for as many epochs, and data."""
    network = MLPClassifier if kind is TabularClassifier else MLPRegressor
    own = network(hidden_layer_sizes=(3,), max_iter=EPOCHS, tol=0.0)
    return quick(kind, network=own, n_members=n_members, **parameters)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize("n_in_time", [1, 2, 4, 7])
def test_as_many_networks_as_end_in_time(kind, n_in_time):
    model, X, y = of_few_epochs(kind, n_members=7)
    whole = members_of(clone(model).fit(X, y))
    limit = EPOCHS * (n_in_time + 1)
    found = members_of(model.set_params(time_limit=limit).fit(X, y))
    assert len(found) == n_in_time
    for member, other in zip(found, whole, strict=False):
        assert member.n_iter_ == EPOCHS
        np.testing.assert_array_equal(member.coefs_[0], other.coefs_[0])
    assert np.isfinite(outputs(model, X)).all()
    assert [e.n_estimators for e in model.ensembles_] == [len(found)]


@pytest.mark.usefixtures("clock")
def test_ensembles_share_what_time_there_is():
    model, X, y = quick(TabularClassifier, n_members=8, time_limit=40)
    first, second = model.fit(X, y).ensembles_
    epochs = [member.n_iter_ for member in (*first.estimators_, *second.estimators_)]
    assert len(epochs) == 2
    assert all(15 <= n <= 21 for n in epochs)
    model.set_params(time_limit=250).fit(X, y)
    first, second = (len(e.estimators_) for e in model.ensembles_)
    assert 1 <= first == second < 4


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("time_limit", [1e-9, 1, 8])
def test_a_second_ensemble_is_not_begun_if_too_late(time_limit):
    model, X, y = quick(TabularClassifier, n_members=8, time_limit=time_limit)
    (ensemble,) = model.fit(X, y).ensembles_
    assert len(ensemble.estimators_) == 1
    assert ensemble.estimator_.adversarial_step == 0
    assert model.shares_.tolist() == [1]
    assert np.isfinite(outputs(model, X)).all()


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_time_is_left_for_what_follows_training(kind, clock, monkeypatch):
    """Which takes a share of the time before."""
    model, X, y = of_few_epochs(kind, n_members=1, time_limit=40)
    assert clone(model).fit(X, y).n_iter_ == EPOCHS
    make = kind._make_ensembles

    def slowly(self, n_rows):
        clock.now += 20
        return make(self, n_rows)

    monkeypatch.setattr(kind, "_make_ensembles", slowly)
    assert model.fit(X, y).n_iter_ < 40 - 20 - 0.5 * 20


@pytest.mark.parametrize("time_limit", [600, 1e308])
@pytest.mark.parametrize("kind", ESTIMATORS)
def test_a_time_limit_that_is_not_reached_changes_nothing(kind, time_limit):
    model, X, y = of_few_epochs(kind, n_members=5)
    expected = clone(model).fit(X, y)
    model.set_params(time_limit=time_limit).fit(X, y)
    np.testing.assert_array_equal(outputs(model, X), outputs(expected, X))
    assert len(members_of(model)) == 5
    for network in (*members_of(model), *(e.estimator for e in model.ensembles_)):
        assert not hasattr(network, "_skl_callbacks")
    assert not model.ensembles_[0].warm_start


@pytest.mark.parametrize(
    ("kind", "n_jobs"), [(TabularClassifier, 1), (TabularRegressor, 2)]
)
def test_each_worker_trains_one_network_at_least(kind, n_jobs):
    model, X, y = of_few_epochs(kind, n_members=5, time_limit=1e-9, n_jobs=n_jobs)
    assert [m.n_iter_ for m in members_of(model.fit(X, y))] == [1] * n_jobs


def interrupted_fit(model, X, y, n_calls, monkeypatch):
    """Fit, and press Ctrl-C in the gradient after some calls."""
    original, calls = Objective.loss_and_gradient, []

    def interrupted(self, *args):
        calls.append(1)
        if len(calls) == n_calls:
            raise KeyboardInterrupt
        return original(self, *args)

    with monkeypatch.context() as patches:
        patches.setattr(Objective, "loss_and_gradient", interrupted)
        with pytest.warns(UserWarning, match="interrupted"):
            model.fit(X, y)
    assert len(calls) == n_calls


@pytest.mark.parametrize("time_limit", [None, 600])
def test_an_interrupt_ends_all_ensembles(time_limit, monkeypatch):
    model, X, y = quick(TabularClassifier, n_members=4, time_limit=time_limit)
    interrupted_fit(model, X, y, 9, monkeypatch)
    assert len(model.ensembles_) == 1
    assert model.n_iter_ < 3
    assert model.shares_.tolist() == [1]
    probabilities = pickle.loads(pickle.dumps(model)).predict_proba(X)
    np.testing.assert_array_equal(probabilities, model.predict_proba(X))
    expected = clone(model).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(model.fit(X, y).predict_proba(X), expected)
    assert len(model.ensembles_) == 2


def test_an_interrupt_of_the_second_ensemble_keeps_the_first(monkeypatch):
    model, X, y = quick(TabularClassifier, n_members=2)
    whole = clone(model).fit(X, y)
    # A step of each of its epochs takes all of the rows that it learns from.
    last = whole.ensembles_[-1].estimators_[0]
    n_steps = last.n_iter_ * -(-int(0.8 * len(X)) // last.batch_size)
    interrupted_fit(model, X, y, n_steps + 9, monkeypatch)
    first, second = model.ensembles_
    np.testing.assert_array_equal(second.estimators_[0].coefs_[0], last.coefs_[0])
    assert first.estimators_[0].n_iter_ < 3
    assert np.isfinite(model.predict_proba(X)).all()


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_an_interrupt_at_any_line_leaves_a_model(kind):
    model, X, y = of_few_epochs(kind, n_members=2, time_limit=600)
    model.fit(X, y)
    with InterruptAtLine() as watch:
        clone(model).fit(X, y)
    for n_lines in np.linspace(0, watch.n_run - 1, 15, dtype=int):
        before = dict(vars(model))
        try:
            with InterruptAtLine(n_lines), warnings.catch_warnings(action="ignore"):
                model.fit(X, y)
        except KeyboardInterrupt:
            assert is_as_before(model, before) or model.encoder_ is not before
        assert np.isfinite(outputs(model, X)).all()


def test_fits_in_threads_leave_the_filters_of_warnings_alone():
    model, X, y = of_few_epochs(TabularClassifier, n_members=2)
    before = list(warnings.filters)

    def work():
        for _ in range(3):
            clone(model).fit(X, y)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before


@pytest.mark.parametrize(
    ("kind", "n_jobs"), [(TabularClassifier, 2), (TabularRegressor, 1)]
)
def test_ends_that_are_planned_are_not_warned_of(kind, n_jobs):
    model, X, y = of_few_epochs(kind, n_members=2, n_jobs=n_jobs)
    assert model.fit(X, y).n_iter_ == EPOCHS
    model.network.set_params(solver="lbfgs", max_iter=2)
    assert model.fit(X, y).n_iter_ == 2


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_filters_of_warnings_are_not_touched(kind, monkeypatch):
    def watched(*args, **kwargs):
        assert not sys._getframe(1).f_globals["__name__"].startswith("skregnet")
        return original(*args, **kwargs)

    original = warnings.catch_warnings
    model, X, y = of_few_epochs(kind, n_members=1)
    with monkeypatch.context() as patches:
        patches.setattr(warnings, "catch_warnings", watched)
        outputs(model.fit(X, y), X)


def test_the_networks_themselves_warn_as_ever():
    model, X, y = of_few_epochs(TabularClassifier, n_members=1)
    member = members_of(model.fit(X, y))[0]
    encoded = model.encoder_.transform(X)
    for network in (member, model.network, model.ensembles_[0].estimator):
        with pytest.warns(UserWarning, match="Maximum iterations"):
            network.fit(encoded, y)


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize("weighted", [False, True])
def test_files_do_not_grow_with_the_rows(kind, weighted):
    sizes = []
    for n_rows in (300, 3000):
        model, _, _ = of_few_epochs(kind, n_members=2)
        X, y = problem(kind is TabularClassifier, n_rows=n_rows)
        weights = np.arange(n_rows) % 3 if weighted else None
        sizes.append(len(pickle.dumps(model.fit(X, y, sample_weight=weights))))
    assert sizes[1] < 1.2 * sizes[0]
