"""The networks that fitted estimators consist of."""

from typing import Any

from sklearn import neural_network
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skregnet._fitting.members import StackedFitMixin
from skregnet._kernels import Array
from skregnet._networks.layers import BlockDense, BlockReadout
from skregnet._networks.layers.affine import Affine
from skregnet.ensemble import BaggingEnsemble

_NETWORKS = (StackedFitMixin, neural_network.MLPClassifier, neural_network.MLPRegressor)


def networks_of(estimator: Any) -> list[Any]:
    """Return a network itself, that at the end of a pipeline, those of an ensemble."""
    if isinstance(estimator, Pipeline):
        return networks_of(estimator.steps[-1][1])
    if isinstance(estimator, (*_NETWORKS, BaggingEnsemble)):
        check_is_fitted(estimator)
    if isinstance(estimator, _NETWORKS):
        return [estimator]
    members = getattr(estimator, "estimators_", None)
    if members is None:
        raise TypeError(
            "expected a fitted network, that is an MLPClassifier, MLPRegressor or "
            "MultiTaskMLP of skregnet, or an MLPClassifier or MLPRegressor of "
            "scikit-learn, or a Pipeline that ends in one, or an ensemble of them, got "
            f"{type(estimator).__name__}; of a search pass the best_estimator_."
        )
    return [network for member in members for network in networks_of(member)]


def own_weights(network: Any) -> list[Array]:
    """Return each layer's weights, without the zeros between the heads of tasks."""
    matrices = list(network.coefs_)
    heads = getattr(network, "_heads", None)
    if heads is None:
        return matrices
    # The first layer of the heads takes all of the trunk; those above it are blocks.
    n_whole = len(matrices) - heads.n_hidden
    for k in range(n_whole, len(matrices)):
        below, above = matrices[k].shape
        layer: Affine = BlockDense(below, above, n_blocks=len(heads.sizes))
        if k == len(matrices) - 1:
            layer = BlockReadout(below, above, sizes=heads.sizes)
        matrices[k] = layer.from_plain(matrices[k])
    return matrices
