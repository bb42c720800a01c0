"""The mean loss of one network over all its rows: value, gradient, second derivatives.

The arithmetic is in float64 whatever the data are, and in blocks of rows, so that what
it needs does not grow with them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skregnet._kernels import Array
from skregnet._networks.batches import BatchLoader, TrainingData, row_blocks
from skregnet._networks.hessian_product import HessianProduct, Spaces
from skregnet._networks.layers import Pass
from skregnet._networks.network import Batch, Network, NetworkWorkspace
from skregnet._networks.penalties import Penalty

DOUBLE = np.dtype(np.float64)

# Rows a block: activations stay in the cache. Along many directions there are many.
_BLOCK_ROWS = 1024
_TANGENT_ROWS = 4096
_LEAST_ROWS = 128

# Directions at once.
_MOST_DIRECTIONS = 32


class MeanLoss:
    """What full-batch training minimises, as a function of the flat vector.

    It is the loss of each row, weighted, summed and divided by the number of rows,
    plus the penalties divided by that number. Its methods take vectors of length
    `n_parameters`: all weights layer by layer, row by row, then all biases. They may
    run in several threads at once.

    Parameters
    ----------
    network : Network
        The architecture.
    data : TrainingData
        The rows.
    penalties : sequence of Penalty, default=()
        Terms that depend on the weights.
    frozen : sequence of slice, default=()
        Parts of the vector by which nothing is differentiated.
    """

    def __init__(
        self,
        network: Network,
        data: TrainingData,
        penalties: Sequence[Penalty] = (),
        frozen: Sequence[slice] = (),
    ) -> None:
        self.network = network
        self._data = data
        self._penalties = [p for p in penalties if np.any(p.strength)]
        self._frozen = frozen
        self._scale = 1.0 / len(data.rows)
        self._idle: list[_Buffers] = []

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the buffers."""
        return vars(self) | {"_idle": []}

    @property
    def n_parameters(self) -> int:
        """Length of the vectors."""
        return self.network.layout.n_parameters

    def value(self, vector: Array) -> float:
        """Return the loss, of shape ()."""
        views = self._views(vector[np.newaxis])
        total = 0.0
        with self._buffers() as buffers:
            for batch in self._batches(_BLOCK_ROWS, buffers):
                workspace, context = buffers.workspace(batch), self._context(batch)
                loss = self.network.mean_loss(batch, views, workspace, context)
                total += float(np.sum(loss))
        weights = self._weights_of(vector[np.newaxis])
        for penalty in self._penalties:
            total += float(np.sum(penalty.value(weights, self._scale)))
        return total

    def value_and_gradient(self, vector: Array) -> tuple[float, Array]:
        """Return the loss and its gradient, of shape (n_parameters,), a new array.

        An absolute value has the derivative 0 where it is 0.
        """
        views = self._views(vector[np.newaxis])
        total = 0.0
        of_block = np.zeros((1, len(vector)))
        gradient = np.zeros((1, len(vector)))
        with self._buffers() as buffers:
            for batch in self._batches(_BLOCK_ROWS, buffers):
                workspace, context = buffers.workspace(batch), self._context(batch)
                loss = self.network.loss_and_gradient(
                    batch, views, self._views(of_block), workspace, context
                )
                total += float(np.sum(loss))
                gradient += of_block
        weights = self._weights_of(vector[np.newaxis])
        for penalty in self._penalties:
            value = penalty.add_derivative(
                weights, self._weights_of(gradient), self._scale
            )
            total += float(np.sum(value))
        self.freeze(gradient)
        return total, gradient[0]

    def products(
        self, vector: Array, directions: Array, *, gauss_newton: bool = False
    ) -> Array:
        """Return products of the Hessian, or of the Gauss-Newton matrix.

        Parameters
        ----------
        vector : ndarray of shape (n_parameters,)
            Where the derivatives are taken.
        directions : ndarray of shape (n_directions, n_parameters)
            What is multiplied.
        gauss_newton : bool, default=False
            Whether to leave out the second derivatives of the network.

        Returns
        -------
        products : ndarray of shape (n_directions, n_parameters)
            A new array.
        """
        matrix = HessianProduct(self.network, gauss_newton)
        products = np.empty_like(directions)
        for start in range(0, len(directions), _MOST_DIRECTIONS):
            some = slice(start, start + _MOST_DIRECTIONS)
            products[some] = self._some_products(matrix, vector, directions[some])
        return products

    def freeze(self, vectors: Array) -> None:
        """Set to zero what directions, or gradients, have of what is frozen."""
        for part in self._frozen:
            vectors[:, part] = 0

    def _some_products(
        self, matrix: HessianProduct, vector: Array, directions: Array
    ) -> Array:
        """Return products with as many directions as buffers are meant for."""
        n_directions = len(directions)
        if self._frozen:
            directions = directions.copy()
            self.freeze(directions)
        views, along = self._views(vector[np.newaxis]), self._views(directions)
        of_block = np.zeros_like(directions)
        products = np.zeros_like(directions)
        n_rows = max(_LEAST_ROWS, min(_BLOCK_ROWS, _TANGENT_ROWS // n_directions))
        with self._buffers() as buffers:
            for batch in self._batches(n_rows, buffers):
                spaces = buffers.spaces_of(matrix, n_directions, batch)
                matrix.write(
                    batch, views, along, self._views(of_block), spaces, self._scale
                )
                products += of_block
        for penalty in self._penalties:
            penalty.add_product(
                self._weights_of(directions), self._weights_of(products), self._scale
            )
        self.freeze(products)
        return products

    def _views(self, vectors: Array) -> Any:
        return self.network.layout.views(vectors)

    def _weights_of(self, vectors: Array) -> Array:
        return vectors[:, : self.network.layout.n_weights]

    def _batches(self, size: int, buffers: "_Buffers") -> Iterator[Batch]:
        """Yield all rows in blocks, each valid until the next of its size."""
        blocks = row_blocks(
            self._data,
            size,
            keep_sparse=self.network.takes_sparse,
            loaders=buffers.loaders,
        )
        for rows, loader in blocks:
            yield _in_double(loader.load(rows))

    @contextmanager
    def _buffers(self) -> Iterator["_Buffers"]:
        """Lend buffers that no other call has, and keep them for a later one."""
        try:
            buffers = self._idle.pop()  # atomic, unlike a check before it
        except IndexError:
            buffers = _Buffers(self.network)
        yield buffers
        self._idle.append(buffers)

    def _context(self, batch: Batch) -> Pass:
        return Pass(training=True, scale=self._scale, weights=batch.weights)


@dataclass
class _Buffers:
    """What one call after another writes to, for each size of batch."""

    network: Network
    loaders: dict[int, BatchLoader] = field(default_factory=dict)
    workspaces: dict[int, NetworkWorkspace] = field(default_factory=dict)
    spaces: dict[tuple[int, int], Spaces] = field(default_factory=dict)

    def workspace(self, batch: Batch) -> NetworkWorkspace:
        """Return buffers for a loss and its gradient."""
        n_rows = batch.targets.shape[2]
        if n_rows not in self.workspaces:
            self.workspaces[n_rows] = self.network.workspace(1, n_rows, DOUBLE)
        return self.workspaces[n_rows]

    def spaces_of(
        self, matrix: HessianProduct, n_directions: int, batch: Batch
    ) -> Spaces:
        """Return buffers for products with directions."""
        key = n_directions, batch.targets.shape[2]
        if key not in self.spaces:
            self.spaces[key] = matrix.spaces(*key, DOUBLE)
        return self.spaces[key]


def _in_double(batch: Batch) -> Batch:
    """Return the batch in float64."""
    inputs = batch.inputs
    if isinstance(inputs, list):
        inputs = [rows.astype(np.float64) for rows in inputs]
    else:
        inputs = inputs.astype(np.float64, copy=False)
    weights = batch.weights
    return Batch(
        inputs,
        batch.targets.astype(np.float64, copy=False),
        None if weights is None else weights.astype(np.float64, copy=False),
    )
