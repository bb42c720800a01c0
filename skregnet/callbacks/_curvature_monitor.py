"""The curvature of the loss along training, seen from scikit-learn's callbacks.

What is measured is a score like any other: scikit-learn's `ScoringMonitor` keeps it,
and brings it back from other processes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator
from sklearn.callback import ScoringMonitor
from sklearn.utils import indexable

from skregnet._kernels import Array, check_indices
from skregnet._networks.matrix import check_count, dense
from skregnet._sklearn.private import _safe_indexing
from skregnet.callbacks._networks import check_network
from skregnet.curvature import (
    GaussNewtonOperator,
    HessianOperator,
    condition_number,
    spectral_density,
    trace,
)

_NAMES = ("largest_eigenvalue", "smallest_eigenvalue", "trace", "condition_number")


class CurvatureMonitor:
    """Callback that records how the training loss curves, every so many epochs.

    Of the Hessian of the loss it records

    - ``largest_eigenvalue``, the largest curvature along any direction: gradient
      descent overshoots along it if the learning rate is above two over it;
    - ``smallest_eigenvalue``, below 0 where the loss curves downward;
    - ``trace``, the sum of all eigenvalues;
    - ``condition_number``, the largest magnitude of an eigenvalue over the smallest
      that is not zero.

    It is set on a network, wherever that is: alone, in a pipeline, a search or an
    ensemble. Training goes on exactly as it would without it.

    Parameters
    ----------
    every : int, default=1
        Number of epochs from one record to the next. What `fit` ends with is recorded
        too, as its task ``"fit"``: with early stopping or averaged weights it differs
        from the last epoch.
    X : {array-like, sparse matrix} of shape (n_samples, n_features), default=None
        Features on which the loss is meant, as the network sees them: within a pipeline
        after the steps before it. None for what `fit` is given, rows that are held out
        for early stopping included.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        Targets of `X`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows of `X`.
    max_samples : int or None, default=1000
        Most rows that the loss is taken over. If there are more, as many are drawn of
        those with a weight above 0, the same in every epoch; their weights are scaled
        to the sum of all, so that penalties count as they do on all rows. None for all.
    penalties : bool, default=False
        Whether the loss has the network's penalties, on weights and on activations.
    gauss_newton : bool, default=False
        Whether to record the Gauss-Newton matrix instead, which leaves out the second
        derivatives of the network: no eigenvalue of it is below 0.
    max_parameters : int, default=1000
        Up to so many parameters the matrix is written down and all is exact. Above, the
        ends of the spectrum and the trace are estimated, and the condition number,
        which takes all eigenvalues, is NaN.
    n_products : int, default=60
        Products of the matrix with vectors for the estimates, at least 3: as many for
        the ends of the spectrum, by Lanczos' method, as for the trace, by Hutch++.
    random_state : int, default=0
        Seed of the rows and of the vectors.

    Raises
    ------
    ValueError
        If a number is out of range, or if not both of `X` and `y` are given; from
        `fit`, if data or penalties do not fit the network.
    TypeError
        From `fit`, if it is set on anything but a network.

    See Also
    --------
    skregnet.curvature.HessianOperator : The matrix of a fitted network.
    sklearn.callback.ScoringMonitor : The same for scores.

    Notes
    -----
    Estimates of the largest eigenvalue are too low and those of the smallest too high,
    if anything. The largest is usually exact to rounding after a dozen products; the
    smallest, which has many neighbours, to some tenths of a percent after 60.
    Lanczos' method keeps ``8 * n_products * n_parameters`` bytes.

    Eigenvalues of a magnitude that is rounding count as zero, and are left out of the
    condition number, since most networks have some: units that are off for all rows,
    and a softmax, which does not change if all of its inputs grow alike.

    Where weights are so large that derivatives overflow, NaN is recorded.

    References
    ----------
    J. Cohen, S. Kaur, Y. Li, J. Z. Kolter and A. Talwalkar (2021). Gradient descent on
    neural networks typically occurs at the edge of stability. ICLR. The lecture's
    headings "Eigenvalues of The Hessian Matrix" and "The Condition Number of the
    Hessian".

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MLPClassifier
    >>> from skregnet.callbacks import CurvatureMonitor
    >>> X, y = load_iris(return_X_y=True)
    >>> monitor = CurvatureMonitor(every=10)
    >>> mlp = MLPClassifier((5,), solver="lbfgs", max_iter=2000, random_state=0)
    >>> mlp = mlp.set_callbacks(monitor).fit(X, y)
    >>> records = monitor.get_logs().data
    >>> epochs = [record for record in records if record["task_name"] == "epoch"]
    >>> [epoch["task_id"] + 1 for epoch in epochs[:3]]
    [10, 20, 30]
    >>> all(epoch["smallest_eigenvalue"] < 0 < epoch["trace"] for epoch in epochs)
    True
    """

    def __init__(
        self,
        every: int = 1,
        *,
        X: Any = None,
        y: Any = None,
        sample_weight: Any = None,
        max_samples: int | None = 1000,
        penalties: bool = False,
        gauss_newton: bool = False,
        max_parameters: int = 1000,
        n_products: int = 60,
        random_state: int = 0,
    ) -> None:
        if (X is None) != (y is None) or (X is None and sample_weight is not None):
            raise ValueError(
                "X and y expect data and targets, or None both, and sample_weight "
                f"weights of these, got {_kind(X)}, {_kind(y)} and "
                f"{_kind(sample_weight)}."
            )
        self._every = check_count("every", every)
        self._data = None if X is None else (X, y, {"sample_weight": sample_weight})
        measure = _Measure(
            None if max_samples is None else check_count("max_samples", max_samples),
            bool(penalties),
            bool(gauss_newton),
            check_count("max_parameters", max_parameters, 0),
            check_count("n_products", n_products, 3),
            check_count("random_state", random_state, 0),
        )
        self._monitor = ScoringMonitor(scoring=measure)

    def setup(self, estimator: Any, context: Any) -> None:
        """Start listening to a fit.

        Parameters
        ----------
        estimator : estimator
            The network.
        context : CallbackContext
            Its task.
        """
        check_network(self, estimator)
        self._monitor.setup(estimator=estimator, context=context)

    def teardown(self, estimator: Any, context: Any) -> None:
        """Stop listening to a fit.

        Parameters
        ----------
        estimator : estimator
            The network.
        context : CallbackContext
            Its task.
        """
        self._monitor.teardown(estimator=estimator, context=context)

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
        self,
        estimator: Any,
        context: Any,
        *,
        X: Any = None,
        y: Any = None,
        metadata: Any = None,
        fitted_estimator: Any = None,
    ) -> None:
        """Record the curvature, if it is time to.

        Parameters
        ----------
        estimator : estimator
            The network in training.
        context : CallbackContext
            The task that ends: an epoch, or the fit.
        X : array-like, default=None
            Features that it learns from.
        y : array-like, default=None
            Targets.
        metadata : dict, default=None
            With ``"sample_weight"``, if rows have weights.
        fitted_estimator : estimator, default=None
            The network as it is now.
        """
        is_epoch = context.task_name == "epoch"
        if is_epoch and (context.task_id + 1) % self._every:
            return
        if self._data is not None:
            X, y, metadata = self._data
        self._monitor.on_fit_task_end(
            estimator,
            context,
            X=X,
            y=y,
            metadata=metadata,
            fitted_estimator=fitted_estimator,
        )

    def get_logs(
        self, select: str = "most_recent", include_lineage: bool = False
    ) -> Any:
        """Return what has been recorded, as `ScoringMonitor` does.

        Parameters
        ----------
        select : {'most_recent', 'all'}, default='most_recent'
            Which runs: a run is one call of the outermost `fit`, that of a search for
            example.
        include_lineage : bool, default=False
            Whether to have rows for the tasks around those recorded, too.

        Returns
        -------
        logs : ScoringMonitorLog or list of ScoringMonitorLog
            The run, or all of them. In its attribute `data` is a list of dicts, one a
            record: ``task_name`` is ``"epoch"`` or ``"fit"``, ``task_id`` the number of
            the epoch, from 0, ``parent_task_id_path`` tells fits apart, and the four
            values have their names. `data_as_pandas` is the same as a data frame.

        Raises
        ------
        ValueError
            If nothing has been recorded.
        """
        return self._monitor.get_logs(select=select, include_lineage=include_lineage)


def _kind(value: Any) -> str:
    return "None" if value is None else type(value).__name__


@dataclass(frozen=True)
class _Measure:
    """The curvature of a fitted network's loss, in the form of a scorer."""

    max_samples: int | None
    penalties: bool
    gauss_newton: bool
    max_parameters: int
    n_products: int
    random_state: int

    def __call__(
        self, estimator: Any, X: Any, y: Any, sample_weight: Any = None
    ) -> dict[str, float]:
        """Return the values by name."""
        matrix = GaussNewtonOperator if self.gauss_newton else HessianOperator
        data = self._drawn(X, y, sample_weight)
        operator = matrix(estimator, *data, penalties=self.penalties)
        # Weights that are about to diverge are still finite, derivatives may not be.
        with np.errstate(over="ignore", invalid="ignore"):
            values = self._values(operator)
        return dict(zip(_NAMES, values.tolist(), strict=True))

    def _values(self, operator: LinearOperator) -> Array:
        """Return the values of a matrix, NaN where it has no numbers."""
        n_parameters = operator.shape[0]
        if n_parameters <= self.max_parameters:
            return _exact(dense(operator, n_parameters))
        if not np.isfinite(operator.matvec(np.ones(n_parameters))).all():
            return np.full(len(_NAMES), np.nan)
        seed = self.random_state
        ends = spectral_density(operator, self.n_products, 1, random_state=seed).nodes
        total = trace(operator, self.n_products, random_state=seed)
        return np.array([ends[-1], ends[0], total, np.nan])

    def _drawn(self, X: Any, y: Any, weights: Any) -> tuple[Any, Any, Any]:
        """Return some of the rows, with weights that sum to those of all."""
        check_indices(X)
        X, y, weights = indexable(X, y, weights)
        n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
        if self.max_samples is None or n_rows <= self.max_samples:
            return X, y, weights
        weights = np.ones(n_rows) if weights is None else np.asarray(weights, float)
        counted = np.flatnonzero(weights > 0)
        n_drawn = min(self.max_samples, len(counted))
        rng = np.random.default_rng(self.random_state)
        rows = np.sort(rng.choice(counted, n_drawn, replace=False))
        drawn = weights[rows] * (weights.sum() / weights[rows].sum())
        return _safe_indexing(X, rows), _safe_indexing(y, rows), drawn


def _exact(matrix: Array) -> Array:
    """Return the values of a matrix that is written down."""
    if not np.isfinite(matrix).all():
        return np.full(len(_NAMES), np.nan)
    eigenvalues = np.linalg.eigvalsh(matrix)
    condition = condition_number(eigenvalues, ignore_zeros=True)
    return np.array([eigenvalues[-1], eigenvalues[0], np.trace(matrix), condition])
