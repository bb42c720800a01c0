"""How networks came to learn what they have: curves over epochs, drawn.

As in scikit-learn's displays, class methods compute, the object holds what they have
found, and `plot` draws it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from skregnet._sklearn.private import _validate_style_kwargs, check_matplotlib_support
from skregnet.inspection._axes import BESIDE, column_of_axes, show_whole_numbers
from skregnet.inspection._curve_lines import draw_curves, handles_of
from skregnet.inspection._curves import (
    Curve,
    best_epoch,
    curves_of,
    in_words,
    quantities_to_draw,
)
from skregnet.inspection._labels import with_labels
from skregnet.inspection._networks import networks_of

# What shares axes, from top to bottom.
_GROUPS = (
    ("training_loss", "validation_loss"),
    ("validation_score",),
    ("learning_rate",),
)
_SCALES = ("linear", "log")


class TrainingCurveDisplay:
    """Losses, validation scores and learning rates along training.

    Use `from_estimator`, or `from_estimators` to compare several. All parameters are
    stored as attributes.

    Parameters
    ----------
    curves : dict of list of dict of (epochs, values)
        For each name, and for each of its networks, the curves that there are by
        quantity: 'training_loss', 'validation_loss', 'validation_score' and
        'learning_rate'. Epochs are counted from 1.
    best_epochs : dict of list of (int or None)
        For each name the epoch of each network's best validation score; None where
        there is no such score.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The first of the axes.
    axes_ : ndarray of matplotlib Axes
        The axes of the losses, of the validation score and of the learning rate, as far
        as they are drawn.
    figure_ : matplotlib Figure
        Figure of the axes.
    lines_ : dict of dict of matplotlib Line2D
        For each quantity and each name the curve, of an ensemble the mean of its
        members' curves.
    member_lines_ : dict of dict of list of matplotlib Line2D
        In the same way the curves of an ensemble's members.
    markers_ : dict of dict of matplotlib Line2D
        In the same way the dots at the best epochs.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_digits
    >>> from skregnet import MLPClassifier
    >>> from skregnet.inspection import TrainingCurveDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> mlp = MLPClassifier((20,), early_stopping=True, max_iter=500, random_state=0)
    >>> display = TrainingCurveDisplay.from_estimator(
    ...     mlp.fit(X / 16, y), ax=Figure().subplots(2))
    >>> line = display.lines_["training_loss"]["MLPClassifier"]
    >>> bool((line.get_ydata() == mlp.loss_curve_).all())
    True
    >>> [best] = display.best_epochs["MLPClassifier"]
    >>> mlp.validation_scores_[best - 1] == mlp.best_validation_score_
    True
    """

    def __init__(
        self,
        *,
        curves: Mapping[str, Sequence[Mapping[str, Curve]]],
        best_epochs: Mapping[str, Sequence[int | None]],
    ) -> None:
        self.curves = curves
        self.best_epochs = best_epochs

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        quantities: Sequence[str] | None = None,
        scale: str = "linear",
        ax: Any = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the training of one estimator.

        Parameters
        ----------
        estimator : estimator
            A fitted network of skregnet, or an MLPClassifier or MLPRegressor of
            scikit-learn; a Pipeline that ends in one; or an ensemble of them, such as a
            `BaggingEnsemble`.
        quantities : list of str, default=None
            What to draw, as `plot` describes it.
        scale : {'linear', 'log'}, default='linear'
            Scale of losses and learning rates.
        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to draw on, as `plot` describes it.
        line_kwargs : dict, default=None
            Handed to ``ax.plot`` for each curve, over the defaults.

        Returns
        -------
        display : TrainingCurveDisplay
            What was found and drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is no network, nor one that consists of networks.
        ValueError
            If it has no loss curve or lacks a quantity, or `scale` or `ax` is invalid.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        return cls._of([estimator], None, quantities, scale, ax, line_kwargs)

    @classmethod
    def from_estimators(
        cls,
        estimators: Mapping[str, Any] | Sequence[Any],
        *,
        names: Sequence[str] | None = None,
        quantities: Sequence[str] | None = None,
        scale: str = "linear",
        ax: Any = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the training of several estimators together.

        Parameters
        ----------
        estimators : dict or list of estimator
            Fitted estimators by name, each as `from_estimator` takes it.
        names : list of str, default=None
            Names of the estimators of a list. If None, those of their classes, numbered
            where there are several of a class.
        quantities : list of str, default=None
            What to draw, as `plot` describes it.
        scale : {'linear', 'log'}, default='linear'
            Scale of losses and learning rates.
        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to draw on, as `plot` describes it.
        line_kwargs : dict, default=None
            Handed to ``ax.plot`` for each curve, over the defaults.

        Returns
        -------
        display : TrainingCurveDisplay
            What was found and drawn.

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
            If there are no estimators, one has no loss curve, all lack a quantity, or
            `names`, `scale` or `ax` is invalid.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimators")
        return cls._of(estimators, names, quantities, scale, ax, line_kwargs)

    @classmethod
    def _of(
        cls,
        estimators: Any,
        names: Any,
        quantities: Any,
        scale: str,
        ax: Any,
        line_kwargs: Any,
    ) -> Self:
        """Find the curves of estimators, and draw them."""
        curves = {
            name: [curves_of(network) for network in networks_of(estimator)]
            for name, estimator in with_labels("estimators", estimators, names).items()
        }
        best_epochs = {
            name: [best_epoch(of_network) for of_network in found]
            for name, found in curves.items()
        }
        display = cls(curves=curves, best_epochs=best_epochs)
        return display.plot(
            ax, quantities=quantities, scale=scale, line_kwargs=line_kwargs
        )

    def plot(
        self,
        ax: Any = None,
        *,
        quantities: Sequence[str] | None = None,
        scale: str = "linear",
        line_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the curves, those on one scale together.

        A dot marks the epoch of the best validation score: the one whose weights `fit`
        keeps, while `partial_fit` keeps them once the score has stopped rising. Members
        of an ensemble are thin lines, with dots of their own; the thick line is their
        mean, as far as all of them were trained.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to draw on: one for the losses, one for the validation score and one
            for the learning rate, as far as they are drawn; or a single one, whose
            place is divided among them. If None, those of a new figure.
        quantities : list of str, default=None
            What to draw: any of 'training_loss', 'validation_loss', 'validation_score'
            and 'learning_rate'. If None, of the first three those that there are.
        scale : {'linear', 'log'}, default='linear'
            Scale of losses and learning rates.
        line_kwargs : dict, default=None
            Handed to ``ax.plot`` for each curve, over the defaults.

        Returns
        -------
        display : TrainingCurveDisplay
            The object itself, with the attributes that end in an underscore.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If a quantity is unknown or not there, or `scale` or `ax` is invalid.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        if scale not in _SCALES:
            raise ValueError(
                f"scale expects 'linear' or 'log', got scale={scale!r}; choose one."
            )
        drawn = quantities_to_draw(self.curves, quantities)
        groups = [[q for q in group if q in drawn] for group in _GROUPS]
        groups = [group for group in groups if group]
        self.axes_ = column_of_axes(ax, len(groups))
        self.ax_ = self.axes_[0]
        self.figure_ = self.ax_.figure
        self.lines_: dict[str, dict[str, Any]] = {q: {} for q in drawn}
        self.member_lines_: dict[str, dict[str, Any]] = {q: {} for q in drawn}
        self.markers_: dict[str, dict[str, Any]] = {q: {} for q in drawn}
        for one, group in zip(self.axes_, groups, strict=True):
            self._draw(one, group, line_kwargs or {})
            if "validation_score" not in group:
                one.set_yscale(scale)
        is_wide = ax is None and len(self.curves) > 1
        self._draw_legend(len(groups[0]) > 1, BESIDE if is_wide else {})
        return self

    def _draw(self, ax: Any, group: list[str], options: dict[str, Any]) -> None:
        """Draw quantities on one scale."""
        for quantity in group:
            # Training losses are dashed where validation losses are beside them.
            is_beside = quantity == "training_loss" and len(group) > 1
            style = "dashed" if is_beside else "solid"
            for k, (name, networks) in enumerate(self.curves.items()):
                defaults = {
                    "color": f"C{k}",
                    "linestyle": style,
                    "label": f"{name}, {in_words(quantity)}",
                }
                options_of_one = _validate_style_kwargs(defaults, options)
                bests = self.best_epochs[name]
                lines = draw_curves(ax, quantity, networks, bests, options_of_one)
                if lines is not None:
                    self.lines_[quantity][name] = lines.line
                    self.member_lines_[quantity][name] = lines.members
                    self.markers_[quantity][name] = lines.marker
        ax.set_ylabel(in_words(group[0]).capitalize() if len(group) == 1 else "Loss")
        # Of axes that share epochs, the lowest show them.
        if ax.xaxis.get_tick_params().get("labelbottom", True):
            ax.set_xlabel("Epoch")
        show_whole_numbers(ax.xaxis)

    def _draw_legend(self, has_both_losses: bool, place: dict[str, Any]) -> None:
        """Say what is what, on the first axes."""
        colors = {
            name: line.get_color()
            for lines in self.lines_.values()
            for name, line in lines.items()
        }
        handles = handles_of(self.curves, self.best_epochs, colors, has_both_losses)
        if handles:
            self.ax_.legend(handles=handles, **place)
