"""Scores of a search, drawn against one hyperparameter or two.

As in scikit-learn's displays, a class method reads, the object holds what it has found,
and `plot` draws it.
"""

from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skregnet._kernels import Array
from skregnet._sklearn.private import _validate_style_kwargs, check_matplotlib_support
from skregnet.inspection._axes import axes_to_draw_on

# From so wide a range on, positive numbers are drawn on a logarithmic scale.
_WIDE = 50.0


class SearchScoreDisplay:
    """Validation scores of a search's candidates, by one hyperparameter or two.

    Against one, each candidate is a dot at its score, with its standard deviation over
    folds; against two, a dot at their values, coloured by its score. The best is
    circled. With halving scores are those after a candidate's last epoch. Use
    `from_search`; all parameters are stored as attributes.

    Parameters
    ----------
    values : dict of list
        For each hyperparameter, one or two, its value in each candidate.
    scores : ndarray of shape (n_candidates,)
        Mean scores over folds; NaN where a candidate has failed.
    spreads : ndarray of shape (n_candidates,)
        Their standard deviations.
    best : int
        Which candidate is the best.
    score_name : str
        What the scores measure.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the drawing.
    figure_ : matplotlib Figure
        Figure of the axes.
    points_ : matplotlib PathCollection
        The candidates.
    bars_ : matplotlib LineCollection or None
        Their spreads, against one hyperparameter.
    best_ : matplotlib PathCollection
        The circle around the best.
    colorbar_ : matplotlib Colorbar or None
        Scale of the scores, against two.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MLPClassifier, StackedSearchCV
    >>> from skregnet.inspection import SearchScoreDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> network = MLPClassifier((8,), learning_rate="cosine", random_state=0)
    >>> space = {"alpha": loguniform(1e-4, 10), "learning_rate_init": [0.01, 0.1]}
    >>> search = StackedSearchCV(network, space, n_candidates=8, random_state=0)
    >>> display = SearchScoreDisplay.from_search(
    ...     search.fit(X, y), "alpha", ax=Figure().subplots())
    >>> display.ax_.get_xscale()
    'log'
    >>> display.points_.get_offsets().shape
    (8, 2)
    """

    def __init__(
        self,
        *,
        values: dict[str, list[Any]],
        scores: Array,
        spreads: Array,
        best: int,
        score_name: str,
    ) -> None:
        self.values = values
        self.scores = scores
        self.spreads = spreads
        self.best = best
        self.score_name = score_name

    @classmethod
    def from_search(
        cls,
        search: Any,
        *parameters: str,
        metric: str = "score",
        ax: Any = None,
        scatter_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the scores of a search.

        Parameters
        ----------
        search : estimator
            A fitted :class:`~skregnet.StackedSearchCV`, or a search of scikit-learn.
        *parameters : str
            One hyperparameter, or two. Candidates that leave one of them as it is are
            left out.
        metric : str, default='score'
            Which of several measures.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        scatter_kwargs : dict, default=None
            Handed to ``ax.scatter``, over the defaults.

        Returns
        -------
        display : SearchScoreDisplay
            With the drawing.

        Raises
        ------
        ValueError
            If the number of hyperparameters is not one or two, or the search does not
            know them or the measure.
        """
        check_matplotlib_support(f"{cls.__name__}.from_search")
        check_is_fitted(search, "cv_results_")
        results = search.cv_results_
        if len(parameters) not in (1, 2):
            raise ValueError(
                "parameters expects the names of one hyperparameter or of two, got "
                f"{parameters!r}."
            )
        columns = [
            _column(results, f"param_{name}", "parameters") for name in parameters
        ]
        means = np.asarray(_column(results, f"mean_test_{metric}", "metric"))
        is_there = ~np.any([np.ma.getmaskarray(column) for column in columns], axis=0)
        kept = np.flatnonzero(is_there)
        ranks = results[f"rank_test_{metric}"][kept]
        display = cls(
            values={
                name: [column[k] for k in kept]
                for name, column in zip(parameters, columns, strict=True)
            },
            scores=means[kept],
            spreads=np.asarray(results[f"std_test_{metric}"])[kept],
            best=int(ranks.argmin()),
            score_name=metric,
        )
        return display.plot(ax, scatter_kwargs=scatter_kwargs)

    def plot(
        self, ax: Any = None, *, scatter_kwargs: dict[str, Any] | None = None
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        scatter_kwargs : dict, default=None
            Handed to ``ax.scatter``, over the defaults.

        Returns
        -------
        display : SearchScoreDisplay
            The display itself.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        ax = axes_to_draw_on(ax)
        label = f"validation {self.score_name}"
        names = list(self.values)
        x = _set_scale(ax, "x", names[0], self.values[names[0]])
        defaults: dict[str, Any] = {"s": 25, "zorder": 3}
        self.bars_ = self.colorbar_ = None
        if len(names) == 1:
            y = self.scores
            ax.set_ylabel(label)
            self.bars_ = ax.errorbar(
                x, y, self.spreads, fmt="none", ecolor="silver"
            ).lines[2][0]
        else:
            y = _set_scale(ax, "y", names[1], self.values[names[1]])
            defaults.update(c=self.scores, s=60)
        style = _validate_style_kwargs(defaults, scatter_kwargs or {})
        self.points_ = ax.scatter(x, y, **style)
        if len(names) == 2:
            self.colorbar_ = ax.figure.colorbar(self.points_, ax=ax, label=label)
        self.best_ = ax.scatter(
            x[self.best : self.best + 1],
            y[self.best : self.best + 1],
            s=140,
            facecolors="none",
            edgecolors="tab:red",
            label="best",
            zorder=4,
        )
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _column(results: Any, name: str, argument: str) -> Any:
    """Return a column of results, or say which there are."""
    if name in results:
        return results[name]
    start = "mean_test_" if argument == "metric" else "param_"
    known = sorted(key[len(start) :] for key in results if key.startswith(start))
    raise ValueError(
        f"{argument} expects names of {known}, got {name[len(start) :]!r}."
    )


def _set_scale(ax: Any, axis: str, name: str, values: list[Any]) -> Array:
    """Label an axis and return places on it: numbers, or ranks of other values."""
    ax.set(**{f"{axis}label": name})
    if all(isinstance(value, Real) and not isinstance(value, bool) for value in values):
        places = np.array(values, dtype=float)
        positive = places[places > 0]
        if len(positive) and positive.max() / positive.min() >= _WIDE:
            set_scale = getattr(ax, f"set_{axis}scale")
            if len(positive) == len(places):
                set_scale("log")
            else:  # what is off stands at 0, which a logarithmic scale lacks
                set_scale("symlog", linthresh=positive.min())
        return places
    kinds = list(dict.fromkeys(map(str, values)))
    getattr(ax, f"set_{axis}ticks")(range(len(kinds)), kinds)
    return np.array([kinds.index(str(value)) for value in values], dtype=float)
