"""Noise on targets is normal, as large as was asked for, and keeps sums of shares."""

import numpy as np
import pytest
from scipy import stats

from skregnet import _training as training
from skregnet.augmentation import TargetNoise
from tests.cases import one_hot

N_ROWS = 20000


def source(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


def rows(n_rows=N_ROWS):
    return np.zeros((n_rows, 1))


def noise_on(y, **parameters):
    """Return what is added to targets."""
    augmenter = TargetNoise(**parameters).fit(rows(len(y)), y)
    return augmenter.augment(rows(len(y)), y, source())[1] - y


def assert_normal(noise, scale):
    assert stats.kstest(noise / scale, "norm").pvalue > 0.01


@pytest.mark.parametrize("relative", [True, False])
def test_noise_on_numbers(relative):
    y = np.random.RandomState(0).normal(size=(N_ROWS, 2)) * [1.0, 20.0] + 3
    noise = noise_on(y, scale=0.5, relative=relative)
    spreads = y.std(axis=0) if relative else [1.0, 1.0]
    for column, spread in zip(noise.T, spreads, strict=True):
        assert_normal(column, 0.5 * spread)
    assert abs(np.corrcoef(noise.T)[0, 1]) < 4 / np.sqrt(N_ROWS)
    flat = noise_on(y[:, 1], scale=0.5, relative=relative)
    assert_normal(flat, 0.5 * spreads[1])


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_noise_on_shares_sums_to_zero(n_classes, smoothing):
    y = one_hot(np.random.RandomState(0), N_ROWS, n_classes)
    y = (1 - smoothing) * y + smoothing / n_classes
    noise = noise_on(y, scale=0.2)
    np.testing.assert_allclose(noise.sum(axis=1), 0, atol=1e-12)
    for column in noise.T:
        assert_normal(column, 0.2)


@pytest.mark.parametrize("n_labels", [1, 3])
def test_noise_on_zeros_and_ones_is_absolute(n_labels):
    y = np.random.RandomState(0).randint(2, size=(N_ROWS, n_labels)).astype(float)
    noise = noise_on(y, scale=0.2)
    for column in noise.T:
        assert_normal(column, 0.2)
    assert noise.sum(axis=1).std() == pytest.approx(0.2 * n_labels**0.5, rel=0.05)


def test_numbers_whose_rows_sum_to_one_are_no_shares_if_negative():
    y = np.random.RandomState(0).normal(size=(100, 2))
    y[:, 1] = 1 - y[:, 0]
    augmenter = TargetNoise(0.5).fit(rows(100), y)
    assert not augmenter.keeps_sum_
    np.testing.assert_allclose(augmenter.scale_, 0.5 * y.std(axis=0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_the_noise_that_training_adds(dtype):
    y = one_hot(np.random.RandomState(0), 50, 3).astype(dtype)
    targets = y.T[np.newaxis].copy()
    training.TargetNoise(0.3, keeps_sum=True).apply(targets, [source()])
    _, found = TargetNoise(0.3).fit(rows(50), y).augment(rows(50), y, source())
    tolerance = np.finfo(dtype).eps * 4
    np.testing.assert_allclose(found, targets[0].T, rtol=0, atol=tolerance)


def test_rows_and_missing_targets_stay():
    X, y = np.eye(4), np.arange(4.0)
    assert TargetNoise().fit(X, y).augment(X, y, source())[0] is X
    assert TargetNoise().fit(X).augment(X, None, source()) == (X, None)


def test_whole_numbers_are_numbers_in_fit():
    augmenter = TargetNoise(2.0).fit(rows(3), [0, 3, 6])
    np.testing.assert_allclose(augmenter.scale_, [2 * np.std([0, 3, 6])])
    y = np.array([[0, 3], [3, 6], [6, 3]])
    augmenter.fit(rows(3), y)
    assert augmenter.augment(rows(3), y, source())[1].dtype == np.float64


def test_targets_are_only_needed_where_they_are_changed():
    X, y = np.eye(3), np.zeros((3, 2))
    for given in (None, ["a", "b", "c"]):
        augmenter = TargetNoise().fit(X, given)
        assert augmenter.scale_ is None
        augmenter.augment(X, None, source())
        with pytest.raises(TypeError, match=r"expects targets as numbers .* in fit"):
            augmenter.augment(X, y, source())


def test_other_targets_than_those_of_fit_are_refused():
    augmenter = TargetNoise().fit(np.eye(3), np.arange(6.0).reshape(3, 2))
    for y in (np.zeros(3), np.zeros((3, 3))):
        with pytest.raises(ValueError, match=r"expects 2 outputs as in fit, got"):
            augmenter.augment(np.eye(3), y, source())
    with pytest.raises(TypeError, match="may be labels"):
        augmenter.augment(np.eye(3), np.array([0, 1, 2]), source())
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        TargetNoise().fit(np.eye(3), np.zeros(4))
