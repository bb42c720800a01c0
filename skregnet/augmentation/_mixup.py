"""Rows mixed with others."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from skregnet._kernels import Array
from skregnet._sklearn.constraints import Interval
from skregnet._sklearn.data_checks import FLOATS, naming
from skregnet.augmentation._base import Augmenter, with_values_once
from skregnet.augmentation._ranges import scaled_down, scaled_up


class Mixup(Augmenter):
    """Mixes each row with another one of the batch, and their targets alike.

    A row becomes ``share * row + (1 - share) * partner``. Partners come from a random
    permutation of the batch, a share from the distribution ``Beta(alpha, alpha)`` for
    each row.

    Where targets cannot be changed, as in a :class:`sklearn.pipeline.Pipeline`, a row
    keeps the larger share, ``max(share, 1 - share)``, so that its own target still
    describes it best.

    Parameters
    ----------
    alpha : float, default=0.2
        The larger, the nearer shares are to a half; for 1 all are equally likely. With
        0 nothing is mixed.
    random_state : int, RandomState instance or None, default=None
        Source of noise of `fit_transform`.

    Attributes
    ----------
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` has names that are all strings.

    Raises
    ------
    TypeError
        If targets are labels rather than numbers or vectors of shares.

    References
    ----------
    H. Zhang, M. Cisse, Y. Dauphin and D. Lopez-Paz (2018). mixup: beyond empirical risk
    minimization. ICLR.

    The lecture's heading "Approaches to Manufacturing New Data Cases".

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.augmentation import Mixup
    >>> X, y = np.array([[0.0], [1.0], [2.0]]), np.eye(3)
    >>> X_mixed, y_mixed = Mixup().fit(X).augment(X, y, np.random.default_rng(0))
    >>> np.allclose(y_mixed.sum(axis=1), 1)
    True
    >>> np.allclose(X_mixed, y_mixed @ X)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Augmenter._parameter_constraints,
        "alpha": [Interval(Real, 0, None, closed="left")],
    }
    _takes_sparse: ClassVar[bool] = True

    def __init__(self, alpha: float = 0.2, *, random_state: Any = None) -> None:
        self.alpha = alpha
        self.random_state = random_state

    def augment(
        self, X: Any, y: Array | None, rng: np.random.Generator
    ) -> tuple[Any, Array | None]:
        """Return mixed rows, and their targets mixed alike."""
        targets = None if y is None else numeric_targets(y, X.shape[0])
        if self.alpha == 0:
            return X, targets
        partners = rng.permutation(X.shape[0])
        shares = rng.beta(self.alpha, self.alpha, X.shape[0])
        if targets is None:
            np.minimum(shares, 1 - shares, out=shares)
            return _mixed(X, partners, shares), None
        return _mixed(X, partners, shares), _mixed(targets, partners, shares)


def numeric_targets(y: Any, n_rows: int) -> Array:
    """Return targets as floats, and refuse what are or may be labels."""
    y = np.asarray(y)
    is_float = y.dtype.kind == "f"
    if not is_float and (y.ndim < 2 or y.dtype.kind not in "biu"):
        raise TypeError(
            "y expects numbers as floats, or vectors of shares, one column a class; "
            f"got {y.dtype} of shape {y.shape}, which may be labels. Make ones and "
            "zeros of labels, as sklearn.preprocessing.LabelBinarizer does, and floats "
            "of numbers."
        )
    if y.ndim not in (1, 2) or len(y) != n_rows:
        raise ValueError(
            f"y expects one target, or one vector, for each of {n_rows} rows of X, "
            f"got shape {y.shape}; pass both of the same rows."
        )
    if y.dtype in FLOATS:
        return y
    with naming("y"):
        numbers: Array = y.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError(
            f"y expects finite numbers that {numbers.dtype} can hold, got {y.dtype} "
            "with others; scale y."
        )
    return numbers


def _mixed(rows: Any, partners: Array, shares: Array) -> Any:
    """Return rows of which their partners have the given shares."""
    rows, factor = scaled_down(rows)
    return scaled_up(_between(rows, partners, shares), factor)


def _between(rows: Any, partners: Array, shares: Array) -> Any:
    """Return mixtures of rows whose differences are finite, in a new array."""
    # Differences, so that what two rows have in common stays exactly as it is.
    shares = shares.astype(rows.dtype)
    if sparse.issparse(rows):
        rows = with_values_once(rows)
        mixed = rows[partners] - rows
        mixed.data *= np.repeat(shares, np.diff(mixed.indptr))
        return rows + mixed
    mixed = rows.take(partners, axis=0)
    mixed -= rows
    mixed *= shares.reshape(-1, *[1] * (rows.ndim - 1))
    mixed += rows
    return mixed
