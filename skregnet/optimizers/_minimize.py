"""Any optimizer on any function: for teaching, and for use outside networks."""

from collections.abc import Callable
from dataclasses import dataclass
from reprlib import repr as short_repr
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skregnet._kernels import Array
from skregnet.optimizers._base import Optimizer
from skregnet.optimizers._hyperparameters import Hyperparameters, is_finite


@dataclass(frozen=True)
class Path:
    """Where an optimizer has been.

    Parameters
    ----------
    x : ndarray of shape (n_parameters,) or (n_starts, n_parameters)
        Where it ended.
    fun : float or ndarray of shape (n_starts,)
        The function there.
    points : ndarray of shape (n_steps + 1, ...)
        All points, the start first.
    values : ndarray of shape (n_steps + 1, ...)
        The function at each of them.
    state : dict
        The optimizer's state at the end.

    Examples
    --------
    >>> from skregnet.optimizers import SGD, minimize
    >>> path = minimize(lambda x: (x @ x, 2 * x), [1.0, -1.0], SGD(), n_steps=3)
    >>> path.points.shape
    (4, 2)
    """

    x: Array
    fun: Any
    points: Array
    values: Array
    state: dict[str, Any]


def minimize(
    fun_and_gradient: Callable[[Array], tuple[Any, ArrayLike]],
    x0: ArrayLike,
    optimizer: Optimizer,
    n_steps: int,
    callback: Callable[[int, Array, Any], bool | None] | None = None,
) -> Path:
    """Minimise a function by the steps of an optimizer.

    Parameters
    ----------
    fun_and_gradient : callable
        Takes a point, of the shape of `x0`, and returns the value of the function, a
        number or one for each start, and its gradient, of the shape of the point.
    x0 : array-like of shape (n_parameters,) or (n_starts, n_parameters)
        Where to start, or several starts, from which the optimizer goes independently.
    optimizer : Optimizer
        What steps, at its own `learning_rate`.
    n_steps : int
        Number of steps.
    callback : callable or None, default=None
        Called after each step with its number, from 1 on, the point and the value;
        where it returns True the path ends.

    Returns
    -------
    path : Path
        Points and values along the way.

    Raises
    ------
    TypeError
        If the optimizer lacks a method or a learning rate.
    ValueError
        If a hyperparameter or `n_steps` is out of its range, or a gradient has another
        shape than the point.

    Examples
    --------
    >>> from skregnet.optimizers import Adam, minimize
    >>> def bowl(x):
    ...     return (x**2).sum(), 2 * x
    >>> path = minimize(bowl, [3.0, -2.0], Adam(learning_rate=0.1), n_steps=200)
    >>> bool(path.fun < 1e-3)
    True
    """
    _check(optimizer, n_steps)
    start = np.array(x0, dtype=np.result_type(np.asarray(x0), np.float32))
    if start.ndim not in (1, 2):
        raise ValueError(
            f"x0 expects one dimension, or two for several starts, got {start.ndim}."
        )
    vectors = np.atleast_2d(start)
    state = optimizer.init(vectors)
    rate: Any = optimizer.learning_rate  # type: ignore[attr-defined]
    value, gradient = _evaluate(fun_and_gradient, vectors.reshape(start.shape))
    points, values = [vectors.reshape(start.shape).copy()], [value]
    for step in range(1, n_steps + 1):
        optimizer.step(vectors, gradient.reshape(vectors.shape), state, rate)
        point = vectors.reshape(start.shape).copy()
        value, gradient = _evaluate(fun_and_gradient, point)
        points.append(point)
        values.append(value)
        if callback is not None and callback(step, point.copy(), value):
            break
    return Path(points[-1], values[-1], np.array(points), np.array(values), state)


def _evaluate(
    fun_and_gradient: Callable[[Array], tuple[Any, ArrayLike]], point: Array
) -> tuple[Any, Array]:
    """Return value and gradient at a copy of the point."""
    value, gradient = fun_and_gradient(point.copy())
    # A copy, since optimizers may change the gradient.
    gradient = np.array(gradient, dtype=point.dtype)
    if gradient.shape != point.shape:
        raise ValueError(
            "fun_and_gradient expects to return a gradient of the shape of the point, "
            f"{point.shape}, got {gradient.shape}."
        )
    return value.copy() if isinstance(value, np.ndarray) else value, gradient


def _check(optimizer: Any, n_steps: int) -> None:
    """Refuse what cannot step."""
    for name in ("init", "step", "learning_rate"):
        if not hasattr(optimizer, name):
            raise TypeError(
                "optimizer expects an object with init, step and learning_rate, such "
                f"as Adam(); {type(optimizer).__name__} has no {name}."
            )
    if isinstance(optimizer, Hyperparameters):
        optimizer.check()
    if not is_finite(optimizer.learning_rate):
        raise ValueError(
            "optimizer expects a finite number as its learning_rate, got "
            f"learning_rate={short_repr(optimizer.learning_rate)}."
        )
    if n_steps < 0:
        raise ValueError(f"n_steps expects a number of at least 0, got {n_steps!r}.")
