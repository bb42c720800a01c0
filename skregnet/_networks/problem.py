"""From a model and data to the loss whose derivatives are asked for.

What a model is, is a matter of registration: `read_problem` knows networks, and the
estimators register what is theirs.
"""

from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
from scipy import sparse

from skregnet._kernels import Array, check_indices
from skregnet._networks.batches import TrainingData, weighted_data
from skregnet._networks.hessian_product import HessianProduct
from skregnet._networks.losses import MultiTaskLoss
from skregnet._networks.mean_loss import MeanLoss
from skregnet._networks.network import Network


@dataclass(frozen=True)
class Problem:
    """A loss, and the parameters at which it is looked at.

    Parameters
    ----------
    loss : MeanLoss
        The loss.
    vector : ndarray of shape (n_parameters,) or None
        The parameters, in float64; None where the model has none of its own.
    """

    loss: MeanLoss
    vector: Array | None


@singledispatch
def read_problem(
    model: Any, X: Any, y: Any, sample_weight: Any, penalties: bool
) -> Problem:
    """Check data against a model, and return the loss that they make.

    Parameters
    ----------
    model : object
        A fitted estimator, or a network.
    X, y, sample_weight : object
        The data.
    penalties : bool
        Whether the model's penalties are part of the loss.
    """
    raise TypeError(
        "expected a fitted MLPClassifier, MLPRegressor or MultiTaskMLP of skregnet, an "
        "MLPClassifier or MLPRegressor of scikit-learn, or a Network with parameters, "
        f"got {type(model).__name__}; of a Pipeline pass the last step, with features "
        "as it sees them."
    )


def problem_of(
    model: Any,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    parameters: Any = None,
    penalties: bool = False,
) -> tuple[MeanLoss, Array]:
    """Return loss and parameters; arguments are those of the public functions."""
    problem = read_problem(model, X, y, sample_weight, penalties)
    loss, vector = problem.loss, problem.vector
    if parameters is not None:
        vector = np.array(parameters, dtype=np.float64)
    if vector is None:
        raise ValueError(
            "parameters are expected with a Network, which has none of its own, got "
            "parameters=None; pass a vector, such as network.pack(coefs, intercepts)."
        )
    return loss, as_vector(vector, loss.n_parameters, "parameters")


def as_vector(values: Any, n_parameters: int, name: str) -> Array:
    """Return a checked vector, in float64."""
    vector = np.asarray(values, dtype=np.float64)
    if vector.shape != (n_parameters,) or not np.isfinite(vector).all():
        raise ValueError(
            f"{name} expects {n_parameters} finite numbers, one for each weight, layer "
            f"by layer, then for each bias, got an array of shape {vector.shape}"
            f"{'' if np.isfinite(vector).all() else ' that has others'}."
        )
    return vector


@read_problem.register
def _(model: Network, X: Any, y: Any, sample_weight: Any, penalties: bool) -> Problem:
    if penalties:
        raise ValueError(
            "penalties=True expects an estimator that has any, got a Network."
        )
    HessianProduct(model)  # It refuses layers that are not those of a plain network.
    check_indices(X)
    X = X.tocsr() if sparse.issparse(X) else np.asarray(X, dtype=np.float64)
    targets = np.asarray(y, dtype=np.float64)
    if sparse.issparse(X) != model.takes_sparse:
        kind = "sparse" if model.takes_sparse else "dense"
        raise ValueError(f"X expects {kind} features, as the network does.")
    n_rows = X.shape[0] if X.ndim else 0
    n_features, n_targets = _n_columns(model)
    expected = (n_rows, n_features), (n_rows, n_targets)
    if not n_rows or (X.shape, targets.shape) != expected:
        raise ValueError(
            f"X and y expect the shapes (n_rows, {n_features}) and (n_rows, "
            f"{n_targets}), as the network does, got {X.shape} and {targets.shape}."
        )
    numbers = X.data if sparse.issparse(X) else X
    if not np.isfinite(numbers).all() or not np.isfinite(targets).all():
        raise ValueError("X and y expect finite numbers, got others.")
    return Problem(MeanLoss(model, _weighted(X, targets, sample_weight)), None)


def _n_columns(network: Network) -> tuple[int, int]:
    """Return how many columns the features and the targets of a network have."""
    n_features = dict(network.layers[0].parameter_shapes)["weights"][0]
    if isinstance(network.loss, MultiTaskLoss):
        # Behind the targets stands how much a row counts in each task.
        return n_features, sum(network.loss.sizes) + len(network.loss.sizes)
    return n_features, network.layers[-1].n_outputs


def _weighted(X: Any, targets: Array, sample_weight: Any) -> TrainingData:
    """Return rows of weights above 0, their mean scaled to 1."""
    n_rows = len(targets)
    if sample_weight is None:
        return weighted_data(X, targets, None)
    weights = np.asarray(sample_weight, dtype=np.float64)
    is_valid = weights.shape == (n_rows,) and np.isfinite(weights).all()
    if not is_valid or (weights < 0).any() or not weights.any():
        raise ValueError(
            f"sample_weight expects {n_rows} finite weights, none negative and not all "
            f"of them 0, got an array of shape {weights.shape}."
        )
    return weighted_data(X, targets, weights)
