"""Minibatches of changed rows, fresh for each step."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from skregnet._kernels import Array
from skregnet._networks.losses import MultiTaskLoss
from skregnet._networks.network import Batch


class Augmenter(Protocol):
    """Who makes new cases of given ones."""

    def augment(
        self, X: Any, y: Array | None, rng: np.random.Generator
    ) -> tuple[Any, Array | None]:
        """Return as many rows, changed at random, and their targets."""
        ...


def augmented(
    augmenter: Augmenter, X: Any, y: Array, rng: np.random.Generator
) -> tuple[Any, Array]:
    """Return changed rows with their targets, of the shapes of those given."""
    changed, given = augmenter.augment(X, y, rng)
    targets = np.asarray(given)
    if changed.shape != X.shape or targets.shape != y.shape:
        raise ValueError(
            f"augmenter={augmenter!r} expects to return as many rows as it is given, "
            f"with targets, {X.shape} and {y.shape}, got {changed.shape} and "
            f"{targets.shape}."
        )
    return changed, targets


def tell_classes(augmenter: Augmenter, classes: Array) -> None:
    """Tell a fitted augmenter, if it asks, the class of each column of the targets."""
    tell = getattr(augmenter, "_tell_classes", None)
    if tell is not None:
        tell(classes)


def augment_batch(
    batch: Batch,
    augmenters: Sequence[Augmenter],
    rngs: Sequence[np.random.Generator],
    loss: Any,
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
    loss : Loss or MultiTaskLoss
        What the targets are for: numbers that must not become negative, or targets of
        several tasks with how much they count, which mix with one another.
    """
    for k, (augmenter, rng) in enumerate(zip(augmenters, rngs, strict=True)):
        inputs, targets = batch.inputs[k], batch.targets[k].T.copy()
        if isinstance(loss, MultiTaskLoss):
            targets = counted(targets, loss.sizes)
        changed, new_targets = augmented(augmenter, inputs, targets, rng)
        if loss.name == "poisson" and (new_targets < 0).any():
            raise ValueError(
                f"augmenter={augmenter!r} makes targets negative, which "
                "loss='poisson' does not take; set loss='squared_error'."
            )
        if isinstance(loss, MultiTaskLoss):
            _check_counts(augmenter, targets, new_targets, len(loss.sizes))
            new_targets = _per_count(new_targets, loss.sizes)
        if isinstance(batch.inputs, list):
            batch.inputs[k] = changed.astype(inputs.dtype, copy=False)
        else:
            inputs[...] = changed
        batch.targets[k] = new_targets.T


def counted(targets: Array, sizes: Sequence[int]) -> Array:
    """Return targets of several tasks, each times how much it counts.

    A mixture of these, over the same mixture of the counts, is that of the targets that
    are there.

    Parameters
    ----------
    targets : ndarray of shape (n_rows, n_outputs + n_tasks)
        Targets of all tasks and, behind them, how much each task's count.
    sizes : sequence of int
        The number of outputs of each task.
    """
    counts = np.repeat(targets[:, -len(sizes) :], sizes, axis=1)
    return np.hstack([targets[:, : -len(sizes)] * counts, targets[:, -len(sizes) :]])


def _per_count(targets: Array, sizes: Sequence[int]) -> Array:
    """Undo `counted`; what does not count becomes 0."""
    counts = np.repeat(targets[:, -len(sizes) :], sizes, axis=1)
    products = targets[:, : -len(sizes)]
    own = np.divide(products, counts, where=counts > 0, out=np.zeros_like(products))
    return np.hstack([own, targets[:, -len(sizes) :]])


def _check_counts(augmenter: Any, before: Array, after: Array, n_tasks: int) -> None:
    """Refuse augmenters that do more to targets than to mix them."""
    before, after = before[:, -n_tasks:], after[:, -n_tasks:]
    margin = 1e-5 * np.abs(before).max()
    is_within = (after >= before.min(axis=0) - margin) & (
        after <= before.max(axis=0) + margin
    )
    if not is_within.all():
        raise ValueError(
            f"augmenter={augmenter!r} changes how much the targets of several tasks "
            "count, which may be mixed only; use the parameter target_noise instead."
        )
