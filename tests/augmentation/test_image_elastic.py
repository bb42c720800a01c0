"""Images bent: SciPy's filters and interpolation, and what the fields are like."""

import numpy as np
import pytest
from scipy import ndimage

from skregnet.augmentation import ImageElastic

SHAPES = [(8, 8, 1), (5, 9, 2), (1, 12, 1), (12, 1, 1)]


def source(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


def draw_images(shape, n_images, dtype=np.float64):
    drawn = np.random.default_rng(0).normal(size=(n_images, np.prod(shape)))
    return drawn.astype(dtype)


def draw_fields(shape, n_images, magnitude, smoothness, dtype):
    """Return displacements (n_images, 2, height, width): noise that SciPy smooths."""
    height, width = shape
    noise = source().random((n_images, 2, height, width), dtype).astype(np.float64)
    noise = np.sqrt(12) * (noise - 0.5)
    smooth = {"mode": "constant", "truncate": 10.0}
    fields = ndimage.gaussian_filter(noise, (0, 0, smoothness, smoothness), **smooth)
    deviations = [
        np.linalg.norm(
            ndimage.gaussian_filter1d(np.eye(n), smoothness, axis=0, **smooth), axis=1
        )
        for n in shape
    ]
    moves = np.greater(shape, 1)
    size = magnitude / np.sqrt(moves.sum()) * moves
    return fields / np.outer(*deviations) * size[:, np.newaxis, np.newaxis]


def displacements(augmenter, n_images, side, margin):
    """Return how far pixels moved, (n_images, 2, side, side), but near the border.

    The numbers of its row and column are what each pixel shows in two channels.
    """
    places = np.indices((side, side)) * 1.0
    X = np.tile(np.moveaxis(places, 0, -1).ravel(), (n_images, 1))
    augmenter = augmenter.set_params(image_shape=(side, side, 2)).fit(X)
    changed, _ = augmenter.augment(X, None, source())
    moved = np.moveaxis(changed.reshape(n_images, side, side, 2), -1, 1) - places
    inner = slice(margin, -margin)
    assert np.abs(moved[..., inner, inner]).max() < margin
    return moved[..., inner, inner]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("smoothness", [0.7, 2.0, 30.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_fields_and_images_are_those_of_scipy(shape, smoothness, dtype):
    X = draw_images(shape, 6, dtype)
    elastic = ImageElastic(1.5, smoothness, image_shape=shape, fill=0.5).fit(X)
    changed, _ = elastic.augment(X, None, source())
    fields = draw_fields(shape[:2], len(X), 1.5, smoothness, dtype)
    tolerance = 2e-5 if dtype == np.float32 else 1e-12
    for k, channel in np.ndindex(len(X), shape[2]):
        expected = ndimage.map_coordinates(
            X[k].astype(np.float64).reshape(shape)[..., channel],
            np.indices(shape[:2]) + fields[k],
            order=1,
            mode="grid-constant",
            cval=0.5,
        )
        bent = changed[k].reshape(shape)[..., channel]
        np.testing.assert_allclose(bent, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("smoothness", [0.5, 3.0, 100.0])
@pytest.mark.parametrize("magnitude", [0.3, 1.0])
def test_magnitude_is_the_root_mean_square_displacement(magnitude, smoothness):
    n_images = 4000
    fields = displacements(ImageElastic(magnitude, smoothness), n_images, 14, 4)
    squares = (fields**2).sum(axis=1)
    error = squares.std(axis=0) / np.sqrt(n_images)
    assert (np.abs(squares.mean(axis=0) - magnitude**2) < 5 * error).all()


@pytest.mark.parametrize("smoothness", [1.5, 4.0])
def test_neighbours_move_alike(smoothness):
    fields = displacements(ImageElastic(0.5, smoothness), 3000, 16, 3)
    middle = fields[:, :, 5, 5]
    # White noise smoothed by a Gaussian correlates as one of twice the variance.
    for distance in range(1, 5):
        expected = np.exp(-((distance / smoothness) ** 2) / 4)
        for other in (fields[:, :, 5 + distance, 5], fields[:, :, 5, 5 - distance]):
            found = np.corrcoef(middle.ravel(), other.ravel())[0, 1]
            assert abs(found - expected) < 0.05


def test_axes_and_images_move_independently():
    fields = displacements(ImageElastic(0.5, 2.0), 3000, 9, 3)
    down, right = fields[:, 0, 1, 1], fields[:, 1, 1, 1]
    for first, second in [(down, right), (down[:-1], down[1:]), (right[:-1], down[1:])]:
        assert abs(np.corrcoef(first, second)[0, 1]) < 5 / np.sqrt(3000)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_magnitude(shape):
    X = draw_images(shape, 10, np.float32)
    elastic = ImageElastic(0, image_shape=shape).fit(X)
    changed, _ = elastic.augment(X, None, source())
    np.testing.assert_array_equal(changed, X)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("magnitude", -1.0),
        ("magnitude", "1"),
        ("smoothness", 0.0),
        ("smoothness", None),
    ],
)
def test_bad_parameters(name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter"):
        ImageElastic(**{name: value}).fit(np.ones((2, 4)))
