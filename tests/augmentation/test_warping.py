"""Images read between their pixels: SciPy's interpolation, image by image."""

import numpy as np
import pytest
from scipy import ndimage

from skregnet.augmentation import _warping
from skregnet.augmentation._warping import affine_sources, blocks, warp

# Height, width, channels.
SHAPES = [(7, 9, 1), (5, 4, 3), (1, 12, 1), (9, 1, 2), (1, 1, 1)]
TOLERANCES = {np.float32: 1e-5, np.float64: 1e-13}


def draw_images(shape, n_images=6, dtype=np.float64):
    return (
        np.random.default_rng(0).normal(size=(n_images, np.prod(shape))).astype(dtype)
    )


def draw_sources(shape, n_images=6, dtype=np.float64):
    """Return sources within the images, near their borders, and beyond."""
    size = np.reshape(shape[:2], (2, 1, 1, 1))
    drawn = np.random.default_rng(1).random((2, n_images, *shape[:2]))
    return ((size + 3) * drawn - 2).astype(dtype)


def read(X, shape, fill, sources):
    """Return images read at the sources given."""
    return warp(X, shape, fill, lambda images: sources[:, images].copy())


def reference(X, shape, fill, sources):
    """Return what SciPy reads, image by image and channel by channel."""
    images = X.astype(np.float64).reshape(-1, *shape)
    changed = np.empty_like(images)
    for k, channel in np.ndindex(len(X), shape[2]):
        changed[k, ..., channel] = ndimage.map_coordinates(
            images[k, ..., channel],
            sources[:, k].astype(np.float64),
            order=1,
            mode="grid-constant",
            cval=fill,
        )
    return changed.reshape(X.shape)


@pytest.mark.parametrize("fill", [0.0, -2.5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_warp_is_bilinear_interpolation(shape, dtype, fill):
    X, sources = draw_images(shape, dtype=dtype), draw_sources(shape, dtype=dtype)
    changed = read(X, shape, fill, sources)
    assert changed.dtype == dtype
    expected = reference(X, shape, fill, sources)
    np.testing.assert_allclose(changed, expected, rtol=0, atol=TOLERANCES[dtype])


@pytest.mark.parametrize("block_pixels", [1, 100, 150])
def test_blocks_make_no_difference(block_pixels, monkeypatch):
    shape = (5, 6, 2)
    X, sources = draw_images(shape, 11), draw_sources(shape, 11)
    expected = read(X, shape, 1.0, sources)
    monkeypatch.setattr(_warping, "_BLOCK_PIXELS", block_pixels)
    np.testing.assert_array_equal(read(X, shape, 1.0, sources), expected)


def test_blocks_are_all_images_in_turn(monkeypatch):
    monkeypatch.setattr(_warping, "_BLOCK_PIXELS", 100)
    assert [np.arange(7)[part].tolist() for part in blocks(7, (5, 6, 3))] == [
        [0, 1, 2],
        [3, 4, 5],
        [6],
    ]
    assert len(list(blocks(7, (50, 60, 1)))) == 7


@pytest.mark.parametrize("shape", SHAPES)
def test_pixels_at_their_own_places_stay(shape):
    X = draw_images(shape, dtype=np.float32)
    places = np.indices(shape[:2], np.float32)[:, np.newaxis].repeat(len(X), axis=1)
    np.testing.assert_array_equal(read(X, shape, 7.0, places), X)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("distance", [-1e30, -50.0, -1.0, 0.0, 1.0, 50.0, 1e30])
def test_what_is_around_is_constant(axis, distance):
    shape = (4, 6, 1)
    X = draw_images(shape, dtype=np.float32)
    places = np.indices(shape[:2], np.float32)[:, np.newaxis].repeat(len(X), axis=1)
    places[axis] = distance if distance < 0 else shape[axis] + distance
    fill = np.float32(0.1)
    np.testing.assert_array_equal(read(X, shape, fill, places), np.full_like(X, fill))


@pytest.mark.parametrize("order", ["F", "strided"])
def test_images_need_not_be_contiguous(order):
    shape = (7, 9, 2)
    X, sources = draw_images(shape), draw_sources(shape)
    other = np.asfortranarray(X) if order == "F" else np.repeat(X, 2, axis=1)[:, ::2]
    changed = read(other, shape, 0.0, sources)
    assert changed.flags.c_contiguous
    np.testing.assert_array_equal(changed, read(X, shape, 0.0, sources))


def test_images_are_left_as_they_are():
    shape = (7, 9, 2)
    X = draw_images(shape)
    before = X.copy()
    assert not np.shares_memory(read(X, shape, 0.0, draw_sources(shape)), X)
    np.testing.assert_array_equal(X, before)


def test_no_images():
    shape = (3, 4, 1)
    assert read(np.empty((0, 12)), shape, 0.0, np.empty((2, 0, 3, 4))).shape == (0, 12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_affine_sources_are_those_of_linear_maps_about_the_centre(shape, dtype):
    X = draw_images(shape, dtype=dtype)
    matrices = np.random.default_rng(2).normal(size=(2, 2, len(X)))
    changed = warp(X, shape, 0.5, affine_sources(matrices, shape, np.dtype(dtype)))
    centre = (np.array(shape[:2]) - 1) / 2
    images = X.astype(np.float64).reshape(-1, *shape)
    for k, channel in np.ndindex(len(X), shape[2]):
        expected = ndimage.affine_transform(
            images[k, ..., channel],
            matrices[..., k],
            centre - matrices[..., k] @ centre,
            order=1,
            mode="grid-constant",
            cval=0.5,
        )
        np.testing.assert_allclose(
            changed.reshape(-1, *shape)[k, ..., channel],
            expected,
            rtol=0,
            atol=TOLERANCES[dtype],
        )
