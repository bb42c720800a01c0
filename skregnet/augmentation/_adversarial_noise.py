"""Rows moved up the loss of an estimator."""

import copy
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse
from sklearn.frozen import FrozenEstimator
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_is_fitted

from skregnet._kernels import Array
from skregnet._sklearn.constraints import Interval
from skregnet._sklearn.data_checks import naming
from skregnet._sklearn.private import HasMethods, StrOptions
from skregnet._training import NORMS, moved
from skregnet.augmentation._base import Augmenter
from skregnet.augmentation._mixup import numeric_targets


class AdversarialNoise(Augmenter):
    """Moves rows in the directions in which a fitted estimator's loss rises.

    The move is not random: it depends on the rows and their targets only, which stay.
    Where no targets are given, those that the estimator predicts take their place.

    The estimator is not fitted again, and copies of the augmenter by
    :func:`sklearn.base.clone` go on to use its weights: to measure how well models do
    that learn from the moved rows, fit it to none of the rows that they are tested on.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        A fitted estimator, or any with its methods `input_gradient` and `predict`. It
        sees the features as they come here.
    step : float, default=0.1
        How far to move, in the units of the features.
    norm : {'gradient', 'sign', 'l2'}, default='gradient'
        What is multiplied by `step`: the gradient of each row's loss, its signs, or the
        gradient scaled to a Euclidean norm of 1.
    iterations : int, default=1
        Number of smaller steps of which the move is made, each along the gradient at
        the point reached. For 'sign' and 'l2' what is moved stays within `step` of the
        row, in every feature or in Euclidean distance.
    random_state : int, RandomState instance or None, default=None
        Not used: nothing is drawn.

    Attributes
    ----------
    estimator_ : estimator
        The estimator that tells the directions, without names of its features.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` has names that are all strings.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If targets are labels, where `augment` expects vectors of shares.
    ValueError
        If rows or targets do not fit the estimator.

    References
    ----------
    I. Goodfellow, J. Shlens and C. Szegedy (2015). Explaining and harnessing
    adversarial examples. ICLR.

    A. Madry, A. Makelov, L. Schmidt, D. Tsipras and A. Vladu (2018). Towards deep
    learning models resistant to adversarial attacks. ICLR.

    F. Tramèr, A. Kurakin, N. Papernot, I. Goodfellow, D. Boneh and P. McDaniel (2018).
    Ensemble adversarial training: attacks and defenses. ICLR.

    The lecture's heading "Adversarial Training".

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MLPClassifier
    >>> from skregnet.augmentation import AdversarialNoise
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier(solver="lbfgs", alpha=1.0, max_iter=1000, random_state=0)
    >>> noise = AdversarialNoise(mlp.fit(X, y), step=0.5, norm="sign")
    >>> mlp.score(noise.fit_transform(X), y) < mlp.score(X, y)
    True

    Without targets what is predicted wrongly moves back to its true class:

    >>> moved = noise.fit_transform(X, y)
    >>> mlp.score(moved, y) <= mlp.score(noise.fit_transform(X), y)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Augmenter._parameter_constraints,
        "estimator": [HasMethods(["input_gradient", "predict"])],
        "step": [Interval(Real, 0, None, closed="left")],
        "norm": [StrOptions(set(NORMS))],
        "iterations": [Interval(Integral, 1, None, closed="left")],
    }

    _known: dict[Any, int] | None
    """Place of each class among those of a classifier's; None of other estimators."""
    _places: list[int] | slice
    """Places of the classes that the columns of the targets stand for."""

    def __init__(
        self,
        estimator: Any,
        *,
        step: float = 0.1,
        norm: str = "gradient",
        iterations: int = 1,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.step = step
        self.norm = norm
        self.iterations = iterations
        self.random_state = random_state

    def augment(
        self, X: Any, y: Array | None, rng: np.random.Generator
    ) -> tuple[Any, Array | None]:
        """Return moved rows, and their targets."""
        return self._moved(X, None if y is None else self._decode(y, len(X))), y

    def _change(self, X: Any, y: Any, rng: np.random.Generator) -> Any:
        """Return moved rows; labels are as the estimator was fitted to."""
        if y is None or sparse.issparse(y):
            return self._moved(X, y)
        labels = np.asarray(y)
        if self._known is not None:
            self._check_classes(labels)
        with naming("y"):
            return self._moved(X, labels)

    def _moved(self, X: Array, labels: Any) -> Array:
        """Return rows moved up the loss of labels, or of those predicted."""
        if labels is None:
            labels = self.estimator_.predict(X)
        step, inputs = float(self.step), X
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(self.iterations):
                gradient = self.estimator_.input_gradient(inputs, labels)
                gradient = gradient.astype(X.dtype, copy=False)
                inputs = moved(inputs, X, gradient, step, self.norm, self.iterations)
            assert_all_finite(inputs, input_name="X, once moved,")
        return inputs

    def _decode(self, y: Any, n_rows: int) -> Array:
        """Return targets of the kind that the estimator was fitted to."""
        if not hasattr(self.estimator_, "classes_"):
            y = np.asarray(y)
            return y.ravel() if y.ndim == 2 and y.shape[1] == 1 else y
        shares = numeric_targets(y, n_rows).reshape(n_rows, -1)
        classes: Array = self.estimator_.classes_[self._places]
        is_binary = len(classes) == 2 and not self._is_multilabel
        n_columns = shares.shape[1]
        if n_columns != len(classes) and not (is_binary and n_columns == 1):
            raise ValueError(
                f"y expects vectors of shares of the estimator's classes {classes}, "
                f"got {n_columns} columns; fit the estimator to the same classes."
            )
        if self._is_multilabel:
            return (shares > 0.5).astype(int)
        numbers = shares.argmax(axis=1)
        if n_columns < len(classes):
            numbers = (shares[:, 0] > 0.5).astype(int)
        return classes[numbers]

    def _tell_classes(self, classes: Array) -> None:
        """Learn the place of each class among those of the estimator."""
        if self._known is not None:
            self._check_classes(classes)
            self._places = [self._known[label] for label in classes.tolist()]

    def _check_classes(self, classes: Array) -> None:
        """Refuse classes that the estimator does not know."""
        known = self._known or {}
        labels = dict.fromkeys(classes.ravel().tolist())
        unknown = [label for label in labels if label not in known]
        if unknown:
            raise ValueError(
                f"y expects classes that the estimator of AdversarialNoise was fitted "
                f"to, {list(known)}, got {unknown}; fit the estimator to these too."
            )

    def _learn(self, X: Any, y: Any) -> None:
        """Check that the estimator knows rows such as these."""
        if isinstance(self.estimator, type):
            raise TypeError(
                "AdversarialNoise expects a fitted estimator, got the class "
                f"estimator={self.estimator.__name__}."
            )
        check_is_fitted(
            self.estimator,
            msg="AdversarialNoise expects a fitted estimator, got a %(name)s that is "
            "not fitted; call its fit before.",
        )
        estimator = copy.copy(_thawed(self.estimator))
        self._check_features(estimator)
        # Rows come as arrays, about which scikit-learn would warn.
        vars(estimator).pop("feature_names_in_", None)
        self.estimator_ = estimator
        self._is_multilabel = estimator.predict(X[:1]).ndim == 2
        self._known, self._places = None, slice(None)
        if hasattr(estimator, "classes_") and not self._is_multilabel:
            labels = estimator.classes_.tolist()
            self._known = {label: place for place, label in enumerate(labels)}

    def _check_features(self, estimator: Any) -> None:
        """Refuse other features than those of the estimator."""
        for name in ("n_features_in_", "feature_names_in_"):
            own, other = getattr(self, name, None), getattr(estimator, name, None)
            if own is None or other is None:
                continue
            if not np.array_equal(own, other):
                raise ValueError(
                    f"AdversarialNoise expects the features that its estimator was "
                    f"fitted to, {name}={other}, got {own}; use the augmenter where "
                    "features are as the estimator sees them."
                )

    def __sklearn_clone__(self) -> Self:
        """Leave the estimator fitted, whose weights are no hyperparameter."""
        twin: Self = super().__sklearn_clone__()
        twin.estimator = copy.copy(self.estimator)
        return twin


def _thawed(estimator: Any) -> Any:
    """Return the estimator itself, where scikit-learn has frozen it."""
    while isinstance(estimator, FrozenEstimator):
        estimator = estimator.estimator
    return estimator
