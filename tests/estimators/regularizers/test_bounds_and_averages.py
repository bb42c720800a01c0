"""Bounds on weights and gradients, averages of weights."""

import numpy as np
import pytest

from skregnet import MLPClassifier
from tests.cases import problem
from tests.fitting import (
    AT_START,
    ENDLESS,
    FULL_BATCH,
    fit,
    flat,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_max_norm_bounds_the_weights_into_each_unit(solver, dtype):
    data = problem("multiclass", dtype=dtype)
    settings = {"solver": solver, "learning_rate_init": 0.05, "data": data}
    bounded, free = fit(max_norm=0.6, **settings), fit(**settings)
    norms = np.concatenate([np.linalg.norm(c, axis=0) for c in bounded.coefs_])
    assert norms.max() == pytest.approx(0.6, rel=1e-5)
    assert all((np.linalg.norm(c, axis=0) > 0.7).any() for c in free.coefs_)
    # Beyond all norms the bound is no bound.
    np.testing.assert_array_equal(flat(fit(max_norm=1e3, **settings)), flat(free))


def test_max_grad_norm_bounds_the_step():
    settings = {
        "solver": "sgd",
        "momentum": 0.0,
        "learning_rate_init": 0.1,
        "max_iter": 1,
        **FULL_BATCH,
    }
    start = flat(fit(solver="sgd", **AT_START))
    step = flat(fit(**settings)) - start
    clipped = flat(fit(max_grad_norm=0.01, **settings)) - start
    assert np.linalg.norm(step) > 0.002
    assert np.linalg.norm(clipped) == pytest.approx(0.1 * 0.01)
    np.testing.assert_allclose(
        clipped / np.linalg.norm(clipped), step / np.linalg.norm(step), atol=1e-9
    )
    np.testing.assert_array_equal(
        flat(fit(max_grad_norm=1e6, **settings)) - start, step
    )


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_swa_is_the_mean_over_the_last_epochs(solver, shuffle):
    settings = {"solver": solver, "shuffle": shuffle, "batch_size": 25, **ENDLESS}
    ends = [flat(fit(max_iter=n, **settings)) for n in (7, 8)]
    mlp = fit(max_iter=8, weight_averaging="swa", **settings)
    np.testing.assert_allclose(flat(mlp), np.mean(ends, axis=0), rtol=1e-9)


def test_swa_starts_at_the_end_of_progress():
    settings = {"tol": 10.0, "n_iter_no_change": 2, "max_iter": 100}
    plain = fit(**settings)
    mlp = fit(weight_averaging="swa", **settings)
    assert plain.n_iter_ == 4
    assert mlp.n_iter_ == 7
    settings |= ENDLESS
    ends = [flat(fit(**{**settings, "max_iter": n})) for n in (5, 6, 7)]
    np.testing.assert_allclose(flat(mlp), np.mean(ends, axis=0), rtol=1e-9)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_ema_by_its_formula(solver):
    settings = {"solver": solver, "learning_rate_init": 0.05, **FULL_BATCH}
    ends = [flat(fit(max_iter=n, **settings)) for n in range(1, 13)]
    average = flat(fit(**AT_START, **FULL_BATCH))
    for t, end in enumerate(ends, start=1):
        decay = min(0.999, (1 + t) / (10 + t))
        average = decay * average + (1 - decay) * end
        if t in (1, 12):
            mlp = fit(max_iter=t, weight_averaging="ema", **settings)
            np.testing.assert_allclose(flat(mlp), average, rtol=1e-9)


@pytest.mark.parametrize("averaging", [None, "ema", "swa"])
@pytest.mark.parametrize("batch_norm", [None, "before", "after"])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_early_stopping_restores_the_best_weights(averaging, batch_norm, solver):
    X, y = problem("multiclass", n_rows=240)
    mlp = MLPClassifier(
        (20,),
        solver=solver,
        early_stopping=True,
        scoring="loss",
        max_iter=120,
        n_iter_no_change=4,
        batch_size=20,
        learning_rate_init=0.03,
        random_state=0,
        weight_averaging=averaging,
        batch_norm=batch_norm,
        dropout=0.1,
    ).fit(X[:120], y[:120], X_val=X[120:], y_val=y[120:])
    found = -mlp.predict_log_proba(X[120:])[np.arange(120), y[120:]].mean()
    assert found == pytest.approx(-mlp.best_validation_score_)
    assert found == pytest.approx(min(mlp.validation_loss_curve_))
    assert mlp.validation_scores_[-1] < mlp.best_validation_score_
