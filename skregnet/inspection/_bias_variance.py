"""Bias and variance: what the choice of the training set does to predictions.

An estimator is fitted to bootstrap samples of the training data. The main prediction of
a test row is the one that all these models come to together: their mean for squared
error, their most frequent label for 0-1 loss. Bias is the loss of the main prediction;
variance is the loss of the single models against it. Regularization trades a little of
the first for much of the second.
"""

from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from scipy import sparse
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.utils import check_array, check_random_state, indexable
from sklearn.utils.parallel import Parallel, delayed

from skregnet._fitting.blocks import one_blas_thread
from skregnet._fitting.members import is_network, set_seeds
from skregnet._fitting.request import Request
from skregnet._fitting.stacks import fit_together
from skregnet._kernels import Array, check_indices
from skregnet._sklearn.constraints import N_JOBS, Interval
from skregnet._sklearn.private import (
    HasMethods,
    _num_samples,
    _safe_indexing,
    validate_parameter_constraints,
)

_PARAMETER_CONSTRAINTS: dict[str, list[Any]] = {
    "estimator": [HasMethods(["fit", "predict"])],
    "n_rounds": [Interval(Integral, 2, None, closed="left")],
    "random_state": ["random_state"],
    "n_jobs": N_JOBS,
}

# Larger stacks gain little speed, and each member holds a sample of the data.
_MOST_TOGETHER = 16


@dataclass(frozen=True, eq=False)
class BiasVariance:
    """Expected loss of an estimator on test rows, and what it consists of.

    Every number is a mean over the test rows, and over the outputs.

    Parameters
    ----------
    kind : {'squared_error', 'zero_one'}
        The loss: squared error of a regressor, 0-1 loss of a classifier.
    loss : float
        Mean loss of the predictions of all rounds against `y_test`.
    bias : float
        Loss of the main prediction against the optimal one. For squared error this is
        the square of the bias; for 0-1 loss, the share of the rows whose main
        prediction is not the optimal one.
    variance : float
        Mean loss of the predictions of all rounds against the main one.
    noise : float
        Loss of the optimal prediction against `y_test`; 0 where the optimal prediction
        is not known, for `bias` then contains it.
    net_variance : float
        What variance adds to the loss. For squared error this is `variance`. For 0-1
        loss variance adds to the loss where the main prediction is optimal, but where
        it is not, a prediction that differs from it may be the optimal one: this is the
        first part minus the second, and may be negative.
    main_prediction : ndarray of shape (n_test,) or (n_test, n_outputs)
        Mean of the predictions of all rounds, or the most frequent label, of equally
        frequent ones the first in sorted order.
    predictions : ndarray of shape (n_rounds, n_test) or (n_rounds, n_test, n_outputs)
        Predictions of each round.

    References
    ----------
    P. Domingos (2000). A unified bias-variance decomposition and its applications.
    ICML.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skregnet.inspection import bias_variance
    >>> X, y = load_iris(return_X_y=True)
    >>> found = bias_variance(DecisionTreeClassifier(max_depth=1), X[::2], y[::2],
    ...                       X[1::2], y[1::2], random_state=0)
    >>> found.kind, found.predictions.shape
    ('zero_one', (100, 75))
    >>> abs(found.loss - (found.bias + found.net_variance)) < 1e-12
    True
    """

    kind: str
    loss: float
    bias: float
    variance: float
    noise: float
    net_variance: float
    main_prediction: Array = field(repr=False)
    predictions: Array = field(repr=False)


def bias_variance(
    estimator: Any,
    X: Any,
    y: Any,
    X_test: Any,
    y_test: Any,
    *,
    n_rounds: int = 100,
    y_optimal: Any = None,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> BiasVariance:
    """Estimate the bias and the variance of an estimator.

    Clones of the estimator are fitted to bootstrap samples of the training data, and
    the loss of their predictions is taken apart.

    Parameters
    ----------
    estimator : estimator
        Any classifier or regressor of scikit-learn's interface, or a pipeline that ends
        in one. It is not changed. Networks of skregnet train as stacks.
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Features to draw training sets from.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets; one column of labels for a classifier.
    X_test : {array-like, sparse matrix, dataframe} of shape (n_test, n_features)
        Features of the rows to predict.
    y_test : array-like of shape (n_test,) or (n_test, n_outputs)
        Their targets.
    n_rounds : int, default=100
        Number of training sets, at least 2. Each has as many rows as `X`, drawn with
        replacement.
    y_optimal : array-like of the shape of `y_test`, default=None
        Best possible predictions of the test rows, such as the targets without their
        noise, where they are known. If None, `y_test` is taken to be without noise.
    random_state : int, RandomState instance or None, default=None
        Source of the training sets and of the seeds of the clones: each parameter named
        ``random_state``, of nested estimators too, is set anew for each round. An int
        makes calls reproducible, whatever `n_jobs` is.
    n_jobs : int or None, default=None
        Number of processes, as joblib understands it.

    Returns
    -------
    BiasVariance
        The loss, its parts, and the predictions.

    Raises
    ------
    TypeError
        If the estimator is neither a classifier nor a regressor.
    ValueError
        If parameters or data are invalid, or if a classifier's targets are not one
        column of labels.

    Notes
    -----
    Write ``o`` for the optimal prediction of a row, ``y`` for its target, ``m`` for the
    main prediction.

    For squared error, ``loss = bias + variance`` holds exactly without `y_optimal`.
    With it, ``loss = bias + variance + noise + 2 * mean((m - o) * (o - y))``, and the
    last term vanishes as the number of test rows grows.

    For 0-1 loss, ``loss = bias + net_variance`` holds exactly without `y_optimal`, for
    any number of classes. With it, ``bias + net_variance`` is exactly the loss against
    `y_optimal`, and `loss` differs from that by at most `noise`. With two classes, each
    target being wrong with the same probability whatever its row, `loss` approaches
    ``noise + (1 - 2 * noise) * (bias + net_variance)`` as the number of test rows
    grows.

    Bootstrap samples stand in for independent training sets only roughly: they have
    most rows in common, and the noise of these, which would count as variance, counts
    in part as bias. Compare estimators on the same data rather than read single values.
    A classifier that cannot be fitted to one class fails if a sample holds no other.

    References
    ----------
    S. Geman, E. Bienenstock and R. Doursat (1992). Neural networks and the
    bias/variance dilemma. Neural Computation 4(1).

    P. Domingos (2000). A unified bias-variance decomposition and its applications.
    ICML.

    K. Downing (2020). The lecture's heading "Definition of Regularization".

    Examples
    --------
    A line has much bias and little variance, a deep tree the opposite.

    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skregnet.inspection import bias_variance
    >>> random_state = np.random.RandomState(0)
    >>> X = random_state.uniform(-3, 3, size=(400, 1))
    >>> best = np.sin(X[:, 0])
    >>> y = best + random_state.normal(scale=0.3, size=400)
    >>> for regressor in (LinearRegression(), DecisionTreeRegressor()):
    ...     found = bias_variance(regressor, X[:200], y[:200], X[200:], y[200:],
    ...                           y_optimal=best[200:], random_state=0)
    ...     print(f"bias^2 {found.bias:.2f}, variance {found.variance:.2f}, "
    ...           f"noise {found.noise:.2f}")
    bias^2 0.17, variance 0.00, noise 0.10
    bias^2 0.04, variance 0.04, noise 0.10
    """
    validate_parameter_constraints(
        _PARAMETER_CONSTRAINTS,
        {
            "estimator": estimator,
            "n_rounds": n_rounds,
            "random_state": random_state,
            "n_jobs": n_jobs,
        },
        caller_name="bias_variance",
    )
    classifies = _classifies(estimator)
    y, y_test, optimal = _check_targets(y, y_test, y_optimal, classifies)
    for features in (X, X_test):
        check_indices(features)
    (X,), (X_test,) = indexable(X), indexable(X_test)
    _check_rows("X", X, "y", y)
    _check_rows("X_test", X_test, "y_test", y_test)
    # All that is random in a round follows from its seed, whichever process runs it.
    generator = check_random_state(random_state)
    seeds = generator.randint(np.iinfo(np.int32).max, size=n_rounds)
    size = min(_MOST_TOGETHER, -(-n_rounds // effective_n_jobs(n_jobs)))
    blocks = Parallel(n_jobs=n_jobs)(
        delayed(_predict_block)(estimator, X, y, X_test, seeds[k : k + size])
        for k in range(0, n_rounds, size)
    )
    rounds = [np.reshape(found, y_test.shape) for block in blocks for found in block]
    decompose = _decompose_zero_one if classifies else _decompose_squared_error
    return decompose(np.stack(rounds), y_test, optimal)


def _classifies(estimator: Any) -> bool:
    """Tell a classifier from a regressor, and refuse anything else."""
    if is_classifier(estimator):
        return True
    if is_regressor(estimator):
        return False
    raise TypeError(
        "bias_variance expects a classifier or a regressor, got "
        f"estimator={estimator!r}; pass an estimator that predicts labels or numbers, "
        "or a pipeline that ends in one."
    )


def _check_targets(
    y: Any, y_test: Any, y_optimal: Any, classifies: bool
) -> tuple[Array, Array, Array]:
    """Return all targets as arrays, the optimal ones being `y_test` if not given."""
    as_array = _as_labels if classifies else _as_numbers
    y, y_test = as_array(y, "y"), as_array(y_test, "y_test")
    optimal = y_test if y_optimal is None else as_array(y_optimal, "y_optimal")
    if y_test.shape[1:] != y.shape[1:]:
        raise ValueError(
            f"y_test must have the outputs of y, got y.shape={y.shape} and "
            f"y_test.shape={y_test.shape}; pass as many columns in both."
        )
    if optimal.shape != y_test.shape:
        raise ValueError(
            f"y_optimal must have the shape of y_test, {y_test.shape}, got "
            f"{optimal.shape}; pass one optimal prediction for each target."
        )
    if classifies:
        _check_labels("y_test", y_test, y)
        _check_labels("y_optimal", optimal, y)
    return y, y_test, optimal


def _as_labels(values: Any, name: str) -> Array:
    """Return a vector of labels."""
    labels = check_array(
        values, accept_sparse=True, ensure_2d=False, dtype=None, input_name=name
    )
    if sparse.issparse(labels) or (labels.ndim == 2 and labels.shape[1] > 1):
        raise ValueError(
            f"{name} of a classifier must be one column of labels, got "
            f"{name}.shape={labels.shape}: the 0-1 loss of many labels is not defined "
            "here; call bias_variance once for each label."
        )
    return np.ravel(labels)


def _as_numbers(values: Any, name: str) -> Array:
    """Return targets of a regression, those of a single output as a vector."""
    numbers: Array = check_array(values, ensure_2d=False, input_name=name)
    return np.ravel(numbers) if numbers.shape[1:] == (1,) else numbers


def _check_labels(name: str, labels: Array, y: Array) -> None:
    """Refuse labels of another encoding, which would all count as wrong."""
    known = set(y.tolist())
    if known.isdisjoint(labels.tolist()):
        raise ValueError(
            f"{name} must hold labels of y, got {name}={labels!r}, none of which is in "
            "y; encode both in the same way."
        )


def _check_rows(name: str, X: Any, target_name: str, y: Array) -> None:
    """Refuse features and targets of different lengths."""
    if _num_samples(X) != len(y):
        raise ValueError(
            f"{target_name} must have one target for each row of {name}, got "
            f"{len(y)} targets and {_num_samples(X)} rows; pass both of the same rows."
        )


def _predict_block(
    estimator: Any, X: Any, y: Array, X_test: Any, seeds: Array
) -> list[Array]:
    """Return the predictions of some rounds."""
    fit = _fit_stack if is_network(estimator) else _fit_each
    with one_blas_thread():
        return [member.predict(X_test) for member in fit(estimator, X, y, seeds)]


def _fit_stack(estimator: Any, X: Any, y: Array, seeds: Array) -> list[Any]:
    """Fit clones of a network together."""
    # `fit` would check the parameters; all members have the same ones but for the seed.
    estimator._validate_params()
    requests = [_request(estimator, X, y, seed) for seed in seeds]
    fit_together(requests)
    return [request.estimator for request in requests]


def _fit_each(estimator: Any, X: Any, y: Array, seeds: Array) -> list[Any]:
    """Fit clones one at a time."""
    requests = (_request(estimator, X, y, seed) for seed in seeds)
    return [request.estimator.fit(request.X, request.y) for request in requests]


def _request(estimator: Any, X: Any, y: Array, seed: Any) -> Request:
    """Return a clone with seeds of its own, to be fitted to a bootstrap sample."""
    generator = check_random_state(seed)
    rows = generator.randint(len(y), size=len(y))
    member = clone(estimator)
    set_seeds(member, generator)
    return Request(member, _safe_indexing(X, rows), y[rows])


def _decompose_squared_error(
    predictions: Array, y_test: Array, optimal: Array
) -> BiasVariance:
    """Take squared error apart."""
    # Geman et al. (1992), with E over training sets and m = E f:
    # E (f - o)^2 = (m - o)^2 + E (f - m)^2.
    main = predictions.mean(axis=0, dtype=np.float64)
    variance = float(np.mean((predictions - main) ** 2))
    return BiasVariance(
        kind="squared_error",
        loss=float(np.mean(np.subtract(predictions, y_test, dtype=np.float64) ** 2)),
        bias=float(np.mean((main - optimal) ** 2)),
        variance=variance,
        noise=float(np.mean((y_test - optimal) ** 2)),
        net_variance=variance,
        main_prediction=main,
        predictions=predictions,
    )


def _decompose_zero_one(
    predictions: Array, y_test: Array, optimal: Array
) -> BiasVariance:
    """Take 0-1 loss apart."""
    classes, (predicted, right, best) = _encode(predictions, y_test, optimal)
    shares = _shares(predicted, len(classes))
    rows, main = np.arange(len(best)), shares.argmax(axis=1)
    biased = main != best
    variance = 1.0 - shares[rows, main]
    # Domingos (2000), with P over training sets. Where m = o, P(f != o) = P(f != m),
    # the variance. Where m != o, P(f != o) = 1 - P(f = o), a bias of 1 less
    # P(f = o | f != m) P(f != m), for f = o implies f != m: the share of the variance
    # that hits the optimum. With two classes this is all of it.
    net_variance = np.where(biased, -shares[rows, best], variance)
    return BiasVariance(
        kind="zero_one",
        loss=float(np.mean(predicted != right)),
        bias=float(np.mean(biased)),
        variance=float(np.mean(variance)),
        noise=float(np.mean(right != best)),
        net_variance=float(np.mean(net_variance)),
        main_prediction=classes[main].astype(predictions.dtype),
        predictions=predictions,
    )


def _encode(*labels: Array) -> tuple[Array, list[Array]]:
    """Return the sorted classes of all labels, and each label's place among them."""
    flat = np.concatenate([array.ravel() for array in labels])
    classes, codes = np.unique(flat, return_inverse=True)
    parts = np.split(codes, np.cumsum([array.size for array in labels])[:-1])
    return classes, [
        part.reshape(array.shape) for part, array in zip(parts, labels, strict=True)
    ]


def _shares(predicted: Array, n_classes: int) -> Array:
    """Return the share of the rounds that predict each class, a row of it each."""
    n_rounds, n_rows = predicted.shape
    cells = predicted + n_classes * np.arange(n_rows)
    counts = np.bincount(cells.ravel(), minlength=n_rows * n_classes)
    return counts.reshape(n_rows, n_classes) / n_rounds
