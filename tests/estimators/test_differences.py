"""Where scikit-learn is known to be wrong: the page "Differences from scikit-learn"."""

import numpy as np
import pytest
from sklearn import neural_network

from skregnet import MLPClassifier, MLPRegressor
from skregnet._fitting import validation_set as _validation
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Interrupt:
    """A callback that presses Ctrl-C at the end of an epoch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def setup(self, estimator, context):
        """Nothing."""

    def teardown(self, estimator, context):
        """Nothing."""

    def on_fit_task_begin(self, estimator, context):
        """Nothing."""

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "epoch" and context.task_id == self.epoch:
            raise KeyboardInterrupt


def test_split_is_stratified_for_many_classes(monkeypatch):
    X, _ = problem("multiclass", n_rows=200)
    y = np.repeat([0, 1, 2, 3], [140, 20, 20, 20])
    seen = []
    evaluate = _validation.ValidationSet.evaluate
    monkeypatch.setattr(
        _validation.ValidationSet,
        "evaluate",
        lambda self, *args: seen.append(self.y) or evaluate(self, *args),
    )
    MLPClassifier(early_stopping=True, max_iter=2, random_state=0).fit(X, y)
    assert np.bincount(seen[0]).tolist() == [14, 2, 2, 2]


def test_split_of_rare_classes_warns():
    X, y = problem("binary")
    y = np.where(np.arange(len(y)) == 0, 2, y)
    with pytest.warns(UserWarning, match="is not stratified"):
        MLPClassifier(early_stopping=True, max_iter=2, random_state=0).fit(X, y)


def test_squared_error_of_several_outputs():
    X, y = problem("reals")
    start = MLPRegressor(
        solver="sgd", max_iter=1, learning_rate_init=1e-12, random_state=0, alpha=0
    ).fit(X, y)
    errors = start.predict(X) - y
    assert start.loss_ == pytest.approx(0.5 * (errors**2).sum(axis=1).mean())
    reference = neural_network.MLPRegressor(
        solver="sgd", max_iter=1, learning_rate_init=1e-12, random_state=0, alpha=0
    ).fit(X, y)
    assert start.loss_ == pytest.approx(3 * reference.loss_)

    # One step of plain gradient descent shows the gradient, that of this very loss.
    settings = {
        "solver": "sgd",
        "max_iter": 1,
        "momentum": 0.0,
        "nesterovs_momentum": False,
        "learning_rate_init": 0.5,
        "batch_size": len(y),
        "random_state": 0,
        "alpha": 0,
    }
    stepped = MLPRegressor(**settings).fit(X, y)
    gradient = (start.intercepts_[-1] - stepped.intercepts_[-1]) / 0.5
    np.testing.assert_allclose(gradient, errors.mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
def test_weights_are_normalised_over_the_data(solver):
    X, y = problem("real")
    weights = np.random.RandomState(0).uniform(0.1, 2, len(y))
    parameters = {"solver": solver, "alpha": 0, "max_iter": 5, "batch_size": 16}
    once = MLPRegressor(**parameters, random_state=0).fit(X, y, weights)
    scaled = MLPRegressor(**parameters, random_state=0).fit(X, y, 64 * weights)
    for a, b in zip(once.coefs_, scaled.coefs_, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    # Minibatches of plain gradient descent: each row moves by its own weight, whatever
    # the company it is in, so that small steps in any order add up to the full batch.
    small = {
        "solver": "sgd",
        "momentum": 0.0,
        "nesterovs_momentum": False,
        "alpha": 0.0,
        "max_iter": 1,
        "random_state": 0,
    }
    whole = MLPRegressor(**small, learning_rate_init=1e-6, batch_size=len(y)).fit(
        X, y, weights
    )
    parts = MLPRegressor(**small, learning_rate_init=1e-6 / 12, batch_size=10).fit(
        X, y, weights
    )
    start = MLPRegressor(**small, learning_rate_init=1e-300).fit(X, y, weights)
    np.testing.assert_allclose(
        parts.coefs_[0] - start.coefs_[0],
        whole.coefs_[0] - start.coefs_[0],
        rtol=1e-3,
        atol=1e-13,
    )


def test_a_row_of_weight_zero_is_left_out():
    X, y = problem("binary")
    weights = np.ones(len(y))
    weights[30:] = 0
    weighted = MLPClassifier(max_iter=5, batch_size=8, random_state=0)
    weighted.fit(X, y, weights)
    alone = MLPClassifier(max_iter=5, batch_size=8, random_state=0).fit(X[:30], y[:30])
    for a, b in zip(weighted.coefs_, alone.coefs_, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)


def test_negative_weights():
    X, y = problem("binary")
    with pytest.raises(ValueError, match="Negative values in data passed to `sample_w"):
        MLPClassifier().fit(X, y, -np.ones(len(y)))


def test_negative_targets_of_poisson():
    X, y = problem("real")
    with pytest.raises(ValueError, match="loss='poisson' expects y >= 0, got"):
        MLPRegressor(loss="poisson").fit(X, y)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_warm_start_with_other_sizes(solver):
    X, y = problem("binary")
    mlp = MLPClassifier((4,), solver=solver, warm_start=True, max_iter=2).fit(X, y)
    before = mlp.predict_proba(X)
    mlp.set_params(hidden_layer_sizes=(5,))
    with pytest.raises(ValueError, match=r"layer sizes \[6, 4, 1\] with layer sizes"):
        mlp.fit(X, y)
    np.testing.assert_array_equal(mlp.predict_proba(X), before)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
def test_interrupt_leaves_a_usable_model(solver):
    X, y = problem("multiclass")
    mlp = MLPClassifier(solver=solver, random_state=0, max_iter=50)
    mlp.set_callbacks(Interrupt(4))
    with pytest.warns(UserWarning, match=r"Training interrupted by user\."):
        mlp.fit(X, y)
    assert mlp.n_iter_ == 5
    assert len(mlp.loss_curve_) == 5
    assert np.isfinite(mlp.predict_proba(X)).all()
    stopped = MLPClassifier(solver=solver, random_state=0, max_iter=5).fit(X, y)
    np.testing.assert_allclose(mlp.predict_proba(X), stopped.predict_proba(X))


def test_interrupt_amid_an_epoch(monkeypatch):
    X, y = problem("multiclass")
    mlp = MLPClassifier(random_state=0, batch_size=10)
    steps = []

    def step(self, parameters, gradient, state, learning_rate):
        steps.append(1)
        if len(steps) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr("skregnet.optimizers.Adam.step", step)
    with pytest.warns(UserWarning, match="interrupted"):
        mlp.fit(X, y)
    assert mlp.n_iter_ == 0
    assert mlp.predict(X).shape == y.shape


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_log_probabilities_stay_finite(kind):
    X, y = problem(kind)
    mlp = MLPClassifier(max_iter=2, random_state=0).fit(X, y)
    log_probabilities = mlp.predict_log_proba(X)
    np.testing.assert_allclose(log_probabilities, np.log(mlp.predict_proba(X)))
    mlp.coefs_ = [1e3 * coefs for coefs in mlp.coefs_]
    assert (mlp.predict_proba(X) == 0).any()
    assert np.isfinite(mlp.predict_log_proba(X)).all()


def test_small_probabilities_keep_their_precision():
    X, y = problem("binary")
    mlp = MLPClassifier(max_iter=2, random_state=0).fit(X, y)
    mlp.coefs_[-1] *= 500
    probabilities = mlp.predict_proba(X)
    assert 0 < probabilities.min() < 1e-17
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
def test_float32_stays_float32(cls, solver):
    kind = "multiclass" if cls is MLPClassifier else "real"
    X, y = problem(kind, dtype=np.float32)
    mlp = cls(solver=solver, max_iter=5, random_state=0).fit(X, y)
    assert {array.dtype for array in mlp.coefs_ + mlp.intercepts_} == {
        np.dtype(np.float32)
    }
    outputs = mlp.predict_proba(X) if cls is MLPClassifier else mlp.predict(X)
    assert outputs.dtype == np.float32


def test_one_class_has_one_column():
    X, _ = problem("binary")
    mlp = MLPClassifier(max_iter=3).fit(X, ["only"] * len(X))
    assert mlp.predict(X).tolist() == ["only"] * len(X)
    np.testing.assert_array_equal(mlp.predict_proba(X), np.ones((len(X), 1)))
    np.testing.assert_array_equal(mlp.predict_log_proba(X), np.zeros((len(X), 1)))


DIVERGING = {"solver": "sgd", "learning_rate_init": 1e8, "random_state": 0}


def test_divergence():
    X, y = problem("real")
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weig"):
        MLPRegressor(**DIVERGING, activation="identity").fit(X, y)


def test_divergence_keeps_the_best_weights_of_early_stopping():
    X, y = problem("real")
    mlp = MLPRegressor(
        solver="sgd", activation="identity", learning_rate_init=1e-3, random_state=0
    )
    mlp.set_params(early_stopping=True, warm_start=True, max_iter=3).fit(X, y)
    best = mlp.best_validation_score_
    mlp.set_params(learning_rate_init=1e8, max_iter=50)
    with pytest.warns(UserWarning, match="Training diverged in epoch"):
        mlp.fit(X, y)
    assert mlp.n_iter_ < 50
    assert mlp.best_validation_score_ == best
    assert np.isfinite(mlp.predict(X)).all()


@pytest.mark.parametrize("how", ["fit", "partial_fit", "warm start"])
@pytest.mark.parametrize("what", ["NaN", "labels", "weights"])
def test_a_failed_fit_leaves_no_trace(how, what):
    X, y = problem("binary")
    mlp = MLPClassifier(max_iter=3, warm_start=how == "warm start").fit(X, y)
    before = dict(vars(mlp))
    copies = [coefs.copy() for coefs in mlp.coefs_]
    bad = {
        "NaN": (np.full((10, 9), np.nan), y[:10], None),
        "labels": (X, [object()] * len(y), None),
        "weights": (X, y, -np.ones(len(y))),
    }[what]
    train = mlp.partial_fit if how == "partial_fit" else mlp.fit
    with pytest.raises((ValueError, TypeError)):
        train(*bad)
    assert vars(mlp) == before
    for coefs, copy in zip(mlp.coefs_, copies, strict=True):
        np.testing.assert_array_equal(coefs, copy)
