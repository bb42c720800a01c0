"""Blocks of trials: equal, and as many for each worker."""

from itertools import chain

import pytest

from skregnet.search._blocks import equal_parts


@pytest.mark.parametrize(
    ("n_trials", "size", "n_workers", "lengths"),
    [
        (160, 64, 1, [54, 53, 53]),
        (160, 64, 2, [40, 40, 40, 40]),
        (160, 16, 2, [16] * 10),
        (160, 200, 2, [80, 80]),
        (5, 64, 2, [3, 2]),
        (1, 64, 2, [1]),
        (3, 1, 2, [1, 1, 1]),
    ],
)
def test_parts(n_trials, size, n_workers, lengths):
    parts = equal_parts(list(range(n_trials)), size, n_workers)
    assert [len(part) for part in parts] == lengths
    assert list(chain.from_iterable(parts)) == list(range(n_trials))
