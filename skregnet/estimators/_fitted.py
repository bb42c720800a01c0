"""The network behind a fitted estimator, skregnet's or scikit-learn's own."""

from typing import Any

from skregnet.kernels import Array
from skregnet.losses import BINARY_LOG_LOSS, LOG_LOSS, POISSON, SQUARED_ERROR, Loss
from skregnet.network import Network
from skregnet.perceptron import multilayer_perceptron

# The output activation of a fitted estimator tells its loss.
_LOSSES: dict[str, Loss] = {
    loss.output_activation: loss
    for loss in (LOG_LOSS, BINARY_LOG_LOSS, SQUARED_ERROR, POISSON)
}


def fitted_network(estimator: Any) -> tuple[Network, Array]:
    """Return description and parameters of the plain network that predicts.

    Parameters
    ----------
    estimator : estimator
        A fitted multilayer perceptron.

    Returns
    -------
    network : Network
        The description, for dense inputs.
    vector : ndarray of shape (n_parameters,)
        The parameters, copied.
    """
    coefs = estimator.coefs_
    layer_units = (*(len(weights) for weights in coefs), coefs[-1].shape[1])
    # Ours have a loss of any kind; scikit-learn's follows from the output activation.
    loss = getattr(estimator, "_loss", None) or _LOSSES[estimator.out_activation_]
    network = multilayer_perceptron(layer_units, estimator.activation, loss)
    return network, network.pack(coefs, estimator.intercepts_)
