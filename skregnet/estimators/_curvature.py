"""The loss of fitted estimators, for `skregnet.curvature`."""

from typing import Any

import numpy as np
from sklearn import neural_network

from skregnet._fitting.configuration import activity_penalty, penalties_of
from skregnet._fitting.fitted import checked_pair, fitted_network
from skregnet._fitting.sample_weights import checked_weights
from skregnet._networks.batches import weighted_data
from skregnet._networks.losses import MultiTaskLoss
from skregnet._networks.mean_loss import MeanLoss
from skregnet._networks.one_hot import Targets
from skregnet._networks.penalties import DivergenceActivity, L2Penalty
from skregnet._networks.problem import Problem, read_problem
from skregnet.estimators._base import BaseMLP
from skregnet.estimators._from_sklearn import checked_data


@read_problem.register
def _(mlp: BaseMLP, X: Any, y: Any, sample_weight: Any, penalties: bool) -> Problem:
    X, y = checked_pair(mlp, X, y)
    weights = mlp._row_weights(checked_weights(sample_weight, X), y, incremental=False)
    targets = mlp._training_targets(mlp._as_targets(y, np.float64))
    data = weighted_data(X, _weigh_tasks(mlp, targets), weights)
    activity = activity_penalty(mlp) if penalties else None
    if isinstance(activity, DivergenceActivity):
        raise ValueError(
            "penalties=True expects a penalty that is a sum over rows, got "
            "activity_penalty='kl', a function of means over a minibatch; leave "
            "penalties out."
        )
    sparse = not isinstance(X, np.ndarray)
    network, vector = fitted_network(mlp, sparse=sparse, activity_penalty=activity)
    of_weights = penalties_of(mlp, data.mean_weight) if penalties else ()
    return Problem(MeanLoss(network, data, tuple(of_weights)), vector.astype(float))


@read_problem.register(neural_network.MLPClassifier)
@read_problem.register(neural_network.MLPRegressor)
def _(mlp: Any, X: Any, y: Any, sample_weight: Any, penalties: bool) -> Problem:
    X, targets = checked_data(mlp, X, y, np.float64)
    data = weighted_data(X, targets, checked_weights(sample_weight, X))
    sparse = not isinstance(X, np.ndarray)
    network, vector = fitted_network(mlp, sparse=sparse)
    of_weights = L2Penalty(float(mlp.alpha) / data.mean_weight)
    loss = MeanLoss(network, data, (of_weights,) if penalties else ())
    return Problem(loss, vector.astype(float))


def _weigh_tasks(mlp: BaseMLP, targets: Targets) -> Targets:
    """Let tasks count as much as training has learned, if it has."""
    loss = mlp._loss
    if isinstance(loss, MultiTaskLoss) and loss.learns_weights:
        targets = np.array(targets)
        targets[:, -len(loss.parts) :] *= list(mlp.task_weights_.values())
    return targets
