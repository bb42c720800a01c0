"""Which regularizers the best candidates of a search use, drawn.

As in scikit-learn's displays, a class method reads, the object holds what it has found,
and `plot` draws it.
"""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skregnet._sklearn.private import _validate_style_kwargs, check_matplotlib_support
from skregnet.inspection._axes import BESIDE, axes_to_draw_on

_HEIGHT = 0.38

# Parameters of a cocktail that say how, not whether.
_DETAILS = ("augmenter__", "adversarial_norm", "adversarial_weight")


class RegularizerUsageDisplay:
    """How often the best candidates have each regularizer on, and how often all do.

    What is more frequent among the best than among all has helped. Use `from_search`;
    all parameters are stored as attributes.

    Parameters
    ----------
    among_best, among_all : dict of float
        For each regularizer the share of candidates that have it on.
    n_best : int
        How many candidates count as the best.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the drawing.
    figure_ : matplotlib Figure
        Figure of the axes.
    bars_ : dict of matplotlib BarContainer
        The shares among the 'best' and among 'all', one bar a regularizer.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MLPClassifier, StackedSearchCV
    >>> from skregnet.inspection import RegularizerUsageDisplay
    >>> from skregnet.search import regularization_cocktail
    >>> X, y = load_iris(return_X_y=True)
    >>> network = MLPClassifier((8,), learning_rate="cosine", max_iter=30)
    >>> search = StackedSearchCV(
    ...     network.set_params(random_state=0), regularization_cocktail(network),
    ...     n_candidates=12, random_state=0)
    >>> display = RegularizerUsageDisplay.from_search(
    ...     search.fit(X, y), ax=Figure().subplots())
    >>> sorted(display.among_all)[:3]
    ['GaussianNoise', 'Mixup', 'adversarial_step']
    >>> display.n_best
    3
    """

    def __init__(
        self,
        *,
        among_best: Mapping[str, float],
        among_all: Mapping[str, float],
        n_best: int,
    ) -> None:
        self.among_best = among_best
        self.among_all = among_all
        self.n_best = n_best

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        best: float = 0.25,
        metric: str = "score",
        ax: Any = None,
        bar_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Count, and draw.

        A regularizer is off where its value is None, False or 0, or where a candidate
        leaves the parameter as it is. Augmenters go by their classes.

        Parameters
        ----------
        search : estimator
            A fitted :class:`~skregnet.StackedSearchCV`, or a search of scikit-learn,
            over :func:`~skregnet.search.regularization_cocktail` for example.
        best : float, default=0.25
            Share of the candidates that count as the best, by their ranks.
        metric : str, default='score'
            Which of several measures ranks them.
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        bar_kwargs : dict, default=None
            Handed to ``ax.barh``, over the defaults.

        Returns
        -------
        display : RegularizerUsageDisplay
            With the drawing.

        Raises
        ------
        ValueError
            If `best` is not in (0, 1], or the search does not know the measure.
        """
        check_matplotlib_support(f"{cls.__name__}.from_search")
        check_is_fitted(search, "cv_results_")
        if not 0 < best <= 1:
            raise ValueError(f"best expects a share in (0, 1], got best={best!r}.")
        ranks = search.cv_results_.get(f"rank_test_{metric}")
        if ranks is None:
            start = "rank_test_"
            known = [k[len(start) :] for k in search.cv_results_ if k.startswith(start)]
            raise ValueError(f"metric expects one of {known}, got metric={metric!r}.")
        candidates = search.cv_results_["params"]
        n_best = max(1, round(best * len(candidates)))
        in_order = np.argsort(ranks, kind="stable")
        used = [_in_use(candidate) for candidate in candidates]
        names = sorted(set().union(*used))
        display = cls(
            among_best=_shares(names, [used[k] for k in in_order[:n_best]]),
            among_all=_shares(names, used),
            n_best=n_best,
        )
        return display.plot(ax, bar_kwargs=bar_kwargs)

    def plot(self, ax: Any = None, *, bar_kwargs: dict[str, Any] | None = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, those of a new figure.
        bar_kwargs : dict, default=None
            Handed to ``ax.barh``, over the defaults.

        Returns
        -------
        display : RegularizerUsageDisplay
            The display itself.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        is_new = ax is None
        ax = axes_to_draw_on(ax)
        names = sorted(self.among_all, key=lambda name: self.among_best[name])
        places = np.arange(len(names))
        self.bars_ = {}
        for kind, shares, shift, color in (
            ("best", self.among_best, 0.5, "tab:blue"),
            ("all", self.among_all, -0.5, "silver"),
        ):
            label = f"best {self.n_best} candidates" if kind == "best" else "all"
            style = _validate_style_kwargs(
                {"color": color, "label": label}, bar_kwargs or {}
            )
            self.bars_[kind] = ax.barh(
                places + shift * _HEIGHT,
                [shares[name] for name in names],
                _HEIGHT,
                **style,
            )
        ax.set_yticks(places, names)
        ax.set(xlim=(0, 1), xlabel="share of candidates that have it on")
        ax.legend(**(BESIDE if is_new else {}))
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _in_use(candidate: Mapping[str, Any]) -> set[str]:
    """Return the names of what a candidate has on."""
    names = set()
    for parameter, value in candidate.items():
        is_off = value is None or (isinstance(value, Real) and not value)
        name = parameter.removeprefix(_prefix(parameter))
        if not is_off and not name.startswith(_DETAILS):
            names.add(type(value).__name__ if name == "augmenter" else name)
    return names


def _prefix(parameter: str) -> str:
    """Return what stands before the name of a network's own parameter."""
    before, separator, after = parameter.partition("__")
    # The augmenter's own parameters are the only nested ones of a network here.
    return "" if before == "augmenter" or not after else before + separator


def _shares(names: Sequence[str], used: Sequence[set[str]]) -> dict[str, float]:
    """Return the share of candidates that have each on."""
    return {name: float(np.mean([name in each for each in used])) for name in names}
