"""Changed copies of rows as a step of imbalanced-learn's pipeline."""

from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator, OneToOneFeatureMixin
from sklearn.utils import InputTags, Tags, TargetTags
from sklearn.utils.multiclass import type_of_target

from skregnet._sklearn.constraints import Interval
from skregnet._sklearn.data_checks import input_tags_of, naming
from skregnet._sklearn.doc_links import DocumentedMixin
from skregnet._sklearn.private import HasMethods, _check_feature_names, _fit_context
from skregnet.augmentation._containers import in_container_like
from skregnet.augmentation._copies import CopyMaker
from skregnet.augmentation._targets import Classes


# What imbalanced-learn asks of a sampler's tags beyond scikit-learn's.
@dataclass(slots=True)
class _InputTags(InputTags):
    """Which rows a sampler takes."""

    dataframe: bool = True


@dataclass(slots=True)
class _SamplerTags:
    """What a sampler tells of its rows."""

    sample_indices: bool = True


@dataclass(slots=True)
class _Tags(Tags):
    """Tags of a sampler."""

    sampler_tags: _SamplerTags = field(default_factory=_SamplerTags)


class AugmentingSampler(DocumentedMixin, OneToOneFeatureMixin, BaseEstimator):
    """Adds changed copies of the rows, in a pipeline of imbalanced-learn.

    As a step of :class:`imblearn.pipeline.Pipeline` it adds rows to those that the next
    steps learn from, targets included, and none to those to predict. It balances
    nothing: each row is copied as often as any other. To balance classes, let an
    over-sampler that repeats rows stand before it.

    Parameters
    ----------
    augmenter : augmenter
        An object of :mod:`skregnet.augmentation`, or any with its methods `fit` and
        `augment`; a copy of it is fitted.
    n_copies : int, default=1
        Changed copies of each row.
    keep_originals : bool, default=True
        Whether the rows themselves stay.
    random_state : int, RandomState instance or None, default=None
        Source of the changes.

    Attributes
    ----------
    augmenter_ : augmenter
        The augmenter, fitted.
    sampling_strategy_ : dict
        Number of copies made of the rows of each class.
    sample_indices_ : ndarray of shape (n_samples_new,)
        Number of the row that each row returned is, or is a copy of.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` has names that are all strings.

    See Also
    --------
    AugmentedEstimator : The same copies, around an estimator, without imbalanced-learn.

    Notes
    -----
    Targets are classes, at least two, as imbalanced-learn asks of samplers; whole
    numbers count as such. Where the augmenter returns shares of classes, labels are
    drawn by them, as :class:`AugmentedEstimator` says; that takes numbers and several
    labels too.

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.augmentation import AugmentingSampler, GaussianNoise
    >>> X = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    >>> y = np.array(["a", "b", "b"])
    >>> sampler = AugmentingSampler(GaussianNoise(), n_copies=2, random_state=0)
    >>> X_more, y_more = sampler.fit_resample(X, y)
    >>> X_more.shape
    (9, 2)
    >>> y_more.tolist()
    ['a', 'b', 'b', 'a', 'b', 'b', 'a', 'b', 'b']
    >>> sampler.sampling_strategy_
    {'a': 2, 'b': 4}
    >>> weights = np.array([1.0, 2.0, 3.0])
    >>> weights[sampler.sample_indices_].tolist()
    [1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0]
    """

    # imbalanced-learn's word for samplers that have no `sampling_strategy`.
    _sampling_type: ClassVar[str] = "bypass"

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "augmenter": [HasMethods(["fit", "augment"])],
        "n_copies": [Interval(Integral, 0, 2**31 - 1, closed="both")],
        "keep_originals": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        augmenter: Any,
        *,
        n_copies: int = 1,
        keep_originals: bool = True,
        random_state: Any = None,
    ) -> None:
        self.augmenter = augmenter
        self.n_copies = n_copies
        self.keep_originals = keep_originals
        self.random_state = random_state

    # The augmenter's parameters are checked by its own `fit`.
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any) -> Self:
        """Check data, and fit the augmenter; makes no copies.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Their class labels.

        Returns
        -------
        self : AugmentingSampler
            The fitted sampler.
        """
        self._keep(self._maker(X, y), X)
        return self

    @_fit_context(prefer_skip_nested_validation=False)
    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Fit the augmenter, and return rows with changed copies.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows, which are numbers; sparse only if the augmenter takes that.
        y : array-like of shape (n_samples,)
            Their class labels.

        Returns
        -------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples_new, n_features)
            The rows, then one copy of them after another, in what `X` came in.
        y : array-like of shape (n_samples_new,)
            Their targets, in what `y` came in.

        Raises
        ------
        ValueError
            If parameters or data are invalid, or the augmenter returns other than as
            many rows as it is given. The sampler is then as it was before.
        """
        maker = self._maker(X, y)
        rows, targets = maker.make(self.random_state)
        found = in_container_like(rows, X), in_container_like(targets, y)
        self._keep(maker, X)
        return found

    def _maker(self, X: Any, y: Any) -> CopyMaker:
        """Check data, whose targets are classes, as imbalanced-learn asks it to be."""
        maker = CopyMaker.of(self, X, y, as_classes=None)
        if not isinstance(maker.targets, Classes):
            with naming("y"):
                kind = type_of_target(y)
            raise ValueError(
                "Unknown label type: AugmentingSampler expects y of one class a row, "
                f"got targets of type {kind!r}; use AugmentedEstimator for numbers or "
                "several labels."
            )
        if len(maker.targets.counts()) < 2:
            raise ValueError(
                "AugmentingSampler expects y of at least two classes, got one class, "
                f"{next(iter(maker.targets.counts()))!r}."
            )
        return maker

    def _keep(self, maker: CopyMaker, X: Any) -> None:
        """Set what has been learned of the data."""
        _check_feature_names(self, X, reset=True)
        self.n_features_in_ = maker.rows.shape[1]
        self.augmenter_ = maker.augmenter
        self.sample_indices_ = maker.sources
        targets: Any = maker.targets
        self.sampling_strategy_ = {
            name: count * maker.n_copies for name, count in targets.counts().items()
        }

    def __sklearn_tags__(self) -> Any:
        """Be a sampler, of rows that the augmenter takes."""
        taken = input_tags_of(self.augmenter)
        return _Tags(
            estimator_type="sampler",
            target_tags=TargetTags(required=True),
            input_tags=_InputTags(sparse=taken.sparse, allow_nan=taken.allow_nan),
        )
