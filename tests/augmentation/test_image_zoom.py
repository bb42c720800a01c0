"""Images made larger or smaller: SciPy's maps, and how factors are distributed."""

import numpy as np
import pytest
from scipy import ndimage, stats

from skregnet.augmentation import ImageZoom

SHAPES = [(8, 8, 1), (5, 9, 1), (6, 4, 3), (1, 7, 1)]


class GivenShares:
    """A source of noise that draws what it is told to, as shares of the interval."""

    def __init__(self, shares):
        self.shares = np.asarray(shares)

    def uniform(self, low, high, size):
        assert size == len(self.shares)
        return low + self.shares * (high - low)


def draw_images(shape, n_images, dtype=np.float64):
    drawn = np.random.default_rng(0).normal(size=(n_images, np.prod(shape)))
    return drawn.astype(dtype)


def zoom(X, shape, shares, max_zoom, fill=0.0):
    """Return images zoomed by shares, from 0 to 1, of the logarithms possible."""
    augmenter = ImageZoom(max_zoom, image_shape=shape, fill=fill).fit(X)
    changed, _ = augmenter.augment(X, None, GivenShares(shares))
    return changed.reshape(-1, *shape)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_zooms_are_those_of_scipy(shape, dtype):
    shares = np.linspace(0, 1, 15)
    X = draw_images(shape, len(shares), dtype)
    changed = zoom(X, shape, shares, 2.0, fill=0.5)
    assert changed.dtype == dtype
    centre = np.append((np.array(shape[:2]) - 1) / 2, 0)
    for image, zoomed, share in zip(
        X.reshape(-1, *shape), changed, shares, strict=True
    ):
        scales = np.append([3.0 ** (1 - 2 * share)] * 2, 1)
        expected = ndimage.affine_transform(
            image.astype(np.float64),
            np.diag(scales),
            centre - scales * centre,
            order=1,
            mode="grid-constant",
            cval=0.5,
        )
        tolerance = 1e-5 if dtype == np.float32 else 1e-12
        np.testing.assert_allclose(zoomed, expected, rtol=0, atol=tolerance)


def test_smallest_and_largest():
    X = np.array([[0.0, 1, 3, 6, 10, 15, 21]] * 2)
    small, large = zoom(X, (1, 7), [0, 1], 1.0)
    np.testing.assert_allclose(small, [[0, 0, 1, 6, 15, 0, 0]], atol=1e-13)
    np.testing.assert_allclose(large, [[2, 3, 4.5, 6, 8, 10, 12.5]])


@pytest.mark.parametrize("shape", SHAPES)
def test_zoom_by_one(shape):
    X = draw_images(shape, 10, np.float32)
    augmenter = ImageZoom(0, image_shape=shape).fit(X)
    changed, _ = augmenter.augment(X, None, np.random.default_rng(0))
    np.testing.assert_array_equal(changed, X)


def test_logarithms_of_factors_are_uniform():
    # The number of its column is what an image shows: differences tell the factor.
    X = np.tile(np.arange(9.0), (3000, 9))
    changed, _ = ImageZoom(1.5).fit(X).augment(X, None, np.random.default_rng(0))
    images = changed.reshape(-1, 9, 9)
    factors = 2 / (images[:, 4, 5] - images[:, 4, 3])
    assert factors.min() >= 0.4 - 1e-12
    assert factors.max() <= 2.5 + 1e-12
    width = np.log(2.5)
    uniform = stats.uniform(-width, 2 * width)
    assert stats.kstest(np.log(factors), uniform.cdf).pvalue > 1e-3


@pytest.mark.parametrize("max_zoom", [-0.1, "0.1", None])
def test_bad_max_zoom(max_zoom):
    with pytest.raises(ValueError, match="The 'max_zoom' parameter"):
        ImageZoom(max_zoom).fit(np.ones((2, 4)))
