"""Ctrl-C at random: the model is usable, or is as it was before."""

import json
import threading
import warnings

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier as PlainClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor, MultiTaskMLP
from skregnet._fitting.solvers import SOLVERS
from skregnet.augmentation import GaussianNoise
from skregnet.callbacks import Checkpoint
from skregnet.optimizers import SGD, Lookahead
from tests.cases import problem
from tests.reliability.faults import (
    LONGER,
    InterruptAtLine,
    count,
    is_as_before,
    run_program,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

N_INTERRUPTS = 40 * LONGER

SMALL = {"hidden_layer_sizes": (4,), "max_iter": 4, "random_state": 0}
X, LABELS = problem("multiclass", n_rows=30)
_, NUMBERS = problem("real", n_rows=30)
FULL_BATCH = ("lbfgs", "newton_cg", "eigen_step")

NETWORKS = {
    **{solver: MLPClassifier(solver=solver) for solver in sorted(SOLVERS)},
    **{f"{solver}, regressor": MLPRegressor(solver=solver) for solver in FULL_BATCH},
    "optimizer": MLPRegressor(solver=Lookahead(SGD(), period=2)),
    "early stopping": MLPClassifier(early_stopping=True, validation_fraction=0.4),
    "everything": MLPClassifier(
        dropout=0.3,
        batch_norm="before",
        weight_averaging="ema",
        augmenter=GaussianNoise(0.1),
        adversarial_step=0.1,
        l1_ratio=0.5,
        max_norm=2.0,
    ),
    "tasks": MultiTaskMLP(),
}


def fit(estimator):
    """Fit to the data of its kind."""
    if isinstance(estimator, MLPRegressor):
        return estimator.fit(X, NUMBERS)
    if isinstance(estimator, MultiTaskMLP):
        return estimator.fit(X, np.column_stack([LABELS, NUMBERS]))
    return estimator.fit(X, LABELS)


def outputs(estimator):
    """Return all numbers that it predicts."""
    how = getattr(estimator, "predict_proba", estimator.predict)
    found = how(X)
    return np.hstack(found) if isinstance(found, list) else np.asarray(found)


def interrupted_fit(estimator, n_lines):
    """Interrupt a fit, assert that nothing is lost, and return what came of it."""
    outcome = outcome_of_interrupt(estimator, n_lines)
    is_network = hasattr(estimator, "solver")
    subject = "a network" if is_network else "an ensemble"
    count(f"Ctrl-C at a line of the fit of {subject}", {outcome: 1})
    return outcome


def outcome_of_interrupt(estimator, n_lines):
    """Interrupt a fit; tell whether it is undone, ended early or done."""
    before = dict(vars(estimator))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            with InterruptAtLine(n_lines) as interrupt:
                fit(estimator)
        except KeyboardInterrupt:
            if is_as_before(estimator, before):
                return "as before"
    # Also where all was done, and the key was pressed before `fit` returned.
    assert np.isfinite(outputs(estimator)).all(), interrupt.place
    if any("interrupted" in str(warning.message) for warning in said):
        return "interrupted"
    return "done"


def count_lines(estimator):
    """Return how many lines of skregnet's run in a fit."""
    with InterruptAtLine() as watch:
        fit(clone(estimator))
    return watch.n_run


def interrupt_often(estimator, seed, n_interrupts=N_INTERRUPTS):
    """Interrupt first and later fits at random lines; count what came of it."""
    rng = np.random.RandomState(seed)
    expected = outputs(fit(clone(estimator)))
    n_lines = count_lines(estimator)
    found = {"as before": 0, "interrupted": 0, "done": 0}
    again = clone(estimator)
    for k in range(n_interrupts):
        if k % 2 == 0:
            again = clone(estimator)
        found[interrupted_fit(again, rng.randint(n_lines))] += 1
    # Nothing is left behind in the process that changes a later fit.
    np.testing.assert_array_equal(outputs(fit(clone(estimator))), expected)
    # Few lines are left after training, and the user's key is heeded before them.
    assert found["done"] <= 0.25 * n_interrupts + 1
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_at_random_lines(name):
    estimator = clone(NETWORKS[name]).set_params(**SMALL)
    if estimator.solver not in (*FULL_BATCH, "delta_bar_delta"):
        estimator.set_params(batch_size=15)
    found = interrupt_often(estimator, seed=sorted(NETWORKS).index(name))
    assert found["interrupted"] + found["as before"] > 0


def test_at_random_lines_of_a_checkpoint(tmp_path):
    X, y = problem("multiclass", n_rows=30)
    mlp = MLPClassifier(**SMALL)
    expected = clone(mlp).fit(X, y)
    n_lines = count_lines(clone(mlp).set_callbacks(Checkpoint(tmp_path / "all", 1)))
    rng = np.random.RandomState(0)
    for k in range(N_INTERRUPTS):
        directory = tmp_path / str(k)
        found = clone(mlp).set_callbacks(Checkpoint(directory, 1))
        interrupted_fit(found, rng.randint(n_lines))
        assert not list(directory.glob("*.part"))
        found.fit(X, y)
        np.testing.assert_array_equal(found.coefs_[0], expected.coefs_[0])


def test_partial_fit_at_random_lines():
    rng = np.random.RandomState(0)
    first = MLPClassifier(**SMALL).partial_fit(X, LABELS, classes=[0, 1, 2])
    with InterruptAtLine() as watch:
        first.partial_fit(X, LABELS)
    mlp = MLPClassifier(**SMALL).partial_fit(X, LABELS, classes=[0, 1, 2])
    n_calls = 1
    for _ in range(N_INTERRUPTS):
        before, n_before = dict(vars(mlp)), len(mlp.loss_curve_)
        try:
            with warnings.catch_warnings(), InterruptAtLine(rng.randint(watch.n_run)):
                warnings.simplefilter("ignore")
                mlp.partial_fit(X, LABELS)
        except KeyboardInterrupt:
            is_over = len(mlp.loss_curve_) == n_before + 1
            assert is_over or is_as_before(mlp, before)
            outcome = "done" if is_over else "as before"
            count("Ctrl-C at a line of partial_fit", {outcome: 1})
        assert np.isfinite(outputs(mlp)).all()
        mlp.partial_fit(X, LABELS)
        n_calls += 1
    assert mlp.score(X, LABELS) > first.score(X, LABELS) - 0.1
    assert n_calls <= len(mlp.loss_curve_) <= n_calls + N_INTERRUPTS


class InterruptTwice(InterruptAtLine):
    """Context in which Ctrl-C is pressed again so many lines after the first."""

    def __init__(self, n_lines, n_between):
        super().__init__(n_lines)
        self.n_between = n_between

    def _on_line(self, frame, event, argument):
        is_second = self.place is not None
        if event == "line" and is_second and self.n_run >= self.n_lines:
            self.n_between -= 1
            if self.n_between == 0:
                raise KeyboardInterrupt
        return super()._on_line(frame, event, argument)


@pytest.mark.parametrize("solver", ["adam", "lbfgs", "newton_cg", "eigen_step"])
def test_two_interrupts(solver):
    # Impatient users press it again, while the first is being attended to.
    mlp = fit(MLPClassifier(solver=solver).set_params(**SMALL))
    n_lines = count_lines(mlp)
    rng = np.random.RandomState(0)
    for _ in range(2 * N_INTERRUPTS):
        before = dict(vars(mlp))
        try:
            with (
                warnings.catch_warnings(),
                InterruptTwice(rng.randint(n_lines), rng.randint(1, 40)),
            ):
                warnings.simplefilter("ignore")
                fit(mlp)
        except KeyboardInterrupt:
            # Or all was done, and the second came before `fit` returned.
            is_new = mlp.coefs_ is not before["coefs_"]
            assert is_as_before(mlp, before) or (
                is_new and mlp.loss_curve_ is not before["loss_curve_"]
            )
        assert np.isfinite(outputs(mlp)).all()
        count("Ctrl-C pressed twice", {"usable": 1})


MEMBERS = {
    "networks": MLPClassifier(**SMALL),
    "pipelines": make_pipeline(StandardScaler(), MLPClassifier(**SMALL)),
    "scikit-learn's": PlainClassifier((4,), max_iter=4),
    "regressors": MLPRegressor(**SMALL, early_stopping=True),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_ensembles_at_random_lines(name):
    bag = BaggingEnsemble(MEMBERS[name], 3, oob_score=True, random_state=0)
    if name == "regressors":
        check = lambda: bag_of_regressors(bag)
    else:
        check = lambda: interrupt_often(bag, seed=0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*have no out-of-bag")
        check()


def bag_of_regressors(bag):
    """Interrupt an ensemble of regressors at random lines."""
    rng = np.random.RandomState(1)
    with InterruptAtLine() as watch:
        clone(bag).fit(X, NUMBERS)
    for _ in range(N_INTERRUPTS):
        before = dict(vars(bag))
        try:
            with warnings.catch_warnings(), InterruptAtLine(rng.randint(watch.n_run)):
                warnings.simplefilter("ignore")
                bag.fit(X, NUMBERS)
        except KeyboardInterrupt:
            # Or all was done, and the key was pressed before `fit` returned.
            there, earlier = (d.get("estimators_") for d in (vars(bag), before))
            assert there is not earlier or is_as_before(bag, before)
        else:
            assert np.isfinite(bag.predict(X)).all()
        count("Ctrl-C at a line of the fit of an ensemble", {"usable": 1})


class InterruptInWorker:
    """A schedule that presses Ctrl-C in the thread of a worker, once."""

    def __init__(self):
        self.lock = threading.Lock()
        self.n_calls = 0

    def __call__(self, share):
        with self.lock:
            self.n_calls += 1
            if self.n_calls == 5:
                raise KeyboardInterrupt
        return 1.0

    def __deepcopy__(self, memo):
        return self  # one for all members


def test_an_interrupt_in_a_thread_of_an_ensemble():
    mlp = MLPClassifier(**SMALL, learning_rate=InterruptInWorker())
    bag = BaggingEnsemble(mlp, 4, n_jobs=2, random_state=0)
    with joblib.parallel_config("threading"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bag.fit(X, LABELS)
    assert 0 < len(bag.estimators_) <= 4
    assert np.isfinite(bag.predict_proba(X)).all()


# A stack of members that end at different times: when one leaves, all arrays change.
def test_whenever_a_member_leaves_the_stack():
    mlp = MLPClassifier(
        (4,), max_iter=8, n_iter_no_change=1, tol=0.1, learning_rate_init=0.05
    )
    bag = BaggingEnsemble(mlp, 4, random_state=0).fit(X, LABELS)
    assert len({member.n_iter_ for member in bag.estimators_}) > 1
    with InterruptAtLine() as watch:
        clone(bag).fit(X, LABELS)
    for n_lines in np.linspace(0, watch.n_run - 1, 150 * LONGER, dtype=int):
        interrupted_fit(bag, n_lines)


SIGNALS = """
import json, os, signal, sys, threading, time, warnings
import joblib
import numpy as np
from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor

warnings.simplefilter("ignore")
seed, n_times, backend, names = json.loads(sys.argv[1])
rng = np.random.RandomState(seed)
X, y = rng.normal(size=(400, 20)), rng.randint(5, size=400)
small = X[:20]
endless = {"max_iter": 10**7, "max_fun": 10**7, "tol": 0.0, "random_state": 0,
           "n_iter_no_change": 10**7, "hidden_layer_sizes": (60,)}


def press(seconds):
    time.sleep(seconds)
    if backend == "group":
        os.killpg(0, signal.SIGINT)  # a terminal tells the workers too
    else:
        os.kill(os.getpid(), signal.SIGINT)


def model_of(name):
    network = MLPClassifier(solver=name, **endless)
    if backend == "alone":
        return network
    jobs = 1 if backend == "sequential" else 2
    return BaggingEnsemble(network, 4, n_jobs=jobs, random_state=0)


def short_fit(model):
    network = model if backend == "alone" else model.estimator
    rounds = network.max_iter
    network.max_iter = 2
    model.fit(X, y)
    network.max_iter = rounds
    return model.predict_proba(small)


counts = {}
parallel = {"group": "loky", "alone": "sequential"}.get(backend, backend)
with joblib.parallel_config(parallel):
    for name in names:
        model = model_of(name)
        expected = short_fit(model)
        for k in range(n_times):
            before = dict(vars(model))
            key = threading.Thread(target=press, args=(rng.uniform(0.01, 0.3),))
            outcome = "done"
            try:
                key.start()
                model.fit(X, y)
                outcome = "interrupted"
                key.join()  # "done" if this is what the key ends
            except KeyboardInterrupt:
                now = vars(model)
                is_same = all(now[a] is before[a] for a in before)
                assert outcome == "interrupted" or is_same, name
                assert now.keys() == before.keys(), name
                outcome = "as before" if is_same else "done"
            key.join()
            assert np.isfinite(model.predict_proba(small)).all()
            counts[outcome] = counts.get(outcome, 0) + 1
        assert (short_fit(model) == expected).all()
print(json.dumps(counts))
"""


def pressed(backend, n_times, names, seed=0):
    """Press Ctrl-C in a program of its own, and return what came of it."""
    arguments = json.dumps([seed, n_times * LONGER, backend, names])
    found = run_program(SIGNALS, arguments)
    count(f"SIGINT, {backend}", found)
    return found


def test_signals():
    found = pressed("alone", 2, sorted(SOLVERS))
    assert sum(found.values()) == 2 * LONGER * len(SOLVERS)
    assert found["interrupted"] > 0


@pytest.mark.parametrize("backend", ["sequential", "threading", "loky", "group"])
def test_signals_to_ensembles(backend):
    found = pressed(backend, 2, ["adam"])
    assert sum(found.values()) == 2 * LONGER
