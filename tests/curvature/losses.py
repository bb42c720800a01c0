"""Fitted models of all kinds, each with its loss by what it predicts."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.special import xlogy
from sklearn import neural_network
from sklearn.base import is_classifier

from skregnet._networks.build import multilayer_perceptron
from skregnet._networks.losses import LOG_LOSS
from skregnet.curvature import gradient
from tests import references
from tests.cases import one_hot, problem
from tests.fitting import fit, flat
from tests.multi_task import fit_tasks, mixture, with_gaps

SMALL = {"hidden_layer_sizes": (3,), "activation": "tanh", "max_iter": 20}
LBFGS = {**SMALL, "solver": "lbfgs"}
CLASS_WEIGHT = {0: 0.4, 1: 1.0, 2: 2.5}


@dataclass(frozen=True)
class Case:
    """A model with data, and the loss of a vector of parameters with weights."""

    model: Any
    X: Any
    y: Any
    loss: Callable[..., float]
    vector: Any
    is_network: bool = False

    @property
    def parameters(self):
        """What `parameters` must be, for the model to be looked at where it is."""
        return self.vector if self.is_network else None


def small(kind):
    """Return features and targets of a problem that takes few parameters."""
    return problem(kind, n_rows=40, n_features=3)


def weights_for(n_rows, seed=0):
    """Return weights of rows, some of them 0."""
    random_state = np.random.RandomState(seed)
    return random_state.uniform(0.2, 3, n_rows) * (
        random_state.uniform(size=n_rows) > 0.2
    )


def moved(model, vector):
    """Return a copy of an estimator with other parameters."""
    model, parts, start = copy(model), [], 0
    for part in (*model.coefs_, *model.intercepts_):
        parts.append(vector[start : start + part.size].reshape(part.shape))
        start += part.size
    n_layers = len(model.coefs_)
    model.coefs_, model.intercepts_ = parts[:n_layers], parts[n_layers:]
    return model


def differences_of_gradient(vector, *arguments, **options):
    """Return the matrix of the differences of the gradient, a row a parameter."""
    step = 1e-5
    rows = []
    for element in step * np.eye(len(vector)):
        above, below = (
            gradient(*arguments, parameters=vector + sign * element, **options)
            for sign in (1, -1)
        )
        rows.append((above - below) / (2 * step))
    return np.array(rows)


def loss_of_rows(model, X, y):
    """Return the loss of each row by what an estimator predicts."""
    smoothing = getattr(model, "label_smoothing", 0.0)
    if is_classifier(model):
        probabilities = model.predict_proba(X)
        if np.ndim(y) == 2:
            return logistic_loss(probabilities, (1 - smoothing) * y + smoothing / 2)
        hits = np.asarray(y)[:, np.newaxis] == model.classes_
        targets = (1 - smoothing) * hits + smoothing / len(model.classes_)
        return -(targets * np.log(probabilities)).sum(axis=1)
    predictions, y = model.predict(X).reshape(len(y), -1), y.reshape(len(y), -1)
    if model.out_activation_ == "exp":
        losses = xlogy(y, y / predictions) - y + predictions
    else:
        losses = 0.5 * (predictions - y) ** 2
    return losses.sum(axis=1)


def logistic_loss(probabilities, targets):
    """Return the cross-entropy of each row, summed over labels."""
    losses = targets * np.log(probabilities) + (1 - targets) * np.log(1 - probabilities)
    return -losses.sum(axis=1)


def estimator_loss(model, X, y, sample_weight=None):
    """Return the weighted mean of the loss, with weights of classes."""
    weights = np.ones(len(y)) if sample_weight is None else sample_weight
    if getattr(model, "class_weight", None) is not None:
        weights = weights * np.vectorize(model.class_weight.get)(y)
    return np.average(loss_of_rows(model, X, y), weights=weights)


def tasks_loss(model, X, Y, sample_weight=None):
    """Return the loss of several tasks, over the rows with any target."""
    weights = np.ones(len(Y)) if sample_weight is None else sample_weight
    predictions = model.predict(X)
    probabilities = iter(model.predict_proba(X))
    total = 0.0
    for task in model.tasks_:
        y, there = Y[task.name], Y[task.name].notna()
        if task.kind == "regression":
            errors = predictions[task.name][there] - y[there].astype(float)
            losses = 0.5 * (errors / task.scale) ** 2
        else:
            losses = labels_loss(model, task, next(probabilities)[there], y[there])
        task_weight = model.task_weights_[task.name]
        total += task_weight * (weights[there] * losses).sum()
    return total / weights[Y.notna().any(axis=1)].sum()


def labels_loss(model, task, probabilities, y):
    """Return the loss of each row of a task that is a classification."""
    hits = y.to_numpy()[:, np.newaxis] == task.classes
    smoothing = model.label_smoothing
    targets = (1 - smoothing) * hits + smoothing / len(task.classes)
    losses = -(targets * np.log(probabilities)).sum(axis=1)
    of_classes = task.class_weights
    return losses if of_classes is None else losses * of_classes[hits.argmax(axis=1)]


def of_estimator(model, X, y, loss=estimator_loss):
    """Return the case of a fitted estimator."""

    def at(vector, sample_weight=None):
        return loss(moved(model, vector), X, y, sample_weight)

    return Case(model, X, y, at, flat(model))


def ours(kind, **parameters):
    """Return the case of an estimator of one kind of targets."""
    data = small(kind)
    return of_estimator(fit(kind, data, **{**SMALL, **parameters}), *data)


def of_sklearn(kind, **parameters):
    """Return the case of an estimator that scikit-learn has fitted."""
    numbers = kind in ("real", "reals", "count")
    cls = neural_network.MLPRegressor if numbers else neural_network.MLPClassifier
    X, y = small(kind)
    return of_estimator(cls(random_state=0, **{**SMALL, **parameters}).fit(X, y), X, y)


def tasks(**parameters):
    """Return the case of three tasks with missing targets, one row without any."""
    X, Y = mixture(n_rows=40)
    Y = with_gaps(Y)
    Y.iloc[3] = None
    X = X[:, :3]
    model = fit_tasks((X, Y), **{**SMALL, **parameters})
    return of_estimator(model, X, Y, tasks_loss)


def of_network():
    """Return the case of a network that no estimator has fitted."""
    network = multilayer_perceptron((3, 4, 2, 3), ("tanh", "elu"), LOG_LOSS)
    random_state = np.random.RandomState(0)
    X, targets = random_state.normal(size=(30, 3)), one_hot(random_state, 30, 3)

    def at(vector, sample_weight=None):
        (first, second, last), biases = network.unpack(vector)
        hidden = np.tanh(X @ first + biases[0]) @ second + biases[1]
        hidden = np.vectorize(references.ACTIVATIONS["elu"])(hidden)
        outputs = hidden @ last + biases[2]
        losses = [*map(references.multiclass_loss, outputs, targets)]
        return np.average(losses, weights=sample_weight)

    vector = 0.7 * random_state.normal(size=network.layout.n_parameters)
    return Case(network, X, targets, at, vector, is_network=True)


HEADS = {"head_layer_sizes": (2,), "activation": "softplus"}
MAKERS = {
    "binary": lambda: ours("binary"),
    "multiclass": lambda: ours("multiclass", hidden_layer_sizes=(3, 2)),
    "multilabel": lambda: ours("multilabel", activation="gelu"),
    "regression": lambda: ours("real", solver="lbfgs"),
    "regression, 3 outputs": lambda: ours("reals", activation="relu"),
    "regression, linear": lambda: ours("reals", hidden_layer_sizes=()),
    "poisson": lambda: ours("count", loss="poisson", activation="logistic"),
    "smoothed labels": lambda: ours("multiclass", label_smoothing=0.3),
    "two smoothed labels": lambda: ours("binary", label_smoothing=0.3),
    "several smoothed labels": lambda: ours("multilabel", label_smoothing=0.3),
    "weighted classes": lambda: ours("multiclass", class_weight=CLASS_WEIGHT),
    "normalized before": lambda: ours("multiclass", batch_norm="before"),
    "normalized after": lambda: ours(
        "real", batch_norm="after", hidden_layer_sizes=(3, 2)
    ),
    "trained with noise": lambda: ours(
        "binary", dropout=0.2, input_dropout=0.1, weight_averaging="ema"
    ),
    "tasks": tasks,
    "tasks with heads": lambda: tasks(**HEADS),
    "tasks with weights": lambda: tasks(
        task_weights={"flag": 2.5}, class_weight="balanced", label_smoothing=0.2
    ),
    "tasks that learn weights": lambda: tasks(
        task_weights="uncertainty", learning_rate_init=0.1
    ),
    "scikit-learn, binary": lambda: of_sklearn("binary"),
    "scikit-learn, multiclass": lambda: of_sklearn("multiclass", solver="lbfgs"),
    "scikit-learn, multilabel": lambda: of_sklearn("multilabel", activation="logistic"),
    "scikit-learn, regression": lambda: of_sklearn("real", hidden_layer_sizes=(3, 2)),
    "scikit-learn, 3 outputs": lambda: of_sklearn("reals", activation="relu"),
    "scikit-learn, poisson": lambda: of_sklearn("count", loss="poisson"),
    "network": of_network,
}
"""Cases by name, each made once: nothing may change them."""


@cache
def case(name):
    """Return the case of this name."""
    return MAKERS[name]()
