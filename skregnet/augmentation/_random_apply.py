"""An augmenter for some of the rows."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import clone

from skregnet._kernels import Array
from skregnet._sklearn.constraints import Interval
from skregnet._sklearn.data_checks import input_tags_of
from skregnet._sklearn.private import HasMethods
from skregnet._training.augmentation import tell_classes
from skregnet.augmentation._base import Augmenter, changed_rows
from skregnet.augmentation._compose import check_augmenter


class RandomApply(Augmenter):
    """Changes each row with a given probability, or leaves it and its target alone.

    Parameters
    ----------
    augmenter : augmenter
        What changes rows. It sees all of a batch, so that rows that are changed may be
        mixed with, or get values of, any others.
    probability : float, default=0.5
        Probability that a row is changed, in [0, 1].
    random_state : int, RandomState instance or None, default=None
        Source of noise of `fit_transform`; that of the augmenter is not used.

    Attributes
    ----------
    augmenter_ : augmenter
        Fitted copy.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` has names that are all strings.

    Raises
    ------
    TypeError
        If the augmenter is a class, or lacks a method of augmenters.

    See Also
    --------
    Compose : Several augmenters in order.

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.augmentation import GaussianNoise, RandomApply
    >>> X = np.arange(200.0).reshape(100, 2)
    >>> augmenter = RandomApply(GaussianNoise(), probability=0.2, random_state=0)
    >>> changed = (augmenter.fit_transform(X) != X).any(axis=1)
    >>> bool(10 <= changed.sum() <= 30)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Augmenter._parameter_constraints,
        "augmenter": [HasMethods(["fit", "augment"])],
        "probability": [Interval(Real, 0, 1, closed="both")],
    }
    _takes_sparse: ClassVar[bool] = True

    def __init__(
        self, augmenter: Any, probability: float = 0.5, *, random_state: Any = None
    ) -> None:
        self.augmenter = augmenter
        self.probability = probability
        self.random_state = random_state

    def augment(
        self, X: Any, y: Array | None, rng: np.random.Generator
    ) -> tuple[Any, Array | None]:
        """Return rows of which some are changed, and the targets that they have."""
        chosen = np.flatnonzero(rng.random(X.shape[0]) < self.probability)
        changed, targets = self.augmenter_.augment(X, y, rng)
        return _with_rows(X, changed, chosen), _with_rows(y, targets, chosen)

    def _change(self, X: Any, y: Any, rng: np.random.Generator) -> Any:
        """Return rows of which some are changed."""
        chosen = np.flatnonzero(rng.random(X.shape[0]) < self.probability)
        return _with_rows(X, changed_rows(self.augmenter_, X, y, rng), chosen)

    def _tell_classes(self, classes: Array) -> None:
        """Tell the augmenter."""
        tell_classes(self.augmenter_, classes)

    def _learn(self, X: Any, y: Any) -> None:
        """Fit a copy of the augmenter."""
        self.augmenter_ = clone(self.augmenter).fit(X, y)

    def _validate_params(self) -> None:
        """Check that the augmenter is no class, too."""
        super()._validate_params()
        check_augmenter(self.augmenter, "augmenter")

    def __sklearn_tags__(self) -> Any:
        """Say whether sparse rows are accepted."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = input_tags_of(self.augmenter).sparse
        return tags


def _with_rows(given: Any, changed: Any, chosen: Array) -> Any:
    """Return what is given, the chosen rows as they have been changed."""
    if changed is given:
        return given
    if sparse.issparse(given):
        n_rows = given.shape[0]
        rows = np.arange(n_rows)
        rows[chosen] += n_rows
        return sparse.vstack([given, changed], format="csr")[rows]
    mixed = given.astype(changed.dtype)
    mixed[chosen] = changed[chosen]
    return mixed
