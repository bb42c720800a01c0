"""Any estimator, fitted to data and to changed copies of them."""

from collections.abc import Callable
from functools import wraps
from numbers import Integral
from types import MethodType
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import InputTags, check_consistent_length, get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from skregnet._kernels import Array
from skregnet._sklearn.constraints import Interval
from skregnet._sklearn.data_checks import input_tags_of, rows_of_parameters
from skregnet._sklearn.doc_links import DocumentedMixin
from skregnet._sklearn.private import (
    HasMethods,
    _estimator_has,
    _fit_context,
    _routing_enabled,
)
from skregnet.augmentation._containers import in_frame_like
from skregnet.augmentation._copies import CopyMaker

_KINDS = ("classifier", "regressor")
_ROUTED = (
    "fit",
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score",
)


class _WeightedAsEstimator:
    """A method `fit` that takes `sample_weight` where the estimator's own does.

    Meta-estimators look for the parameter in the signature of `fit`.

    Parameters
    ----------
    fit : callable
        The method, with the parameter.
    """

    def __init__(self, fit: Callable[..., Any]) -> None:
        self._fit = fit

        @wraps(fit)
        def without(owner: Any, X: Any, y: Any, **fit_params: Any) -> Any:
            return fit(owner, X, y, **fit_params)

        # The signature is its own, not that of the method wrapped.
        del without.__wrapped__
        self._without = without

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        """Return the method of an object, or the function of the class."""
        if owner is None:
            return self._fit
        estimator = getattr(owner, "estimator", None)
        is_weighted = hasattr(estimator, "fit") and has_fit_parameter(
            estimator, "sample_weight"
        )
        return MethodType(self._fit if is_weighted else self._without, owner)


class AugmentedEstimator(DocumentedMixin, MetaEstimatorMixin, BaseEstimator):
    """An estimator that learns from the data and from changed copies of them.

    Any classifier or regressor of scikit-learn's kind may learn so, pipelines too, and
    this is a classifier or a regressor as it is. Copies are made anew in each `fit`, of
    the training data of a cross-validation alone; what is to be predicted stays as it
    is. `fit` has the parameter `sample_weight` where that of the estimator has it, so
    that meta-estimators find it. Whatever else the estimator can do is asked of
    `estimator_`.

    Parameters
    ----------
    estimator : estimator
        What a copy of is fitted.
    augmenter : augmenter or None, default=None
        An object of :mod:`skregnet.augmentation`, or any with its methods `fit` and
        `augment`; a copy of it is fitted. If None, nothing is added: the estimator is
        fitted to the data as they are.
    n_copies : int, default=1
        Changed copies of each row.
    keep_originals : bool, default=True
        Whether to learn from the rows themselves too.
    random_state : int, RandomState instance or None, default=None
        Source of the changes, and of nothing else: the estimator has its own.

    Attributes
    ----------
    estimator_ : estimator
        The estimator, fitted.
    augmenter_ : augmenter or None
        The augmenter, fitted, if there is one.
    classes_ : ndarray of shape (n_classes,) or list of those
        The estimator's classes, of a classifier.
    n_features_in_ : int
        The estimator's number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        The estimator's names of the features, where `X` has names that are all strings.
    coef_ : ndarray
        The estimator's coefficients, where it has such.
    intercept_ : ndarray or float
        The estimator's intercept, where it has one.
    feature_importances_ : ndarray of shape (n_features,)
        The estimator's importances of the features, where it has such.

    See Also
    --------
    AugmentingSampler : The same copies, as a step of imbalanced-learn's pipeline.

    Notes
    -----
    Augmenters change numbers. Labels are given to them as vectors of ones and zeros, a
    column for each class, and where they return shares of classes, as
    :class:`~skregnet.augmentation.Mixup` does, a label is drawn by the shares. A share
    below 0 counts as 0. Where a row may have several labels, each is drawn by its own
    share; but a label indicator matrix with exactly one label in each row is one of
    classes, and stays one. A regressor gets its targets as the augmenter returns them.

    A copy has the weight of its row, so that the weights of all rows together grow. An
    estimator whose penalty stands beside a sum over rows, such as
    :class:`sklearn.linear_model.Ridge`, is regularized less by the same `alpha`.

    An estimator that holds out rows of its own to validate on finds copies of rows that
    it learns from among them, and validates too well. Give
    :class:`~skregnet.MLPClassifier` and :class:`~skregnet.MLPRegressor` other rows, as
    `X_val` and `y_val`, or the augmenter itself, as `augmenter`, which changes each
    minibatch afresh.

    References
    ----------
    The lecture's heading "Approaches to Manufacturing New Data Cases".

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skregnet.augmentation import AugmentedEstimator, GaussianNoise
    >>> X, y = load_wine(return_X_y=True)
    >>> tree = DecisionTreeClassifier(random_state=0)
    >>> noise = GaussianNoise(scale=0.5)
    >>> smooth = AugmentedEstimator(tree, noise, n_copies=20, random_state=0)
    >>> scores = [cross_val_score(model, X, y).mean() for model in (tree, smooth)]
    >>> bool(scores[0] < 0.9 < scores[1])
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "augmenter": [HasMethods(["fit", "augment"]), None],
        "n_copies": [Interval(Integral, 0, 2**31 - 1, closed="both")],
        "keep_originals": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        augmenter: Any = None,
        *,
        n_copies: int = 1,
        keep_originals: bool = True,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.augmenter = augmenter
        self.n_copies = n_copies
        self.keep_originals = keep_originals
        self.random_state = random_state

    # The parameters of estimator and augmenter are checked by their own `fit`.
    @_WeightedAsEstimator
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **fit_params: Any) -> Self:
        """Make changed copies of the data, and fit the estimator to them.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Features, which are numbers; sparse only if the augmenter takes that. The
            estimator gets float32 or float64, and frames as frames.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets: class labels, or a label indicator matrix; or numbers.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, for estimators that take these; by metadata routing,
            where that is enabled. Copies get the weight of their sample.
        **fit_params : dict
            What else to fit the estimator with; by metadata routing, where that is
            enabled. Values of which there is one for each sample are given to its
            copies too.

        Returns
        -------
        self : AugmentedEstimator
            The fitted estimator.

        Raises
        ------
        ValueError
            If parameters or data are invalid, or the augmenter returns other than as
            many rows as it is given. The estimator is then as it was before.
        """
        kind = get_tags(self.estimator).estimator_type
        if kind not in _KINDS:
            raise ValueError(
                "estimator expects a classifier or a regressor, or a pipeline that "
                f"ends in one, got estimator={self.estimator!r}."
            )
        if sample_weight is not None:
            fit_params["sample_weight"] = sample_weight
        parameters = self._routed("fit", fit_params)
        estimator, augmenter = clone(self.estimator), None
        if self.augmenter is None:
            estimator.fit(X, y, **parameters)
        else:
            maker = CopyMaker.of(self, X, y, as_classes=kind == "classifier")
            if not np.isscalar(sample_weight) and sample_weight is not None:
                check_consistent_length(maker.rows, sample_weight)
            rows, targets = maker.make(self.random_state)
            parameters = rows_of_parameters(X, parameters, maker.sources)
            estimator.fit(in_frame_like(rows, X), targets, **parameters)
            augmenter = maker.augmenter
        self.estimator_ = estimator
        self.augmenter_ = augmenter
        return self

    def predict(self, X: Any, **params: Any) -> Any:
        """Predict classes or numbers.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Features.
        **params : dict
            What else to hand to the estimator; by metadata routing, where that is
            enabled.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The estimator's predictions.
        """
        return self._ask("predict", params, X)

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X: Any, **params: Any) -> Any:
        """Predict the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Features.
        **params : dict
            What else to hand to the estimator; by metadata routing, where that is
            enabled.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), or list of those
            The estimator's probabilities, in the order of `classes_`.
        """
        return self._ask("predict_proba", params, X)

    @available_if(_estimator_has("predict_log_proba"))
    def predict_log_proba(self, X: Any, **params: Any) -> Any:
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Features.
        **params : dict
            What else to hand to the estimator; by metadata routing, where that is
            enabled.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes), or list of those
            In the form of `predict_proba`.
        """
        return self._ask("predict_log_proba", params, X)

    @available_if(_estimator_has("decision_function"))
    def decision_function(self, X: Any, **params: Any) -> Any:
        """Return what the estimator decides by.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Features.
        **params : dict
            What else to hand to the estimator; by metadata routing, where that is
            enabled.

        Returns
        -------
        decisions : ndarray of shape (n_samples,) or (n_samples, n_classes)
            The estimator's decision function.
        """
        return self._ask("decision_function", params, X)

    @available_if(_estimator_has("score"))
    def score(self, X: Any, y: Any, **params: Any) -> float:
        """Return the estimator's score.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True targets.
        **params : dict
            What else to hand to the estimator, such as sample weights; by metadata
            routing, where that is enabled.

        Returns
        -------
        score : float
            Accuracy of most classifiers, R^2 of most regressors.
        """
        return self._ask("score", params, X, y)

    @property
    def classes_(self) -> Any:
        """Classes of a classifier.

        Returns
        -------
        classes : ndarray of shape (n_classes,), or list of those
            The estimator's.
        """
        return self.estimator_.classes_

    @property
    def n_features_in_(self) -> int:
        """Number of features.

        Returns
        -------
        n_features : int
            The estimator's.
        """
        return self.estimator_.n_features_in_

    @property
    def feature_names_in_(self) -> Array:
        """Names of the features.

        Returns
        -------
        names : ndarray of shape (`n_features_in_`,)
            The estimator's.
        """
        return self.estimator_.feature_names_in_

    @property
    def coef_(self) -> Any:
        """Coefficients of the features.

        Returns
        -------
        coef : ndarray
            The estimator's.
        """
        return self.estimator_.coef_

    @property
    def intercept_(self) -> Any:
        """What is added to the weighted features.

        Returns
        -------
        intercept : ndarray or float
            The estimator's.
        """
        return self.estimator_.intercept_

    @property
    def feature_importances_(self) -> Array:
        """Importances of the features.

        Returns
        -------
        importances : ndarray of shape (n_features,)
            The estimator's.
        """
        return self.estimator_.feature_importances_

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata reaches the estimator.

        Returns
        -------
        routing : MetadataRouter
            What a method is given goes to the estimator's method of the same name.
        """
        mapping = MethodMapping()
        for method in _ROUTED:
            mapping.add(caller=method, callee=method)
        return MetadataRouter(owner=self).add(
            estimator=self.estimator, method_mapping=mapping
        )

    def __sklearn_tags__(self) -> Any:
        """Be what the estimator is, of rows that the augmenter takes too."""
        tags = super().__sklearn_tags__()
        of_base = get_tags(self.estimator)
        tags.estimator_type = of_base.estimator_type
        tags.classifier_tags = of_base.classifier_tags
        tags.regressor_tags = of_base.regressor_tags
        tags.target_tags = of_base.target_tags
        tags.target_tags.required = True
        tags.input_tags = of_base.input_tags
        tags.non_deterministic = of_base.non_deterministic
        if self.augmenter is not None:
            # Copies are made of numbers, and of one column of labels or indicators.
            taken = input_tags_of(self.augmenter)
            tags.input_tags = InputTags(
                sparse=of_base.input_tags.sparse and taken.sparse,
                allow_nan=of_base.input_tags.allow_nan and taken.allow_nan,
                positive_only=of_base.input_tags.positive_only,
            )
            if of_base.estimator_type == "classifier":
                tags.target_tags.multi_output = False
        return tags

    def _routed(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return what the estimator's method gets of what this one is given."""
        if not _routing_enabled():
            return parameters
        routed: dict[str, Any] = process_routing(self, method, **parameters).estimator
        return routed[method]

    def _ask(self, method: str, parameters: dict[str, Any], *data: Any) -> Any:
        """Return what the fitted estimator's method says."""
        check_is_fitted(self)
        return getattr(self.estimator_, method)(
            *data, **self._routed(method, parameters)
        )
