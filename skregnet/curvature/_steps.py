"""How far to go along directions of known curvature."""

from typing import Any

import numpy as np

from skregnet._kernels import Array


def step_sizes(
    eigenvalues: Any, learning_rate: float, *, max_growth: float = 10.0
) -> Array:
    """Return the step size that suits the curvature along each eigenvector.

    Downhill along an eigenvector, where the slope stays as it is, the step is the usual
    one; where the landscape curves upward it is smaller, so that it does not overshoot;
    where it curves downward it is larger. With the eigenvalue ``k`` and the learning
    rate ``l``:

    - ``k = 0``: ``l``;
    - ``k > 0``: ``l / (1 + l k)``, which tends to Newton's ``1 / k`` for steep slopes;
    - ``k < 0``: ``l (1 + l |k|)``, at most `max_growth` times ``l``.

    The sizes multiply the gradient's part along each eigenvector, downhill.

    Parameters
    ----------
    eigenvalues : array-like of shape (n_eigenvalues,)
        Eigenvalues of the Hessian.
    learning_rate : float
        The usual step size, above 0; it may be infinite where all eigenvalues are above
        0.
    max_growth : float, default=10.0
        Largest ratio of a step size to the learning rate, at least 1.

    Returns
    -------
    sizes : ndarray of shape (n_eigenvalues,)
        The step sizes.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    The lecture's heading "Optimal Step Sizes based on Hessian Eigenvalues".

    Examples
    --------
    >>> from skregnet.curvature import step_sizes
    >>> step_sizes([-2.0, 0.0, 3.0], learning_rate=1.0)
    array([3.  , 1.  , 0.25])
    """
    curvatures = np.asarray(eigenvalues, dtype=np.float64)
    if not np.isfinite(curvatures).all():
        raise ValueError(f"eigenvalues expects finite numbers, got {eigenvalues!r}.")
    if not learning_rate > 0:
        raise ValueError(
            f"learning_rate expects a number > 0, got learning_rate={learning_rate!r}."
        )
    if not max_growth >= 1:
        raise ValueError(
            f"max_growth expects a number >= 1, got max_growth={max_growth!r}."
        )
    if np.isinf(learning_rate) and (curvatures <= 0).any():
        raise ValueError(
            "learning_rate expects a finite number where eigenvalues are not all above "
            f"0, got learning_rate={learning_rate!r}."
        )
    # What is too large for float64 is larger than `max_growth`, or not looked at.
    with np.errstate(over="ignore"):
        shrunk = 1 / (1 / learning_rate + np.maximum(curvatures, 0))
        growth = np.minimum(1 - learning_rate * curvatures, max_growth)
        grown: Array = shrunk * np.where(curvatures < 0, growth, 1.0)
    return grown


def axis_step_sizes(
    eigenvalues: Any,
    eigenvectors: Any,
    learning_rate: float,
    *,
    max_growth: float = 10.0,
) -> Array:
    """Return the step size that suits each parameter.

    The nearer a parameter's axis is to an eigenvector, the more its step is that of the
    eigenvector: the mean of `step_sizes`, weighted by squared cosines. What of an axis
    lies outside the eigenvectors given counts as without curvature.

    Parameters
    ----------
    eigenvalues : array-like of shape (n_eigenvalues,)
        Eigenvalues of the Hessian.
    eigenvectors : array-like of shape (n_parameters, n_eigenvalues)
        Their unit eigenvectors, as columns.
    learning_rate : float
        The usual step size, finite and above 0.
    max_growth : float, default=10.0
        Largest ratio of a step size to the learning rate, at least 1.

    Returns
    -------
    sizes : ndarray of shape (n_parameters,)
        The step sizes.

    Raises
    ------
    ValueError
        If a number is out of range, or the columns are not orthonormal.

    References
    ----------
    The lecture's heading "Optimal Step Sizes based on Hessian Eigenvalues".

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.curvature import axis_step_sizes
    >>> values, vectors = np.linalg.eigh([[2.0, 1.0], [1.0, 2.0]])
    >>> axis_step_sizes(values, vectors, learning_rate=1.0)
    array([0.375, 0.375])
    """
    sizes = step_sizes(eigenvalues, learning_rate, max_growth=max_growth)
    vectors = np.asarray(eigenvectors, dtype=np.float64)
    is_basis = vectors.ndim == 2 and vectors.shape[1] == len(sizes)
    if not is_basis or not np.allclose(vectors.T @ vectors, np.eye(len(sizes))):
        raise ValueError(
            f"eigenvectors expects {len(sizes)} orthonormal columns, one for each "
            f"eigenvalue, got an array of shape {vectors.shape}."
        )
    if np.isinf(learning_rate):
        raise ValueError(
            f"learning_rate expects a finite number, got {learning_rate!r}."
        )
    shares = vectors**2
    averaged: Array = learning_rate + shares @ (sizes - learning_rate)
    return averaged
