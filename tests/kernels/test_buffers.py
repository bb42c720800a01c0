"""Buffers and rates."""

import numpy as np
import pytest

from skregnet._kernels import (
    aligned_empty,
    aligned_zeros,
    by_member,
    cast_rate,
    member_rates,
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, bool])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 7), (2, 0)])
def test_alignment(shape, dtype):
    for make in (aligned_empty, aligned_zeros):
        array = make(shape, dtype)
        assert array.shape == shape
        assert array.dtype == dtype
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert array.size == 0 or array.ctypes.data % 64 == 0
    assert not array.any()


def test_rates_that_all_share_are_a_number():
    assert member_rates([0.1, 0.1]) == 0.1
    assert isinstance(member_rates([1, 1]), float)
    assert by_member(0.1) == 0.1


def test_rates_that_differ_are_a_column():
    rates = member_rates([0.1, 0.2, 0.1])
    np.testing.assert_array_equal(rates, [[0.1], [0.2], [0.1]])
    assert rates.dtype == np.float64
    np.testing.assert_array_equal(by_member(rates), [0.1, 0.2, 0.1])


def test_a_rate_rounds_alike_alone_and_in_a_stack():
    vector = np.full((2, 1), 3.0, dtype=np.float32)
    alone = vector * cast_rate(0.1, vector.dtype)
    stacked = vector * cast_rate(np.array([[0.1], [0.1]]), vector.dtype)
    assert alone.dtype == stacked.dtype == np.float32
    np.testing.assert_array_equal(alone, stacked)
