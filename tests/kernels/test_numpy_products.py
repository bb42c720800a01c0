"""Products of stacks, against one member at a time in float64."""

import numpy as np
import pytest

from skregnet._kernels import add_scaled, gather, matmul, member_dot

DTYPES = [np.float32, np.float64]
# Rows, inner dimension, columns.
SIZES = [(1, 1, 1), (1, 5, 3), (32, 10, 1), (1, 10, 16), (33, 17, 9), (64, 128, 64)]


def normal(shape, dtype, seed=0):
    return np.random.RandomState(seed).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("transposed", [(), (0,), (1,), (0, 1)])
@pytest.mark.parametrize("size", SIZES)
def test_matmul(size, transposed, dtype):
    n_rows, n_inner, n_columns = size
    factors = [
        normal((4, n_rows, n_inner), dtype),
        normal((4, n_inner, n_columns), dtype),
    ]
    for index in transposed:
        factors[index] = np.ascontiguousarray(factors[index].mT).mT
    left, right = factors
    out = np.empty((4, n_rows, n_columns), dtype)
    matmul(left, right, out)
    expected = left.astype(float) @ right.astype(float)
    rtol = 1e-4 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(out, expected, rtol=rtol, atol=rtol)
    for k in range(4):
        alone = np.empty((1, n_rows, n_columns), dtype)
        matmul(left[k : k + 1], right[k : k + 1], alone)
        np.testing.assert_array_equal(alone[0], out[k])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3,), (2, 5), (1, 5000)])
def test_member_dot(shape, dtype):
    left, right = normal((3, *shape), dtype), normal((3, *shape), dtype, seed=1)
    found = member_dot(left, right)
    axes = tuple(range(1, left.ndim))
    expected = (left.astype(float) * right).sum(axis=axes)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    for k in range(3):
        alone = member_dot(left[k : k + 1], right[k : k + 1])
        np.testing.assert_array_equal(alone, found[k])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", [5, 4096, 20_001])
@pytest.mark.parametrize("scale", [0.1, np.array([[0.1], [-2.0], [0.0]])], ids=repr)
def test_add_scaled(scale, length, dtype):
    target, source = normal((3, length), dtype), normal((3, length), dtype, seed=1)
    found = target.copy()
    add_scaled(found, source, scale)
    rtol = 1e-5 if dtype == np.float32 else 1e-13
    np.testing.assert_allclose(found, target + scale * source, rtol=rtol, atol=rtol)
    for k in range(3):
        factor = float(np.broadcast_to(scale, (3, 1))[k, 0])
        alone = target[k : k + 1].copy()
        add_scaled(alone, source[k : k + 1], factor)
        np.testing.assert_array_equal(alone[0], found[k])


@pytest.mark.parametrize("shape", [(20,), (20, 3)])
def test_gather(shape):
    source = normal(shape, np.float64)
    rows = np.random.RandomState(0).randint(20, size=(2, 7))
    out = np.empty((2, 7, *shape[1:]))
    gather(source, rows, out)
    np.testing.assert_array_equal(out, source[rows])
