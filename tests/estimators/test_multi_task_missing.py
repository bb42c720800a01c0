"""Targets of several tasks that are missing take no part."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skregnet import MultiTaskMLP, MultiTaskMLPRegressor
from skregnet._networks.losses import LOG_LOSS, SQUARED_ERROR, MultiTaskLoss
from skregnet._networks.network import Batch
from skregnet._training import augment_batch
from skregnet.augmentation import Augmenter, Mixup, TargetNoise
from tests.cases import problem
from tests.fitting import AT_START, by_hand, flat
from tests.multi_task import HEADS, fit_tasks, mixture, with_gaps

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SETTINGS_OF_TRAINING = [
    {},
    HEADS,
    {"solver": "lbfgs"},
    {"solver": "sgd", "batch_size": 32},
    {"batch_norm": "before"},
    {"batch_norm": "after", **HEADS},
    {"dropout": 0.2, "target_noise": 0.1},
    {"task_weights": "uncertainty"},
    {"adversarial_step": 0.1, "adversarial_norm": "l2"},
    {"class_weight": "balanced", "alpha": 1.0, "label_smoothing": 0.1},
]
settings_of_training = pytest.mark.parametrize(
    "parameters", SETTINGS_OF_TRAINING, ids=str
)
ALL_MISSING = np.random.RandomState(1).uniform(size=120) < 0.3


@settings_of_training
def test_rows_without_any_target_are_none(parameters):
    X, Y = mixture()
    missing = Y.astype(object)
    missing[ALL_MISSING] = None
    mlp = fit_tasks((X, missing), **parameters)
    rest = fit_tasks((X[~ALL_MISSING], Y[~ALL_MISSING]), **parameters)
    np.testing.assert_allclose(flat(mlp), flat(rest), rtol=1e-12, atol=1e-14)
    assert mlp.loss_ == pytest.approx(rest.loss_, rel=1e-12)
    assert mlp.task_weights_ == pytest.approx(rest.task_weights_, rel=1e-12)


def test_rows_without_any_target_are_never_held_out():
    X, Y = mixture()
    missing = Y.astype(object)
    missing[ALL_MISSING] = None
    stops = {"early_stopping": True, "max_iter": 20}
    mlp = fit_tasks((X, missing), **stops)
    rest = fit_tasks((X[~ALL_MISSING], Y[~ALL_MISSING]), **stops)
    np.testing.assert_allclose(mlp.validation_scores_, rest.validation_scores_)
    np.testing.assert_allclose(flat(mlp), flat(rest), rtol=1e-12, atol=1e-14)


def test_numbers_are_standardised_by_those_that_are_there():
    X, Y = mixture()
    gaps = with_gaps(Y)
    numbers = gaps["size"].dropna().astype(float)
    assert 20 < len(numbers) < len(Y)
    task = fit_tasks((X, gaps)).tasks_[2]
    np.testing.assert_allclose([task.mean[0], task.scale[0]], moments(numbers))


def moments(numbers):
    """Return mean and standard deviation."""
    return numbers.mean(), numbers.std(ddof=0)


def slow_loss(mlp, X, Y):
    """Return the loss of the mixture, one target at a time."""
    total = 0.0
    mean, scale = moments(Y["size"].dropna().astype(float))
    for outputs, colour, flag, number in zip(
        by_hand(mlp, X), Y["colour"], Y["flag"], Y["size"], strict=True
    ):
        if colour is not None:
            shares = np.exp(outputs[:3]) / np.exp(outputs[:3]).sum()
            total -= np.log(shares[["blue", "green", "red"].index(colour)])
        if flag is not None:
            total += np.log1p(np.exp(-outputs[3] if flag else outputs[3]))
        if number is not None:
            total += 0.5 * (outputs[4] - (number - mean) / scale) ** 2
    return total / len(X)


@pytest.mark.parametrize("heads", [{}, HEADS], ids=str)
def test_the_loss_is_that_of_targets_that_are_there(heads):
    X, Y = mixture()
    gaps = with_gaps(Y)
    mlp = fit_tasks((X, gaps), **heads, **AT_START, alpha=0.0)
    known = gaps.notna().any(axis=1).to_numpy()
    expected = slow_loss(mlp, X[known], gaps[known])
    assert mlp.loss_ == pytest.approx(expected, rel=1e-9)


def test_values_that_stand_for_nothing():
    X, Y = mixture()
    base = with_gaps(Y)
    mlp = fit_tasks((X, base))
    for nothing in (np.nan, pd.NA):
        other = base.astype(object).where(base.notna(), nothing)
        np.testing.assert_array_equal(flat(fit_tasks((X, other))), flat(mlp))
    typed = base.astype({"colour": "string", "flag": "Int64", "size": "Float64"})
    np.testing.assert_array_equal(flat(fit_tasks((X, typed))), flat(mlp))
    floats = base.astype({"flag": float, "size": float})
    np.testing.assert_array_equal(flat(fit_tasks((X, floats))), flat(mlp))
    frame = pl.DataFrame({name: base[name].tolist() for name in base})
    np.testing.assert_array_equal(flat(fit_tasks((X, frame))), flat(mlp))
    rows = fit_tasks((X, base.to_numpy()))
    np.testing.assert_array_equal(flat(rows), flat(mlp))


def test_a_group_is_missing_as_a_whole():
    X, Y = problem("reals")
    tasks = {"place": [0, 1], "other": [2]}
    half = Y.copy()
    half[::3, 1] = np.nan
    whole = half.copy()
    whole[::3, 0] = np.nan
    mlp, other = fit_tasks((X, half), tasks=tasks), fit_tasks((X, whole), tasks=tasks)
    np.testing.assert_array_equal(flat(mlp), flat(other))


def test_a_task_without_targets():
    X, Y = mixture()
    with pytest.raises(ValueError, match="task 'size' has no target"):
        fit_tasks((X, Y.assign(size=np.nan)))


@pytest.mark.parametrize("cls", [MultiTaskMLP, MultiTaskMLPRegressor])
def test_score_ignores_what_is_missing(cls):
    X, Y = problem("reals")
    mlp = fit_tasks((X, Y), cls=cls)
    gaps = Y.copy()
    gaps[ALL_MISSING, 0] = np.nan
    scores = mlp.score_tasks(X, gaps)
    there = ~ALL_MISSING
    assert scores[0] == pytest.approx(mlp.score_tasks(X[there], Y[there])[0])
    assert {scores[1], scores[2]} == {mlp.score_tasks(X, Y)[k] for k in (1, 2)}
    # Nothing can be said of a task without targets; the mean is that of the others.
    gaps[1:, 0] = np.nan
    assert np.isnan(mlp.score_tasks(X, gaps)[0])
    assert mlp.score(X, gaps) == pytest.approx((scores[1] + scores[2]) / 2)


class Mixing(Augmenter):
    """Mixes each row with the one before, a quarter of that."""

    def augment(self, X, y, rng):
        mixed = None if y is None else 0.75 * y + 0.25 * np.roll(y, 1, axis=0)
        return 0.75 * X + 0.25 * np.roll(X, 1, axis=0), mixed


def test_a_mixture_is_that_of_the_targets_that_are_there():
    # Two tasks, of 2 and 1 outputs, and how much their targets count, 0 if missing.
    loss = MultiTaskLoss((LOG_LOSS, SQUARED_ERROR), (2, 1))
    targets = np.array([[1, 0, 3, 1, 2], [0, 1, 0, 1, 0], [0, 0, 5, 0, 2.0]])
    batch = Batch(np.eye(3)[np.newaxis], targets.T[np.newaxis].copy())
    augment_batch(batch, [Mixing()], [np.random.default_rng(0)], loss)
    expected = [[1, 0, 3.5, 0.75, 2], [0.25, 0.75, 3, 1, 0.5], [0, 1, 5, 0.25, 1.5]]
    np.testing.assert_allclose(batch.targets[0].T, expected)
    mixed = 0.75 * np.eye(3) + 0.25 * np.roll(np.eye(3), 1, axis=0)
    np.testing.assert_allclose(batch.inputs[0], mixed)


@pytest.mark.parametrize("augmenter", [Mixup(1.0), Mixing(), TargetNoise(0.3)])
def test_missing_targets_do_not_draw_to_the_mean(augmenter):
    random_state = np.random.RandomState(0)
    X = random_state.normal(size=(400, 3))
    Y = np.column_stack([3 + 2 * X[:, 0], X[:, 1]])
    Y[random_state.uniform(size=400) < 0.7, 0] = np.nan
    linear = {"hidden_layer_sizes": (), "max_iter": 300, "learning_rate_init": 0.02}
    mlp = MultiTaskMLP(**linear, tol=0.0, random_state=0, augmenter=augmenter)
    slope = np.polyfit(X[:, 0], mlp.fit(X, Y).predict(X)[:, 0], 1)[0]
    # As if missing targets were the mean it would be 1.6.
    assert slope == pytest.approx(2, abs=0.1)


class Doubling(Augmenter):
    """No augmenter of targets of several tasks: it doubles how much they count."""

    def augment(self, X, y, rng):
        return X, 2 * y


def test_augmenters_that_change_how_much_targets_count():
    with pytest.raises(ValueError, match="use the parameter target_noise"):
        fit_tasks(augmenter=Doubling())
