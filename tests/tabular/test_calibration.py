"""The power of probabilities, against a search over all powers."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from skregnet._tables.calibration import fitted_calibration, fitted_power, powered


def sample(true_power, n_rows=4000, n_classes=3):
    """Return probabilities, and classes drawn by these to a power."""
    rng = np.random.RandomState(0)
    probabilities = rng.dirichlet(np.ones(n_classes), size=n_rows)
    drawn = powered(probabilities, true_power)
    codes = (drawn.cumsum(axis=1) < rng.rand(n_rows, 1)).sum(axis=1)
    return probabilities, codes


@pytest.mark.parametrize("true_power", [0.4, 1.0, 2.5])
def test_it_is_found(true_power):
    probabilities, codes = sample(true_power)
    ones = np.ones(len(codes))
    power, loss = fitted_power(probabilities, codes, ones)
    expected = log_loss(codes, powered(probabilities, power))
    assert loss == pytest.approx(expected, rel=0.01)
    assert power == pytest.approx(true_power, rel=0.1)
    losses = {
        p: log_loss(codes, powered(probabilities, p)) for p in np.geomspace(0.1, 7, 300)
    }
    best = min(losses, key=losses.get)
    assert power == pytest.approx(best, rel=0.02)
    assert expected <= losses[best] + 1e-4


@pytest.mark.parametrize("n_rows", [10, 100, 1000])
def test_a_few_right_rows_are_no_certainty(n_rows):
    probabilities = np.tile([[0.8, 0.2], [0.2, 0.8]], (n_rows // 2, 1))
    codes = np.tile([0, 1], n_rows // 2)
    power, _ = fitted_power(probabilities, codes, np.ones(n_rows))
    sure = powered(probabilities, power).max()
    # One error in two rows more, or what the largest power gives.
    assert sure <= 1 - 0.99 / (n_rows + 2)
    assert sure > 0.8


def test_weights():
    probabilities, codes = sample(0.5, n_rows=300)
    weights = np.random.RandomState(1).randint(4, size=len(codes))
    rows = np.repeat(np.arange(len(codes)), weights)
    expected, _ = fitted_power(probabilities[rows], codes[rows], np.ones(len(rows)))
    power, _ = fitted_power(probabilities, codes, weights)
    assert power == pytest.approx(expected)


def test_shares_of_two():
    probabilities, codes = sample(1.0)
    ones = np.ones(len(codes))
    noise = np.random.RandomState(1).dirichlet(np.ones(3), size=len(codes))
    shares, power = fitted_calibration([probabilities, noise], codes, ones)
    assert shares[0] > 0.85
    assert shares.sum() == pytest.approx(1)
    assert power == pytest.approx(1, rel=0.15)
    other, _ = fitted_calibration([noise, probabilities], codes, ones)
    np.testing.assert_allclose(other, shares[::-1])
    # Two that err apart are better together.
    logs = np.log(probabilities)
    errors = np.random.RandomState(2).normal(size=(2, *logs.shape))
    noisy = [powered(np.exp(logs + error), 1.0) for error in errors]
    found = fitted_calibration(noisy, codes, ones)
    assert 0.3 <= found.shares[0] <= 0.7
    alone = [
        log_loss(codes, powered(own, fitted_power(own, codes, ones)[0]))
        for own in noisy
    ]
    assert log_loss(codes, found.apply(noisy)) < min(alone)
    only = fitted_calibration([probabilities], codes, ones)
    assert only.shares.tolist() == [1]
    assert only.power == fitted_power(probabilities, codes, ones)[0]


def test_zeros_stay_finite():
    found = powered(np.array([[1.0, 0.0], [0.3, 0.7]]), 3.0)
    assert np.isfinite(np.log(found)).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(found[1, 1] / found[1, 0], (7 / 3) ** 3)
