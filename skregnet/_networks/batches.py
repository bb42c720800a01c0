"""Minibatches of a stack: rows of each member's data, in each member's own order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from skregnet._kernels import Array, aligned_empty, gather, gather_columns
from skregnet._networks.network import Batch
from skregnet._networks.one_hot import OneHot


@dataclass(frozen=True)
class TrainingData:
    """What one member learns from.

    Parameters
    ----------
    inputs : ndarray of shape (n_rows, n_features) or CSR array
        Features of all rows; members may share the array.
    targets : ndarray or OneHot of shape (n_rows, n_outputs)
        Targets of all rows, in the dtype of the inputs.
    weights : ndarray of shape (n_rows,) or None
        Weights of the rows, scaled to a mean of 1 over `rows`.
    rows : ndarray of int
        The rows to learn from; a row that occurs twice counts twice.
    mean_weight : float, default=1.0
        Mean of the weights before they were scaled; it divides the penalties, whose
        share is one over the sum of the weights.
    columns : ndarray of int or None, default=None
        The features to learn from, in the order of the network's inputs; None for all.
    """

    inputs: Any
    targets: Array | OneHot
    weights: Array | None
    rows: Array
    mean_weight: float = 1.0
    columns: Array | None = None

    @property
    def n_features(self) -> int:
        """Number of features to learn from."""
        if self.columns is not None:
            return len(self.columns)
        n_features: int = self.inputs.shape[1]
        return n_features

    @property
    def is_sparse(self) -> bool:
        """Whether the inputs are sparse."""
        return not isinstance(self.inputs, np.ndarray)


def weighted_data(
    inputs: Any,
    targets: Array | OneHot,
    weights: Array | None,
    rows: Array | None = None,
    columns: Array | None = None,
) -> TrainingData:
    """Return rows to learn from, their weights scaled to a mean of 1.

    Parameters
    ----------
    inputs, targets, columns
        As in `TrainingData`.
    weights : ndarray of shape (n_rows,) or None
        Weights of all rows, as they are.
    rows : ndarray of int or None, default=None
        The rows to learn from; None for all of a weight above 0.
    """
    if rows is None:
        rows = np.arange(len(targets)) if weights is None else np.flatnonzero(weights)
    if weights is None:
        return TrainingData(inputs, targets, None, rows, columns=columns)
    # Sums of large weights must stay finite.
    learned = weights[rows]
    largest = float(learned.max())
    learned = learned / largest
    mean = float(learned.mean())
    scaled = np.zeros(len(weights), targets.dtype)
    scaled[rows] = learned / mean
    return TrainingData(inputs, targets, scaled, rows, mean * largest, columns)


class BatchLoader:
    """Gathers batches of one number of rows into buffers of its own.

    Parameters
    ----------
    data : sequence of TrainingData
        The data of each member.
    n_rows : int
        Rows of a batch.
    keep_sparse : bool, default=True
        Whether sparse rows stay sparse.
    """

    def __init__(
        self, data: Sequence[TrainingData], n_rows: int, *, keep_sparse: bool = True
    ) -> None:
        first = data[0]
        n_members = len(data)
        n_outputs = first.targets.shape[1]
        dtype = first.targets.dtype
        self._data = data
        self._gathers_sparse = first.is_sparse
        self._keeps_sparse = first.is_sparse and keep_sparse
        self._taken = None
        self._targets = None
        if not isinstance(first.targets, OneHot):
            self._targets = aligned_empty((n_members, n_rows, n_outputs), dtype)
        self._weights = None
        if first.weights is not None:
            self._weights = aligned_empty((n_members, n_rows), dtype)
        inputs = None
        if not self._keeps_sparse:
            shape = (n_members, n_rows, first.n_features)
            inputs = aligned_empty(shape, first.inputs.dtype)
        if first.columns is not None and not first.is_sparse:
            all_columns = (n_rows, int(first.inputs.shape[1]))
            self._taken = aligned_empty(all_columns, first.inputs.dtype)
        self._batch = Batch(
            inputs=inputs,
            targets=aligned_empty((n_members, n_outputs, n_rows), dtype),
            weights=None if self._weights is None else self._weights[:, np.newaxis],
        )

    def load(self, rows: Array) -> Batch:
        """Return the batch of the given rows, valid until the next call.

        Parameters
        ----------
        rows : ndarray of int of shape (n_members, n_rows)
            Rows of each member's data.
        """
        batch = self._batch
        if self._gathers_sparse:
            self._load_sparse(rows)
        elif self._taken is not None:
            self._load_columns(rows, self._taken)
        else:
            self._gather("inputs", rows, batch.inputs)
        self._load_targets(rows)
        if self._weights is not None:
            self._gather("weights", rows, self._weights)
        return batch

    def _load_targets(self, rows: Array) -> None:
        """Take targets, output-major."""
        if self._targets is not None:
            self._gather("targets", rows, self._targets)
            self._batch.targets[...] = self._targets.mT
            return
        of_members = [member.targets for member in self._data]
        for targets, member_rows, out in zip(
            of_members, rows, self._batch.targets, strict=True
        ):
            if isinstance(targets, OneHot):
                targets.write(member_rows, out)

    def _load_sparse(self, rows: Array) -> None:
        """Take sparse rows, and make them dense where the network wants that."""
        taken = [
            _sparse_part(member, member_rows)
            for member, member_rows in zip(self._data, rows, strict=True)
        ]
        if self._keeps_sparse:
            self._batch.inputs = taken
            return
        for sparse_rows, out in zip(taken, self._batch.inputs, strict=True):
            sparse_rows.toarray(out=out)

    def _load_columns(self, rows: Array, taken: Array) -> None:
        """Take rows, and of these each member's columns."""
        for member, member_rows, out in zip(
            self._data, rows, self._batch.inputs, strict=True
        ):
            gather(member.inputs, member_rows, taken)
            gather_columns(taken, member.columns, out)

    def _gather(self, field: str, rows: Array, out: Array) -> None:
        """Gather one field: at once where members share their arrays."""
        first = getattr(self._data[0], field)
        if field in self._shared:
            gather(first, rows, out)
            return
        for member, member_rows, member_out in zip(self._data, rows, out, strict=True):
            gather(getattr(member, field), member_rows, member_out)

    @cached_property
    def _shared(self) -> frozenset[str]:
        """Names of the fields that are one array for all members."""
        first = self._data[0]
        return frozenset(
            field
            for field in ("inputs", "targets", "weights")
            if all(getattr(m, field) is getattr(first, field) for m in self._data)
        )


def _sparse_part(member: TrainingData, rows: Array) -> Any:
    """Return rows, and the columns to learn from, of sparse features."""
    taken = member.inputs[rows]
    return taken if member.columns is None else taken[:, member.columns]


def row_blocks(
    data: TrainingData,
    size: int,
    *,
    keep_sparse: bool,
    loaders: dict[int, BatchLoader] | None = None,
) -> Iterator[tuple[Array, BatchLoader]]:
    """Yield the rows to learn from in blocks, each with a loader, shared by size.

    Loaders by their number of rows, if handed over, are used and added to.
    """
    loaders = {} if loaders is None else loaders
    for start in range(0, len(data.rows), size):
        rows = data.rows[np.newaxis, start : start + size]
        n_rows = rows.shape[1]
        if n_rows not in loaders:
            loaders[n_rows] = BatchLoader([data], n_rows, keep_sparse=keep_sparse)
        yield rows, loaders[n_rows]
