"""Which rows and features each member of an ensemble learns from."""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state
from sklearn.utils.random import sample_without_replacement

from skregnet._fitting.sample_weights import summable
from skregnet._fitting.targets.target_form import TargetForm
from skregnet._kernels import Array
from skregnet._sklearn.arrays import by_rows
from skregnet._sklearn.labels import learn_classes, objects
from skregnet._sklearn.private import _safe_indexing

# Rows that are brought to float64 at once.
_BLOCK_ROWS = 4096
# What counts of rows may sum to: their numbers would take 16 GiB.
_MOST_ROWS = 2**31


class Draw(NamedTuple):
    """What one member gets."""

    rows: Array
    """Rows to learn from; one that occurs twice counts twice."""
    columns: Array | None
    """Features to learn from, None for all."""
    random_state: np.random.RandomState
    """Source of all else that is random in the member."""

    def left_out(self, n_rows: int) -> Array:
        """Return the rows that have not been drawn, out-of-bag."""
        is_left = np.ones(n_rows, bool)
        is_left[self.rows] = False
        return np.flatnonzero(is_left)


@dataclass(frozen=True)
class Sampling:
    """How rows and features are drawn; a seed makes a draw of it.

    Rows are drawn in an order that is that of their contents, so that an ensemble does
    not depend on how the rows are arranged, and a row of weight 2 is drawn exactly as
    two equal rows would be.

    Parameters
    ----------
    n_rows, n_features : int
        What there is to draw from.
    n_drawn_rows, n_drawn_features : int
        How many a member gets.
    replaces_rows, replaces_features : bool
        Whether one may be drawn several times.
    order : ndarray of int of shape (n_rows,) or None, default=None
        The rows in the order of their contents; None as they come.
    weights : ndarray of shape (n_rows,) or None, default=None
        Probabilities of the rows, up to a factor.
    draws_rows : bool, default=True
        Whether rows can be drawn: False where `order` and `weights` are left out.
    """

    n_rows: int
    n_features: int
    n_drawn_rows: int
    n_drawn_features: int
    replaces_rows: bool
    replaces_features: bool
    order: Array | None = None
    weights: Array | None = None
    draws_rows: bool = True

    @property
    def takes_all_rows(self) -> bool:
        """Whether each member gets all rows, so that nothing is drawn."""
        return not self.replaces_rows and self.n_drawn_rows == self.n_rows

    @property
    def draws_features(self) -> bool:
        """Whether members learn from other features than all in their order."""
        return self.replaces_features or self.n_drawn_features < self.n_features

    def without_rows(self) -> "Sampling":
        """Return the sampling without arrays that have a value for each sample."""
        if self.order is None and self.weights is None:
            return self
        return replace(self, order=None, weights=None, draws_rows=False)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is computed again from the fields."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def draw(self, seed: Any) -> Draw:
        """Return rows and features by a seed."""
        random_state = check_random_state(seed)
        columns = self._draw_columns(random_state)
        return Draw(self._draw_rows(random_state), columns, random_state)

    def draw_columns(self, seed: Any) -> Array | None:
        """Return the features that `draw` returns, which are drawn first."""
        return self._draw_columns(check_random_state(seed))

    def _draw_columns(self, random_state: np.random.RandomState) -> Array | None:
        n_all, n_drawn = self.n_features, self.n_drawn_features
        if not self.draws_features:
            return None
        if self.replaces_features:
            columns: Array = random_state.randint(n_all, size=n_drawn)
            return columns
        return _without_replacement(n_all, n_drawn, random_state)

    def _draw_rows(self, random_state: np.random.RandomState) -> Array:
        n_all, n_drawn = self.n_rows, self.n_drawn_rows
        if self.takes_all_rows:
            return np.arange(n_all)
        if self.replaces_rows:
            points = random_state.random_sample(n_drawn)
            places = self._places(points)
        elif self.weights is None:
            places = _without_replacement(n_all, n_drawn, random_state)
        else:
            places = random_state.choice(n_all, n_drawn, replace=False, p=self._shares)
        return places if self.order is None else self.order[places].astype(np.intp)

    def _places(self, points: Array) -> Array:
        """Return which rows, in the order, are hit by points in [0, 1)."""
        if self.weights is None:
            return (points * self.n_rows).astype(np.intp)
        cumulative = self._cumulative
        places = cumulative.searchsorted(points * cumulative[-1], side="right")
        # A point may have been rounded up to the end, behind the last row with weight.
        last: int = cumulative.searchsorted(cumulative[-1])
        return np.minimum(places, last)

    @cached_property
    def _ordered(self) -> Array:
        """The weights, in the order; their sum is finite."""
        weights = summable(self.weights)
        if weights is None:
            weights = np.ones(self.n_rows)
        return weights if self.order is None else weights[self.order]

    @cached_property
    def _cumulative(self) -> Array:
        """The weights, summed up in the order."""
        return self._ordered.cumsum()

    @cached_property
    def _shares(self) -> Array:
        """The weights, as shares of their sum; enough of them to draw from."""
        shares: Array = self._ordered / self._ordered.sum()
        n_there = np.count_nonzero(shares)
        if n_there < self.n_drawn_rows:
            raise ValueError(
                f"sample_weight expects {self.n_drawn_rows} weights, as many rows as "
                "are drawn without replacement, that are not lost beside the largest, "
                f"got {n_there}; raise the smallest, or lower max_samples."
            )
        return shares


def sampling_of(ensemble: Any, X: Any, y: Any, weights: Array | None) -> Sampling:
    """Return how the parameters of an ensemble want rows and features drawn."""
    n_rows, n_features = X.shape
    n_drawn_rows = _n_drawn_rows(ensemble, n_rows, weights)
    n_drawn_features = ensemble.max_features
    if not isinstance(n_drawn_features, Integral):
        n_drawn_features = max(1, int(n_drawn_features * n_features))
    if n_drawn_features > n_features:
        raise ValueError(
            f"max_features expects at most the {n_features} features of X, got "
            f"max_features={ensemble.max_features!r}."
        )
    sampling = Sampling(
        n_rows,
        n_features,
        n_drawn_rows,
        int(n_drawn_features),
        bool(ensemble.bootstrap),
        bool(ensemble.bootstrap_features),
    )
    if sampling.takes_all_rows:
        return sampling
    n_there = n_rows if weights is None else np.count_nonzero(weights)
    if not ensemble.bootstrap and n_drawn_rows > n_there:
        raise ValueError(
            f"max_samples={ensemble.max_samples!r} asks for {n_drawn_rows} rows, but "
            f"there are {n_there} of a weight above 0 to draw without replacement; "
            "lower max_samples, or set bootstrap=True."
        )
    order = order_of_contents(by_rows(X), y)
    if order is not None and n_rows <= _MOST_ROWS:
        order = order.astype(np.int32)
    return replace(sampling, order=order, weights=weights)


def _n_drawn_rows(ensemble: Any, n_rows: int, weights: Array | None) -> int:
    """Return the rows of a draw.

    A share is one of the rows that have weight. Weights that are whole numbers count
    how often a row occurs; with replacement their sum is the number of rows.
    """
    max_samples = ensemble.max_samples
    if isinstance(max_samples, Integral) and int(max_samples) > _MOST_ROWS:
        raise ValueError(
            f"max_samples expects at most {_MOST_ROWS} rows, got {max_samples=}."
        )
    if max_samples is None or isinstance(max_samples, Integral):
        return n_rows if max_samples is None else int(max_samples)
    n_there: float = n_rows
    takes_all = max_samples == 1 and not ensemble.bootstrap
    if weights is not None and not takes_all:
        are_counts = ensemble.bootstrap and np.array_equal(weights, np.rint(weights))
        with np.errstate(over="ignore"):
            n_there = float(weights.sum() if are_counts else np.count_nonzero(weights))
    if n_there > _MOST_ROWS:
        raise ValueError(
            "sample_weight holds whole numbers, which count how often each row occurs: "
            f"expected a sum of at most {_MOST_ROWS}, got {n_there:g}. Divide them, or "
            "set max_samples=None to draw as many rows as there are."
        )
    return max(1, int(max_samples * n_there))


def _without_replacement(
    n_all: int, n_drawn: int, random_state: np.random.RandomState
) -> Array:
    """Return different numbers below `n_all`."""
    drawn: Array = sample_without_replacement(n_all, n_drawn, random_state=random_state)
    return drawn


def order_of_contents(X: Any, y: Any) -> Array | None:
    """Return an order of the rows that does not depend on how they are arranged.

    Rows go by their projections on a fixed direction of no meaning, in which only equal
    rows meet.

    Parameters
    ----------
    X : array or sparse array of shape (n_rows, n_features)
        Features.
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Targets.

    Returns
    -------
    order : ndarray of int of shape (n_rows,) or None
        None where features are not numbers, and rows are taken as they come.
    """
    if hasattr(y, "columns"):
        y = TargetForm.of(y)[1]
    codes = y if y.dtype.kind in "biuf" else learn_classes(_as_text(y.ravel()))[1]
    codes = np.nan_to_num(codes)
    codes = codes.reshape(len(y), -1)
    direction = np.random.RandomState(0).standard_normal(X.shape[1] + codes.shape[1])
    along_y, along_X = np.split(direction, [codes.shape[1]])
    with np.errstate(all="ignore"):
        keys = codes @ along_y
        for start in range(0, len(keys), _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            rows = _safe_indexing(X, block)
            rows = rows if sparse.issparse(rows) else np.asarray(rows)
            if rows.dtype.kind not in "biuf":
                return None
            keys[block] += rows.astype(np.float64) @ along_X
    return keys.argsort(kind="stable")


def _as_text(labels: Array) -> Array:
    """Return objects as text, which can be put in an order, whatever they are."""
    return objects(map(str, labels)) if labels.dtype.kind == "O" else labels
