"""Gradient and Hessian of a fitted network's loss."""

from typing import Any

from skregnet._kernels import Array
from skregnet._networks.loss_operator import LossOperator
from skregnet._networks.matrix import dense
from skregnet._networks.problem import problem_of


def gradient(
    model: Any,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    parameters: Any = None,
    penalties: bool = False,
) -> Array:
    """Return the gradient of the loss by all parameters.

    The lecture calls it the Jacobian. The absolute values of an L1 penalty count as
    having the derivative 0 where a weight is 0.

    Parameters
    ----------
    model : estimator or Network
        A fitted multilayer perceptron of skregnet or scikit-learn; or a network, with
        `parameters`.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Features.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets, of the kind that `fit` was given; of a network, what it aims at, of
        shape (n_samples, n_outputs).
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows, not negative.
    parameters : array-like of shape (n_parameters,), default=None
        The point at which to take the derivatives; None for the fitted parameters.
    penalties : bool, default=False
        Whether the loss has the estimator's penalties, on weights and on activations.

    Returns
    -------
    gradient : ndarray of shape (n_parameters,)
        By the weights, layer by layer, row by row, then by the biases.

    Raises
    ------
    TypeError
        If the model is neither.
    ValueError
        If the data do not fit the model.

    References
    ----------
    The lecture's heading "Approximations using 1st and 2nd Derivatives".

    Examples
    --------
    At a minimum there is none.

    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MLPClassifier
    >>> from skregnet.curvature import gradient
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier(
    ...     (5,), solver="lbfgs", alpha=1.0, max_iter=2000, tol=1e-6, random_state=0
    ... )
    >>> slope = gradient(mlp.fit(X, y), X, y, penalties=True)
    >>> slope.shape, bool(abs(slope).max() < 1e-3)
    ((43,), True)
    """
    loss, vector = problem_of(
        model, X, y, sample_weight, parameters=parameters, penalties=penalties
    )
    return loss.value_and_gradient(vector)[1]


def hessian(
    model: Any,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    parameters: Any = None,
    penalties: bool = False,
    max_parameters: int = 5_000,
) -> Array:
    """Return the matrix of all second derivatives of the loss.

    Parameters
    ----------
    model : estimator or Network
        A fitted multilayer perceptron of skregnet or scikit-learn; or a network, with
        `parameters`.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Features.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets, of the kind that `fit` was given; of a network, what it aims at, of
        shape (n_samples, n_outputs).
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows, not negative.
    parameters : array-like of shape (n_parameters,), default=None
        The point at which to take the derivatives; None for the fitted parameters.
    penalties : bool, default=False
        Whether the loss has the estimator's penalties, on weights and on activations.
    max_parameters : int, default=5000
        Most parameters for which the matrix is made: it takes 8 bytes for each pair of
        them, 200 MB for 5,000.

    Returns
    -------
    hessian : ndarray of shape (n_parameters, n_parameters)
        Symmetric, by the weights, layer by layer, row by row, then by the biases.

    Raises
    ------
    TypeError
        If the model is neither.
    ValueError
        If the data do not fit the model, or if there are more parameters.

    References
    ----------
    The lecture's heading "The Hessian Matrix".

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MLPClassifier
    >>> from skregnet.curvature import hessian
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier((5,), solver="lbfgs", max_iter=2000, random_state=0)
    >>> H = hessian(mlp.fit(X, y), X, y)
    >>> H.shape, np.allclose(H, H.T)
    ((43, 43), True)
    """
    loss, vector = problem_of(
        model, X, y, sample_weight, parameters=parameters, penalties=penalties
    )
    return dense(LossOperator(loss, vector), max_parameters)
