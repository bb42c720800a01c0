"""Fits that end in time."""

import time
from numbers import Real
from reprlib import repr as short_repr
from typing import Any


class TimeLimit:
    """Callback that ends training once its time is over.

    A network ends with the epoch in which that happens, and keeps what it has: the best
    weights so far with early stopping, the last ones without. Each fit runs one epoch
    at least.

    Parameters
    ----------
    max_seconds : float
        How much time there is, by the clock on the wall, from the beginning of `fit`.
    each_fit : bool, default=False
        Whether the time is that of each fit by itself. Set it on the network then, if
        that is within a search or an ensemble. By default the time is that of the
        outermost estimator, on which the callback is to be set, and networks within
        end by it: those in training with their epoch, those to come after one.

    Raises
    ------
    ValueError
        If `max_seconds` is not a positive number.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skregnet import MLPClassifier
    >>> from skregnet.callbacks import TimeLimit
    >>> X, y = load_digits(return_X_y=True)
    >>> mlp = MLPClassifier((200,), max_iter=10_000, tol=0, random_state=0)
    >>> mlp.set_callbacks(TimeLimit(0.2)).fit(X, y).n_iter_ < 10_000
    True
    """

    def __init__(self, max_seconds: float, *, each_fit: bool = False) -> None:
        try:
            seconds = float(max_seconds) if isinstance(max_seconds, Real) else 0.0
        except OverflowError:
            seconds = 0.0
        if not seconds > 0:
            raise ValueError(
                "max_seconds expects a positive number that a float can hold, got "
                f"{short_repr(max_seconds)}."
            )
        self._max_seconds = seconds
        self._each_fit: bool = each_fit
        if not each_fit:
            # By this scikit-learn knows what to hand on, here to any depth.
            self.max_propagation_depth = None
        # One callback may serve several fits at once, in threads.
        self._ends: dict[Any, float] = {}

    def setup(self, estimator: Any, context: Any) -> None:
        """Start the clock.

        Parameters
        ----------
        estimator : estimator
            Whose fit begins.
        context : CallbackContext
            Its task.
        """
        # A clock that all processes of a machine share.
        self._ends[self._key(estimator, context)] = time.time() + self._max_seconds

    def teardown(self, estimator: Any, context: Any) -> None:
        """Stop it.

        Parameters
        ----------
        estimator : estimator
            Whose fit ends.
        context : CallbackContext
            Its task.
        """
        self._ends.pop(self._key(estimator, context), None)

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing.

        Parameters
        ----------
        estimator : estimator
            Whose task begins.
        context : CallbackContext
            The task.
        """

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:
        """Tell whether the time is over.

        Parameters
        ----------
        estimator : estimator
            Whose task ends.
        context : CallbackContext
            The task: an epoch, for example.

        Returns
        -------
        stop : bool
            Whether it is.
        """
        return time.time() >= self._ends[self._key(estimator, context)]

    def _key(self, estimator: Any, context: Any) -> Any:
        """Return what is the same in all tasks that share a clock."""
        return id(estimator) if self._each_fit else context.root_uuid
