"""Noise is normal, independent, and as large as was asked for."""

import numpy as np
import pytest
from scipy import stats

from skregnet.augmentation import GaussianNoise


def source(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


def noise_of(augmenter, X):
    """Return what is added to rows."""
    changed, _ = augmenter.fit(X).augment(X, None, source())
    return changed - X


def test_the_scale_is_relative_to_the_spread_of_each_feature():
    X = np.random.RandomState(0).normal(size=(50, 3)) * [1.0, 10.0, 0.0]
    spreads = []
    for column in X.T:
        mean = sum(column) / 50
        spreads.append((sum((value - mean) ** 2 for value in column) / 50) ** 0.5)
    relative = GaussianNoise(scale=0.3).fit(X)
    np.testing.assert_allclose(relative.scale_, 0.3 * np.array(spreads))
    absolute = GaussianNoise(scale=0.3, relative=False).fit(X)
    np.testing.assert_allclose(absolute.scale_, [0.3, 0.3, 0.3])


def test_a_constant_feature_stays():
    X = np.random.RandomState(0).normal(size=(50, 2))
    X[:, 1] = 7.0
    changed, _ = GaussianNoise().fit(X).augment(X, None, source())
    assert (changed[:, 0] != X[:, 0]).all()
    np.testing.assert_array_equal(changed[:, 1], 7.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_noise_is_normal_and_independent(dtype):
    scales = np.array([0.5, 5.0])
    X = (np.random.RandomState(0).normal(size=(20000, 2)) * 10 * scales).astype(dtype)
    noise = noise_of(GaussianNoise(), X) / scales
    for column in noise.T:
        assert stats.kstest(column / (X[:, 0].std() / 5), "norm").pvalue > 0.01
    standard_error = 1 / np.sqrt(len(X))
    assert abs(np.corrcoef(noise.T)[0, 1]) < 4 * standard_error
    assert abs(np.corrcoef(noise[1:, 0], noise[:-1, 0])[0, 1]) < 4 * standard_error
    assert abs(np.corrcoef(noise[:, 0], X[:, 0])[0, 1]) < 4 * standard_error


def test_no_scale_no_noise():
    X = np.random.RandomState(0).normal(size=(50, 2))
    np.testing.assert_array_equal(noise_of(GaussianNoise(scale=0.0), X), 0.0)


def test_targets_stay():
    X, y = np.eye(3), np.arange(3.0)
    _, targets = GaussianNoise().fit(X, y).augment(X, y, source())
    np.testing.assert_array_equal(targets, np.arange(3.0))
