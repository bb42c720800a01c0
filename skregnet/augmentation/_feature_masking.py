"""Features replaced at random."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from skregnet._kernels import Array, Odds, draw_kept
from skregnet._sklearn.constraints import Interval
from skregnet._sklearn.private import StrOptions
from skregnet.augmentation._base import Augmenter, with_values_once
from skregnet.augmentation._ranges import finite_mean


class FeatureMasking(Augmenter):
    """Replaces values at random: swaps, means or zeros.

    Each value of each row is replaced with the same probability, whatever becomes of
    the others; targets stay.

    Parameters
    ----------
    probability : float, default=0.1
        Probability that a value is replaced, in [0, 1), to a precision of ``2**-16``.
    fill : {'swap', 'mean', 'zero'}, default='swap'
        What takes its place:

        - 'swap', the same feature of another row of the batch: one that is drawn at
          random for each row, and gives it all that it needs. Each feature keeps its
          distribution. A batch of a single row stays as it is;
        - 'mean', the feature's mean; not for sparse rows;
        - 'zero', zero. Of sparse rows stored values are dropped.
    random_state : int, RandomState instance or None, default=None
        Source of noise of `fit_transform`.

    Attributes
    ----------
    means_ : ndarray of shape (`n_features_in_`,)
        Mean of each feature, for ``fill='mean'``.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` has names that are all strings.

    Raises
    ------
    ValueError
        If rows are sparse and ``fill='mean'``.

    References
    ----------
    P. Vincent, H. Larochelle, Y. Bengio and P.-A. Manzagol (2008). Extracting and
    composing robust features with denoising autoencoders. ICML.

    S. Yun, D. Han, S. J. Oh, S. Chun, J. Choe and Y. Yoo (2019). CutMix: regularization
    strategy to train strong classifiers with localizable features. ICCV.

    The lecture's heading "Approaches to Manufacturing New Data Cases".

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.augmentation import FeatureMasking
    >>> X = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    >>> masking = FeatureMasking(probability=0.5, fill="mean", random_state=0).fit(X)
    >>> masking.means_
    array([ 2., 20.])
    >>> changed = masking.fit_transform(X)
    >>> bool(np.all((changed == X) | (changed == masking.means_)))
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Augmenter._parameter_constraints,
        "probability": [Interval(Real, 0, 1, closed="left")],
        "fill": [StrOptions({"swap", "mean", "zero"})],
    }
    _takes_sparse: ClassVar[bool] = True

    def __init__(
        self, probability: float = 0.1, *, fill: str = "swap", random_state: Any = None
    ) -> None:
        self.probability = probability
        self.fill = fill
        self.random_state = random_state

    def augment(
        self, X: Any, y: Array | None, rng: np.random.Generator
    ) -> tuple[Any, Array | None]:
        """Return rows with some values replaced, and their targets."""
        if sparse.issparse(X):
            return self._augment_sparse(X, rng), y
        kept = self._draw_kept(X.size, rng).reshape(X.shape)
        # Products with a mask cost a third of a choice between two arrays.
        changed = X * kept
        if self.fill == "mean":
            changed += self.means_.astype(X.dtype, copy=False) * ~kept
        elif self.fill == "swap":
            others = X.take(_other_rows(len(X), rng), axis=0)
            others *= ~kept
            changed += others
        return changed, y

    def _augment_sparse(self, X: Any, rng: np.random.Generator) -> Any:
        """Return CSR rows with some values replaced."""
        self._check_sparse()
        X = with_values_once(X)
        if self.fill == "zero":
            changed = X.copy()
            changed.data *= self._draw_kept(changed.nnz, rng)
            changed.eliminate_zeros()
            return changed
        others = X[_other_rows(X.shape[0], rng)]
        # Where both are zero it does not matter whether they are swapped.
        masked = abs(X) + abs(others)
        masked.data = ~self._draw_kept(masked.nnz, rng)
        masked.eliminate_zeros()
        return X - X.multiply(masked) + others.multiply(masked)

    def _draw_kept(self, size: int, rng: np.random.Generator) -> Array:
        """Return which of so many values stay."""
        return draw_kept(rng, Odds.of(self.probability), size).view(np.bool_)

    def _learn(self, X: Any, y: Any) -> None:
        """Learn the mean of each feature."""
        if sparse.issparse(X):
            self._check_sparse()
        elif self.fill == "mean":
            self.means_ = finite_mean(X)

    def _check_sparse(self) -> None:
        """Refuse what would not stay sparse."""
        if self.fill == "mean":
            raise ValueError(
                "fill='mean' expects dense rows, got sparse ones, which would become "
                "dense; use fill='zero' or fill='swap', or pass X.toarray()."
            )

    def __sklearn_tags__(self) -> Any:
        """Say whether sparse rows are accepted."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.fill != "mean"
        return tags


def _other_rows(n_rows: int, rng: np.random.Generator) -> Array:
    """Return the number of another row for each row, by a random cycle of all."""
    cycle = rng.permutation(n_rows)
    others = np.empty_like(cycle)
    others[cycle[:-1]] = cycle[1:]
    others[cycle[-1:]] = cycle[:1]
    return others
