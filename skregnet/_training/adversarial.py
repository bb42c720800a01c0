"""Inputs moved up the gradient of the loss, to attack a network or to train it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet._kernels import Array, Rate, cast_rate

NORMS = ("gradient", "sign", "l2")

# Several smaller steps may together reach farther than one: they are held within it.
_REACH = 2.5


@dataclass(frozen=True)
class Adversary:
    """Trains on inputs as they are and on inputs moved up the loss.

    The loss is ``(1 - weight) * loss(x) + weight * loss(x + move)``, the move being a
    constant when the gradient is taken.

    Parameters
    ----------
    step : float or ndarray of shape (n_members, 1)
        Size of the move.
    norm : {"gradient", "sign", "l2"}
        What of the gradient of a row's loss is followed: itself, its signs, or its
        direction.
    weight : float or ndarray of shape (n_members, 1)
        Share of the moved inputs in the loss, in [0, 1].
    iterations : int
        Number of steps of which the move is made.

    References
    ----------
    I. Goodfellow, J. Shlens and C. Szegedy (2015). Explaining and harnessing
    adversarial examples. ICLR.

    A. Madry, A. Makelov, L. Schmidt, D. Tsipras and A. Vladu (2018). Towards deep
    learning models resistant to adversarial attacks. ICLR. The lecture's heading
    "Adversarial Training".
    """

    step: Rate
    norm: str
    weight: Rate
    iterations: int

    def weight_of(self, dtype: np.dtype) -> Array:
        """Return the weight, of shape () or (n_members, 1)."""
        return cast_rate(self.weight, dtype)

    def move(self, inputs: Array, origin: Array, gradient: Array) -> Array:
        """Return inputs one of the steps on.

        Parameters
        ----------
        inputs, origin : ndarray of shape (n_members, n_rows, n_features)
            The inputs as they are now, and as they were before the first step.
        gradient : ndarray of shape (n_members, n_rows, n_features)
            Gradient of each row's own loss at `inputs`.
        """
        step = cast_rate(self.step, inputs.dtype)
        if step.ndim:
            step = step[:, :, np.newaxis]
        return moved(inputs, origin, gradient, step, self.norm, self.iterations)


def moved(
    inputs: Array,
    origin: Array,
    gradient: Array,
    step: Any,
    norm: str,
    iterations: int,
) -> Array:
    """Return inputs moved by one of `iterations` steps.

    The steps of "gradient" are each ``step / iterations`` times the gradient. Those of
    "sign" and "l2" are shorter than `step` only from the third iteration on, and are
    followed by a projection: what has been moved stays within `step` of its origin, in
    every feature or in Euclidean distance.

    Parameters
    ----------
    inputs, origin, gradient : ndarray of shape (..., n_rows, n_features)
        Inputs as they are now and as they were, and the gradient of each row's loss.
    step : float or ndarray
        Size of the whole move.
    norm : {"gradient", "sign", "l2"}
        What of the gradient is followed.
    iterations : int
        Number of steps.

    Returns
    -------
    inputs : ndarray of shape (..., n_rows, n_features)
        A new array.
    """
    if norm == "gradient":
        return inputs + gradient * (step / iterations)
    length = step * min(1.0, _REACH / iterations)
    if norm == "sign":
        away = inputs + np.sign(gradient) * length - origin
        return origin + np.clip(away, -step, step)
    away = inputs + _unit(gradient) * length - origin
    return origin + _unit(away) * np.minimum(_norm(away), step)


def _norm(rows: Array) -> Array:
    return np.sqrt(np.einsum("...j,...j->...", rows, rows))[..., np.newaxis]


def _unit(rows: Array) -> Array:
    """Return rows of norm one; one of zeros stays as it is."""
    # Divided by their largest element first, so that squares neither vanish nor grow.
    largest = np.abs(rows).max(axis=-1, keepdims=True)
    rows = np.divide(rows, largest, where=largest > 0, out=np.zeros_like(rows))
    norm = _norm(rows)
    return np.divide(rows, norm, where=norm > 0, out=np.zeros_like(rows))
