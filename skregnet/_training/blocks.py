"""Batches of all rows, loaded in blocks, so that memory does not grow with the rows."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from skregnet._kernels import Array
from skregnet._networks.batches import BatchLoader, TrainingData
from skregnet._networks.layers import BatchNorm, PenalizedActivity
from skregnet._networks.network import Batch, NetworkWorkspace
from skregnet._networks.penalties import DivergenceActivity
from skregnet._training.objective import Objective
from skregnet._training.recipe import Recipe

# Rows a block: as many as keep what Python adds below the arithmetic.
BLOCK_ROWS = 4096


class Block(NamedTuple):
    """What a block of a batch is loaded to, and computed in."""

    n_rows: int
    loader: BatchLoader
    workspace: NetworkWorkspace


def blocks_of(
    recipe: Recipe,
    objective: Objective,
    data: Sequence[TrainingData],
    n_rows: int,
    *,
    is_noisy: bool,
) -> list[Block]:
    """Return the blocks of a batch, which share what they need by size.

    There is one, unless the optimizer takes all rows in each step. Then losses and
    gradients are summed, which needs rows that do not depend on one another, and no
    noise, whose draws would go otherwise.

    Parameters
    ----------
    recipe : Recipe
        How the members are trained.
    objective : Objective
        What computes loss and gradient.
    data : sequence of TrainingData
        The data of each member.
    n_rows : int
        Rows of the batch.
    is_noisy : bool
        Whether training draws noise.
    """
    size = n_rows
    if getattr(recipe.optimizer, "full_batch", False) and not is_noisy:
        size = n_rows if _mixes_rows(recipe) else BLOCK_ROWS
    keep_sparse = recipe.network.takes_sparse
    spaces: dict[int, Block] = {}
    blocks = []
    for start in range(0, n_rows, size):
        n_block = min(size, n_rows - start)
        if n_block not in spaces:
            loader = BatchLoader(data, n_block, keep_sparse=keep_sparse)
            spaces[n_block] = Block(n_block, loader, objective.workspace(n_block))
        blocks.append(spaces[n_block])
    return blocks


def load_each(
    blocks: Sequence[Block], rows: Array
) -> Iterator[tuple[Batch, NetworkWorkspace]]:
    """Yield each block of a batch of rows, valid until the next."""
    start = 0
    for block in blocks:
        stop = start + block.n_rows
        yield block.loader.load(rows[:, start:stop]), block.workspace
        start = stop


def _mixes_rows(recipe: Recipe) -> bool:
    """Return whether the loss of a batch is more than the sum over its rows."""
    return any(
        isinstance(layer, BatchNorm)
        or (
            isinstance(layer, PenalizedActivity)
            and isinstance(layer.penalty, DivergenceActivity)
        )
        for layer in recipe.network.layers
    )
