"""How the weights of fitted networks are distributed, drawn.

As in scikit-learn's displays, class methods compute, the object holds what they have
found, and `plot` draws it.
"""

import math
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np

from skregnet._kernels import Array
from skregnet._sklearn.private import _validate_style_kwargs, check_matplotlib_support
from skregnet.inspection._axes import axes_to_draw_on
from skregnet.inspection._labels import with_labels
from skregnet.inspection._networks import networks_of, own_weights

_SCALES = ("linear", "log")

# The legend: its columns, and what is left for it above the histograms, in shares of
# their height: in all cases, and for each row.
_N_COLUMNS = 2
_LEAST_ROOM, _ROOM_A_ROW = 0.1, 0.12


class WeightDistributionDisplay:
    """Histograms of the weights of fitted networks, and how many are exactly 0.

    Use `from_estimator`, or `from_estimators` to compare several. All parameters are
    stored as attributes.

    Parameters
    ----------
    weights : dict of ndarray of shape (n_weights,)
        The weights by name, without biases.
    zero_shares : dict of float
        Share of the weights that are exactly 0, by name.
    edges : ndarray of shape (n_bins + 1,)
        Edges of the bins, the same for all.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the drawing.
    figure_ : matplotlib Figure
        Figure of the axes.
    patches_ : dict of matplotlib StepPatch
        The histogram of each name.

    References
    ----------
    R. Tibshirani (1996). Regression shrinkage and selection via the lasso. Journal of
    the Royal Statistical Society B 58. The lecture's heading "L^1 Regularization".

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MLPClassifier
    >>> from skregnet.inspection import WeightDistributionDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> networks = {
    ...     f"l1_ratio={l1_ratio}": MLPClassifier(
    ...         (20,), solver="lbfgs", alpha=5.0, l1_ratio=l1_ratio, max_iter=2000,
    ...         random_state=0,
    ...     ).fit(X, y)
    ...     for l1_ratio in (0.0, 1.0)
    ... }
    >>> display = WeightDistributionDisplay.from_estimators(
    ...     networks, ax=Figure().subplots())
    >>> display.zero_shares["l1_ratio=0.0"]
    0.0
    >>> display.zero_shares["l1_ratio=1.0"] > 0.3
    True
    """

    def __init__(
        self,
        *,
        weights: Mapping[str, Array],
        zero_shares: Mapping[str, float],
        edges: Array,
    ) -> None:
        self.weights = weights
        self.zero_shares = zero_shares
        self.edges = edges

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        layer: int | None = None,
        bins: int = 61,
        scale: str = "log",
        ax: Any = None,
        stairs_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the weights of one estimator.

        Parameters
        ----------
        estimator : estimator
            A fitted network of skregnet, or an MLPClassifier or MLPRegressor of
            scikit-learn; a Pipeline that ends in one; or an ensemble of them, such as a
            `BaggingEnsemble`, whose members' weights are drawn together.
        layer : int, default=None
            Which layer's weights to draw: the index in `coefs_`, negative ones from the
            last. If None, all layers' together.
        bins : int, default=61
            Number of bins, of equal widths, from minus the largest magnitude to plus
            it.
        scale : {'log', 'linear'}, default='log'
            Scale of the density.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        stairs_kwargs : dict, default=None
            Handed to ``ax.stairs`` for each histogram, over the defaults.

        Returns
        -------
        display : WeightDistributionDisplay
            What was counted and drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is no network, nor one that consists of networks.
        ValueError
            If there is no such layer, or `bins` or `scale` is invalid.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        return cls._of([estimator], None, layer, bins, scale, ax, stairs_kwargs)

    @classmethod
    def from_estimators(
        cls,
        estimators: Mapping[str, Any] | Sequence[Any],
        *,
        names: Sequence[str] | None = None,
        layer: int | None = None,
        bins: int = 61,
        scale: str = "log",
        ax: Any = None,
        stairs_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the weights of several estimators over each other.

        Parameters
        ----------
        estimators : dict or list of estimator
            Fitted estimators by name, each as `from_estimator` takes it.
        names : list of str, default=None
            Names of the estimators of a list. If None, those of their classes, numbered
            where there are several of a class.
        layer : int, default=None
            Which layer's weights to draw: the index in `coefs_`, negative ones from the
            last. If None, all layers' together.
        bins : int, default=61
            Number of bins, of equal widths, from minus the largest magnitude to plus
            it.
        scale : {'log', 'linear'}, default='log'
            Scale of the density.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        stairs_kwargs : dict, default=None
            Handed to ``ax.stairs`` for each histogram, over the defaults.

        Returns
        -------
        display : WeightDistributionDisplay
            What was counted and drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If an estimator is not fitted.
        TypeError
            If `estimators` is neither a dict nor a list, or one of them is no network,
            nor one that consists of networks.
        ValueError
            If there are no estimators, one lacks the layer, or `names`, `bins` or
            `scale` is invalid.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimators")
        return cls._of(estimators, names, layer, bins, scale, ax, stairs_kwargs)

    @classmethod
    def _of(
        cls,
        estimators: Any,
        names: Any,
        layer: int | None,
        bins: int,
        scale: str,
        ax: Any,
        stairs_kwargs: Any,
    ) -> Self:
        """Find the weights of estimators, and draw them."""
        if isinstance(bins, bool) or not isinstance(bins, Integral) or bins < 1:
            raise ValueError(
                f"bins expects a whole number of bins, at least 1, got bins={bins!r}."
            )
        weights = {
            name: _weights_of(estimator, layer)
            for name, estimator in with_labels("estimators", estimators, names).items()
        }
        largest = max(float(np.abs(values).max()) for values in weights.values())
        # Networks whose weights are all 0 have a histogram, an empty one.
        largest = largest or 1.0
        display = cls(
            weights=weights,
            zero_shares={name: float(np.mean(w == 0)) for name, w in weights.items()},
            edges=np.linspace(-largest, largest, bins + 1),
        )
        return display.plot(ax, scale=scale, stairs_kwargs=stairs_kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        scale: str = "log",
        stairs_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the histograms of all weights that are not 0; the legend counts those.

        The area of a histogram is the share of the weights that are not exactly 0.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        scale : {'log', 'linear'}, default='log'
            Scale of the density. On a logarithmic one the few large weights show as
            well as the many small ones.
        stairs_kwargs : dict, default=None
            Handed to ``ax.stairs`` for each histogram, over the defaults.

        Returns
        -------
        display : WeightDistributionDisplay
            The object itself, with the attributes that end in an underscore.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `scale` is invalid.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        if scale not in _SCALES:
            raise ValueError(
                f"scale expects 'log' or 'linear', got scale={scale!r}; choose one."
            )
        self.ax_ = ax = axes_to_draw_on(ax)
        self.figure_ = ax.figure
        self.patches_ = {
            name: self._draw(name, f"C{k}", stairs_kwargs or {})
            for k, name in enumerate(self.weights)
        }
        ax.set(xlabel="Weight", ylabel="Density", xlim=self.edges[[0, -1]])
        ax.set(ylim=self._limits(scale), yscale=scale)
        ax.legend(loc="upper center", ncols=min(_N_COLUMNS, len(self.weights)))
        return self

    def _limits(self, scale: str) -> tuple[float, float]:
        """Return limits that leave room for the legend above the histograms."""
        densities = [patch.get_data().values for patch in self.patches_.values()]
        highest = max(float(density.max()) for density in densities) or 1.0
        n_rows = math.ceil(len(self.weights) / _N_COLUMNS)
        room = _LEAST_ROOM + _ROOM_A_ROW * n_rows
        if scale == "linear":
            return 0.0, highest * (1 + room)
        # A bin with a single weight has some height.
        most = max(len(weights) for weights in self.weights.values())
        lowest = 0.5 / (most * (self.edges[1] - self.edges[0]))
        return lowest, highest * max(highest / lowest, 2.0) ** room

    def _draw(self, name: str, color: str, options: dict[str, Any]) -> Any:
        """Draw one histogram and return it."""
        weights = self.weights[name]
        counts, _ = np.histogram(weights[weights != 0], self.edges)
        density = counts / (len(weights) * np.diff(self.edges))
        label = f"{_percent(self.zero_shares[name])} exactly 0"
        if len(self.weights) > 1:
            label = f"{name}: {label}"
        defaults = {"color": color, "linewidth": 1.3, "label": label}
        options = _validate_style_kwargs(defaults, options)
        return self.ax_.stairs(density, self.edges, **options)


def _weights_of(estimator: Any, layer: int | None) -> Array:
    """Return the weights of all networks of an estimator, of one layer or of all."""
    chosen = []
    for network in networks_of(estimator):
        layers = own_weights(network)
        if layer is None:
            chosen += layers
            continue
        if not isinstance(layer, Integral) or not -len(layers) <= layer < len(layers):
            raise ValueError(
                f"layer expects an index of the {len(layers)} layers of weights, from "
                f"{-len(layers)} to {len(layers) - 1}, or None, got layer={layer!r}."
            )
        chosen.append(layers[layer])
    return np.concatenate([weights.ravel() for weights in chosen])


def _percent(share: float) -> str:
    """Write a share so that few do not look like none, nor nearly all like all."""
    if 0 < share < 0.001:
        return "<0.1%"
    if 0.999 < share < 1:
        return ">99.9%"
    return f"{100 * share:.3g}%"
