"""Inputs that a fitted estimator is likely to get wrong."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn import neural_network

from skregnet._fitting.fitted import checked_pair, fitted_network
from skregnet._kernels import Array
from skregnet._networks.network import input_gradient
from skregnet._sklearn.private import Interval, StrOptions, validate_params
from skregnet._training import NORMS, moved
from skregnet.estimators._base import BaseMLP
from skregnet.estimators._from_sklearn import checked_data


@validate_params(
    {
        "X": ["array-like", "sparse matrix"],
        "y": ["array-like", "sparse matrix"],
        "step": [Interval(Real, 0, None, closed="left")],
        "norm": [StrOptions(set(NORMS))],
        "iterations": [Interval(Integral, 1, None, closed="left")],
        "bounds": [tuple, list, None],
    },
    prefer_skip_nested_validation=True,
)
def adversarial_examples(
    estimator: Any,
    X: Any,
    y: Any,
    step: float,
    norm: str = "gradient",
    iterations: int = 1,
    bounds: Any = None,
) -> Array:
    """Move inputs in the directions in which their loss rises.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        A fitted estimator, of skregnet or of scikit-learn.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Features.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their true targets.
    step : float
        How far to move, in the units of the features.
    norm : {'gradient', 'sign', 'l2'}, default='gradient'
        What is multiplied by `step`: the gradient of each row's loss, its signs, or the
        gradient scaled to a Euclidean norm of 1.
    iterations : int, default=1
        Number of smaller steps of which the move is made, each along the gradient at
        the point reached. For 'sign' and 'l2' what is moved stays within `step` of the
        inputs, in every feature or in Euclidean distance.
    bounds : tuple of (float or array-like, float or array-like) or None, default=None
        Smallest and largest value of the features, or of each, which are kept to after
        each step.

    Returns
    -------
    X_adversarial : ndarray of shape (n_samples, n_features)
        The moved features, dense.

    Raises
    ------
    TypeError
        If the estimator is not a multilayer perceptron.
    ValueError
        If the data do not fit the estimator, or the bounds contradict each other.

    References
    ----------
    I. Goodfellow, J. Shlens and C. Szegedy (2015). Explaining and harnessing
    adversarial examples. ICLR.

    A. Madry, A. Makelov, L. Schmidt, D. Tsipras and A. Vladu (2018). Towards deep
    learning models resistant to adversarial attacks. ICLR.

    The lecture's heading "Adversarial Training".

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MLPClassifier, adversarial_examples
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier(solver="lbfgs", alpha=1.0, max_iter=1000, random_state=0)
    >>> moved = adversarial_examples(mlp.fit(X, y), X, y, step=0.5, norm="sign")
    >>> mlp.score(moved, y) < mlp.score(X, y)
    True
    """
    X, targets = _checked(estimator, X, y)
    network, vector = fitted_network(estimator)
    origin = inputs = X.astype(vector.dtype, copy=False)
    lower, upper = _checked_bounds(bounds)
    for _ in range(iterations):
        gradient = input_gradient(network, vector, inputs, targets)
        inputs = moved(inputs, origin, gradient, step, norm, iterations)
        if bounds is not None:
            inputs = np.clip(inputs, lower, upper).astype(vector.dtype, copy=False)
    return inputs


def _checked(estimator: Any, X: Any, y: Any) -> tuple[Array, Array]:
    """Return dense features and targets as the network sees them."""
    scikit_learn = (neural_network.MLPClassifier, neural_network.MLPRegressor)
    if not isinstance(estimator, (BaseMLP, *scikit_learn)):
        raise TypeError(
            "adversarial_examples expects a fitted MLPClassifier or MLPRegressor of "
            f"skregnet or scikit-learn, got {type(estimator).__name__}; of a Pipeline "
            "pass the last step, with features as it sees them."
        )
    if isinstance(estimator, BaseMLP):
        X, y = checked_pair(estimator, X, y)
        targets = np.asarray(estimator._as_targets(y, estimator._precision))
    else:
        X, targets = checked_data(estimator, X, y)
    return X if isinstance(X, np.ndarray) else X.toarray(), targets


def _checked_bounds(bounds: Any) -> tuple[Any, Any]:
    """Return lower and upper bounds."""
    if bounds is None:
        return -np.inf, np.inf
    if len(bounds) != 2:
        raise ValueError(
            f"bounds expects two items, the lower and the upper, got {len(bounds)}."
        )
    lower, upper = (np.asarray(bound, np.float64) for bound in bounds)
    if np.any(lower > upper):
        raise ValueError(
            f"bounds expects no lower bound above an upper one, got bounds={bounds!r}."
        )
    return lower, upper
