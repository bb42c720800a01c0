"""Batches are fancy indexing."""

import numpy as np
import pytest
from scipy import sparse

from skregnet._networks.batches import BatchLoader
from skregnet._training import TrainingData

N_ROWS, N_FEATURES, N_OUTPUTS = 20, 4, 3


def draw(seed, weighted, container=np.asarray, dtype=np.float64):
    """Return the data of one member."""
    random_state = np.random.RandomState(seed)
    inputs = random_state.normal(size=(N_ROWS, N_FEATURES)).astype(dtype)
    targets = random_state.normal(size=(N_ROWS, N_OUTPUTS)).astype(dtype)
    weights = random_state.uniform(size=N_ROWS).astype(dtype) if weighted else None
    return TrainingData(container(inputs), targets, weights, np.arange(N_ROWS))


def as_array(inputs):
    """Return inputs of a batch as one array."""
    if isinstance(inputs, list):
        return np.array([rows.toarray() for rows in inputs])
    return inputs


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("sharing", ["nothing", "inputs", "all"])
@pytest.mark.parametrize("n_members", [1, 3])
def test_batches(n_members, sharing, weighted, container, dtype):
    data = [draw(k, weighted, container, dtype) for k in range(n_members)]
    if sharing == "all":
        data = data[:1] * n_members
    elif sharing == "inputs":
        data = [
            TrainingData(data[0].inputs, member.targets, member.weights, member.rows)
            for member in data
        ]
    loader = BatchLoader(data, 6)
    # The second batch lands in the buffers of the first.
    for seed in range(2):
        rows = np.random.RandomState(seed).randint(N_ROWS, size=(n_members, 6))
        batch = loader.load(rows)
        inputs = as_array(batch.inputs)
        assert inputs.dtype == batch.targets.dtype == dtype
        for k, (member, taken) in enumerate(zip(data, rows, strict=True)):
            expected = (
                as_array([member.inputs[taken]])[0]
                if sparse.issparse(member.inputs)
                else member.inputs[taken]
            )
            np.testing.assert_array_equal(inputs[k], expected)
            np.testing.assert_array_equal(batch.targets[k].T, member.targets[taken])
            if weighted:
                np.testing.assert_array_equal(
                    batch.weights[k, 0], member.weights[taken]
                )
        assert weighted or batch.weights is None


def test_data_stay_as_they_are():
    data = draw(0, weighted=True)
    before = data.inputs.copy(), data.targets.copy(), data.weights.copy()
    batch = BatchLoader([data], 5).load(np.arange(5)[np.newaxis])
    batch.inputs[...] = batch.targets[...] = batch.weights[...] = 0
    for array, expected in zip(
        (data.inputs, data.targets, data.weights), before, strict=True
    ):
        np.testing.assert_array_equal(array, expected)
