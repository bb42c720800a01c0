"""The loss along a direction, estimated by its derivatives."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet._kernels import Array
from skregnet._networks.problem import as_vector, problem_of


@dataclass(frozen=True)
class TaylorEstimate:
    """The loss at a point, estimated from another, and as it is.

    Parameters
    ----------
    estimates : ndarray of shape (3, n_sizes) or (3,)
        By the loss alone, with its gradient, and with its second derivatives too.
    actual : ndarray of shape (n_sizes,) or float
        The loss there.

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.curvature import TaylorEstimate
    >>> TaylorEstimate(np.array([2.0, 1.0, 1.5]), 1.25).errors
    array([ 0.75, -0.25,  0.25])
    """

    estimates: Array
    actual: Any

    @property
    def errors(self) -> Array:
        """By how much each estimate is too high, of the shape of `estimates`."""
        return self.estimates - self.actual


def taylor_estimate(
    model: Any,
    X: Any,
    y: Any,
    direction: Any,
    sample_weight: Any = None,
    *,
    sizes: Any = 1.0,
    parameters: Any = None,
    penalties: bool = False,
) -> TaylorEstimate:
    """Estimate the loss at ``theta + size * direction`` by Taylor expansions.

    Orders 0, 1 and 2: ``L``, ``+ d.T @ g`` and ``+ d.T @ H @ d / 2``, with the loss
    ``L``, its gradient ``g`` and its Hessian ``H`` at the parameters ``theta``.

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
    direction : array-like of shape (n_parameters,)
        Where to go from the parameters, such as minus the gradient.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows, not negative.
    sizes : float or array-like of shape (n_sizes,), default=1.0
        How far to go, in lengths of the direction.
    parameters : array-like of shape (n_parameters,), default=None
        The point to start from; None for the fitted parameters.
    penalties : bool, default=False
        Whether the loss has the estimator's penalties, on weights and on activations.

    Returns
    -------
    estimate : TaylorEstimate
        The estimates of each order, and the loss itself.

    Raises
    ------
    TypeError
        If the model is neither.
    ValueError
        If the data do not fit the model, or the direction is not as described.

    References
    ----------
    The lecture's headings "Approximations using 1st and 2nd Derivatives" and "Function
    Estimates via Jacobian and Hessian".

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MLPClassifier
    >>> from skregnet.curvature import gradient, taylor_estimate
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier(
    ...     (5,), solver="lbfgs", alpha=1.0, max_iter=2000, random_state=0
    ... )
    >>> downhill = -gradient(mlp.fit(X, y), X, y)
    >>> estimate = taylor_estimate(mlp, X, y, downhill, sizes=0.05)
    >>> zeroth, first, second = abs(estimate.errors)
    >>> bool(second < first < zeroth)
    True
    """
    loss, vector = problem_of(
        model, X, y, sample_weight, parameters=parameters, penalties=penalties
    )
    direction = as_vector(direction, loss.n_parameters, "direction")
    scales = np.asarray(sizes, dtype=np.float64)
    if scales.ndim > 1 or not np.isfinite(scales).all():
        raise ValueError(
            f"sizes expects a finite number, or a list of such, got sizes={sizes!r}."
        )
    value, slope = loss.value_and_gradient(vector)
    bend = loss.products(vector, direction[np.newaxis])[0]
    zeroth = np.full(scales.shape, value)
    first = zeroth + scales * float(direction @ slope)
    second = first + scales**2 * (0.5 * float(direction @ bend))
    actual = [loss.value(vector + scale * direction) for scale in scales.ravel()]
    return TaylorEstimate(
        np.stack([zeroth, first, second]),
        np.array(actual) if scales.ndim else actual[0],
    )
