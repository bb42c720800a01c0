"""Rows are changed as often as was asked for, each with its target or not at all."""

import numpy as np
import pytest
from scipy import sparse

from skregnet.augmentation import FeatureMasking, GaussianNoise, Mixup, RandomApply
from tests.cases import problem


def source(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


@pytest.mark.parametrize("probability", [0, 0.1, 0.5, 1])
def test_rows_are_changed_as_often_as_asked(probability):
    X = np.random.RandomState(0).normal(size=(5000, 3))
    augmenter = RandomApply(GaussianNoise(), probability).fit(X)
    is_changed = augmenter.augment(X, None, source())[0] != X
    np.testing.assert_array_equal(is_changed.all(axis=1), is_changed.any(axis=1))
    error = np.sqrt(probability * (1 - probability) / 5000)
    assert abs(is_changed[:, 0].mean() - probability) <= 4 * error


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_rows_go_with_their_targets(shape, container):
    X, _ = problem("real", n_rows=500)
    X[np.abs(X) < 0.5] = 0
    y = np.random.RandomState(0).normal(size=(500, *shape))
    rows = container(X)
    mixup = Mixup(1.0)
    changed, targets = RandomApply(mixup).fit(rows, y).augment(rows, y, source())
    rng = source()
    is_chosen = rng.random(500) < 0.5
    expected, expected_targets = mixup.augment(rows, y, rng)
    if container is sparse.csr_array:
        assert changed.format == "csr"
        changed, expected = changed.toarray(), expected.toarray()
    for found, with_change, without in [
        (changed, expected, X),
        (targets, expected_targets, y),
    ]:
        np.testing.assert_array_equal(found[is_chosen], with_change[is_chosen])
        np.testing.assert_array_equal(found[~is_chosen], without[~is_chosen])


def test_targets_that_become_shares_are_floats():
    X, y = np.random.RandomState(0).normal(size=(100, 2)), np.eye(2, dtype=int)
    y = y[np.arange(100) % 2]
    augmenter = RandomApply(Mixup(1.0)).fit(X, y)
    _, targets = augmenter.augment(X, y, source())
    assert targets.dtype == np.float64
    assert 0.3 < (targets == y).all(axis=1).mean() < 0.9


def test_other_rows_are_partners_too():
    # One row in a thousand is changed, and finds values in all others.
    X = np.arange(1000.0).reshape(1000, 1)
    augmenter = RandomApply(FeatureMasking(0.99), probability=0.01).fit(X)
    changed, _ = augmenter.augment(X, None, source())
    n_changed = (changed != X).sum()
    assert 0 < n_changed < 30
    assert len(np.unique(changed)) < 1000


def test_the_copy_is_fitted():
    inner = GaussianNoise()
    augmenter = RandomApply(inner).fit(np.eye(3))
    assert augmenter.augmenter_.scale_.shape == (3,)
    assert not hasattr(inner, "scale_")


def test_nested_parameters():
    augmenter = RandomApply(GaussianNoise()).set_params(augmenter__scale=0.9)
    assert augmenter.get_params()["augmenter__scale"] == 0.9
