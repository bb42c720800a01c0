"""Updates in blocks: a vector longer than a block is one vector."""

import numpy as np
import pytest

from skregnet._kernels import adam_update, momentum_update
from skregnet._kernels.axpy import AXPY_LENGTH, PIECE, SLICE, pieces
from skregnet._kernels.buffers import BLOCK

LENGTHS = [
    1,
    AXPY_LENGTH - 1,
    AXPY_LENGTH,
    SLICE + 1,
    BLOCK - 1,
    BLOCK,
    BLOCK + 1,
    3 * BLOCK + 7,
]


def vectors(n_members, length, dtype, n_vectors):
    """Return vectors of positive numbers, as sums of squares are."""
    random_state = np.random.RandomState(0)
    shape = (n_vectors, n_members, length)
    return random_state.uniform(0.5, 2, size=shape).astype(dtype)


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("length", LENGTHS)
def test_scratch_is_no_longer_than_a_block(length, n_members):
    vector = np.zeros((n_members, length), np.float32)
    for (part, scratch), _ in pieces([vector], []):
        assert scratch.dtype == np.float32
        assert scratch.shape == part.shape
        assert 0 < scratch.shape[-1] <= length
        if part.ndim == 2:
            assert len(scratch) == n_members
            assert scratch.size <= BLOCK
        assert scratch.size <= PIECE
        np.add(part, 1, out=part)
    np.testing.assert_array_equal(vector, 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("length", LENGTHS)
def test_adam(length, n_members, dtype):
    theta, g, m, v = vectors(n_members, length, dtype, 4)
    first = m + 0.9 * g
    second = v + 1.3 * g * g
    moved = theta - 0.01 * first / (np.sqrt(second) + 1e-3)
    adam_update(theta, g, m, v, 0.9, 1.3, 0.01, 1e-3)
    rtol = 1e-6 if dtype == np.float32 else 1e-14
    for found, expected in ((theta, moved), (m, first), (v, second)):
        np.testing.assert_allclose(found, expected, rtol=rtol)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("length", LENGTHS)
def test_momentum(length, n_members, dtype, nesterov):
    theta, g, v = vectors(n_members, length, dtype, 3)
    velocity = 0.8 * v - 0.01 * g
    moved = theta + (0.8 * velocity - 0.01 * g if nesterov else velocity)
    momentum_update(theta, g, v, 0.8, 0.01, nesterov)
    rtol = 1e-6 if dtype == np.float32 else 1e-14
    np.testing.assert_allclose(theta, moved, rtol=rtol)
    np.testing.assert_allclose(v, velocity, rtol=rtol)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", LENGTHS)
def test_a_member_of_a_stack_moves_as_alone(length, dtype):
    start = vectors(3, length, dtype, 4)
    beta, step = np.array([[0.9], [0.5], [0.3]]), np.array([[0.1], [0.2], [0.3]])
    stacked = start.copy()
    adam_update(*stacked, beta, 0.99, step, 1e-3)
    momentum_update(*stacked[:3], beta, step, True)
    for k in range(3):
        alone = start[:, k : k + 1].copy()
        adam_update(*alone, beta[k].item(), 0.99, step[k].item(), 1e-3)
        momentum_update(*alone[:3], beta[k].item(), step[k].item(), True)
        np.testing.assert_array_equal(alone[:, 0], stacked[:, k])
