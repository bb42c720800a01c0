"""The loss of a fitted network along two directions, drawn.

As in scikit-learn's displays, class methods compute, the object holds what they have
found, and `plot` draws it.
"""

from typing import Any, Self

import numpy as np

from skregnet._kernels import Array
from skregnet._networks.mean_loss import MeanLoss
from skregnet._networks.problem import problem_of
from skregnet._sklearn.private import check_matplotlib_support
from skregnet.inspection._axes import axes_to_draw_on
from skregnet.inspection._plane import plane_of, project
from skregnet.inspection._surface import (
    Bounds,
    bounds_around,
    draw_path,
    draw_surface,
    grid,
)

_COLOR = "#c8553d"

# Digits of the numbers at the scale: as many as tell the levels apart.
_DIGITS = range(3, 9)


class LossSurfaceDisplay:
    """The loss in a plane through a network's parameters, and a path of training in it.

    Use `from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    x, y : ndarray of shape (resolution,)
        Multiples of the first and of the second direction; 0 is the fitted network.
    values : ndarray of shape (resolution, resolution)
        The loss on the grid, a row for each of `y`.
    path : ndarray of shape (n_points, 2) or None
        The path, projected on the plane: the points of it that are nearest.
    labels : tuple of two str
        What the directions are called.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the drawing.
    figure_ : matplotlib Figure
        Figure of the axes.
    contours_ : matplotlib QuadContourSet
        The loss surface.
    line_ : matplotlib Line2D or None
        The path, where there is one.
    point_ : matplotlib Line2D
        The fitted network.
    colorbar_ : matplotlib Colorbar or None
        The scale of the loss.

    References
    ----------
    H. Li, Z. Xu, G. Taylor, C. Studer and T. Goldstein (2018). Visualizing the loss
    landscape of neural nets. NeurIPS.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MLPClassifier
    >>> from skregnet.inspection import LossSurfaceDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier((5,), solver="lbfgs", max_iter=2000, random_state=0)
    >>> display = LossSurfaceDisplay.from_estimator(
    ...     mlp.fit(X, y), X, y, directions="eigenvectors", resolution=11,
    ...     ax=Figure().subplots())
    >>> display.values.shape
    (11, 11)
    >>> bool(display.values[5, 5] < display.values[0, 0])
    True
    """

    def __init__(
        self,
        *,
        x: Array,
        y: Array,
        values: Array,
        path: Array | None,
        labels: tuple[str, str],
    ) -> None:
        self.x = x
        self.y = y
        self.values = values
        self.path = path
        self.labels = labels

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        directions: Any = "random",
        path: Any = None,
        penalties: bool = False,
        bounds: Bounds | None = None,
        resolution: int = 31,
        random_state: Any = 0,
        ax: Any = None,
        colorbar: bool = True,
        contour_kwargs: dict[str, Any] | None = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the loss around a fitted network.

        Parameters
        ----------
        estimator : estimator
            A fitted multilayer perceptron of skregnet or scikit-learn.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        directions : {'random', 'eigenvectors', 'path'} or array-like of shape (2, \
n_parameters), default='random'
            Along what to look:

            - 'random', in two random directions at right angles, in which the weights
              into each unit change as much as they are large, and biases and weights
              of 0 not;
            - 'eigenvectors', along the unit eigenvectors of the two algebraically
              largest eigenvalues of the Hessian;
            - 'path', along the two principal components of the path, of length 1;
            - or two directions of one's own, which need not be at right angles.
        path : array-like of shape (n_points, n_parameters), default=None
            Parameters along training, as `skregnet.callbacks.ParameterPath` keeps
            them. Of what changes in training next to nothing lies in random directions;
            most of it does in those of the path.
        penalties : bool, default=False
            Whether the loss has the estimator's penalties.
        bounds : tuple of two (low, high), default=None
            What is drawn along either direction, in multiples of it. If None, the path
            and the fitted network with a margin; without a path, as far as eigenvectors
            double the loss by their curvature, else from -1 to 1.
        resolution : int, default=31
            Number of points of the grid along either direction, at least 2. At each
            point of the grid the loss is computed over all rows.
        random_state : int or Generator, default=0
            Source of random directions.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        colorbar : bool, default=True
            Whether to draw the scale of the loss.
        contour_kwargs : dict, default=None
            Handed to ``ax.contourf``, over the defaults.
        line_kwargs : dict, default=None
            Handed to ``ax.plot`` for the path, over the defaults.

        Returns
        -------
        display : LossSurfaceDisplay
            What was computed and drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If the estimator is no multilayer perceptron.
        ValueError
            If data, path or directions do not fit the estimator, or bounds or
            resolution are invalid.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        loss, vector = problem_of(estimator, X, y, sample_weight, penalties=penalties)
        moves = None if path is None else _moves(path, vector)
        plane = plane_of(directions, loss, vector, moves, random_state)
        projected = None if moves is None else project(moves, plane.directions)
        if bounds is None:
            bounds = _bounds_of(projected, plane.spans)
        first, second = grid(bounds, resolution)
        display = cls(
            x=first,
            y=second,
            values=_on_grid(loss, vector, plane.directions, first, second),
            path=projected,
            labels=plane.labels,
        )
        return display.plot(
            ax,
            colorbar=colorbar,
            contour_kwargs=contour_kwargs,
            line_kwargs=line_kwargs,
        )

    def plot(
        self,
        ax: Any = None,
        *,
        colorbar: bool = True,
        contour_kwargs: dict[str, Any] | None = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the surface, the path and the fitted network.

        The levels are narrow near the smallest loss and wide far above it. An open
        circle marks where the path starts, a full one where it ends, a star the fitted
        network.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        colorbar : bool, default=True
            Whether to draw the scale of the loss.
        contour_kwargs : dict, default=None
            Handed to ``ax.contourf``, over the defaults.
        line_kwargs : dict, default=None
            Handed to ``ax.plot`` for the path, over the defaults.

        Returns
        -------
        display : LossSurfaceDisplay
            The object itself, with the attributes that end in an underscore.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the loss is finite nowhere on the grid.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        self.ax_ = ax = axes_to_draw_on(ax)
        self.figure_ = ax.figure
        self.contours_ = draw_surface(
            ax, self.x, self.y, self.values, contour_kwargs or {}
        )
        self.line_: Any = None
        if self.path is not None:
            defaults = {"color": _COLOR, "marker": ".", "markersize": 4}
            self.line_ = draw_path(ax, self.path, defaults, line_kwargs or {})
        above = 3 if self.line_ is None else self.line_.get_zorder() + 1
        star = {"marker": "*", "markersize": 13, "linestyle": "none", "zorder": above}
        (self.point_,) = ax.plot(0, 0, color="black", markeredgecolor="white", **star)
        ax.set(xlabel=self.labels[0], ylabel=self.labels[1])
        ax.set(xlim=self.x[[0, -1]], ylim=self.y[[0, -1]])
        self.colorbar_: Any = None
        if colorbar:
            self.colorbar_ = self.figure_.colorbar(self.contours_, ax=ax, label="loss")
            number = _format(self.contours_.levels)
            self.colorbar_.ax.yaxis.set_major_formatter(number)
        return self


def _moves(path: Any, vector: Array) -> Array:
    """Return the points of a path, checked, relative to the parameters."""
    points = np.asarray(path, dtype=np.float64)
    is_valid = points.ndim == 2 and len(points) and points.shape[1] == len(vector)
    if not is_valid or not np.isfinite(points).all():
        raise ValueError(
            f"path expects points of {len(vector)} finite parameters, got an array of "
            f"shape {points.shape}."
        )
    return points - vector


def _bounds_of(path: Array | None, spans: tuple[float, float]) -> Bounds:
    """Return the limits of a path and the fitted network, or of the spans."""
    if path is not None:
        return bounds_around(np.vstack([path, np.zeros(2)]))
    x, y = spans
    return (-x, x), (-y, y)


def _on_grid(
    loss: MeanLoss, vector: Array, directions: Array, x: Array, y: Array
) -> Array:
    """Return the loss, point by point, a row for each of `y`."""
    with np.errstate(all="ignore"):
        values = [[loss.value(vector + [a, b] @ directions) for a in x] for b in y]
    return np.array(values)


def _format(levels: Array) -> str:
    """Return how to write numbers of which no two of the levels look alike."""
    for n_digits in _DIGITS:
        if len({f"{level:.{n_digits}g}" for level in levels}) == len(levels):
            break
    return f"{{x:.{n_digits}g}}"
