"""Planes through a network's parameters: which two directions to look along, how far.

A point of a plane is given by its multiples of the two directions; at 0 are the
network's own parameters.
"""

from typing import Any, NamedTuple

import numpy as np

from skregnet._kernels import Array
from skregnet._networks.loss_operator import LossOperator
from skregnet._networks.mean_loss import MeanLoss
from skregnet.curvature import eigenvalues

NAMES = ("random", "eigenvectors", "path")

# Loss by which eigenvectors are to raise it, where it is nearly 0 itself; curvature, as
# a share of the steepest, from which on an eigenvector counts as flat.
_LEAST_RISE = 1e-3
_FLAT = 1e-4


class Plane(NamedTuple):
    """Two directions, with what they are called and how far to look along them."""

    directions: Array
    labels: tuple[str, str]
    spans: tuple[float, float] = (1.0, 1.0)


def plane_of(
    directions: Any,
    loss: MeanLoss,
    vector: Array,
    moves: Array | None,
    random_state: Any,
) -> Plane:
    """Return a plane by its name, or of directions that are given.

    Parameters
    ----------
    directions : str or array-like of shape (2, n_parameters)
        One of `NAMES`, or directions.
    loss : MeanLoss
        The loss.
    vector : ndarray of shape (n_parameters,)
        The network's parameters.
    moves : ndarray of shape (n_points, n_parameters) or None
        A path, relative to them.
    random_state : int or Generator
        Source of random directions.
    """
    if not isinstance(directions, str):
        return _given(directions, len(vector))
    if directions == "random":
        return _random(loss, vector, np.random.default_rng(random_state))
    if directions == "eigenvectors":
        return _eigenvectors(loss, vector)
    if directions != "path":
        raise ValueError(
            f"directions expects one of {NAMES}, or two directions, got "
            f"directions={directions!r}."
        )
    if moves is None or len(moves) < 2:
        raise ValueError(
            "directions='path' expects a path of two points or more, got "
            f"{'path=None' if moves is None else 'one'}."
        )
    return _components(moves)


def project(moves: Array, directions: Array) -> Array:
    """Return the multiples of the directions that come nearest to each move."""
    found: Array = np.linalg.lstsq(directions.T, moves.T, rcond=None)[0].T
    return found


def _given(directions: Any, n_parameters: int) -> Plane:
    """Return directions of the user's own, checked."""
    given = np.asarray(directions, dtype=np.float64)
    is_valid = given.shape == (2, n_parameters) and np.isfinite(given).all()
    if not is_valid or np.linalg.matrix_rank(given) < 2:
        raise ValueError(
            f"directions expects two of {n_parameters} finite numbers, neither a "
            f"multiple of the other, got an array of shape {given.shape}."
        )
    return Plane(given, ("direction 1", "direction 2"))


def _random(loss: MeanLoss, vector: Array, rng: np.random.Generator) -> Plane:
    """Return two directions, at right angles, as long in each unit as its weights."""
    coefs, intercepts = loss.network.unpack(vector)
    biases = [np.zeros_like(values) for values in intercepts]
    pairs = [_of_layer(weights, rng) for weights in coefs]
    first, second = (
        loss.network.pack(list(parts), biases) for parts in zip(*pairs, strict=True)
    )
    # Units of a single weight have no right angles.
    second -= first * (first @ second / (first @ first or 1.0))
    labels = ("random direction 1", "random direction 2")
    return Plane(np.stack([first, second]), labels)


def _of_layer(weights: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return two random changes of the weights into each unit, which is a column."""
    is_there = weights != 0
    lengths = np.linalg.norm(weights, axis=0)
    drawn = rng.standard_normal((2, *weights.shape)) * is_there
    first = drawn[0] / _lengths(drawn[0])
    second = drawn[1] - first * (first * drawn[1]).sum(axis=0)
    # A single weight has one direction only: the second change is any, as large on
    # average.
    second = np.where(is_there.sum(axis=0) < 2, drawn[1], second / _lengths(second))
    return first * lengths, second * lengths


def _lengths(columns: Array) -> Array:
    """Return the length of each column, 1 for columns of zeros."""
    lengths: Array = np.linalg.norm(columns, axis=0)
    return np.where(lengths > 0, lengths, 1.0)


def _eigenvectors(loss: MeanLoss, vector: Array) -> Plane:
    """Return those of the largest eigenvalues, and how far they double the loss."""
    operator = LossOperator(loss, vector)
    values, vectors = eigenvalues(operator, 2, "LA", return_eigenvectors=True)
    rise = max(loss.value(vector), _LEAST_RISE)
    sizes = np.abs(values)
    sizes = np.maximum(sizes, _FLAT * sizes.max() or 2 * rise)
    # By Taylor's expansion: rise = curvature / 2 * span ** 2.
    first, second = (float(span) for span in np.sqrt(2 * rise / sizes))
    labels = tuple(f"eigenvector of {value:.3g}" for value in values)
    return Plane(_turned(vectors.T), (labels[0], labels[1]), (first, second))


def _components(moves: Array) -> Plane:
    """Return the principal components of a path, with their shares of it."""
    _, lengths, components = np.linalg.svd(moves, full_matrices=False)
    shares = lengths**2 / (np.sum(lengths**2) or 1.0)
    labels = (
        f"first component of the path ({shares[0]:.0%})",
        f"second component of the path ({shares[1]:.0%})",
    )
    return Plane(_turned(components[:2]), labels)


def _turned(directions: Array) -> Array:
    """Return directions that might as well be the opposite, the same way each time."""
    largest = np.abs(directions).argmax(axis=1)
    signs = np.sign(np.take_along_axis(directions, largest[:, np.newaxis], axis=1))
    turned: Array = directions * signs
    return turned
