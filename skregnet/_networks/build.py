"""Multilayer perceptrons, described: which layers they are made of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from skregnet._networks.activations import ACTIVATIONS
from skregnet._networks.layers import (
    ActivationLayer,
    BatchNorm,
    BlockDense,
    BlockReadout,
    Dense,
    Dropout,
    Layer,
    PenalizedActivity,
    Readout,
    RectifiedDense,
    RectifiedDropoutDense,
    SparseDense,
    SparseDropout,
    SparseReadout,
    SparseRectifiedDense,
    SparseRectifiedDropoutDense,
    TaskUncertainty,
)
from skregnet._networks.losses import Loss, MultiTaskLoss
from skregnet._networks.network import Network
from skregnet._networks.penalties import ActivityPenalty

# The activation that takes no pass of its own over the outputs of an affine map.
_RECTIFIED = "relu"

_AFFINE: dict[bool, tuple[Any, Any, Any]] = {
    False: (Dense, RectifiedDense, RectifiedDropoutDense),
    True: (SparseDense, SparseRectifiedDense, SparseRectifiedDropoutDense),
}
"""Affine maps of hidden layers, by whether inputs are sparse: plain, rectified, and
rectified with dropout."""


@dataclass(frozen=True)
class Heads:
    """What follows the layers that several tasks share.

    Parameters
    ----------
    n_hidden : int
        How many of the hidden layers, the last ones, are each task's own. They have the
        units of all tasks.
    sizes : tuple of int
        Outputs of each task.
    learns_weights : bool
        Whether the weights of the tasks in the loss are learned.
    """

    n_hidden: int
    sizes: tuple[int, ...]
    learns_weights: bool = False


def multilayer_perceptron(
    layer_units: tuple[int, ...],
    activation: str | Sequence[str],
    loss: Loss | MultiTaskLoss,
    *,
    sparse: bool = False,
    input_dropout: float = 0.0,
    dropout: Sequence[float] = (),
    batch_norm: str | None = None,
    activity_penalty: ActivityPenalty | None = None,
    heads: Heads | None = None,
) -> Network:
    """Describe a multilayer perceptron.

    A hidden layer is its affine map, its activation, the penalty on that, and dropout;
    batch normalization comes before or after the activation.

    Parameters
    ----------
    layer_units : tuple of int
        Numbers of inputs, of each hidden layer's units and of outputs.
    activation : str or sequence of str
        Name of the hidden activation, or one a hidden layer.
    loss : Loss or MultiTaskLoss
        The loss.
    sparse : bool, default=False
        Whether the inputs are sparse.
    input_dropout : float, default=0.0
        Probability of dropping an input.
    dropout : sequence of float, default=()
        Probability of dropping a unit of each hidden layer; empty for none.
    batch_norm : {None, "before", "after"}, default=None
        Where to normalise.
    activity_penalty : ActivityPenalty or None, default=None
        Penalty on each hidden layer's activations.
    heads : Heads or None, default=None
        What the last layers are where there are several tasks.

    Returns
    -------
    network : Network
        The description.
    """
    hidden = list(pairwise(layer_units[:-1]))
    names = [activation] * len(hidden) if isinstance(activation, str) else activation
    rates = dropout or [0.0] * len(hidden)
    has_biases = batch_norm != "before"
    # The first layer of the heads takes what all share, and is one affine map.
    n_whole = len(hidden) if heads is None else len(hidden) - heads.n_hidden + 1
    layers: list[Layer] = []
    if input_dropout:
        drop = SparseDropout if sparse else Dropout
        layers.append(drop(layer_units[0], input_dropout))
    is_bare = batch_norm is None and activity_penalty is None
    for k, (below, units) in enumerate(hidden):
        is_rectified = names[k] == _RECTIFIED and has_biases and k < n_whole
        dense, rectified, rectified_dropout = _AFFINE[sparse and k == 0]
        if is_rectified and is_bare and rates[k]:
            layers.append(rectified_dropout(below, units, rate=rates[k]))
            continue
        if heads is not None and k >= n_whole:
            layers.append(BlockDense(below, units, has_biases, len(heads.sizes)))
        else:
            affine = rectified if is_rectified else dense
            layers.append(affine(below, units, has_biases=has_biases))
        name = None if is_rectified else names[k]
        layers += _after_affine(units, name, batch_norm, activity_penalty)
        if rates[k]:
            in_place = _lends_outputs(layers[-1])
            layers.append(Dropout(units, rates[k], in_place=in_place))
    is_sparse = sparse and not hidden
    layers += _last_layers(layer_units[-2], layer_units[-1], is_sparse, heads)
    return Network(tuple(layers), loss)


def _after_affine(
    units: int,
    activation: str | None,
    batch_norm: str | None,
    activity_penalty: ActivityPenalty | None,
) -> Iterator[Layer]:
    """Yield what follows the affine map of a hidden layer, but for dropout."""
    if batch_norm == "before":
        yield BatchNorm(units, in_place=True)
    if activation is not None:
        yield ActivationLayer(units, ACTIVATIONS[activation])
    if activity_penalty is not None:
        yield PenalizedActivity(units, activity_penalty)
    if batch_norm == "after":
        yield BatchNorm(units, in_place=False)


def _last_layers(
    below: int, n_outputs: int, is_sparse: bool, heads: Heads | None
) -> Iterator[Layer]:
    """Yield the affine map to the outputs, and what learns the weights of tasks."""
    if heads is not None and heads.n_hidden:
        yield BlockReadout(below, n_outputs, sizes=heads.sizes)
    else:
        readout = SparseReadout if is_sparse else Readout
        yield readout(below, n_outputs)
    if heads is not None and heads.learns_weights:
        n_tasks = len(heads.sizes)
        yield TaskUncertainty(n_outputs + n_tasks, n_tasks)


def _lends_outputs(layer: Layer) -> bool:
    """Tell whether a layer's backward pass does well with units that are dropped."""
    if isinstance(layer, RectifiedDense):
        return True
    if isinstance(layer, ActivationLayer):
        return layer.activation.goes_by_signs
    return isinstance(layer, BatchNorm)
