"""Label smoothing and target noise."""

import numpy as np
import pytest

from tests.cases import problem
from tests.fitting import (
    AT_START,
    assert_near,
    fit,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_smoothed_probabilities_are_less_extreme():
    for kind in ("binary", "multiclass", "multilabel"):
        X, _ = problem(kind)
        extremes = [
            np.abs(
                fit(
                    kind, solver="lbfgs", max_iter=200, label_smoothing=share
                ).predict_proba(X)
                - 0.5
            ).max()
            for share in (0.0, 0.1, 0.4)
        ]
        assert extremes == sorted(extremes, reverse=True)
        assert extremes[0] > 0.49
        assert extremes[-1] < 0.495


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_constant_features_give_smoothed_frequencies(kind, weighted):
    _, y = problem(kind)
    weights = np.random.RandomState(0).uniform(0.5, 2, 120) if weighted else None
    rows, class_weight = np.ones(120), None
    if weighted:
        class_weight = {0: 1.0, 1: 3.0, 2: 0.5}
        if kind == "multilabel":
            class_weight = [{0: 1.0, 1: 3.0}, {0: 2.0, 1: 1.0}, {0: 1.0, 1: 1.0}]
            rows = np.where(y[:, 0], 3.0, 1.0) * np.where(y[:, 1], 1.0, 2.0)
        else:
            rows = np.array([1.0, 3.0, 0.5])[y]
        rows = rows * weights
    mlp = fit(
        kind,
        data=(np.zeros((120, 1)), y),
        sample_weight=weights,
        hidden_layer_sizes=(),
        solver="lbfgs",
        alpha=0.0,
        tol=1e-9,
        max_iter=100,
        label_smoothing=0.2,
        class_weight=class_weight,
    )
    targets = np.eye(y.max() + 1)[y] if y.ndim == 1 else y
    n_values = targets.shape[1] if y.ndim == 1 else 2
    frequencies = np.average(targets, axis=0, weights=rows)
    np.testing.assert_allclose(
        mlp.predict_proba([[0.0]])[0], 0.8 * frequencies + 0.2 / n_values, atol=1e-5
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_smoothed_labels_are_rows_of_every_class(kind, weighted, solver):
    X, y = problem(kind)
    n_classes = y.max() + 1
    weights = np.random.RandomState(0).uniform(0.5, 2, 120) if weighted else None
    class_weight = {0: 1.0, 1: 3.0, 2: 0.5} if weighted else None
    settings = {"solver": solver, "max_iter": 8, "shuffle": False, "alpha": 0.1}
    smoothed = fit(
        kind,
        sample_weight=weights,
        class_weight=class_weight,
        label_smoothing=0.3,
        batch_size=120,
        **settings,
    )
    rows = np.ones(120) if weights is None else weights
    if weighted:
        rows = rows * np.array([1.0, 3.0, 0.5])[y]
    shares = 0.7 * np.eye(n_classes)[y] + 0.3 / n_classes
    repeated = fit(
        kind,
        data=(np.repeat(X, n_classes, axis=0), np.tile(np.arange(n_classes), 120)),
        sample_weight=(rows[:, np.newaxis] * shares).ravel(),
        batch_size=120 * n_classes,
        **settings,
    )
    assert_near(smoothed, repeated, rtol=1e-4, atol=1e-6)


def test_the_validation_data_are_not_smoothed():
    plain, smoothed = (
        fit(early_stopping=True, label_smoothing=share, **AT_START)
        for share in (0.0, 0.5)
    )
    assert smoothed.validation_loss_curve_ == plain.validation_loss_curve_
    assert smoothed.loss_ != plain.loss_


def test_target_noise_adds_its_variance_to_the_loss():
    data = problem("reals", n_rows=2000)
    plain = fit("reals", data=data, **AT_START)
    for std in (1.0, 3.0):
        noisy = fit("reals", data=data, target_noise=std, **AT_START)
        expected = 3 * std**2 / 2
        assert noisy.loss_ - plain.loss_ == pytest.approx(expected, rel=0.15)


def test_target_noise_of_classes_sums_to_zero():
    # Then so do the gradients of the outputs, and the outputs' biases keep their sum.
    start, mlp = (
        fit(solver="sgd", alpha=0.0, target_noise=0.5, **settings)
        for settings in (AT_START, {"learning_rate_init": 0.05})
    )
    assert not np.allclose(mlp.intercepts_[-1], start.intercepts_[-1])
    assert mlp.intercepts_[-1].sum() == pytest.approx(start.intercepts_[-1].sum())
    np.testing.assert_allclose(
        mlp.coefs_[-1].sum(axis=1), start.coefs_[-1].sum(axis=1), atol=1e-10
    )
