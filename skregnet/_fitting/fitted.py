"""The network behind a fitted estimator, skregnet's or scikit-learn's own."""

from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length

from skregnet._kernels import Array
from skregnet._networks.build import multilayer_perceptron
from skregnet._networks.folding import fold
from skregnet._networks.losses import (
    BINARY_LOG_LOSS,
    LOG_LOSS,
    POISSON,
    SQUARED_ERROR,
    Loss,
)
from skregnet._networks.network import Network
from skregnet._networks.parameters import layer_sizes
from skregnet._networks.penalties import ActivityPenalty

# The output activation of a fitted estimator tells its loss.
_LOSSES: dict[str, Loss] = {
    loss.output_activation: loss
    for loss in (LOG_LOSS, BINARY_LOG_LOSS, SQUARED_ERROR, POISSON)
}


def fitted_network(
    estimator: Any,
    *,
    sparse: bool = False,
    activity_penalty: ActivityPenalty | None = None,
) -> tuple[Network, Array]:
    """Return description and parameters of the plain network that predicts.

    Parameters
    ----------
    estimator : estimator
        A fitted multilayer perceptron.
    sparse : bool, default=False
        Whether the network is to take sparse inputs.
    activity_penalty : ActivityPenalty or None, default=None
        Penalty on each hidden layer's activations.

    Returns
    -------
    network : Network
        The description.
    vector : ndarray of shape (n_parameters,)
        The parameters, copied.
    """
    coefs, intercepts, layer_units = plain_layers(estimator)
    # Ours have a loss of any kind; scikit-learn's follows from the output activation.
    loss = getattr(estimator, "_loss", None) or _LOSSES[estimator.out_activation_]
    network = multilayer_perceptron(
        layer_units,
        estimator.activation,
        loss,
        sparse=sparse,
        activity_penalty=activity_penalty,
    )
    return network, network.pack(coefs, intercepts)


def plain_layers(
    estimator: Any,
) -> tuple[list[Array], list[Array], tuple[int, ...]]:
    """Return weights and biases, which users may have edited, and sizes of layers.

    Raises
    ------
    ValueError
        If they do not make a network of the features and outputs of the estimator.
    """
    coefs, intercepts = estimator.coefs_, estimator.intercepts_
    sizes = layer_sizes(coefs, intercepts)
    known = vars(estimator)
    n_features = known.get("n_features_in_", sizes[0])
    n_outputs = known.get("n_outputs_", sizes[-1])
    if (sizes[0], sizes[-1]) != (n_features, n_outputs):
        raise ValueError(
            f"coefs_ expects {n_features} features and {n_outputs} outputs, as in fit, "
            f"got layers of sizes {sizes}."
        )
    arrays = [[np.asarray(values) for values in own] for own in (coefs, intercepts)]
    return arrays[0], arrays[1], tuple(sizes)


def check_classes(classes: Any, n_outputs: int, is_multilabel: bool = False) -> None:
    """Check that there are as many classes as outputs, which files may have changed.

    Raises
    ------
    ValueError
        If there are not: one output stands for one class or two.
    """
    allowed = {1, 2} if n_outputs == 1 and not is_multilabel else {n_outputs}
    if np.ndim(classes) != 1 or len(classes) not in allowed:
        raise ValueError(
            f"classes_ expects {' or '.join(map(str, sorted(allowed)))} classes for "
            f"the outputs of the network, as in fit, got shape {np.shape(classes)}."
        )


def checked_pair(estimator: Any, X: Any, y: Any) -> tuple[Any, Any]:
    """Return features and targets, checked against those of training."""
    X = estimator._validate_features(X)
    y = estimator._check_other_targets(y, "y")
    check_consistent_length(X, y)
    return X, y


def network_attributes(
    estimator: Any, network: Network, vector: Array
) -> dict[str, Any]:
    """Return what is kept of a trained network: to predict, and to go on from.

    Parameters
    ----------
    estimator : estimator
        The estimator in training.
    network : Network
        The network that it trains.
    vector : ndarray of shape (n_parameters,)
        Its parameters, with the statistics of test time.

    Returns
    -------
    attributes : dict
        The plain weights and biases, and what of normalizations and of learned weights
        of tasks is not in them, with the kind of network that it belongs to.
    """
    coefs, intercepts = fold(network, vector)
    rest = network.layout.rest(vector)
    normalization = None
    if len(rest):
        n_values = len(rest) - n_learned_weights(estimator)
        normalization = {
            "kind": _normalization_kind(estimator, layer_sizes(coefs, intercepts)),
            "values": rest[:n_values].copy(),
            "log_variances": rest[n_values:].copy(),
        }
    return {
        "coefs_": coefs,
        "intercepts_": intercepts,
        "_normalization": normalization,
    }


def known_rest(estimator: Any, network: Network) -> Array | None:
    """Return the parameters that are neither weights nor biases, to go on from.

    What an earlier fit has kept counts as far as it fits the network; all else is at
    rest. None where nothing has been kept.
    """
    known = vars(estimator).get("_normalization")
    if not isinstance(known, dict):
        return None
    coefs, intercepts, sizes = plain_layers(estimator)
    rest = network.layout.rest(network.pack(coefs, intercepts)).copy()
    n_values = len(rest) - n_learned_weights(estimator)
    kind = known.get("kind")
    if isinstance(kind, str) and kind == _normalization_kind(estimator, list(sizes)):
        _take(rest[:n_values], known.get("values"))
    _take(rest[n_values:], known.get("log_variances"))
    return rest


def _normalization_kind(estimator: Any, sizes: list[int]) -> str:
    """Return what must stay as it is for normalizations to go on."""
    return repr((estimator.batch_norm, sizes))


def _take(part: Array, values: Any) -> None:
    """Write values over a part of a vector if they are as many finite numbers."""
    if not isinstance(values, np.ndarray) or values.shape != part.shape:
        return
    if values.dtype.kind == "f" and np.isfinite(values).all():
        part[...] = values


def n_learned_weights(estimator: Any) -> int:
    """Return the number of weights of tasks that are learned: the vector's end."""
    heads = estimator._heads
    return len(heads.sizes) if heads is not None and heads.learns_weights else 0
