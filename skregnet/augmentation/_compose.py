"""Augmenters, one after another."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import clone

from skregnet._kernels import Array
from skregnet._sklearn.data_checks import input_tags_of
from skregnet._sklearn.private import _BaseComposition, _name_estimators
from skregnet._training.augmentation import tell_classes
from skregnet.augmentation._base import Augmenter, changed_rows


class Compose(_BaseComposition, Augmenter):
    """Applies augmenters in order.

    Each is fitted to the rows as they are given, not as those before it change them.

    Parameters
    ----------
    augmenters : list of augmenter or of (str, augmenter)
        Augmenters, or pairs of a name and one. One without a name has that of its class
        in lower case, with a number where there are several: ``gaussiannoise__scale``
        is a parameter that can be set and searched.
    random_state : int, RandomState instance or None, default=None
        Source of noise of `fit_transform`, for all of them; their own are not used.

    Attributes
    ----------
    augmenters_ : list of augmenter
        Fitted copies.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` has names that are all strings.

    Raises
    ------
    TypeError
        If an item is no augmenter.
    ValueError
        If names are not unique.

    See Also
    --------
    RandomApply : An augmenter for some of the rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.augmentation import Compose, GaussianNoise, Mixup
    >>> augmenter = Compose([GaussianNoise(), Mixup()], random_state=0)
    >>> augmenter.set_params(gaussiannoise__scale=0.5)
    Compose(augmenters=[GaussianNoise(scale=0.5), Mixup()], random_state=0)
    >>> augmenter.fit_transform(np.eye(3)).shape
    (3, 3)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Augmenter._parameter_constraints,
        "augmenters": [list, tuple],
    }
    _takes_sparse: ClassVar[bool] = True

    def __init__(self, augmenters: Sequence[Any], *, random_state: Any = None) -> None:
        self.augmenters = augmenters
        self.random_state = random_state

    def augment(
        self, X: Any, y: Array | None, rng: np.random.Generator
    ) -> tuple[Any, Array | None]:
        """Return rows and targets as all augmenters together change them."""
        for augmenter in self.augmenters_:
            X, y = augmenter.augment(X, y, rng)
        return X, y

    def _change(self, X: Any, y: Any, rng: np.random.Generator) -> Any:
        """Return rows as all augmenters together change them."""
        for augmenter in self.augmenters_:
            X = changed_rows(augmenter, X, y, rng)
        return X

    def _tell_classes(self, classes: Array) -> None:
        """Tell all augmenters."""
        for augmenter in self.augmenters_:
            tell_classes(augmenter, classes)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters.

        Parameters
        ----------
        deep : bool, default=True
            Whether to add the augmenters by name, and their parameters.

        Returns
        -------
        params : dict
            Values by name.
        """
        params: dict[str, Any] = self._get_params("_named", deep=deep)
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters, augmenters by their names, or parameters of these.

        Parameters
        ----------
        **params : dict
            Values by name.

        Returns
        -------
        self : object
            The augmenter.
        """
        if "augmenters" in params:
            self.augmenters = params.pop("augmenters")
        self._set_params("_named", **params)
        return self

    @property
    def _named(self) -> list[Any]:
        """Pairs of a name and an augmenter."""
        if not isinstance(self.augmenters, list | tuple):
            return []
        nameless = [item for item in self.augmenters if not _is_pair(item)]
        named = iter(_name_estimators(nameless))
        return [item if _is_pair(item) else next(named) for item in self.augmenters]

    @_named.setter
    def _named(self, pairs: list[Any]) -> None:
        self.augmenters = pairs

    def _learn(self, X: Any, y: Any) -> None:
        """Fit copies of the augmenters."""
        self.augmenters_ = [clone(augmenter).fit(X, y) for _, augmenter in self._named]

    def _validate_params(self) -> None:
        """Check augmenters and their names too."""
        super()._validate_params()
        for _, augmenter in self._named:
            check_augmenter(augmenter, "augmenters", " or pairs of a name and one")
        self._validate_names([name for name, _ in self._named])

    def __sklearn_tags__(self) -> Any:
        """Say whether sparse rows are accepted."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = all(
            input_tags_of(augmenter).sparse for _, augmenter in self._named
        )
        return tags


def check_augmenter(augmenter: Any, parameter: str, otherwise: str = "") -> None:
    """Refuse what is no augmenter, such as a class."""
    is_augmenter = all(hasattr(augmenter, name) for name in ("fit", "augment"))
    if isinstance(augmenter, type) or not is_augmenter:
        raise TypeError(
            f"{parameter} expects objects with the methods 'fit' and 'augment', such "
            f"as GaussianNoise(){otherwise}, got {augmenter!r}."
        )


def _is_pair(item: Any) -> bool:
    """Tell whether an item has a name."""
    return isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str)
