"""Minibatches of changed rows, fresh for each step."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from skregnet.kernels import Array
from skregnet.network import Batch


class Augmenter(Protocol):
    """Who makes new cases of given ones."""

    def augment(
        self, X: Any, y: Array | None, rng: np.random.Generator
    ) -> tuple[Any, Array | None]:
        """Return as many rows, changed at random, and their targets."""
        ...


def augment_batch(
    batch: Batch,
    augmenters: Sequence[Augmenter],
    rngs: Sequence[np.random.Generator],
    *,
    are_counts: bool = False,
) -> None:
    """Change the rows of a batch in place, each member's by its own augmenter.

    Parameters
    ----------
    batch : Batch
        The batch.
    augmenters : sequence of Augmenter
        One of each member.
    rngs : sequence of Generator
        Each member's source of noise.
    are_counts : bool, default=False
        Whether targets must not become negative.
    """
    for k, (augmenter, rng) in enumerate(zip(augmenters, rngs, strict=True)):
        inputs, targets = batch.inputs[k], batch.targets[k].T.copy()
        changed, given = augmenter.augment(inputs, targets, rng)
        new_targets = np.asarray(given)
        if changed.shape != inputs.shape or new_targets.shape != targets.shape:
            raise ValueError(
                f"augmenter={augmenter!r} expects to return as many rows as it is "
                f"given, with targets, {inputs.shape} and {targets.shape}, got "
                f"{changed.shape} and {new_targets.shape}."
            )
        if are_counts and (new_targets < 0).any():
            raise ValueError(
                f"augmenter={augmenter!r} makes targets negative, which "
                "loss='poisson' does not take; set loss='squared_error'."
            )
        if isinstance(batch.inputs, list):
            batch.inputs[k] = changed.astype(inputs.dtype, copy=False)
        else:
            inputs[...] = changed
        batch.targets[k] = new_targets.T
