"""Hessian and Gauss-Newton matrix as operators that are never written down."""

from typing import Any, ClassVar

from skregnet._networks.loss_operator import LossOperator
from skregnet._networks.problem import problem_of


class _ModelOperator(LossOperator):
    """The second derivatives of a model's loss; abstract."""

    is_gauss_newton: ClassVar[bool] = False
    """Whether the second derivatives of the network are left out."""

    def __init__(
        self,
        model: Any,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        parameters: Any = None,
        penalties: bool = False,
    ) -> None:
        loss, vector = problem_of(
            model, X, y, sample_weight, parameters=parameters, penalties=penalties
        )
        super().__init__(loss, vector, gauss_newton=self.is_gauss_newton)


class HessianOperator(_ModelOperator):
    """The Hessian of a network's loss as a linear operator.

    A product with a vector costs two to three gradients, a product with a matrix makes
    the passes through the network once for all of its columns. Products are exact, by
    Pearlmutter's R-operator, and are summed over blocks of rows, so that memory does
    not grow with the data. Where an activation has a corner its second derivative
    counts as 0.

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

    Raises
    ------
    TypeError
        If the model is neither.
    ValueError
        If the data do not fit the model.

    References
    ----------
    B. Pearlmutter (1994). Fast exact multiplication by the Hessian. Neural Computation
    6(1). The lecture's heading "The Hessian Matrix".

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MLPClassifier
    >>> from skregnet.curvature import HessianOperator
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier((5,), solver="lbfgs", max_iter=2000, random_state=0)
    >>> operator = HessianOperator(mlp.fit(X, y), X, y)
    >>> operator.shape
    (43, 43)
    >>> direction = np.ones(43)
    >>> bool(direction @ operator.matvec(direction) > 0)
    True
    """


class GaussNewtonOperator(_ModelOperator):
    """The Gauss-Newton matrix of a network's loss as a linear operator.

    The Hessian without the second derivatives of the network: with ``J`` the
    derivatives of a row's outputs by the parameters and ``H`` those of its loss, twice,
    by the outputs, the mean over rows of ``J.T @ H @ J``. It is positive semidefinite,
    and equals the Hessian where the network is linear in its parameters. Its products
    cost less than those of the Hessian.

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

    Raises
    ------
    TypeError
        If the model is neither.
    ValueError
        If the data do not fit the model.

    References
    ----------
    N. Schraudolph (2002). Fast curvature matrix-vector products for second-order
    gradient descent. Neural Computation 14(7).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MLPClassifier
    >>> from skregnet.curvature import GaussNewtonOperator, eigenvalues
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier((5,), solver="lbfgs", max_iter=2000, random_state=0)
    >>> operator = GaussNewtonOperator(mlp.fit(X, y), X, y)
    >>> bool(eigenvalues(operator, k=1, which="SA")[0] > -1e-12)
    True
    """

    is_gauss_newton: ClassVar[bool] = True
