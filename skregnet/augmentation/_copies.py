"""Changed copies of rows beside the rows themselves."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.utils import assert_all_finite, check_consistent_length

from skregnet._kernels import Array
from skregnet._sklearn.data_checks import checked_array, input_tags_of
from skregnet._training.augmentation import augmented, tell_classes
from skregnet.augmentation._base import generator_of
from skregnet.augmentation._containers import dense_frame
from skregnet.augmentation._targets import Classes, Targets, targets_of


@dataclass(frozen=True, eq=False)
class CopyMaker:
    """Makes changed copies of rows, by an augmenter fitted to them.

    Parameters
    ----------
    rows : {ndarray, CSR array} of shape (n_rows, n_features)
        The rows, in float64 or float32.
    targets : Targets
        Their targets.
    augmenter : augmenter
        Who changes copies; fitted.
    n_copies : int
        Copies of each row.
    keep_originals : bool
        Whether the rows themselves are handed on.
    """

    rows: Any
    targets: Targets
    augmenter: Any
    n_copies: int
    keep_originals: bool

    @classmethod
    def of(cls, caller: Any, X: Any, y: Any, as_classes: bool | None) -> Self:
        """Check data, and fit a copy of the caller's augmenter to them.

        Parameters
        ----------
        caller : estimator
            Who has `augmenter`, `n_copies` and `keep_originals` as parameters.
        X : {array-like, sparse matrix, dataframe} of shape (n_rows, n_features)
            Rows.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Targets.
        as_classes : bool or None
            Whether these are labels; None to go by what they are.
        """
        if caller.n_copies == 0 and not caller.keep_originals:
            raise ValueError(
                "n_copies expects at least 1 where keep_originals=False, since no rows "
                "are left otherwise, got n_copies=0."
            )
        if isinstance(caller.augmenter, type):
            name = caller.augmenter.__name__
            raise TypeError(
                f"augmenter expects an object, such as {name}(), got the class {name}."
            )
        tags = input_tags_of(caller.augmenter)
        rows = checked_array(
            dense_frame(X),
            accept_sparse="csr" if tags.sparse else False,
            ensure_all_finite="allow-nan" if tags.allow_nan else True,
            estimator=caller,
        )
        targets = targets_of(y, as_classes, caller)
        check_consistent_length(rows, targets.y)
        augmenter = clone(caller.augmenter).fit(rows, targets.vectors)
        if isinstance(targets, Classes):
            tell_classes(augmenter, targets.names)
        return cls(rows, targets, augmenter, caller.n_copies, caller.keep_originals)

    @property
    def sources(self) -> Array:
        """Number of the row that each row handed on is, or is a copy of."""
        n_parts = self.n_copies + bool(self.keep_originals)
        return np.tile(np.arange(self.rows.shape[0]), n_parts)

    def make(self, random_state: Any) -> tuple[Any, Any]:
        """Return rows and targets: the originals first, then one copy after another."""
        rng = generator_of(random_state)
        parts = [(self.rows, self.targets.y)] if self.keep_originals else []
        vectors = self.targets.vectors
        parts += [self._copy(vectors, rng) for _ in range(self.n_copies)]
        rows, targets = zip(*parts, strict=True)
        if sparse.issparse(self.rows):
            return sparse.vstack(rows, format="csr"), np.concatenate(targets)
        return np.concatenate(rows), np.concatenate(targets)

    def _copy(self, vectors: Array, rng: np.random.Generator) -> tuple[Any, Any]:
        """Return one changed copy of all rows, and its targets."""
        changed, shares = augmented(self.augmenter, self.rows, vectors, rng)
        assert_all_finite(shares, input_name="y from the augmenter")
        targets = self.targets.decode(shares, rng)
        return changed.astype(self.rows.dtype, copy=False), targets
