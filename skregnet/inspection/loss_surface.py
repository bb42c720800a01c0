"""The loss of a fitted network along two directions, drawn.

As in scikit-learn's displays, class methods compute, the object holds what they have
found, and `plot` draws it.
"""

from typing import Any, NamedTuple, Self

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._plotting import _validate_style_kwargs

from skregnet.curvature import eigenvalues
from skregnet.curvature._problem import problem_of
from skregnet.curvature.operators import LossOperator
from skregnet.inspection._surface import Bounds, draw_surface, grid
from skregnet.kernels import Array
from skregnet.mean_loss import MeanLoss

_MARGIN = 0.15
_NAMES = ("random", "eigenvectors", "path")
_COLOR = "#c8553d"


class _Plane(NamedTuple):
    """Two directions, with what they are called and how far to look along them."""

    directions: Array
    labels: tuple[str, str]
    spans: tuple[float, float]


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
        The path, projected on the plane.
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
        The path.
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

            - 'random', in two random directions in which the weights into each unit
              change as much as they are large, and biases not;
            - 'eigenvectors', along those of the two largest eigenvalues of the Hessian;
            - 'path', along the two principal components of the path;
            - or two directions of one's own.
        path : array-like of shape (n_points, n_parameters), default=None
            Parameters along training, as `skregnet.callbacks.ParameterPath` keeps them.
        penalties : bool, default=False
            Whether the loss has the estimator's penalties.
        bounds : tuple of two (low, high), default=None
            What is drawn along either direction, in multiples of it. If None, the path
            with a margin; without one, as far as eigenvectors double the loss, else
            from -1 to 1.
        resolution : int, default=31
            Number of points of the grid along either direction, at least 2.
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
        plane = _plane(directions, loss, vector, moves, random_state)
        projected = None if moves is None else _project(moves, plane.directions)
        x, y_grid = grid(
            _bounds_of(projected, plane.spans) if bounds is None else bounds, resolution
        )
        display = cls(
            x=x,
            y=y_grid,
            values=_on_grid(loss, vector, plane.directions, x, y_grid),
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

        Levels are narrow near the smallest loss and wide far above it. An open circle
        marks where the path starts, a star the fitted network.

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
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(layout="constrained")
        self.ax_ = ax
        self.figure_ = ax.figure
        self.contours_ = draw_surface(
            ax, self.x, self.y, self.values, contour_kwargs or {}
        )
        self.line_ = None if self.path is None else self._draw_path(line_kwargs or {})
        (self.point_,) = ax.plot(
            0, 0, marker="*", markersize=13, color="black", markeredgecolor="white"
        )
        ax.set(xlabel=self.labels[0], ylabel=self.labels[1])
        ax.set(xlim=self.x[[0, -1]], ylim=self.y[[0, -1]])
        self.colorbar_ = None
        if colorbar:
            self.colorbar_ = self.figure_.colorbar(self.contours_, ax=ax, label="loss")
            self.colorbar_.ax.yaxis.set_major_formatter("{x:.3g}")
        return self

    def _draw_path(self, options: dict[str, Any]) -> Any:
        """Draw the path with its start, and return the line."""
        points = self.path if self.path is not None else np.empty((0, 2))
        defaults = {"linewidth": 1.5, "color": _COLOR, "marker": ".", "markersize": 4}
        (line,) = self.ax_.plot(*points.T, **_validate_style_kwargs(defaults, options))
        self.ax_.plot(
            *points[0], marker="o", fillstyle="none", color=line.get_color(), zorder=3
        )
        return line


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


def _plane(
    directions: Any,
    loss: MeanLoss,
    vector: Array,
    moves: Array | None,
    random_state: Any,
) -> _Plane:
    """Return two directions by name, or those given."""
    if not isinstance(directions, str):
        return _given(directions, len(vector))
    if directions == "random":
        rng = np.random.default_rng(random_state)
        drawn = np.stack([_of_units(loss, vector, rng) for _ in range(2)])
        return _Plane(drawn, ("random direction 1", "random direction 2"), (1.0, 1.0))
    if directions == "eigenvectors":
        return _eigenvectors(loss, vector)
    if directions != "path":
        raise ValueError(
            f"directions expects one of {_NAMES}, or two directions, got "
            f"directions={directions!r}."
        )
    if moves is None or len(moves) < 2:
        raise ValueError("directions='path' expects a path of two points or more.")
    _, _, components = np.linalg.svd(moves, full_matrices=False)
    labels = ("first component of the path", "second component of the path")
    return _Plane(components[:2], labels, (1.0, 1.0))


def _given(directions: Any, n_parameters: int) -> _Plane:
    """Return directions of the user's own, checked."""
    given = np.asarray(directions, dtype=np.float64)
    is_valid = given.shape == (2, n_parameters) and np.isfinite(given).all()
    if not is_valid or np.linalg.matrix_rank(given) < 2:
        raise ValueError(
            f"directions expects two of {n_parameters} finite numbers, neither a "
            f"multiple of the other, got an array of shape {given.shape}."
        )
    return _Plane(given, ("direction 1", "direction 2"), (1.0, 1.0))


def _of_units(loss: MeanLoss, vector: Array, rng: np.random.Generator) -> Array:
    """Return a random direction whose part of each unit is as long as its weights."""
    coefs, intercepts = loss.network.unpack(vector)
    parts = []
    for weights in coefs:
        drawn = rng.standard_normal(weights.shape)
        drawn *= np.linalg.norm(weights, axis=0) / np.linalg.norm(drawn, axis=0)
        parts.append(drawn)
    return loss.network.pack(parts, [np.zeros_like(biases) for biases in intercepts])


def _eigenvectors(loss: MeanLoss, vector: Array) -> _Plane:
    """Return those of the largest eigenvalues, and how far they double the loss."""
    operator = LossOperator(loss, vector)
    values, vectors = eigenvalues(operator, 2, "LA", return_eigenvectors=True)
    rise = max(loss.value(vector), 1e-3)
    spans = np.sqrt(2 * rise / np.maximum(values, 1e-6 * max(values[0], 1e-6)))
    first, second = (f"eigenvector of {value:.3g}" for value in values)
    return _Plane(vectors.T, (first, second), (float(spans[0]), float(spans[1])))


def _project(moves: Array, directions: Array) -> Array:
    """Return the multiples of the directions that come nearest to each move."""
    found: Array = np.linalg.lstsq(directions.T, moves.T, rcond=None)[0].T
    return found


def _bounds_of(path: Array | None, spans: tuple[float, float]) -> Bounds:
    """Return the limits of a path and the fitted network, or of the spans."""
    if path is None:
        (x, y) = spans
        return (-x, x), (-y, y)
    points = np.vstack([path, np.zeros(2)])
    low, high = points.min(axis=0), points.max(axis=0)
    extent = np.maximum(high - low, 0.2 * (high - low).max())
    margin = np.where(extent > 0, extent * _MARGIN, 1.0) + (extent - (high - low)) / 2
    (x_low, y_low), (x_high, y_high) = low - margin, high + margin
    return (x_low, x_high), (y_low, y_high)


def _on_grid(
    loss: MeanLoss, vector: Array, directions: Array, x: Array, y: Array
) -> Array:
    """Return the loss, point by point, a row for each of `y`."""
    with np.errstate(all="ignore"):
        values = [[loss.value(vector + [a, b] @ directions) for a in x] for b in y]
    return np.array(values)
