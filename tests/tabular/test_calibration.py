"""The power of probabilities, against a search over all powers."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from skregnet.tabular._calibration import fitted_power, powered


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
    power = fitted_power(probabilities, codes, ones)
    assert power == pytest.approx(true_power, rel=0.1)
    losses = {
        p: log_loss(codes, powered(probabilities, p)) for p in np.geomspace(0.1, 7, 300)
    }
    best = min(losses, key=losses.get)
    assert power == pytest.approx(best, rel=0.02)
    assert log_loss(codes, powered(probabilities, power)) <= losses[best]


def test_weights():
    probabilities, codes = sample(0.5, n_rows=300)
    weights = np.random.RandomState(1).randint(4, size=len(codes))
    rows = np.repeat(np.arange(len(codes)), weights)
    expected = fitted_power(probabilities[rows], codes[rows], np.ones(len(rows)))
    assert fitted_power(probabilities, codes, weights) == pytest.approx(expected)


def test_zeros_stay_finite():
    found = powered(np.array([[1.0, 0.0], [0.3, 0.7]]), 3.0)
    assert np.isfinite(np.log(found)).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(found[1, 1] / found[1, 0], (7 / 3) ** 3)
