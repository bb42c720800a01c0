"""Classes kept as numbers are vectors to whoever reads them."""

import numpy as np
import pytest

from skregnet._networks.batches import BatchLoader, TrainingData, row_blocks
from skregnet._networks.one_hot import OneHot

CODES = np.array([2, 0, 1, 2, 2, 0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("values", [(0, 1), (0.05, 0.9)])
def test_vectors(values, dtype):
    targets = OneHot(CODES, 3, np.array(values, dtype))
    table = np.where(np.eye(3)[CODES] == 1, values[1], values[0]).astype(dtype)
    assert (targets.shape, targets.dtype, len(targets)) == (table.shape, dtype, 6)
    np.testing.assert_array_equal(np.asarray(targets), table, strict=True)
    for rows in (slice(2, 5), np.array([4, 4, 1]), CODES == 2):
        np.testing.assert_array_equal(targets[rows], table[rows], strict=True)


@pytest.mark.parametrize("n_members", [1, 3])
def test_batches_are_those_of_the_table(n_members):
    inputs = np.random.default_rng(0).normal(size=(6, 2))
    codes = [np.roll(CODES, k) for k in range(n_members)]
    rows = np.random.default_rng(1).integers(0, 6, (n_members, 4))
    batches = []
    for as_table in (True, False):
        targets = [OneHot(own, 3, np.array([0.0, 1.0])) for own in codes]
        if as_table:
            targets = [np.asarray(own) for own in targets]
        data = [TrainingData(inputs, own, None, np.arange(6)) for own in targets]
        loader = BatchLoader(data, 4)
        loader.load(rows[:, ::-1])
        batches.append(loader.load(rows).targets.copy())
        _, last = list(row_blocks(data[0], 4, keep_sparse=True))[-1]
        batches.append(last.load(np.array([[4, 5]])).targets.copy())
    np.testing.assert_array_equal(batches[0], batches[2])
    np.testing.assert_array_equal(batches[1], batches[3])
