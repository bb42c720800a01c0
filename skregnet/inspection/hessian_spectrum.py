"""The eigenvalues of a network's Hessian, drawn.

As in scikit-learn's displays, class methods compute, the object holds what they have
found, and `plot` draws it.
"""

from typing import Any, Self

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._plotting import _validate_style_kwargs

from skregnet.curvature import (
    GaussNewtonOperator,
    HessianOperator,
    SpectralDensity,
    eigenvalues,
    spectral_density,
)
from skregnet.curvature._matrix import DENSE, as_operator
from skregnet.kernels import Array

_N_POINTS = 1_000

# Standard deviation of the curves, as a share of the range of eigenvalues, and how far
# beyond that range they are drawn.
_WIDTH = 0.01
_MARGIN = 4

_POSITIVE, _NEGATIVE = "#1f6f8b", "#c8553d"


class HessianSpectrumDisplay:
    """How many directions curve how much: the density of a Hessian's eigenvalues.

    Use `from_estimator` or `from_operator`. All parameters are stored as attributes.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        Curvatures at which the density is given, ascending.
    density : ndarray of shape (n_values,)
        Density of the eigenvalues, of integral 1.
    eigenvalues : ndarray of shape (n_eigenvalues,)
        Exact eigenvalues, the leading ones or all.
    resolution : float
        What a single eigenvalue is in the density at its peak; the drawing ends below.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the drawing.
    figure_ : matplotlib Figure
        Figure of the axes.
    line_ : matplotlib Line2D
        The density.
    rugs_ : list of two matplotlib Line2D
        Ticks at the eigenvalues, at those from 0 up, and at those below 0.

    References
    ----------
    B. Ghorbani, S. Krishnan and Y. Xiao (2019). An investigation into neural net
    optimization via Hessian eigenvalue density. ICML. The lecture's heading
    "Eigenvalues of The Hessian Matrix".

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MLPClassifier
    >>> from skregnet.inspection import HessianSpectrumDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier((5,), solver="lbfgs", max_iter=2000, random_state=0)
    >>> display = HessianSpectrumDisplay.from_estimator(
    ...     mlp.fit(X, y), X, y, ax=Figure().subplots())
    >>> display.eigenvalues.shape
    (43,)
    """

    def __init__(
        self, *, values: Array, density: Array, eigenvalues: Array, resolution: float
    ) -> None:
        self.values = values
        self.density = density
        self.eigenvalues = eigenvalues
        self.resolution = resolution

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        penalties: bool = False,
        gauss_newton: bool = False,
        k: int = 10,
        width: float | None = None,
        n_steps: int = 60,
        n_probes: int = 8,
        random_state: Any = 0,
        ax: Any = None,
        line_kwargs: dict[str, Any] | None = None,
        rug_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the spectrum of a fitted network's loss.

        Up to 1,000 parameters all eigenvalues are computed. Beyond that the `k` leading
        ones are, and the density is estimated (`skregnet.curvature.spectral_density`).

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
        penalties : bool, default=False
            Whether the loss has the estimator's penalties.
        gauss_newton : bool, default=False
            Whether to draw the spectrum of the Gauss-Newton matrix.
        k : int, default=10
            How many eigenvalues to compute of a large network, those of largest
            magnitude.
        width : float, default=None
            Standard deviation of the normal curve that stands for an eigenvalue; None
            for a hundredth of their range.
        n_steps : int, default=60
            Products for each probe of the density of a large network.
        n_probes : int, default=8
            Random vectors of that density.
        random_state : int or Generator, default=0
            Source of what is random.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        line_kwargs : dict, default=None
            Handed to ``ax.plot`` for the density, over the defaults.
        rug_kwargs : dict, default=None
            Handed to ``ax.plot`` for the ticks, over the defaults.

        Returns
        -------
        display : HessianSpectrumDisplay
            What was computed and drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If the estimator is no multilayer perceptron.
        ValueError
            If data do not fit the estimator, or a number is invalid.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        matrix = GaussNewtonOperator if gauss_newton else HessianOperator
        return cls.from_operator(
            matrix(estimator, X, y, sample_weight, penalties=penalties),
            k=k,
            width=width,
            n_steps=n_steps,
            n_probes=n_probes,
            random_state=random_state,
            ax=ax,
            line_kwargs=line_kwargs,
            rug_kwargs=rug_kwargs,
        )

    @classmethod
    def from_operator(
        cls,
        operator: Any,
        *,
        k: int = 10,
        width: float | None = None,
        n_steps: int = 60,
        n_probes: int = 8,
        random_state: Any = 0,
        ax: Any = None,
        line_kwargs: dict[str, Any] | None = None,
        rug_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the spectrum of a symmetric matrix.

        Parameters
        ----------
        operator : LinearOperator or array-like of shape (n_parameters, n_parameters)
            A symmetric matrix, such as a `skregnet.curvature.HessianOperator`.
        k : int, default=10
            How many eigenvalues to compute of a large matrix, those of largest
            magnitude.
        width : float, default=None
            Standard deviation of the normal curve that stands for an eigenvalue; None
            for a hundredth of their range.
        n_steps : int, default=60
            Products for each probe of the density of a large matrix.
        n_probes : int, default=8
            Random vectors of that density.
        random_state : int or Generator, default=0
            Source of what is random.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        line_kwargs : dict, default=None
            Handed to ``ax.plot`` for the density, over the defaults.
        rug_kwargs : dict, default=None
            Handed to ``ax.plot`` for the ticks, over the defaults.

        Returns
        -------
        display : HessianSpectrumDisplay
            What was computed and drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the matrix or a number is invalid.
        """
        check_matplotlib_support(f"{cls.__name__}.from_operator")
        operator = as_operator(operator)
        n_parameters = operator.shape[0]
        if n_parameters <= DENSE:
            exact = eigenvalues(operator, n_parameters)
            shares = np.full(n_parameters, 1 / n_parameters)
            spectrum = SpectralDensity(exact[::-1], shares)
        else:
            exact = eigenvalues(operator, k, random_state=random_state)
            spectrum = spectral_density(
                operator, n_steps, n_probes, random_state=random_state
            )
        nodes = np.concatenate([spectrum.nodes, exact])
        if width is None:
            width = _WIDTH * float(np.ptp(nodes)) or _WIDTH
        low, high = nodes.min() - _MARGIN * width, nodes.max() + _MARGIN * width
        values = np.linspace(low, high, max(_N_POINTS, int(5 * (high - low) / width)))
        single = 1 / (n_parameters * width * np.sqrt(2 * np.pi))
        display = cls(
            values=values,
            density=spectrum.at(values, width),
            eigenvalues=exact,
            resolution=float(single),
        )
        return display.plot(ax, line_kwargs=line_kwargs, rug_kwargs=rug_kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        line_kwargs: dict[str, Any] | None = None,
        rug_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the density, on a logarithmic scale, and ticks at the eigenvalues.

        Ticks below 0 have a colour of their own.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        line_kwargs : dict, default=None
            Handed to ``ax.plot`` for the density, over the defaults.
        rug_kwargs : dict, default=None
            Handed to ``ax.plot`` for the ticks, over the defaults.

        Returns
        -------
        display : HessianSpectrumDisplay
            The object itself, with the attributes that end in an underscore.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(layout="constrained")
        self.ax_ = ax
        self.figure_ = ax.figure
        options = _validate_style_kwargs(
            {"color": "#3d4852", "linewidth": 1.2}, line_kwargs or {}
        )
        (self.line_,) = ax.plot(self.values, self.density, **options)
        is_negative = self.eigenvalues < 0
        self.rugs_ = [
            self._draw_ticks(self.eigenvalues[chosen], color, label, rug_kwargs or {})
            for chosen, color, label in (
                (~is_negative, _POSITIVE, "curves upward"),
                (is_negative, _NEGATIVE, "curves downward"),
            )
        ]
        # What a fifth of an eigenvalue would be cannot be seen in the estimate.
        lowest, highest = self.resolution / 5, float(self.density.max())
        ax.set_yscale("log")
        ax.set(
            xlabel="eigenvalue (curvature)",
            ylabel="density",
            ylim=(lowest * (lowest / highest) ** 0.15, highest * 3),
        )
        ax.legend(frameon=False)
        return self

    def _draw_ticks(
        self, places: Array, color: str, label: str, options: dict[str, Any]
    ) -> Any:
        """Draw ticks along the lower edge, and return them."""
        defaults = {
            "color": color,
            "marker": "|",
            "linestyle": "none",
            "markersize": 14,
            "markeredgewidth": 1.0,
            "label": label if len(places) else f"_{label}",  # not in the legend
            "transform": self.ax_.get_xaxis_transform(),
        }
        (ticks,) = self.ax_.plot(
            places,
            np.full(len(places), 0.05),
            **_validate_style_kwargs(defaults, options),
        )
        return ticks
