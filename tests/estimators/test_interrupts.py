"""Ctrl-C at any moment of training leaves a model that predicts and goes on."""

import copy
import pickle
import warnings

import numpy as np
import pytest

from skregnet import MLPClassifier, MLPRegressor
from skregnet._networks.network import Network
from tests.cases import problem
from tests.reliability.faults import InterruptAtLine, is_as_before

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

INTERRUPTED = r"Training interrupted by user\."


class InterruptAtBegin:
    """A callback that presses Ctrl-C at the beginning of an epoch."""

    def __init__(self, epoch):
        self.epoch = epoch
        self.has_ended = False

    def setup(self, estimator, context):
        """Nothing."""

    def teardown(self, estimator, context):
        self.has_ended = True

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "epoch" and context.task_id == self.epoch:
            raise KeyboardInterrupt

    def on_fit_task_end(self, estimator, context):
        """Nothing."""


def interrupt_gradient(monkeypatch, n_calls):
    """Press Ctrl-C in the middle of the gradient, after some calls."""
    original = Network.loss_and_gradient
    calls = []

    def interrupted(self, *args):
        calls.append(1)
        if len(calls) == n_calls:
            raise KeyboardInterrupt
        return original(self, *args)

    monkeypatch.setattr(Network, "loss_and_gradient", interrupted)


def interrupted_call(method, *args, **kwargs):
    """Call, and expect the warning; an interrupt that came through would end pytest."""
    try:
        with pytest.warns(UserWarning, match=INTERRUPTED):
            method(*args, **kwargs)
    except KeyboardInterrupt:
        pytest.fail("the interrupt came through")


@pytest.mark.parametrize("n_calls", [1, 2, 7, 20])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_in_the_gradient(cls, solver, n_calls, monkeypatch):
    X, y = problem("multiclass")
    mlp = cls(solver=solver, batch_size=20, max_iter=60, random_state=0)
    mlp.set_params(warm_start=True)
    with monkeypatch.context() as patches:
        interrupt_gradient(patches, n_calls)
        interrupted_call(mlp.fit, X, y)
    assert len(mlp.loss_curve_) == mlp.n_iter_ < 60
    assert np.isfinite(mlp.predict(X)).all()
    if mlp.n_iter_:
        # The weights are those of the curve's end, or a few steps further.
        assert mlp.loss_ == mlp.loss_curve_[-1]
        assert mlp.score(X, y) > cls(max_iter=1, random_state=0).fit(X, y).score(X, y)
    loaded = pickle.loads(pickle.dumps(mlp))
    np.testing.assert_array_equal(loaded.predict(X), mlp.predict(X))
    before = mlp.n_iter_
    mlp.fit(X, y)
    assert len(mlp.loss_curve_) == before + mlp.n_iter_


@pytest.mark.parametrize("epoch", [0, 2])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
def test_at_the_beginning_of_an_epoch(solver, epoch):
    X, y = problem("real")
    callback = InterruptAtBegin(epoch)
    mlp = MLPRegressor(solver=solver, random_state=0).set_callbacks(callback)
    interrupted_call(mlp.fit, X, y)
    assert mlp.n_iter_ == len(mlp.loss_curve_) == epoch
    assert np.isfinite(mlp.predict(X)).all()
    assert callback.has_ended


def test_lbfgs_returns_to_the_last_iteration(monkeypatch):
    X, y = problem("real")
    mlp = MLPRegressor(solver="lbfgs", random_state=0)
    interrupt_gradient(monkeypatch, 12)
    interrupted_call(mlp.fit, X, y)
    monkeypatch.undo()
    stopped = MLPRegressor(solver="lbfgs", random_state=0, max_iter=mlp.n_iter_)
    stopped.fit(X, y)
    for a, b in zip(mlp.coefs_, stopped.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)
    assert mlp.loss_ == stopped.loss_


def test_early_stopping_returns_to_the_best(monkeypatch):
    X, y = problem("binary")
    mlp = MLPClassifier(
        batch_size=20, learning_rate_init=0.05, early_stopping=True, random_state=0
    )
    interrupt_gradient(monkeypatch, 6 * 8 + 3)  # in the ninth epoch
    interrupted_call(mlp.fit, X, y, X_val=X[:50], y_val=1 - y[:50])
    assert len(mlp.validation_scores_) == mlp.n_iter_ == 8
    assert mlp.score(X[:50], 1 - y[:50]) == max(mlp.validation_scores_)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_partial_fit(solver, monkeypatch):
    X, y = problem("binary")
    mlp = MLPClassifier(solver=solver, batch_size=20, random_state=0)
    mlp.partial_fit(X, y, classes=[0, 1])
    with monkeypatch.context() as patches:
        interrupt_gradient(patches, 4)
        interrupted_call(mlp.partial_fit, X, y)
    assert len(mlp.loss_curve_) == 1
    loss = mlp.loss_
    for _ in range(5):
        mlp.partial_fit(X, y)
    assert mlp.loss_ < loss


@pytest.mark.parametrize("how", ["fit", "partial_fit"])
def test_while_validating_leaves_no_trace(how, monkeypatch):
    # Before training has begun there is nothing worth keeping.
    X, y = problem("binary")
    mlp = MLPClassifier(max_iter=2, random_state=0).fit(X, y)
    before = dict(vars(mlp))

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("skregnet._sklearn.data_checks.validate_data", interrupted)
    with pytest.raises(KeyboardInterrupt):
        getattr(mlp, how)(X, y)
    assert vars(mlp) == before


def test_at_any_line_after_the_last_batch():
    # Arrays of a stack whose members leave must not be those of fewer members: compiled
    # loops would go on beyond their ends.
    X, y = problem("multiclass", n_rows=30)

    first = MLPClassifier((4,), random_state=0).partial_fit(X, y, classes=[0, 1, 2])
    with InterruptAtLine() as watch:
        copy.deepcopy(first).partial_fit(X, y)
    for n_before in range(watch.n_run - 400, watch.n_run):
        mlp = copy.deepcopy(first)
        before = dict(vars(mlp))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=INTERRUPTED)
            try:
                with InterruptAtLine(n_before):
                    mlp.partial_fit(X, y)
            except KeyboardInterrupt:
                assert is_as_before(mlp, before) or len(mlp.loss_curve_) == 2
        assert np.isfinite(mlp.partial_fit(X, y).predict_proba(X)).all()
