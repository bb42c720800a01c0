"""The statistics of batch normalization over all rows, exact, for test time."""

import numpy as np

from skregnet._kernels import Array
from skregnet._networks.batches import TrainingData, row_blocks
from skregnet._networks.layers import BatchNorm, Pass
from skregnet._networks.layers.batch_norm import WINDOW
from skregnet._networks.network import Network

_BLOCK_ROWS = 512


def with_exact_statistics(network: Network, vector: Array, data: TrainingData) -> Array:
    """Return the vector with the statistics of all rows to learn from.

    Layer by layer, since what a layer sees depends on the statistics below it; in
    blocks of rows, so that memory does not grow with them.

    Parameters
    ----------
    network : Network
        The architecture.
    vector : ndarray of shape (n_parameters,)
        The parameters of one network.
    data : TrainingData
        The rows.

    Returns
    -------
    vector : ndarray of shape (n_parameters,)
        A new array; the vector itself where nothing is normalised.
    """
    layers = network.layers
    normalizations = [
        k for k, layer in enumerate(layers) if isinstance(layer, BatchNorm)
    ]
    if not normalizations:
        return vector
    vector = vector.copy()
    views = network.layout.views(vector[np.newaxis])
    blocks = list(row_blocks(data, _BLOCK_ROWS, keep_sparse=network.takes_sparse))
    spaces = {
        n_rows: network.workspace(1, n_rows, vector.dtype)
        for n_rows in {rows.shape[1] for rows, _ in blocks}
    }
    for index in normalizations:
        moments = _Moments()
        for rows, loader in blocks:
            batch = loader.load(rows)
            values = batch.inputs
            spaces_of_layers = spaces[rows.shape[1]].layers
            for k in range(index):
                values = layers[k].forward(
                    values, views[k], spaces_of_layers[k], Pass()
                )
            weights = None if batch.weights is None else batch.weights[0, 0]
            moments.add(values[0], weights)
        views[index]["statistics"][0] = moments.mean, moments.variance
        views[index]["n_batches"][...] = WINDOW
    return vector


class _Moments:
    """Mean and biased variance of columns, summed up over blocks in float64.

    References
    ----------
    T. Chan, G. Golub and R. LeVeque (1983). Algorithms for computing the sample
    variance. The American Statistician 37(3).
    """

    def __init__(self) -> None:
        self.mean: Array | float = 0.0
        self._weight = 0.0
        self._squares: Array | float = 0.0

    @property
    def variance(self) -> Array:
        """The biased variance."""
        return np.asarray(self._squares / self._weight)

    def add(self, values: Array, weights: Array | None) -> None:
        """Take in a block of rows."""
        values = values.astype(np.float64)
        rows = np.ones(len(values)) if weights is None else weights.astype(np.float64)
        weight = float(rows.sum())
        mean = rows @ values / weight
        values -= mean
        values *= values
        total = self._weight + weight
        change = mean - self.mean
        self._squares += rows @ values + change**2 * (self._weight * weight / total)
        self.mean = self.mean + change * (weight / total)
        self._weight = total
