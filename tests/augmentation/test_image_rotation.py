"""Images turned: SciPy's and NumPy's rotations, and how angles are distributed."""

import numpy as np
import pytest
from scipy import ndimage, stats

from skregnet.augmentation import ImageRotation

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


def rotate(X, shape, shares, max_degrees, fill=0.0):
    """Return images turned by shares, from 0 to 1, of the angles that are possible."""
    rotation = ImageRotation(max_degrees, image_shape=shape, fill=fill).fit(X)
    changed, _ = rotation.augment(X, None, GivenShares(shares))
    return changed.reshape(-1, *shape)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_rotations_are_those_of_scipy(shape, dtype):
    shares = np.linspace(0, 1, 24)
    X = draw_images(shape, len(shares), dtype)
    changed = rotate(X, shape, shares, 180, fill=0.5)
    assert changed.dtype == dtype
    for image, turned, degrees in zip(
        X.reshape(-1, *shape), changed, 360 * shares - 180, strict=True
    ):
        expected = ndimage.rotate(
            image.astype(np.float64),
            degrees,
            reshape=False,
            order=1,
            mode="grid-constant",
            cval=0.5,
        )
        tolerance = 1e-5 if dtype == np.float32 else 1e-12
        np.testing.assert_allclose(turned, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("side", [5, 6])
def test_right_angles(side, channels):
    shape = (side, side, *channels)
    X = draw_images(shape, 3)
    for image, turned, n_turns in zip(
        X.reshape(-1, *shape),
        rotate(X, shape, [0, 0.5, 1], 90),
        [-1, 0, 1],
        strict=True,
    ):
        np.testing.assert_allclose(turned, np.rot90(image, n_turns), rtol=0, atol=1e-13)


def test_upside_down():
    shape = (4, 7, 2)
    X = draw_images(shape, 1)
    expected = X.reshape(shape)[::-1, ::-1]
    np.testing.assert_allclose(rotate(X, shape, [1], 180)[0], expected, atol=1e-13)


@pytest.mark.parametrize("shape", SHAPES)
def test_rotation_by_nothing(shape):
    X = draw_images(shape, 10, np.float32)
    rotation = ImageRotation(0, image_shape=shape).fit(X)
    changed, _ = rotation.augment(X, None, np.random.default_rng(0))
    np.testing.assert_array_equal(changed, X)


def test_angles_are_uniform():
    # The number of its column is what an image shows: differences tell the angle.
    X = np.tile(np.arange(5.0), (3000, 5))
    rotation = ImageRotation(150.0).fit(X)
    changed, _ = rotation.augment(X, None, np.random.default_rng(0))
    images = changed.reshape(-1, 5, 5)
    sines = (images[:, 1, 2] - images[:, 3, 2]) / 2
    cosines = (images[:, 2, 3] - images[:, 2, 1]) / 2
    np.testing.assert_allclose(sines**2 + cosines**2, 1, rtol=1e-12)
    degrees = np.degrees(np.arctan2(sines, cosines))
    assert np.abs(degrees).max() <= 150
    assert stats.kstest(degrees, stats.uniform(-150, 300).cdf).pvalue > 1e-3


@pytest.mark.parametrize("max_degrees", [-1.0, 180.5, "90", None])
def test_bad_max_degrees(max_degrees):
    with pytest.raises(ValueError, match="The 'max_degrees' parameter"):
        ImageRotation(max_degrees).fit(np.ones((2, 4)))
