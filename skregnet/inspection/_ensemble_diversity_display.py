"""Diversity of an ensemble, drawn: who errs with whom, and how members score.

As in scikit-learn's displays, a class method computes, the object holds what it has
found, and `plot` draws it.
"""

import math
from typing import Any, Self

import numpy as np

from skregnet._sklearn.private import _validate_style_kwargs, check_matplotlib_support
from skregnet.inspection._axes import axes_to_draw_on, show_whole_numbers
from skregnet.inspection._ensemble_diversity import (
    EnsembleDiversity,
    ensemble_diversity,
)

_SCORES = {"classification": "accuracy", "regression": "$R^2$"}
_ERRORS = {"classification": "Brier score", "regression": "squared error"}

# In the cells of more members there is no room for numbers.
_MOST_NUMBERED = 10

# Cells of this correlation are so dark that numbers on them are white.
_DARK = 0.6

_ENSEMBLE_COLOR, _MEMBERS_COLOR = "tab:blue", "tab:orange"
_UNDEFINED_COLOR = "silver"


class EnsembleDiversityDisplay:
    """Diversity of an ensemble.

    Use `from_estimator`, or construct it from what `ensemble_diversity` has returned
    and call `plot`. The parameter is stored as an attribute.

    Parameters
    ----------
    diversity : EnsembleDiversity
        What there is to draw.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the drawing.
    figure_ : matplotlib Figure
        Figure of the axes.
    image_ : matplotlib AxesImage or None
        The correlations, where they are drawn.
    colorbar_ : matplotlib Colorbar or None
        Their scale.
    texts_ : list of matplotlib Text
        The numbers in the cells.
    points_ : matplotlib PathCollection or None
        The members' scores, where they are drawn.
    lines_ : list of matplotlib Line2D
        The ensemble's score, and the mean of the members'.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skregnet.inspection import EnsembleDiversityDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> forest = RandomForestClassifier(n_estimators=5, random_state=0)
    >>> display = EnsembleDiversityDisplay.from_estimator(
    ...     forest.fit(X[::2], y[::2]), X[1::2], y[1::2], ax=Figure().subplots())
    >>> display.image_.get_array().shape
    (5, 5)
    >>> display.plot(Figure().subplots(), kind="members").points_.get_offsets().shape
    (5, 2)
    """

    def __init__(self, *, diversity: EnsembleDiversity) -> None:
        self.diversity = diversity

    @classmethod
    def from_estimator(
        cls,
        ensemble: Any,
        X: Any,
        y: Any,
        *,
        kind: str = "correlation",
        sample_weight: Any = None,
        ax: Any = None,
        image_kwargs: dict[str, Any] | None = None,
        scatter_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Measure the diversity of an ensemble and draw it.

        Parameters
        ----------
        ensemble : estimator
            A fitted ensemble, as `ensemble_diversity` takes it.
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Features of rows that the members have not learned from.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets; one column of labels for a classifier.
        kind : {'correlation', 'members'}, default='correlation'
            What to draw, as `plot` describes it.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows. If None, all count the same.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        image_kwargs : dict, default=None
            Handed to ``ax.imshow`` for the correlations, over the defaults.
        scatter_kwargs : dict, default=None
            Handed to ``ax.scatter`` for the members, over the defaults.

        Returns
        -------
        display : EnsembleDiversityDisplay
            What was computed and drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the ensemble is not fitted.
        TypeError
            If it is not an ensemble that averages classifiers or regressors.
        ValueError
            If `kind` or the data are invalid.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        _check_kind(kind)
        found = ensemble_diversity(ensemble, X, y, sample_weight=sample_weight)
        return cls(diversity=found).plot(
            ax, kind=kind, image_kwargs=image_kwargs, scatter_kwargs=scatter_kwargs
        )

    def plot(
        self,
        ax: Any = None,
        *,
        kind: str = "correlation",
        image_kwargs: dict[str, Any] | None = None,
        scatter_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw who errs with whom, or how the members score.

        The title says how the members' error and their ambiguity make the error of
        their mean.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        kind : {'correlation', 'members'}, default='correlation'
            What to draw: the correlation of the errors of each two members, numbered
            as in the ensemble's `estimators_`, with a mark on the scale at the mean
            over all pairs, and in grey where a member's errors are constant; or each
            member's score, with lines at the ensemble's and at the members' mean.
        image_kwargs : dict, default=None
            Handed to ``ax.imshow`` for the correlations, over the defaults.
        scatter_kwargs : dict, default=None
            Handed to ``ax.scatter`` for the members, over the defaults.

        Returns
        -------
        display : EnsembleDiversityDisplay
            The object itself, with the attributes that end in an underscore.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `kind` is invalid.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        _check_kind(kind)
        self.ax_ = axes_to_draw_on(ax)
        self.figure_ = self.ax_.figure
        self.image_: Any = None
        self.colorbar_: Any = None
        self.points_: Any = None
        self.texts_: list[Any] = []
        self.lines_: list[Any] = []
        if kind == "correlation":
            self._draw_correlation(image_kwargs or {})
        else:
            self._draw_members(scatter_kwargs or {})
        return self

    def _draw_correlation(self, options: dict[str, Any]) -> None:
        """Draw a heat map, white where errors are not correlated."""
        import matplotlib as mpl

        found = self.diversity
        colors = mpl.colormaps["RdBu_r"].with_extremes(bad=_UNDEFINED_COLOR)
        defaults = {"cmap": colors, "vmin": -1.0, "vmax": 1.0}
        self.image_ = self.ax_.imshow(found.error_correlation, **(defaults | options))
        label = "correlation of errors"
        self.colorbar_ = self.figure_.colorbar(self.image_, ax=self.ax_, label=label)
        mean = found.mean_error_correlation
        summary = f"mean {label} {mean:.2f}"
        if np.isnan(mean):
            summary = f"mean {label} undefined"
        else:
            self.colorbar_.ax.axhline(mean, color="black", linewidth=2)
        if np.isnan(found.error_correlation).any():
            summary += " (grey: constant errors)"
        if len(found.member_errors) <= _MOST_NUMBERED:
            self.texts_ = self._draw_numbers()
        self._label(summary, "member")
        show_whole_numbers(self.ax_.yaxis)

    def _draw_numbers(self) -> list[Any]:
        """Write each correlation into its cell."""
        cells = np.ndenumerate(self.diversity.error_correlation)
        return [
            self.ax_.text(
                column,
                row,
                f"{value:.2f}",
                color="white" if abs(value) > _DARK else "black",
                fontsize="small",
                ha="center",
                va="center",
            )
            for (row, column), value in cells
            if not np.isnan(value)
        ]

    def _draw_members(self, options: dict[str, Any]) -> None:
        """Draw the score of each member, and lines for the ensemble's and the mean."""
        found = self.diversity
        scores, mean = found.member_scores, found.member_scores.mean()
        defaults = {"color": _MEMBERS_COLOR, "zorder": 3}
        options = _validate_style_kwargs(defaults, options)
        self.points_ = self.ax_.scatter(np.arange(len(scores)), scores, **options)
        self.lines_ = [
            self.ax_.axhline(
                found.ensemble_score,
                color=_ENSEMBLE_COLOR,
                label=f"ensemble {found.ensemble_score:.3f}",
            ),
            self.ax_.axhline(
                mean,
                color=_MEMBERS_COLOR,
                linestyle="dashed",
                label=f"members' mean {mean:.3f}",
            ),
        ]
        score = _SCORES[found.kind]
        self._label(f"{score} of the members and of the ensemble", score)
        # Below all points there is room for the legend.
        self.ax_.margins(y=0.2)
        self.ax_.legend(handles=self.lines_, loc="lower center", ncols=2)

    def _label(self, summary: str, ylabel: str) -> None:
        """Say what is drawn, and below it what the ensemble's error consists of."""
        found = self.diversity
        error, members, ambiguity = _in_one_unit(
            found.ensemble_error, found.member_error, found.ambiguity
        )
        self.ax_.set_title(
            f"{summary}\n{_ERRORS[found.kind]} {error} = members' {members} "
            f"\N{MINUS SIGN} ambiguity {ambiguity}",
            fontsize="medium",
        )
        self.ax_.set(xlabel="member", ylabel=ylabel)
        show_whole_numbers(self.ax_.xaxis)


def _in_one_unit(*values: float) -> list[str]:
    """Write numbers with equally many decimals, the largest with three digits."""
    largest = max(values)
    if not 1e-3 <= largest < 1e6:
        return [f"{value:.2e}" for value in values]
    n_decimals = max(0, 2 - math.floor(math.log10(largest)))
    return [f"{value:.{n_decimals}f}" for value in values]


def _check_kind(kind: str) -> None:
    """Refuse what cannot be drawn."""
    if kind not in ("correlation", "members"):
        raise ValueError(
            f"kind expects 'correlation' or 'members', got kind={kind!r}; choose one."
        )
