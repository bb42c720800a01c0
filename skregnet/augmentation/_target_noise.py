"""Noise on the targets."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_consistent_length

from skregnet import _training as training
from skregnet._kernels import Array
from skregnet._sklearn.constraints import Interval
from skregnet._sklearn.data_checks import naming
from skregnet.augmentation._base import Augmenter, checked_scale
from skregnet.augmentation._mixup import numeric_targets
from skregnet.augmentation._ranges import kept_finite


class TargetNoise(Augmenter):
    """Adds Gaussian noise to the target vectors; rows stay as they are.

    Where the targets fitted are shares of two or more classes, so that each vector has
    no negative element and sums to 1, the noise of a vector sums to 0. In a
    :class:`sklearn.pipeline.Pipeline`, which cannot change targets, nothing changes.

    Parameters
    ----------
    scale : float, default=0.1
        Standard deviation of the noise.
    relative : bool, default=True
        Whether it is a share of the output's own standard deviation, where targets are
        numbers. Among shares of classes, and where there are but zeros and ones, it is
        not.
    random_state : int, RandomState instance or None, default=None
        Not used: `fit_transform` changes no targets.

    Attributes
    ----------
    scale_ : ndarray of shape (n_outputs,) or None
        Standard deviation of the noise of each output; None where `fit` was given no
        targets, or labels.
    keeps_sum_ : bool
        Whether the noise of a vector sums to 0.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` has names that are all strings.

    Raises
    ------
    TypeError
        If `augment` is given targets that are labels, or `fit` was given none or
        labels.
    ValueError
        If `augment` is given other than as many outputs as `fit`.

    References
    ----------
    The lecture's heading "Approaches to Manufacturing New Data Cases".

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.augmentation import TargetNoise
    >>> X, y = np.zeros((2, 1)), np.array([[0.0, 10.0], [2.0, 30.0]])
    >>> noise = TargetNoise(scale=0.5).fit(X, y)
    >>> noise.scale_
    array([0.5, 5. ])
    >>> _, y_noisy = noise.augment(X, y, np.random.default_rng(0))
    >>> y_noisy.shape
    (2, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Augmenter._parameter_constraints,
        "scale": [Interval(Real, 0, None, closed="left")],
        "relative": ["boolean"],
    }
    _takes_sparse: ClassVar[bool] = True

    def __init__(
        self, scale: float = 0.1, *, relative: bool = True, random_state: Any = None
    ) -> None:
        self.scale = scale
        self.relative = relative
        self.random_state = random_state

    def augment(
        self, X: Any, y: Array | None, rng: np.random.Generator
    ) -> tuple[Any, Array | None]:
        """Return the rows, and targets with noise."""
        if y is None:
            return X, None
        targets = numeric_targets(y, X.shape[0])
        n_outputs = 1 if targets.ndim == 1 else targets.shape[1]
        scale = self._scale_for(n_outputs)
        noise = np.zeros((1, n_outputs, len(targets)), targets.dtype)
        training.TargetNoise(1.0, self.keeps_sum_).apply(noise, [rng])
        with np.errstate(over="ignore"):
            noise *= scale[:, np.newaxis]
            noisy: Array = targets + noise[0].T.reshape(targets.shape)
        return X, kept_finite(noisy)

    def _scale_for(self, n_outputs: int) -> Array:
        """Return the scale of outputs that are those of `fit`."""
        if self.scale_ is None:
            raise TypeError(
                "TargetNoise expects targets as numbers or vectors of shares in fit, "
                "got none or labels; call fit(X, y) with targets as augment gets them."
            )
        if n_outputs != len(self.scale_):
            raise ValueError(
                f"y expects {len(self.scale_)} outputs as in fit, got {n_outputs}; "
                "call fit(X, y) with targets as augment gets them."
            )
        return self.scale_

    def _learn(self, X: Any, y: Any) -> None:
        """Learn what kind of targets there are, and the spread of each output."""
        self.scale_: Array | None = None
        self.keeps_sum_ = False
        targets = np.asarray(y)
        if targets.dtype.kind not in "biuf":
            return
        with naming("y"):
            check_consistent_length(X, targets)
            targets = targets.reshape(len(targets), -1).astype(np.float64)
        spread = np.ones(targets.shape[1])
        with np.errstate(over="ignore", invalid="ignore"):
            self.keeps_sum_ = are_shares(targets)
            is_absolute = self.keeps_sum_ or bool(np.isin(targets, (0, 1)).all())
            if self.relative and not is_absolute:
                spread = targets.std(axis=0)
            self.scale_ = checked_scale(self.scale * spread, "y")


def are_shares(targets: Array) -> bool:
    """Tell whether vectors are shares of two or more classes."""
    if targets.shape[1] == 1 or (targets < 0).any():
        return False
    return bool(np.allclose(targets.sum(axis=1), 1))
