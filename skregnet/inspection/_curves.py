"""Curves over the epochs of a network's training."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from skregnet._fitting.solvers import has_learning_rate
from skregnet._kernels import Array

ATTRIBUTES = {
    "training_loss": "loss_curve_",
    "validation_loss": "validation_loss_curve_",
    "validation_score": "validation_scores_",
    "learning_rate": "learning_rate_curve_",
}
"""Attributes of fitted networks that hold a curve, by what it is a curve of."""


class Curve(NamedTuple):
    """Values of a quantity, and after which epochs, counted from 1, it had them."""

    epochs: Array
    values: Array


def curves_of(network: Any) -> dict[str, Curve]:
    """Return the curves that a fitted network has, by quantity."""
    found = {
        quantity: np.asarray(values, dtype=np.float64)
        for quantity, attribute in ATTRIBUTES.items()
        if (values := getattr(network, attribute, None))
    }
    if "training_loss" not in found:
        raise ValueError(
            f"expected a network with a loss_curve_, got {type(network).__name__} with "
            f"solver={network.solver!r}, which has none; scikit-learn's keep one with "
            "'sgd' and 'adam', skregnet's with every solver."
        )
    n_epochs = len(found["training_loss"])
    return {
        quantity: Curve(_epochs(network, quantity, n_epochs, len(values)), values)
        for quantity, values in found.items()
    }


def best_epoch(curves: dict[str, Curve]) -> int | None:
    """Return the epoch of the greatest validation score, the first of equal ones."""
    if "validation_score" not in curves:
        return None
    epochs, scores = curves["validation_score"]
    known = ~np.isnan(scores)
    return int(epochs[known][scores[known].argmax()]) if known.any() else None


def quantities_to_draw(
    curves: Mapping[str, Sequence[Mapping[str, Curve]]], given: Sequence[str] | None
) -> list[str]:
    """Return quantities that are asked for, or all that there are but the rate."""
    there = {
        quantity
        for networks in curves.values()
        for of_network in networks
        for quantity in of_network
    }
    if given is None:
        return [q for q in ATTRIBUTES if q in there and q != "learning_rate"]
    if isinstance(given, str) or not given or not set(given) <= set(ATTRIBUTES):
        raise ValueError(
            f"quantities expects a list of any of {', '.join(map(repr, ATTRIBUTES))}, "
            f"got quantities={given!r}."
        )
    missing = [ATTRIBUTES[quantity] for quantity in given if quantity not in there]
    if missing:
        raise ValueError(
            "quantities expects what the estimators have recorded, got "
            f"quantities={given!r}, but none has {' or '.join(missing)}; leave it "
            "out, or for curves of validation data fit with early_stopping=True."
        )
    return [quantity for quantity in ATTRIBUTES if quantity in given]


def in_words(quantity: str) -> str:
    """Return a quantity as it is written on axes."""
    return quantity.replace("_", " ")


def mean_of(curves: Sequence[Curve]) -> Curve:
    """Return the mean at the epochs at which all have a value."""
    common = reduce(np.intersect1d, [epochs for epochs, _ in curves])
    values = [values[np.isin(epochs, common)] for epochs, values in curves]
    return Curve(common, np.mean(values, axis=0))


def _epochs(network: Any, quantity: str, n_epochs: int, n_values: int) -> Array:
    """Return the epochs after which a quantity had its values."""
    if quantity.startswith("validation"):
        return _epochs_of_checks(network, n_epochs, n_values)
    # Where a warm start has changed to a solver without a rate, the first epochs had
    # one; where it has changed from such a solver, the last.
    if quantity == "learning_rate" and not has_learning_rate(network):
        return np.arange(n_values) + 1
    return np.arange(n_epochs - n_values, n_epochs) + 1


def _epochs_of_checks(network: Any, n_epochs: int, n_checks: int) -> Array:
    """Return the epochs after which the validation data were checked.

    Each fit checks at multiples of the interval, and at its end if it ran for
    `max_iter` epochs; `partial_fit` at multiples of it over all calls.
    """
    interval = getattr(network, "validation_interval", 1)
    state = getattr(network, "_training_state", None) or {}
    is_one_run = state.get("is_continued", False)
    length = n_epochs if is_one_run else network.n_iter_
    epochs: list[int] = []
    end = n_epochs
    while end:
        # Of the fits before the last, warm starts, only the sum of epochs is known.
        start = max(0, end - length)
        checks = [*range(start + interval, end + 1, interval)]
        if not is_one_run and start + network.max_iter <= end not in checks:
            checks.append(end)
        epochs = checks + epochs
        end, length = start, network.max_iter
    if len(epochs) < n_checks:
        # Parameters have changed from fit to fit.
        return np.linspace(n_epochs / n_checks, n_epochs, n_checks).round().astype(int)
    return np.array(epochs[-n_checks:])
