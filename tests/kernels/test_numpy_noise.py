"""Normal noise from a table of quantiles."""

import numpy as np
import pytest
from scipy import stats

from skregnet._kernels import draw_normal


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_normal(dtype):
    rng = np.random.Generator(np.random.SFC64(0))
    noise = draw_normal(rng, (500, 401), np.dtype(dtype))
    assert noise.dtype == dtype
    assert noise.shape == (500, 401)
    assert stats.kstest(noise.ravel()[:20_000], "norm").pvalue > 0.01
    assert noise.mean() == pytest.approx(0, abs=0.01)
    assert noise.var() == pytest.approx(1, abs=0.01)
    assert stats.kurtosis(noise, axis=None) == pytest.approx(0, abs=0.05)
    neighbours = np.corrcoef(noise[:, :-1].ravel(), noise[:, 1:].ravel())[0, 1]
    assert neighbours == pytest.approx(0, abs=0.01)


def test_a_source_makes_the_noise():
    first, again, other = (
        draw_normal(np.random.default_rng(seed), (3, 5), np.dtype(float))
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
