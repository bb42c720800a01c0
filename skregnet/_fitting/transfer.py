"""Layers that a network takes over from one that has been fitted before."""

from typing import Any

from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from skregnet._fitting.configuration import hidden_activations
from skregnet._fitting.sizes import checked_sizes, hidden_sizes
from skregnet._fitting.solvers import takes_steps
from skregnet._kernels import Array
from skregnet._networks.parameters import layer_sizes


def n_frozen(estimator: Any) -> int:
    """Return how many layers keep the weights that they start from."""
    if not estimator.freeze_trunk:
        return 0
    return len(checked_sizes(_source(estimator), "hidden_layer_sizes"))


def with_trunk(
    estimator: Any, n_features: int, drawn: tuple[list[Array], list[Array]]
) -> tuple[list[Array], list[Array]]:
    """Return initial weights and biases, the first layers' those of the trunk."""
    if estimator.initial_trunk is None:
        return drawn
    source = _source(estimator)
    n_layers = len(checked_sizes(source, "hidden_layer_sizes"))
    _check_shapes(estimator, source, n_features, n_layers)
    coefs, intercepts = drawn
    return (
        [*source.coefs_[:n_layers], *coefs[n_layers:]],
        [*source.intercepts_[:n_layers], *intercepts[n_layers:]],
    )


def check_trunk(estimator: Any) -> None:
    """Refuse what cannot be frozen.

    Raises
    ------
    ValueError
        That names the parameters and what may be done.
    """
    if not estimator.freeze_trunk:
        return
    if estimator.initial_trunk is None:
        raise ValueError(
            "freeze_trunk=True expects a fitted network to take the layers from, got "
            "initial_trunk=None; set initial_trunk, or freeze_trunk=False."
        )
    if estimator.batch_norm is not None:
        raise ValueError(
            "freeze_trunk=True cannot be used with batch_norm, which would change what "
            f"the frozen layers put out, got batch_norm={estimator.batch_norm!r}; set "
            "it to None, or freeze_trunk=False."
        )
    if not takes_steps(estimator) and estimator.alpha and estimator.l1_ratio:
        raise ValueError(
            f"freeze_trunk=True cannot be used with l1_ratio={estimator.l1_ratio!r} "
            f"and solver={estimator.solver!r}; set l1_ratio=0, or solver='adam'."
        )


def _source(estimator: Any) -> Any:
    """Return the fitted network whose layers are taken over."""
    source = estimator.initial_trunk
    if isinstance(source, FrozenEstimator):
        source = source.estimator
    if not hasattr(source, "hidden_layer_sizes"):
        raise ValueError(
            "initial_trunk expects a fitted multilayer perceptron, got "
            f"initial_trunk={estimator.initial_trunk!r}."
        )
    check_is_fitted(
        source,
        msg="initial_trunk expects a fitted network, got a %(name)s that is not "
        "fitted; call its fit before.",
    )
    return source


def _check_shapes(estimator: Any, source: Any, n_features: int, n_layers: int) -> None:
    """Refuse a trunk that does not fit under the layers of the network."""
    of_trunk = layer_sizes(source.coefs_, source.intercepts_)[: n_layers + 1]
    sizes = [n_features, *hidden_sizes(estimator)[:n_layers]]
    names = hidden_activations(estimator, len(hidden_sizes(estimator)))[:n_layers]
    own = source.activation
    own = [own] * n_layers if isinstance(own, str) else list(own)[:n_layers]
    if of_trunk != sizes or own != names:
        raise ValueError(
            f"initial_trunk has layers of sizes {of_trunk} with activations {own}, the "
            f"network starts with sizes {sizes} and activations {names}; set "
            "hidden_layer_sizes and activation to begin as the trunk does."
        )
