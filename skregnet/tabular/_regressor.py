"""Regression on tables."""

from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from skregnet._kernels import Array
from skregnet.tabular._base import BaseTabular
from skregnet.tabular._targets import numbers_of


class TabularRegressor(RegressorMixin, BaseTabular):
    """Regressor on tables as they come, by an ensemble of networks.

    A `TableEncoder` makes numbers of the columns, and targets are brought to mean 0 and
    variance 1. Networks, each trained on a part of the rows and stopped where the loss
    on the rest is least, predict by their mean, within the range of the targets in
    `fit`.

    Parameters
    ----------
    preset : {'fast', 'balanced', 'best'}, default='balanced'
        How much work to put in: 4, 8 or 16 networks, ever larger and trained longer;
        twice as many where there are fewer than 1,000 rows.
    n_members : int, default=None
        Number of networks; None for that of the preset.
    time_limit : float, default=None
        Seconds for training; None for no limit. With a limit networks are trained in
        turn, and no further one is begun if, judged by those before, it will not end in
        time: how many there are, and so results, depends on the machine. The first
        ones end with the epoch in which time is over, and run one at least.
    categorical_features : 'from_dtype' or array-like, default='from_dtype'
        Columns that are categories though they hold numbers: names, places or a mask.
    network : MLPRegressor, default=None
        What the networks are copies of, to train them otherwise; None for the default.
    n_jobs : int or None, default=None
        Workers, as in `BaggingEnsemble`. Results do not depend on it.
    random_state : int, RandomState instance or None, default=None
        Source of all that is drawn.

    Attributes
    ----------
    encoder_ : TableEncoder
        What makes numbers of the columns.
    ensembles_ : list of BaggingEnsemble
        The one that there is, of networks that predict standardised targets.
    target_mean_, target_scale_ : float
        Mean and standard deviation of the targets.
    target_range_ : tuple of float
        Their smallest and their largest.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        How much the loss would change, to first order, if a column were its mean: by
        the gradients of the networks, on rows of `fit`. They sum to 1. What is needed,
        :func:`sklearn.inspection.permutation_importance` says on other rows.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, where they have names that are all strings.
    n_iter_ : int
        Epochs of the network that was trained longest.

    See Also
    --------
    TabularClassifier : The same for classes.
    TableEncoder : What is done to the columns.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import train_test_split
    >>> from skregnet import TabularRegressor
    >>> X, y = load_diabetes(as_frame=True, return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> model = TabularRegressor("fast", random_state=0).fit(X_train, y_train)
    >>> model.score(X_test, y_test) > 0.25
    True
    """

    _classifies: ClassVar[bool] = False

    def __init__(
        self,
        preset: str = "balanced",
        *,
        n_members: int | None = None,
        time_limit: float | None = None,
        categorical_features: Any = "from_dtype",
        network: Any = None,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            preset=preset,
            n_members=n_members,
            time_limit=time_limit,
            categorical_features=categorical_features,
            network=network,
            n_jobs=n_jobs,
            random_state=random_state,
        )

    def predict(self, X: Any) -> Array:
        """Predict numbers.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            A table with the columns of `fit`.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            The mean of the networks' predictions; in float32 where all columns of
            floats are, in `fit` and in `X`, and the targets are not beyond it; in
            float64 otherwise.
        """
        check_is_fitted(self)
        ensemble = self.ensembles_[0]

        def numbers(encoded: Array) -> Array:
            outputs = ensemble.predict(encoded).astype(np.float64)
            values = outputs * self.target_scale_ + self.target_mean_
            values = values.clip(*self.target_range_)
            return values.astype(encoded.dtype, copy=False)

        return self._in_blocks(X, numbers)

    def predict_std(self, X: Any) -> Array:
        """Predict how much the networks differ.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            A table with the columns of `fit`.

        Returns
        -------
        std : ndarray of shape (n_samples,)
            Standard deviation of their predictions about their mean, in units of `y`.
        """
        check_is_fitted(self)
        ensemble = self.ensembles_[0]

        def spreads(encoded: Array) -> Array:
            std = ensemble.predict_std(encoded).astype(np.float64)
            return (std * self.target_scale_).astype(encoded.dtype, copy=False)

        return self._in_blocks(X, spreads)

    def _learn_targets(self, y: Any, weights: Array | None) -> Array:
        y = numbers_of(y)
        counted = y if weights is None else y[weights > 0]
        self.target_mean_ = float(np.average(y, weights=weights))
        variance = np.average((y - self.target_mean_) ** 2, weights=weights)
        if not np.isfinite(variance):
            raise ValueError(
                "y expects numbers whose variance is finite, got a largest one of "
                f"{np.abs(y).max():g}; scale them."
            )
        self.target_scale_ = float(np.sqrt(variance)) or 1.0
        self.target_range_ = (float(counted.min()), float(counted.max()))
        # Predictions of targets beyond single precision are in double.
        limits = np.finfo(np.float32)
        largest = max(map(abs, self.target_range_))
        fits = largest < limits.max and self.target_scale_ > limits.tiny
        self._is_single = bool(self._is_single and fits)
        standardised: Array = (y - self.target_mean_) / self.target_scale_
        return standardised

    def _learn_from_left_out(
        self, encoded: Array, targets: Array, weights: Array | None
    ) -> None:
        """Nothing: means are what squared errors ask for."""
