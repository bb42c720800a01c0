"""Images moved by whole pixels: SciPy's shifts, and how they are distributed."""

import numpy as np
import pytest
from scipy import ndimage

from skregnet.augmentation import ImageShift, _warping
from skregnet.augmentation._image_shift import move

SHAPES = [(5, 5, 1), (4, 7, 1), (6, 3, 3)]


def source(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


def draw_images(shape, n_images, dtype=np.float64):
    drawn = np.random.default_rng(0).normal(size=(n_images, np.prod(shape)))
    return drawn.astype(dtype)


def shifts_of_a_dot(max_shift, n_images, side):
    """Return the shifts that images with a dot in the middle got, (n_images, 2)."""
    X = np.zeros((n_images, side, side))
    X[:, side // 2, side // 2] = 1
    X = X.reshape(n_images, -1)
    changed, _ = ImageShift(max_shift).fit(X).augment(X, None, source())
    assert (changed.sum(axis=1) == 1).all()
    places = np.unravel_index(changed.argmax(axis=1), (side, side))
    return np.column_stack(places) - side // 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shift_is_that_of_scipy(shape, dtype):
    # Beyond the images' length as well.
    reach = np.arange(-8, 9)
    shifts = np.stack(np.meshgrid(reach, reach), axis=-1).reshape(-1, 2)
    X = draw_images(shape, len(shifts), dtype)
    changed = move(X, shape, -1.5, shifts)
    assert changed.dtype == dtype
    for image, moved, (down, right) in zip(
        X.reshape(-1, *shape), changed.reshape(-1, *shape), shifts, strict=True
    ):
        expected = ndimage.shift(image, (down, right, 0), order=0, cval=-1.5)
        np.testing.assert_array_equal(moved, expected)


@pytest.mark.parametrize("shape", [(1, 9, 2), (9, 1, 2)])
def test_nothing_moves_along_an_axis_of_one_pixel(shape):
    length = np.arange(-9, 10)
    X = draw_images(shape, len(length))
    shifts = np.column_stack([length, length])
    axis = int(shape[0] == 1)
    for image, moved, shift in zip(
        X.reshape(-1, *shape),
        move(X, shape, 0.0, shifts).reshape(-1, *shape),
        length,
        strict=True,
    ):
        by = np.zeros(3)
        by[axis] = shift
        np.testing.assert_array_equal(moved, ndimage.shift(image, by, order=0))


def test_all_shifts_are_equally_likely():
    n_images = 20_000
    shifts = shifts_of_a_dot(2, n_images, 7)
    pairs, counts = np.unique(shifts, axis=0, return_counts=True)
    assert len(pairs) == 25
    assert np.abs(pairs).max() == 2
    share = 1 / 25
    error = np.sqrt(n_images * share * (1 - share))
    assert np.abs(counts - n_images * share).max() < 5 * error


def test_shift_by_nothing():
    X = draw_images((6, 6, 1), 10)
    changed, _ = ImageShift(0).fit(X).augment(X, None, source())
    np.testing.assert_array_equal(changed, X)


def test_shift_beyond_all_images():
    X = draw_images((6, 6, 1), 50)
    changed, _ = ImageShift(10**9, fill=2.0).fit(X).augment(X, None, source())
    assert (changed == 2).all()


def test_blocks_make_no_difference(monkeypatch):
    X = draw_images((4, 4, 1), 11)
    shift = ImageShift(2).fit(X)
    expected, _ = shift.augment(X, None, source())
    monkeypatch.setattr(_warping, "_BLOCK_PIXELS", 50)
    np.testing.assert_array_equal(shift.augment(X, None, source())[0], expected)


def test_no_images():
    assert move(np.empty((0, 6)), (2, 3, 1), 0.0, np.empty((0, 2), int)).shape == (0, 6)


@pytest.mark.parametrize("max_shift", [-1, 1.5, "1", None])
def test_bad_max_shift(max_shift):
    with pytest.raises(ValueError, match="The 'max_shift' parameter"):
        ImageShift(max_shift).fit(np.ones((2, 4)))
