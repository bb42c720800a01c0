"""Sizes of layers and of minibatches, checked."""

import warnings
from numbers import Integral
from typing import Any

import numpy as np

from skregnet._fitting.solvers import needs_all_rows, takes_steps
from skregnet._networks.parameters import layer_sizes

# Units of a layer, of which one input alone has weights of 16 GiB.
_MOST_UNITS = 2**31


def hidden_sizes(estimator: Any) -> tuple[int, ...]:
    """Return the numbers of hidden units, those of a head behind those of the trunk."""
    sizes = checked_sizes(estimator, "hidden_layer_sizes")
    if hasattr(estimator, "head_layer_sizes"):
        return (*sizes, *checked_sizes(estimator, "head_layer_sizes"))
    return sizes


def checked_sizes(estimator: Any, name: str) -> tuple[int, ...]:
    """Return a parameter that holds sizes of layers, checked."""
    sizes = getattr(estimator, name)
    sizes = [sizes] if np.ndim(sizes) == 0 else list(sizes)
    for size in sizes:
        if not isinstance(size, Integral):
            raise ValueError(
                f"{name} must hold integers, got {sizes}; {size!r} is a "
                f"{type(size).__name__}."
            )
    if any(size <= 0 for size in sizes):
        raise ValueError(f"{name} must be > 0, got {sizes}.")
    if any(size > _MOST_UNITS for size in sizes):
        raise ValueError(f"{name} must be at most {_MOST_UNITS}, got {sizes}.")
    return tuple(int(size) for size in sizes)


def check_same_sizes(estimator: Any, layer_units: tuple[int, ...]) -> None:
    """Refuse to go on from weights of other shapes."""
    fitted = layer_sizes(estimator.coefs_, estimator.intercepts_)
    if fitted != list(layer_units):
        raise ValueError(
            f"Training cannot go on from weights of layer sizes {fitted} with layer "
            f"sizes {list(layer_units)}. Set hidden_layer_sizes to those of the "
            "weights, keep the numbers of features and outputs, or set "
            "warm_start=False and call fit."
        )


def batch_size(estimator: Any, n_rows: int) -> int:
    """Return the rows of a minibatch, and warn if they are fewer than asked for."""
    size = clipped_batch_size(estimator, n_rows)
    if takes_steps(estimator) and estimator.batch_size not in ("auto", size):
        warnings.warn(
            "Got `batch_size` less than 1 or larger than "
            "sample size. It is going to be clipped",
            stacklevel=2,
        )
    return size


def clipped_batch_size(estimator: Any, n_rows: int) -> int:
    """Return the rows of a minibatch."""
    takes_all = needs_all_rows(estimator)
    if not takes_steps(estimator) or (takes_all and estimator.batch_size == "auto"):
        return n_rows
    if estimator.batch_size == "auto":
        return min(200, n_rows)
    if takes_all and estimator.batch_size < n_rows:
        raise ValueError(
            f"solver={estimator.solver!r} goes by the gradient over all rows and "
            f"expects batch_size='auto' or batch_size={n_rows}, the number of rows to "
            f"learn from, got batch_size={estimator.batch_size!r}."
        )
    return int(min(estimator.batch_size, n_rows))
