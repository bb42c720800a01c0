"""What holds of all augmenters of images: shapes, precision, what is left alone."""

import numpy as np
import pytest
from scipy import sparse

from skregnet.augmentation import ImageElastic, ImageRotation, ImageShift, ImageZoom

AUGMENTERS = [
    ImageShift(max_shift=2),
    ImageRotation(max_degrees=90.0),
    ImageZoom(max_zoom=1.0),
    ImageElastic(magnitude=2.0),
]
pytestmark = pytest.mark.parametrize(
    "augmenter", AUGMENTERS, ids=lambda augmenter: type(augmenter).__name__
)


def source(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


def draw_images(n_features, n_images=40, dtype=np.float64):
    drawn = np.random.default_rng(0).normal(size=(n_images, n_features))
    return drawn.astype(dtype)


def with_parameters(augmenter, **parameters):
    """Return another augmenter with other parameters."""
    return type(augmenter)(**(augmenter.get_params() | parameters))


@pytest.mark.parametrize(
    ("image_shape", "n_features", "expected"),
    [
        (None, 49, (7, 7, 1)),
        (None, 1, (1, 1, 1)),
        (None, 48, (1, 48, 1)),
        (None, 50, (1, 50, 1)),
        ((6, 8), 48, (6, 8, 1)),
        ([8, 6], 48, (8, 6, 1)),
        ((4, 4, 3), 48, (4, 4, 3)),
        ((np.int64(1), 48), 48, (1, 48, 1)),
    ],
)
def test_image_shape(augmenter, image_shape, n_features, expected):
    augmenter = with_parameters(augmenter, image_shape=image_shape)
    X = draw_images(n_features)
    assert augmenter.fit(X).image_shape_ == expected
    changed, _ = augmenter.augment(X, None, source())
    assert changed.shape == X.shape


@pytest.mark.parametrize("image_shape", [(7, 8), (48, 48), (4, 4, 4)])
def test_image_shape_that_does_not_fit(augmenter, image_shape):
    augmenter = with_parameters(augmenter, image_shape=image_shape)
    with pytest.raises(ValueError, match=r"image_shape=\(.*\) expects .* X with 48"):
        augmenter.fit(draw_images(48))


@pytest.mark.parametrize(
    "image_shape", [(), (48,), (6, 8, 1, 1), (-6, -8), (0, 48), (6.0, 8.0), ("6", 8)]
)
def test_image_shape_that_is_none(augmenter, image_shape):
    augmenter = with_parameters(augmenter, image_shape=image_shape)
    with pytest.raises(ValueError, match="positive integers, got image_shape="):
        augmenter.fit(draw_images(48))


@pytest.mark.parametrize(
    ("name", "value"),
    [("image_shape", 7), ("image_shape", "7x7"), ("fill", "0"), ("fill", np.nan)],
)
def test_bad_parameters(augmenter, name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter"):
        with_parameters(augmenter, **{name: value}).fit(draw_images(49))


def test_sparse_rows_are_refused(augmenter):
    with pytest.raises(TypeError, match="Sparse data was passed"):
        augmenter.fit(sparse.csr_array(draw_images(49)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_stays(augmenter, dtype):
    X = draw_images(49, dtype=dtype)
    changed, _ = augmenter.fit(X).augment(X, None, source())
    assert changed.dtype == dtype
    assert augmenter.fit_transform(X).dtype == dtype


def test_rows_and_targets_are_left_as_they_are(augmenter):
    X, y = draw_images(49), np.ones((40, 3))
    before = X.copy()
    changed, targets = augmenter.fit(X).augment(X, y, source())
    assert targets is y
    assert (targets == 1).all()
    assert not np.shares_memory(changed, X)
    np.testing.assert_array_equal(X, before)


def test_each_row_and_each_call_has_its_own_change(augmenter):
    X = np.tile(draw_images(49, n_images=1), (3, 1))
    rng = source()
    first, _ = augmenter.fit(X).augment(X, None, rng)
    second, _ = augmenter.augment(X, None, rng)
    assert len(np.unique(np.vstack([first, second]), axis=0)) == 6


def test_the_change_of_a_row_does_not_depend_on_those_after_it(augmenter):
    X = draw_images(49, n_images=700)
    all_rows, _ = augmenter.fit(X).augment(X, None, source())
    some_rows, _ = augmenter.augment(X[:450], None, source())
    np.testing.assert_allclose(some_rows, all_rows[:450], rtol=0, atol=1e-12)


def test_what_comes_in_is_the_fill(augmenter):
    X = np.full((200, 49), 3.0)
    same = with_parameters(augmenter, fill=3.0).fit(X)
    np.testing.assert_array_equal(same.augment(X, None, source())[0], X)
    other = with_parameters(augmenter, fill=-1.0).fit(X)
    changed, _ = other.augment(X, None, source())
    assert changed.min() == -1
    assert changed.max() == 3


def test_channels_move_together(augmenter):
    X = draw_images(49)
    plain, _ = augmenter.fit(X).augment(X, None, source())
    channels = np.stack([X, 2 * X, X], axis=-1).reshape(len(X), -1)
    coloured = with_parameters(augmenter, image_shape=(7, 7, 3)).fit(channels)
    changed, _ = coloured.augment(channels, None, source())
    np.testing.assert_array_equal(
        changed.reshape(len(X), 49, 3), np.stack([plain, 2 * plain, plain], axis=-1)
    )
