"""The bound on the weights into each unit, against a loop over units."""

import math

import numpy as np
import pytest

from skregnet._networks.penalties import MaxNorm

LIMITS = [0.8, np.array([[0.3], [0.8], [50.0]])]
SHAPES = [(5, 4), (7, 1), (1, 6), (6, 6), (300, 17)]


def draw(dtype):
    """Return weights of some layers as views of longer vectors."""
    sizes = [rows * columns for rows, columns in SHAPES]
    random_state = np.random.RandomState(0)
    vectors = random_state.normal(size=(3, sum(sizes) + 2)).astype(dtype)
    starts = np.cumsum([0, *sizes])
    layers = []
    for start, size, shape in zip(starts, sizes, SHAPES, strict=False):
        layer = vectors[:, start : start + size].reshape(3, *shape)
        # Norms about the limits, some of them below.
        layer *= random_state.uniform(0.05, 1.5, size=(3, 1, shape[1])).astype(dtype)
        layer /= math.sqrt(shape[0])
        layers.append(layer)
    return vectors, layers


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("limit", LIMITS, ids=["shared", "own"])
def test_units_that_exceed_the_limit_are_scaled_down_to_it(limit, dtype):
    vectors, layers = draw(dtype)
    before = [layer.copy() for layer in layers]
    rest = vectors[:, -2:].copy()
    MaxNorm(limit).project(layers)
    np.testing.assert_array_equal(vectors[:, -2:], rest)
    limits = np.broadcast_to(limit, (3, 1))[:, 0]
    rtol = 1e-5 if dtype == np.float32 else 1e-13
    n_scaled = 0
    for layer, old in zip(layers, before, strict=True):
        assert np.shares_memory(layer, vectors)
        for k, j in np.ndindex(3, layer.shape[2]):
            norm = math.sqrt(sum(w * w for w in old[k, :, j].tolist()))
            if norm <= limits[k]:
                np.testing.assert_array_equal(layer[k, :, j], old[k, :, j])
                continue
            n_scaled += 1
            expected = old[k, :, j].astype(float) * limits[k] / norm
            np.testing.assert_allclose(layer[k, :, j], expected, rtol=rtol)
            np.testing.assert_allclose(
                np.linalg.norm(layer[k, :, j].astype(float)), limits[k], rtol=rtol
            )
    assert 10 < n_scaled < 90


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_member_in_a_stack_is_bound_as_alone(dtype):
    _, layers = draw(dtype)
    before = [layer.copy() for layer in layers]
    MaxNorm(LIMITS[1]).project(layers)
    for k, limit in enumerate(LIMITS[1][:, 0].tolist()):
        alone = [layer[k : k + 1].copy() for layer in before]
        MaxNorm(limit).project(alone)
        for layer, own in zip(layers, alone, strict=True):
            np.testing.assert_array_equal(layer[k], own[0])


def test_nothing_below_the_limit_changes():
    _, layers = draw(np.float64)
    before = [layer.copy() for layer in layers]
    MaxNorm(100.0).project(layers)
    for layer, old in zip(layers, before, strict=True):
        np.testing.assert_array_equal(layer, old)
