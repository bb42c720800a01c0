"""The parameters of a network along its training."""

from typing import Any

import numpy as np

from skregnet._kernels import Array
from skregnet._networks.matrix import check_count
from skregnet.callbacks._networks import check_network


class ParameterPath:
    """Callback that keeps the parameters of a network after every so many epochs.

    They are what `skregnet.inspection.LossSurfaceDisplay` draws as a path. It is meant
    for one network: of several fits, such as those of a search or of an ensemble, it
    keeps the last that has begun in its process, and nothing of the others. A call of
    `partial_fit` is a fit of one epoch.

    Parameters
    ----------
    every : int, default=1
        Number of epochs from one point to the next. What `fit` ends with is kept too,
        where it is another.

    Attributes
    ----------
    vectors_ : ndarray of shape (n_points, n_parameters)
        The parameters, as `skregnet.curvature` sees them: all weights layer by layer,
        row by row, then all biases.

    Raises
    ------
    ValueError
        If `every` is not a whole number from 1 on.
    TypeError
        From `fit`, if it is set on anything but a network of skregnet.

    Notes
    -----
    The weights that training starts from are not among the points: callbacks see a
    network for the first time after its first epoch.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MLPClassifier
    >>> from skregnet.callbacks import ParameterPath
    >>> X, y = load_iris(return_X_y=True)
    >>> path = ParameterPath(every=10)
    >>> mlp = MLPClassifier((5,), tol=0, n_iter_no_change=99, random_state=0)
    >>> mlp = mlp.set_params(max_iter=99, solver="sgd").set_callbacks(path)
    >>> import warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     mlp = mlp.fit(X, y)
    >>> path.vectors_.shape
    (10, 43)
    """

    def __init__(self, every: int = 1) -> None:
        self._every = check_count("every", every)
        # The fit that is followed and its points: replaced together, since another fit
        # may begin in another thread.
        self._followed: tuple[Any, list[Array]] = (None, [])

    @property
    def vectors_(self) -> Array:
        """The points of the path."""
        _, points = self._followed
        if not points:
            raise AttributeError("vectors_ is there once a network has been fitted.")
        return np.array(points)

    def setup(self, estimator: Any, context: Any) -> None:
        """Forget an earlier fit, and listen to this one.

        Parameters
        ----------
        estimator : estimator
            The network.
        context : CallbackContext
            Its task.
        """
        check_network(self, estimator)
        self._followed = (context, [])

    def teardown(self, estimator: Any, context: Any) -> None:
        """Stop listening to a fit.

        Parameters
        ----------
        estimator : estimator
            The network.
        context : CallbackContext
            Its task.
        """
        followed, points = self._followed
        if context is followed:
            self._followed = (None, points)

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing.

        Parameters
        ----------
        estimator : estimator
            The network.
        context : CallbackContext
            The task that begins.
        """

    def on_fit_task_end(
        self, estimator: Any, context: Any, *, fitted_estimator: Any = None
    ) -> None:
        """Keep the parameters, if it is time to.

        Parameters
        ----------
        estimator : estimator
            The network in training.
        context : CallbackContext
            The task that ends: an epoch, or the fit.
        fitted_estimator : estimator, default=None
            The network as it is now.
        """
        is_epoch = context.task_name == "epoch"
        # The epochs of networks that train together take turns.
        followed, points = self._followed
        if (context.parent if is_epoch else context) is not followed:
            return
        if is_epoch and (context.task_id + 1) % self._every:
            return
        arrays = [*fitted_estimator.coefs_, *fitted_estimator.intercepts_]
        point = np.concatenate([array.ravel() for array in arrays])
        if is_epoch or not points or not np.array_equal(point, points[-1]):
            points.append(point)
