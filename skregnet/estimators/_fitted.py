"""The network behind a fitted estimator, skregnet's or scikit-learn's own."""

from typing import Any

from sklearn.utils import check_consistent_length

from skregnet.folding import fold
from skregnet.kernels import Array
from skregnet.losses import BINARY_LOG_LOSS, LOG_LOSS, POISSON, SQUARED_ERROR, Loss
from skregnet.network import Network
from skregnet.penalties import ActivityPenalty
from skregnet.perceptron import multilayer_perceptron

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
    coefs = estimator.coefs_
    layer_units = (*(len(weights) for weights in coefs), coefs[-1].shape[1])
    # Ours have a loss of any kind; scikit-learn's follows from the output activation.
    loss = getattr(estimator, "_loss", None) or _LOSSES[estimator.out_activation_]
    network = multilayer_perceptron(
        layer_units,
        estimator.activation,
        loss,
        sparse=sparse,
        activity_penalty=activity_penalty,
    )
    return network, network.pack(coefs, estimator.intercepts_)


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
        of tasks is not in them.
    """
    coefs, intercepts = fold(network, vector)
    rest = network.layout.rest(vector)
    normalization = None
    if len(rest):
        n_values = len(rest) - n_learned_weights(estimator)
        normalization = {
            "place": estimator.batch_norm,
            "values": rest[:n_values].copy(),
            "log_variances": rest[n_values:].copy(),
        }
    return {
        "coefs_": coefs,
        "intercepts_": intercepts,
        "_normalization": normalization,
    }


def n_learned_weights(estimator: Any) -> int:
    """Return the number of weights of tasks that are learned: the vector's end."""
    heads = estimator._heads
    return len(heads.sizes) if heads is not None and heads.learns_weights else 0
