"""What an ensemble says of rows by the members that have not learned from them."""

import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples

from skregnet.ensemble.voting import out_of_bag
from skregnet.estimators._weights import summable
from skregnet.kernels import Array


class OutOfBag(NamedTuple):
    """Outputs of rows, NaN where all members have learned from one, and their score."""

    outputs: Array
    score: float


def score_out_of_bag(ensemble: Any, X: Any, y: Any, weights: Array | None) -> OutOfBag:
    """Score an ensemble on its own training data, each row by the members it is new to.

    Parameters
    ----------
    ensemble : BaggingEnsemble
        Fitted but for this.
    X, y : array-like
        What it was fitted to.
    weights : ndarray of shape (n_rows,) or None
        Weights of the rows in the score.
    """
    n_rows = _num_samples(y)
    if any(sampling.n_rows != n_rows for sampling, _ in ensemble._draws):
        raise ValueError(
            "oob_score=True with warm_start=True expects the data of the first call, "
            f"got {n_rows} rows and members fitted to other numbers; set "
            "oob_score=False."
        )
    shape = (n_rows, *ensemble._output.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = out_of_bag(_left_out(ensemble, X), shape, ensemble.voting)
    scored = np.flatnonzero(~np.isnan(outputs.reshape(n_rows, -1)).any(axis=1))
    if len(scored) < n_rows:
        warnings.warn(
            f"{n_rows - len(scored)} of {n_rows} rows have been learned by all members "
            "and have no out-of-bag outputs; raise n_estimators, or lower max_samples.",
            stacklevel=2,
        )
    if not len(scored):
        return OutOfBag(outputs, float("nan"))
    score = ensemble._output.score(
        outputs[scored],
        _safe_indexing(y, scored),
        None if weights is None else summable(weights[scored]),
    )
    return OutOfBag(outputs, score)


def _left_out(ensemble: Any, X: Any) -> Iterator[tuple[Array, Array]]:
    """Yield each member's rows that are new to it, and its outputs for them."""
    for k, (sampling, seed) in enumerate(ensemble._draws):
        rows = sampling.draw(seed).left_out(sampling.n_rows)
        if len(rows):
            yield rows, ensemble._member_outputs(k, _safe_indexing(X, rows))
