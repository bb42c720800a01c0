"""The eigenvalues of a network's Hessian, drawn.

As in scikit-learn's displays, class methods compute, the object holds what they have
found, and `plot` draws it.
"""

from typing import Any, Self

import numpy as np

from skregnet._kernels import Array
from skregnet._networks.matrix import DENSE, as_operator
from skregnet._sklearn.private import _validate_style_kwargs, check_matplotlib_support
from skregnet.curvature import (
    GaussNewtonOperator,
    HessianOperator,
    SpectralDensity,
    eigenvalues,
    spectral_density,
)
from skregnet.inspection._axes import axes_to_draw_on
from skregnet.inspection._density_curve import check_drawing, density_curve

# Decades that a symlog scale has above its linear part, at least.
_DECADES = 3

_DENSITY, _UPWARD, _DOWNWARD = "#3d4852", "#1f6f8b", "#c8553d"


class HessianSpectrumDisplay:
    """How many directions curve how much: the density of a Hessian's eigenvalues.

    Use `from_estimator` or `from_operator`. All parameters are stored as attributes.

    Parameters
    ----------
    spectrum : SpectralDensity
        How all eigenvalues are distributed, by values that stand for them.
    eigenvalues : ndarray of shape (n_eigenvalues,)
        Exact eigenvalues, the leading ones or all, from the largest to the smallest.
    n_parameters : int
        How many eigenvalues there are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the drawing.
    figure_ : matplotlib Figure
        Figure of the axes.
    line_ : matplotlib Line2D
        The density, of integral 1.
    rugs_ : list of two matplotlib Line2D
        Ticks at the exact eigenvalues: at those that are not negative, and at those
        that are.

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
    >>> upward, downward = display.rugs_
    >>> bool((downward.get_xdata() < 0).all())
    True
    """

    def __init__(
        self, *, spectrum: SpectralDensity, eigenvalues: Array, n_parameters: int
    ) -> None:
        self.spectrum = spectrum
        self.eigenvalues = eigenvalues
        self.n_parameters = n_parameters

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
        which: str = "LM",
        n_steps: int = 60,
        n_probes: int = 8,
        random_state: Any = 0,
        scale: str = "linear",
        width: float = 0.01,
        ax: Any = None,
        line_kwargs: dict[str, Any] | None = None,
        rug_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the spectrum of a fitted network's loss.

        Up to 1,000 parameters all eigenvalues are computed, and the density is theirs.
        Beyond that `k` of them are, and the density is estimated by
        `skregnet.curvature.spectral_density`.

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
            How many eigenvalues to compute of a large network.
        which : {'LM', 'LA', 'SA', 'BE'}, default='LM'
            Which: those of largest magnitude, the algebraically largest or smallest, or
            half from either end.
        n_steps : int, default=60
            Products for each probe of the density of a large network.
        n_probes : int, default=8
            Random vectors of that density.
        random_state : int or Generator, default=0
            Source of what is random.
        scale : {'linear', 'symlog'}, default='linear'
            Scale of the eigenvalues, as `plot` describes it.
        width : float, default=0.01
            How much the density is smoothed, as `plot` describes it.
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
        check_drawing(scale, width)
        matrix = GaussNewtonOperator if gauss_newton else HessianOperator
        return cls.from_operator(
            matrix(estimator, X, y, sample_weight, penalties=penalties),
            k=k,
            which=which,
            n_steps=n_steps,
            n_probes=n_probes,
            random_state=random_state,
            scale=scale,
            width=width,
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
        which: str = "LM",
        n_steps: int = 60,
        n_probes: int = 8,
        random_state: Any = 0,
        scale: str = "linear",
        width: float = 0.01,
        ax: Any = None,
        line_kwargs: dict[str, Any] | None = None,
        rug_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the spectrum of a symmetric matrix.

        Up to 1,000 rows all eigenvalues are computed, and the density is theirs. Beyond
        that `k` of them are, and the density is estimated by
        `skregnet.curvature.spectral_density`.

        Parameters
        ----------
        operator : LinearOperator or array-like of shape (n_parameters, n_parameters)
            A symmetric matrix, such as a `skregnet.curvature.HessianOperator`.
        k : int, default=10
            How many eigenvalues to compute of a large matrix.
        which : {'LM', 'LA', 'SA', 'BE'}, default='LM'
            Which: those of largest magnitude, the algebraically largest or smallest, or
            half from either end.
        n_steps : int, default=60
            Products for each probe of the density of a large matrix.
        n_probes : int, default=8
            Random vectors of that density.
        random_state : int or Generator, default=0
            Source of what is random.
        scale : {'linear', 'symlog'}, default='linear'
            Scale of the eigenvalues, as `plot` describes it.
        width : float, default=0.01
            How much the density is smoothed, as `plot` describes it.
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
        check_drawing(scale, width)
        operator = as_operator(operator)
        n_parameters = operator.shape[0]
        if n_parameters <= DENSE:
            exact = eigenvalues(operator, n_parameters)
            shares = np.full(n_parameters, 1 / n_parameters)
            spectrum = SpectralDensity(exact[::-1], shares)
        else:
            exact = eigenvalues(operator, k, which, random_state=random_state)
            spectrum = spectral_density(
                operator, n_steps, n_probes, random_state=random_state
            )
        display = cls(spectrum=spectrum, eigenvalues=exact, n_parameters=n_parameters)
        return display.plot(
            ax,
            scale=scale,
            width=width,
            line_kwargs=line_kwargs,
            rug_kwargs=rug_kwargs,
        )

    def plot(
        self,
        ax: Any = None,
        *,
        scale: str = "linear",
        width: float = 0.01,
        line_kwargs: dict[str, Any] | None = None,
        rug_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the density, on a logarithmic scale, and ticks at the eigenvalues.

        Negative eigenvalues have ticks of a colour of their own; a magnitude that is
        rounding counts as 0. The density is drawn down to a fifth of the peak that a
        single eigenvalue makes: what an estimate has below that is noise.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        scale : {'linear', 'symlog'}, default='linear'
            Scale of the eigenvalues. On a linear one those far out are told apart; on a
            symlog one, which is logarithmic over three decades or four and linear
            below, so are those near 0, where most of them are. Where the density is
            estimated, gaps in it near 0 on a symlog scale are those of the estimate.
        width : float, default=0.01
            Standard deviation of the normal curve that stands for an eigenvalue, as a
            share of the range of all on their scale, in [0.001, 1].
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
        ValueError
            If `scale` or `width` is invalid.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        check_drawing(scale, width)
        self.ax_ = ax = axes_to_draw_on(ax)
        self.figure_ = ax.figure
        nodes = np.concatenate([self.spectrum.nodes, self.eigenvalues])
        largest = float(np.abs(nodes).max()) or 1.0
        linear_part = None
        if scale == "symlog":
            # At a power of ten the ticks are a decade apart.
            linear_part = 10.0 ** np.floor(np.log10(largest) - _DECADES)
        ends = float(nodes.min()), float(nodes.max())
        curve = density_curve(
            self.spectrum, ends, self.n_parameters, linear_part, width
        )
        defaults = {"color": _DENSITY, "linewidth": 1.2}
        options = _validate_style_kwargs(defaults, line_kwargs or {})
        (self.line_,) = ax.plot(curve.values, curve.density, **options)
        self.rugs_ = self._draw_rugs(largest, rug_kwargs or {})
        if linear_part is not None:
            ax.set_xscale("symlog", linthresh=linear_part)
            # Where there are decades of both signs, every other one has a number.
            ax.xaxis.get_major_locator().set_params(numticks=5)
        lowest, highest = curve.lowest_peak / 5, float(curve.density.max())
        # Below the density there is room for the ticks.
        lowest *= (lowest / highest) ** 0.15
        ax.set(yscale="log", ylim=(lowest, highest * 3))
        ax.set(xlabel="Eigenvalue (curvature)", ylabel="Density")
        ax.legend(frameon=False)
        return self

    def _draw_rugs(self, largest: float, options: dict[str, Any]) -> list[Any]:
        """Draw ticks along the lower edge, and return them."""
        rounding = self.n_parameters * float(np.finfo(np.float64).eps)
        is_negative = self.eigenvalues < -rounding * largest
        groups = (
            (self.eigenvalues[~is_negative], _UPWARD, "not negative"),
            (self.eigenvalues[is_negative], _DOWNWARD, "negative"),
        )
        rugs = []
        for places, color, label in groups:
            defaults = {
                "color": color,
                "marker": "|",
                "linestyle": "none",
                "markersize": 14,
                "markeredgewidth": 1.0,
                "label": label if len(places) else f"_{label}",  # not in the legend
                "transform": self.ax_.get_xaxis_transform(),
            }
            style = _validate_style_kwargs(defaults, options)
            rugs += self.ax_.plot(places, np.full(len(places), 0.05), **style)
        return rugs
