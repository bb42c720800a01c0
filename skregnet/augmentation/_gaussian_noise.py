"""Noise on the features."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np

from skregnet._kernels import Array, draw_normal
from skregnet._sklearn.constraints import Interval
from skregnet.augmentation._base import Augmenter, checked_scale
from skregnet.augmentation._ranges import kept_finite


class GaussianNoise(Augmenter):
    """Adds Gaussian noise to each feature.

    The noise takes 65,536 values, quantiles of the normal distribution, all within 4.4
    standard deviations.

    Parameters
    ----------
    scale : float, default=0.1
        Standard deviation of the noise.
    relative : bool, default=True
        Whether it is a share of the feature's own standard deviation, rather than in
        units of the feature.
    random_state : int, RandomState instance or None, default=None
        Source of noise of `fit_transform`.

    Attributes
    ----------
    scale_ : ndarray of shape (`n_features_in_`,)
        Standard deviation of the noise of each feature.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` has names that are all strings.

    References
    ----------
    C. Bishop (1995). Training with noise is equivalent to Tikhonov regularization.
    Neural Computation 7(1). The lecture's heading "Approaches to Manufacturing New Data
    Cases".

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.augmentation import GaussianNoise
    >>> X = np.array([[0.0, 10.0], [2.0, 30.0]])
    >>> noise = GaussianNoise(scale=0.5, random_state=0).fit(X)
    >>> noise.scale_
    array([0.5, 5. ])
    >>> noise.fit_transform(X).shape
    (2, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Augmenter._parameter_constraints,
        "scale": [Interval(Real, 0, None, closed="left")],
        "relative": ["boolean"],
    }

    def __init__(
        self, scale: float = 0.1, *, relative: bool = True, random_state: Any = None
    ) -> None:
        self.scale = scale
        self.relative = relative
        self.random_state = random_state

    def augment(
        self, X: Any, y: Array | None, rng: np.random.Generator
    ) -> tuple[Any, Array | None]:
        """Return rows with noise, and their targets."""
        changed = draw_normal(rng, X.shape, X.dtype)
        with np.errstate(over="ignore"):
            changed *= self.scale_.astype(X.dtype, copy=False)
            changed += X
        return kept_finite(changed), y

    def _learn(self, X: Any, y: Any) -> None:
        """Learn the spread of each feature."""
        with np.errstate(over="ignore", invalid="ignore"):
            spread = X.std(axis=0) if self.relative else np.ones(X.shape[1], X.dtype)
            self.scale_ = checked_scale(self.scale * spread, "X")
