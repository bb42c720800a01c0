"""How curvature differs from direction to direction."""

from typing import Any

import numpy as np

from skregnet._kernels import Array
from skregnet._networks.matrix import as_operator, dense, real_numbers

# Most parameters of which all eigenvalues are computed.
_MOST = 5_000


def directional_curvature(operator: Any, direction: Any) -> Any:
    """Return the second derivative of the loss along a direction.

    ``v.T @ H @ v`` for the unit vector ``v`` of the direction, which lies between the
    smallest and the largest eigenvalue, and is one of them along its eigenvector.

    Parameters
    ----------
    operator : LinearOperator, array-like or sparse matrix
        A symmetric matrix of shape (n_parameters, n_parameters), such as a
        `HessianOperator`.
    direction : array-like of shape (n_parameters,) or (n_directions, n_parameters)
        One or several directions, of any lengths but 0.

    Returns
    -------
    curvature : float or ndarray of shape (n_directions,)
        The curvature along each.

    Raises
    ------
    ValueError
        If a direction has another number of parameters, is zero or is not finite.

    References
    ----------
    The lecture's heading "Eigenvalues of The Hessian Matrix".

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.curvature import directional_curvature
    >>> directional_curvature(np.diag([1.0, 3.0]), [2.0, 2.0])
    2.0
    """
    operator = as_operator(operator)
    directions = np.atleast_2d(np.asarray(direction, dtype=np.float64))
    is_valid = directions.ndim == 2 and directions.shape[1] == operator.shape[0]
    is_valid = is_valid and np.isfinite(directions).all()
    if not is_valid or not directions.any(axis=1).all():
        raise ValueError(
            f"direction expects vectors of {operator.shape[0]} finite numbers, not all "
            f"of them 0, got an array of shape {np.shape(direction)}."
        )
    # Squares of lengths would be too large, or too small, for float64 sooner.
    directions = directions / np.abs(directions).max(axis=1, keepdims=True)
    products = operator.matmat(directions.T).T
    curvatures = (directions * products).sum(axis=1) / (directions**2).sum(axis=1)
    return float(curvatures[0]) if np.ndim(direction) == 1 else curvatures


def condition_number(
    operator: Any, *, rtol: float | None = None, ignore_zeros: bool = False
) -> float:
    """Return the ratio of the largest magnitude of an eigenvalue to the smallest.

    Where it is large, no one learning rate suits all directions: what is small enough
    for the steepest is too small for the flattest.

    Parameters
    ----------
    operator : LinearOperator or array-like
        A symmetric matrix of shape (n_parameters, n_parameters), sparse too, such as a
        `HessianOperator` or what `hessian` returns; or all of its eigenvalues, or those
        to compare, of shape (n_eigenvalues,).
    rtol : float, default=None
        Eigenvalues whose magnitude is at most `rtol` times the largest count as zero;
        None for the number of parameters times the rounding error of float64.
    ignore_zeros : bool, default=False
        Whether to leave out eigenvalues that count as zero. A network has some wherever
        parameters may change together without a change of its outputs, or units are off
        for all rows; the condition number is infinite then, unless they are left out or
        a penalty is part of the loss.

    Returns
    -------
    condition : float
        At least 1; infinite if an eigenvalue counts as zero, unless these are left out.

    Raises
    ------
    ValueError
        If an operator has more than 5,000 parameters: the smallest magnitude takes all
        eigenvalues. Pass those that are to be compared instead. If `rtol` is not in [0,
        1).

    References
    ----------
    The lecture's heading "The Condition Number of the Hessian".

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.curvature import condition_number
    >>> condition_number(np.diag([0.5, -100.0, 2.0]))
    200.0
    >>> condition_number([0.0, 100.0, 2.0])
    inf
    >>> condition_number([0.0, 100.0, 2.0], ignore_zeros=True)
    50.0
    """
    magnitudes = np.abs(_all_eigenvalues(operator))
    largest = float(magnitudes.max())
    if rtol is None:
        rtol = len(magnitudes) * float(np.finfo(np.float64).eps)
    if not 0 <= rtol < 1:
        raise ValueError(f"rtol expects a number in [0, 1), got rtol={rtol!r}.")
    is_zero = magnitudes <= rtol * largest
    if largest == 0 or (is_zero.any() and not ignore_zeros):
        return float("inf")
    return largest / float(magnitudes[~is_zero].min())


def _all_eigenvalues(operator: Any) -> Array:
    """Return eigenvalues, given or computed."""
    if getattr(operator, "ndim", None) == 1 or np.ndim(operator) == 1:
        values = real_numbers(operator, "operator")
        if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
            raise ValueError(
                "operator expects a matrix, or finite eigenvalues, got "
                f"{len(values)} eigenvalues that are not all finite."
            )
        return values
    operator = as_operator(operator)
    if operator.shape[0] > _MOST:
        raise ValueError(
            f"operator expects at most {_MOST} parameters, since the smallest "
            f"eigenvalue takes them all, got {operator.shape[0]}; pass the eigenvalues "
            "that are to be compared instead."
        )
    return np.linalg.eigvalsh(dense(operator, _MOST))
