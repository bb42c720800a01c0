"""Paths of optimizers on a loss surface of two parameters, drawn.

As in scikit-learn's displays, class methods compute, the object holds what they have
found, and `plot` draws it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skregnet._kernels import Array
from skregnet._sklearn.private import check_matplotlib_support
from skregnet.inspection._axes import BESIDE, axes_to_draw_on
from skregnet.inspection._labels import with_labels
from skregnet.inspection._surface import (
    Bounds,
    bounds_around,
    draw_path,
    draw_surface,
    grid,
)
from skregnet.optimizers import Optimizer, Path, minimize

Function = Callable[[Array], tuple[Any, ArrayLike]]


class OptimizerPathDisplay:
    """Paths of optimizers on a loss surface of two parameters.

    Use `from_optimizers`, or `from_paths` for paths that are there already. All
    parameters are stored as attributes.

    Parameters
    ----------
    paths : dict of Path
        Paths by label, as `skregnet.optimizers.minimize` returns them from one start of
        two parameters.
    x, y : ndarray of shape (resolution,)
        First and second parameter of the points of the grid.
    values : ndarray of shape (resolution, resolution)
        The function on the grid, a row for each of `y`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the drawing.
    figure_ : matplotlib Figure
        Figure of the axes.
    lines_ : list of matplotlib Line2D
        One line a path, in the order of the labels.
    contours_ : matplotlib QuadContourSet
        The loss surface.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from skregnet.inspection import OptimizerPathDisplay
    >>> from skregnet.optimizers import SGD, Adam
    >>> def canyon(x):
    ...     return (x[0] ** 2 + 20 * x[1] ** 2) / 2, [x[0], 20 * x[1]]
    >>> display = OptimizerPathDisplay.from_optimizers(
    ...     canyon, [-3.0, 1.0], [SGD(momentum=0.5), Adam(learning_rate=0.1)],
    ...     n_steps=50, ax=Figure().subplots())
    >>> [line.get_label() for line in display.lines_]
    ['SGD', 'Adam']
    >>> display.lines_[0].get_xydata().shape
    (51, 2)
    """

    def __init__(
        self, *, paths: Mapping[str, Path], x: Array, y: Array, values: Array
    ) -> None:
        self.paths = paths
        self.x = x
        self.y = y
        self.values = values

    @classmethod
    def from_optimizers(
        cls,
        fun_and_gradient: Function,
        x0: ArrayLike,
        optimizers: Mapping[str, Optimizer] | Sequence[Optimizer],
        *,
        n_steps: int = 100,
        bounds: Bounds | None = None,
        resolution: int = 100,
        ax: Any = None,
        contour_kwargs: dict[str, Any] | None = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Run optimizers from one start and draw their paths.

        Parameters
        ----------
        fun_and_gradient : callable
            Takes a point of shape (2,) and returns the value of the function there and
            its gradient.
        x0 : array-like of shape (2,)
            Where all start.
        optimizers : dict or list of Optimizer
            Optimizers by label. In a list the names of the classes are the labels,
            numbered where there are several of a class.
        n_steps : int, default=100
            Number of steps of each. An optimizer that leaves the finite numbers stops
            there.
        bounds : tuple of two (low, high), default=None
            What is drawn of either parameter. If None, all paths with a margin; a path
            that diverges counts until it is higher than at its start.
        resolution : int, default=100
            Number of points of the grid along either parameter, at least 2.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        contour_kwargs : dict, default=None
            Handed to ``ax.contourf``, over the defaults.
        line_kwargs : dict, default=None
            Handed to ``ax.plot`` for each path, over the defaults.

        Returns
        -------
        display : OptimizerPathDisplay
            What was computed and drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If `optimizers` is neither a dict nor a list, or an optimizer cannot step.
        ValueError
            If `x0` is not two finite numbers, there are no optimizers, or bounds,
            resolution, `n_steps` or a hyperparameter is invalid.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> from skregnet.inspection import OptimizerPathDisplay
        >>> from skregnet.optimizers import SGD
        >>> display = OptimizerPathDisplay.from_optimizers(
        ...     lambda x: (x @ x, 2 * x), [1.0, 1.0],
        ...     {"slow": SGD(), "too fast": SGD(learning_rate=1e9)}, n_steps=200,
        ...     ax=Figure().subplots())
        >>> [line.get_label() for line in display.lines_]
        ['slow', 'too fast (diverged)']
        """
        check_matplotlib_support(f"{cls.__name__}.from_optimizers")
        by_label = with_labels("optimizers", optimizers)
        start = _check_start(x0)
        # Divergence is an outcome here, and shown.
        with np.errstate(all="ignore"):
            paths = {
                label: minimize(fun_and_gradient, start, optimizer, n_steps, _is_over)
                for label, optimizer in by_label.items()
            }
        return cls.from_paths(
            fun_and_gradient,
            paths,
            bounds=bounds,
            resolution=resolution,
            ax=ax,
            contour_kwargs=contour_kwargs,
            line_kwargs=line_kwargs,
        )

    @classmethod
    def from_paths(
        cls,
        fun_and_gradient: Function,
        paths: Mapping[str, Path] | Sequence[Path],
        *,
        bounds: Bounds | None = None,
        resolution: int = 100,
        ax: Any = None,
        contour_kwargs: dict[str, Any] | None = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw paths that are there already.

        Parameters
        ----------
        fun_and_gradient : callable
            Takes a point of shape (2,) and returns the value of the function there and
            its gradient, which is not used.
        paths : dict or list of Path
            Paths by label, as `skregnet.optimizers.minimize` returns them from one
            start of two parameters. In a list they are numbered.
        bounds : tuple of two (low, high), default=None
            What is drawn of either parameter. If None, all paths with a margin; a path
            that diverges counts until it is higher than at its start.
        resolution : int, default=100
            Number of points of the grid along either parameter, at least 2.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        contour_kwargs : dict, default=None
            Handed to ``ax.contourf``, over the defaults.
        line_kwargs : dict, default=None
            Handed to ``ax.plot`` for each path, over the defaults.

        Returns
        -------
        display : OptimizerPathDisplay
            What was computed and drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If `paths` is neither a dict nor a list.
        ValueError
            If there are no paths, a path is not of two parameters from one finite
            start, bounds or resolution is invalid, or the function is finite nowhere.
        """
        check_matplotlib_support(f"{cls.__name__}.from_paths")
        by_label = with_labels("paths", paths)
        for label, path in by_label.items():
            _check_path(label, path)
        limits = _bounds_of(by_label.values()) if bounds is None else bounds
        x, y = grid(limits, resolution)
        display = cls(paths=by_label, x=x, y=y, values=_on_grid(fun_and_gradient, x, y))
        return display.plot(ax, contour_kwargs=contour_kwargs, line_kwargs=line_kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        contour_kwargs: dict[str, Any] | None = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the surface and the paths.

        The levels are narrow near the smallest value and wide far above it, so that
        the floors of valleys show. An open circle marks a start, a full one an end. A
        path is cut off before its first point that is not finite; its label says so.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        contour_kwargs : dict, default=None
            Handed to ``ax.contourf``, over the defaults.
        line_kwargs : dict, default=None
            Handed to ``ax.plot`` for each path, over the defaults.

        Returns
        -------
        display : OptimizerPathDisplay
            The object itself, with the attributes that end in an underscore.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the function is finite nowhere on the grid.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        legend = BESIDE if ax is None else {}
        self.ax_ = ax = axes_to_draw_on(ax)
        self.figure_ = ax.figure
        self.contours_ = draw_surface(
            ax, self.x, self.y, self.values, contour_kwargs or {}
        )
        self.lines_ = [
            self._draw_path(label, path, line_kwargs or {})
            for label, path in self.paths.items()
        ]
        ax.set(xlim=self.x[[0, -1]], ylim=self.y[[0, -1]], xlabel="$x_1$")
        ax.set_ylabel("$x_2$", rotation=0)
        ax.legend(**legend)
        return self

    def _draw_path(self, label: str, path: Path, options: dict[str, Any]) -> Any:
        """Draw a line with its start and its end, and return the line."""
        points = _finite_part(path)
        if len(points) < len(path.points):
            label = f"{label} (diverged)"
        defaults = {"linewidth": 1.5, "label": label}
        return draw_path(self.ax_, points, defaults, options)


def _check_start(x0: ArrayLike) -> Array:
    """Return the start as two finite numbers."""
    start = np.asarray(x0, dtype=np.float64)
    if start.shape != (2,) or not np.isfinite(start).all():
        raise ValueError(
            f"x0 expects two finite numbers, got x0={x0!r}; only paths of two "
            "parameters can be drawn."
        )
    return start


def _check_path(label: str, path: Path) -> None:
    """Refuse what cannot be drawn in a plane."""
    shape = path.points.shape
    if len(shape) != 2 or shape[1] != 2:
        raise ValueError(
            "paths expects points of two parameters, shape (n_points, 2), got "
            f"{shape} for {label!r}; run minimize from one start of two numbers."
        )
    if not np.isfinite(path.points[0]).all():
        raise ValueError(
            f"paths expects finite starts, got {path.points[0]} for {label!r}."
        )


def _is_over(step: int, point: Array, value: Any) -> bool:  # noqa: ARG001
    """Tell `minimize` to end a path that has left the finite numbers."""
    return not np.isfinite(point).all()


def _finite_part(path: Path) -> Array:
    """Return the points before the first that is not finite."""
    is_lost = ~np.isfinite(path.points).all(axis=1)
    return path.points[: is_lost.argmax()] if is_lost.any() else path.points


def _part_to_show(path: Path) -> Array:
    """Return all points, of a path that diverges those not yet above the start."""
    points = _finite_part(path)
    if len(points) == len(path.points):
        return points
    # Written so that a value that is not a number counts as above.
    is_above = ~(path.values[: len(points)] <= path.values[0])
    return points[: max(1, is_above.argmax())] if is_above.any() else points


def _bounds_of(paths: Any) -> Bounds:
    """Return the limits of all paths with a margin."""
    return bounds_around(np.concatenate([_part_to_show(path) for path in paths]))


def _on_grid(fun_and_gradient: Function, x: Array, y: Array) -> Array:
    """Return the values of the function, point by point, a row for each of `y`."""
    with np.errstate(all="ignore"):
        values = [[fun_and_gradient(np.array([a, b]))[0] for a in x] for b in y]
    return np.array(values, dtype=np.float64)
