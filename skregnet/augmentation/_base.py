"""What an augmenter is.

An augmenter makes new cases of given ones: it changes rows, and perhaps their targets,
at random. Its core is one method, `augment`, which is handed arrays and a source of
noise and keeps nothing. `fit` learns what the changes are relative to, such as the
spread of each feature, and no more.

Targets are vectors here, `(n_rows, n_outputs)`: numbers of a regression, and for
classes ones and zeros, which `augment` may turn into shares of classes. Who calls it
makes labels into vectors before, and draws labels from the shares after.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_is_fitted

from skregnet._kernels import Array
from skregnet._sklearn.data_checks import FLOATS, checked_rows, random_source
from skregnet._sklearn.doc_links import DocumentedMixin
from skregnet._sklearn.private import _fit_context
from skregnet._sklearn.rollback import all_or_nothing


class Augmenter(
    DocumentedMixin, OneToOneFeatureMixin, TransformerMixin, BaseEstimator, ABC
):
    """Base of the augmenters; abstract.

    As a step of a :class:`sklearn.pipeline.Pipeline` it changes the rows that the next
    step learns from, and no others: `fit_transform` augments, `transform` hands on what
    it is given. A pipeline has no way to change targets, which stay as they are.

    Examples
    --------
    An augmenter of one's own, here for features that are fractions of a whole:

    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MLPClassifier
    >>> from skregnet.augmentation import Augmenter
    >>> class Rescale(Augmenter):
    ...     def __init__(self, spread=0.1, *, random_state=None):
    ...         self.spread = spread
    ...         self.random_state = random_state
    ...     def augment(self, X, y, rng):
    ...         factors = rng.uniform(1 - self.spread, 1 + self.spread, (len(X), 1))
    ...         return X * factors, y
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier(learning_rate_init=0.01, max_iter=500, random_state=0,
    ...                     augmenter=Rescale())
    >>> mlp.fit(X, y).score(X, y) > 0.9
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "random_state": ["random_state"],
    }
    _takes_sparse: ClassVar[bool] = False
    """Whether `augment` takes CSR arrays too."""

    random_state: Any

    @abstractmethod
    def augment(
        self, X: Any, y: Array | None, rng: np.random.Generator
    ) -> tuple[Any, Array | None]:
        """Return rows changed at random, and their targets.

        Parameters
        ----------
        X : {ndarray, CSR array} of shape (n_rows, n_features)
            Rows, which are left as they are.
        y : ndarray of shape (n_rows, n_outputs) or (n_rows,), or None
            Their targets as numbers, of classes as vectors of shares; left as they are.
            Where None is given, only `X` is changed, and as if targets stayed.
        rng : Generator
            Source of noise.

        Returns
        -------
        X : {ndarray, CSR array} of shape (n_rows, n_features)
            As many rows, in the same precision.
        y : ndarray or None
            Their targets, in the shape given.
        """

    # Augmenters within augmenters are checked too.
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn what changes are relative to.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets.

        Returns
        -------
        self : object
            The fitted augmenter.
        """
        with all_or_nothing(self):
            self._learn(self._validate(X, reset=True), y)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Fit, and return the rows changed at random.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows to learn from.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets, which stay: labels or numbers.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            Changed rows, in a new array.
        """
        X = self.fit(X, y)._validate(X, reset=False)
        with np.errstate(over="ignore", invalid="ignore"):
            changed = self._change(X, y, generator_of(self.random_state))
            assert_all_finite(changed, input_name="X, once changed,")
        # The next step may write to what it is handed.
        return X.copy() if changed is X else changed

    def transform(self, X: Any) -> Any:
        """Return the rows as they are: what is to be predicted is not augmented.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            The same rows.
        """
        check_is_fitted(self)
        return self._validate(X, reset=False)

    def _change(self, X: Any, y: Any, rng: np.random.Generator) -> Any:
        """Return rows changed at random, whose targets, as a user has them, stay."""
        return self.augment(X, None, rng)[0]

    def _tell_classes(self, classes: Array) -> None:
        """Take notice of the class that each column of the targets stands for."""

    def _learn(self, X: Any, y: Any) -> None:
        """Learn from validated rows; nothing by default."""

    def _validate(self, X: Any, *, reset: bool) -> Any:
        """Check rows; sparse ones come with each value once."""
        X = checked_rows(
            self,
            X,
            dtype=FLOATS,
            accept_sparse="csr" if self._takes_sparse else False,
            reset=reset,
        )
        if not sparse.issparse(X) or X.has_canonical_format:
            return X
        with np.errstate(over="ignore", invalid="ignore"):
            X = with_values_once(X)
            assert_all_finite(X, input_name="X")
        return X

    def __sklearn_tags__(self) -> Any:
        """Say that the rows returned are another time others."""
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        tags.input_tags.sparse = self._takes_sparse
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def changed_rows(augmenter: Any, X: Any, y: Any, rng: np.random.Generator) -> Any:
    """Return rows changed by an augmenter of any kind, whose targets stay."""
    if isinstance(augmenter, Augmenter):
        return augmenter._change(X, y, rng)
    return augmenter.augment(X, None, rng)[0]


def with_values_once(X: Any) -> Any:
    """Return CSR rows in order, into which SciPy's sums would bring the given ones."""
    if X.has_canonical_format:
        return X
    X = X.copy()
    X.sum_duplicates()
    return X


def checked_scale(scale: Array, name: str) -> Array:
    """Return the spread of noise, or refuse data whose spread is beyond the floats."""
    if not np.isfinite(scale).all():
        raise ValueError(
            f"{name} expects numbers whose spread, times scale, is finite, got larger "
            "ones; scale them, or set a smaller scale."
        )
    return scale


def generator_of(random_state: Any) -> np.random.Generator:
    """Return a source of noise from a seed or a RandomState, which moves on."""
    seed = random_source(random_state).randint(2**32, size=4, dtype=np.uint32)
    return np.random.Generator(np.random.SFC64(seed))
