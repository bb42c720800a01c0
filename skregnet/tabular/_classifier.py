"""Classification of tables."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skregnet._fitting.sample_weights import checked_weights
from skregnet._kernels import Array
from skregnet._sklearn.data_checks import naming
from skregnet._sklearn.labels import codes_of, learn_classes
from skregnet._sklearn.private import StrOptions
from skregnet._tables.calibration import Calibration, fitted_calibration
from skregnet.tabular._base import BaseTabular
from skregnet.tabular._presets import FEW_ROWS
from skregnet.tabular._targets import labels_of
from skregnet.tabular._training import left_out_outputs


class TabularClassifier(ClassifierMixin, BaseTabular):
    """Classifier of tables as they come, by an ensemble of networks.

    A `TableEncoder` makes numbers of the columns. Networks are each trained on a part
    of the rows and stopped where the loss on the rest is least; half of them learn from
    adversarial examples too. What the halves count for, and to which power their mean
    is raised so that it is as sure as it is right, is learned from rows by the networks
    that are new to them.

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
        ones end with the epoch in which time is over, and run one at least; those that
        learn from adversarial examples are left out if few epochs of theirs would fit.
    categorical_features : 'from_dtype' or array-like, default='from_dtype'
        Columns that are categories though they hold numbers: names, places or a mask.
    class_weight : dict or 'balanced', default=None
        Weights of the classes, as elsewhere in scikit-learn.
    network : MLPClassifier, default=None
        What the networks are copies of, to train them otherwise; None for the default.
    n_jobs : int or None, default=None
        Workers, as in `BaggingEnsemble`. Results do not depend on it.
    random_state : int, RandomState instance or None, default=None
        Source of all that is drawn.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Classes, as they were given: numbers, text, or any objects that can be hashed.
    encoder_ : TableEncoder
        What makes numbers of the columns.
    ensembles_ : list of BaggingEnsemble
        The networks: those that learn from adversarial examples, and the others; one
        for fewer than 64 rows, for a network of your own, and where Ctrl-C or the time
        limit left no others. Where classes are neither numbers nor text they know them
        by number.
    shares_ : ndarray of shape (n_ensembles,)
        What each counts for.
    power_ : float
        The power that probabilities are raised to: below 1 they were too sure. It is 1
        where fewer than 64 rows were left out by some network of each ensemble.
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
    TabularRegressor : The same for numbers.
    TableEncoder : What is done to the columns.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import train_test_split
    >>> from skregnet import TabularClassifier
    >>> X, y = load_breast_cancer(as_frame=True, return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> model = TabularClassifier("fast", random_state=0).fit(X_train, y_train)
    >>> model.score(X_test, y_test) > 0.95
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseTabular._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }
    _classifies = True

    def __init__(
        self,
        preset: str = "balanced",
        *,
        n_members: int | None = None,
        time_limit: float | None = None,
        categorical_features: Any = "from_dtype",
        class_weight: Any = None,
        network: Any = None,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            preset=preset,
            n_members=n_members,
            time_limit=time_limit,
            categorical_features=categorical_features,
            class_weight=class_weight,
            network=network,
            n_jobs=n_jobs,
            random_state=random_state,
        )

    def predict(self, X: Any) -> Array:
        """Predict classes.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            A table with the columns of `fit`.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            The most probable class of each row.
        """
        codes = self._predicted_codes(X)
        classes: Array = self.classes_[codes]
        return classes

    def _predicted_codes(self, X: Any) -> Array:
        """Return the number of the most probable class of each row."""
        return self._of_probabilities(X, np.asarray, lambda found: found.argmax(axis=1))

    def predict_proba(self, X: Any) -> Array:
        """Predict the probability of each class.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            A table with the columns of `fit`.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`; in float32 where all columns of floats are, in
            `fit` and in `X`, in float64 otherwise. They do not depend on the other
            rows of `X`.
        """
        return self._of_probabilities(X, np.asarray)

    def predict_log_proba(self, X: Any) -> Array:
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            A table with the columns of `fit`.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        return self._of_probabilities(X, np.log)

    def _of_probabilities(
        self,
        X: Any,
        change: Callable[[Array], Array],
        reduce: Callable[[Array], Array] = np.asarray,
    ) -> Array:
        """Return calibrated probabilities, changed before they lose precision."""
        check_is_fitted(self)
        calibration = Calibration(self.shares_, self.power_)

        def changed(encoded: Array) -> Array:
            outputs = [e.predict_proba(encoded) for e in self.ensembles_]
            found = change(calibration.apply(outputs))
            return reduce(found.astype(encoded.dtype, copy=False))

        return self._in_blocks(X, changed)

    @property
    def _n_outputs(self) -> int:
        """Return how many probabilities there are at once, of each class several."""
        return 4 * len(self.classes_)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            A table with the columns of `fit`.
        y : array-like of shape (n_samples,)
            True classes; of those that `fit` has not seen none is predicted.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
            1 is the best.
        """
        codes = self._predicted_codes(X)
        with naming("y"):
            check_consistent_length(codes, y)
            hits = codes_of(labels_of(y), self.classes_) == codes
        weights = checked_weights(sample_weight, codes)
        return float(np.average(hits, weights=weights))

    def _prepared(self, network: Any) -> Any:
        given = self.class_weight if self.network is None else network.class_weight
        if isinstance(given, dict) and self._has_codes:
            labels = list(self.classes_)
            codes = {k: given[own] for k, own in enumerate(labels) if own in given}
            if len(codes) < min(len(given), len(labels)):
                raise ValueError(
                    f"class_weight expects weights of classes that are in y, {labels}, "
                    f"got class_weight={given!r}."
                )
            given = codes
        return network.set_params(class_weight=given)

    def _learn_targets(self, y: Any, weights: Array | None) -> Array:  # noqa: ARG002
        self.classes_: Array
        self.classes_, codes = learn_classes(labels_of(y))
        # Networks take numbers and text as they are, and all else by its number.
        self._has_codes = self.classes_.dtype.kind not in "biufU"
        return codes if self._has_codes else self.classes_[codes]

    def _columns_of(self, member: Any) -> Array:
        """Return the numbers of the classes that a member knows."""
        if self._has_codes:
            known: Array = member.classes_
            return known
        return codes_of(member.classes_, self.classes_)

    def _learn_from_left_out(
        self, encoded: Array, targets: Array, weights: Array | None
    ) -> None:
        outputs = [left_out_outputs(e, encoded) for e in self.ensembles_]
        rows = ~np.isnan(outputs).any(axis=(0, 2))
        if weights is not None:
            rows &= weights > 0
        if len(self.classes_) == 1 or rows.sum() < FEW_ROWS:
            self.shares_: Array = np.full(len(outputs), 1 / len(outputs))
            self.power_ = 1.0
            return
        codes = targets[rows]
        if not self._has_codes:
            codes = codes_of(codes, self.classes_)
        counted = np.ones(len(targets)) if weights is None else weights
        self.shares_, self.power_ = fitted_calibration(
            [probabilities[rows] for probabilities in outputs], codes, counted[rows]
        )
