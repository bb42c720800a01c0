"""What an ensemble says of rows by the members that have not learned from them."""

import warnings
from typing import Any, NamedTuple

import numpy as np

from skregnet._fitting.sample_weights import summable
from skregnet._kernels import Array
from skregnet._sklearn.private import _num_samples, _safe_indexing
from skregnet.ensemble._combining import ROWS, member_outputs, sample_blocks


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
    _check_draws(ensemble, n_rows)
    shape = (n_rows, *ensemble._output.shape)
    aggregate = _medians if ensemble.voting == "median" else _means
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = aggregate(ensemble, X, shape)
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


def _check_draws(ensemble: Any, n_rows: int) -> None:
    """Raise unless the samples of all members, earlier ones too, can be drawn again."""
    if any(sampling.n_rows != n_rows for sampling, _ in ensemble._draws):
        raise ValueError(
            "oob_score=True with warm_start=True expects the data of the first call, "
            f"got {n_rows} rows and members fitted to other numbers; set "
            "oob_score=False."
        )
    if not all(sampling.draws_rows for sampling, _ in ensemble._draws):
        raise ValueError(
            "oob_score=True with warm_start=True expects members whose samples are "
            "known, got a copy of an ensemble that was fitted with oob_score=False, "
            "which leaves them out; set oob_score=False, or warm_start=False."
        )


def _means(ensemble: Any, X: Any, shape: tuple[int, ...]) -> Array:
    """Return means over the members that have not learned from a sample, else NaN."""
    total = np.zeros(shape)
    counts = np.zeros((shape[0], *[1] * (len(shape) - 1)))
    for k in range(len(ensemble.estimators_)):
        rows = _left_out(ensemble, k)
        if len(rows):
            total[rows] += member_outputs(ensemble, k, _safe_indexing(X, rows))
            counts[rows] += 1
    return np.divide(total, counts, where=counts > 0, out=np.full(shape, np.nan))


def _medians(ensemble: Any, X: Any, shape: tuple[int, ...]) -> Array:
    """Return medians over the members that have not learned from a sample, else NaN.

    The outputs of all members are held for a block of samples at a time.
    """
    n_rows, n_members = shape[0], len(ensemble.estimators_)
    are_left_out = []
    for k in range(n_members):
        is_left_out = np.zeros(n_rows, bool)
        is_left_out[_left_out(ensemble, k)] = True
        are_left_out.append(np.packbits(is_left_out))
    middle = np.full(shape, np.nan)
    for block in sample_blocks(n_rows, n_members * int(np.prod(shape[1:]))):
        outputs = np.full((n_members, *middle[block].shape), np.nan)
        for k, bits in enumerate(are_left_out):
            rows = np.flatnonzero(np.unpackbits(bits, count=n_rows))
            first, last = rows.searchsorted([block.start, block.stop])
            if first < last:
                piece = _whole_blocks(first, last, len(rows))
                found = member_outputs(ensemble, k, _safe_indexing(X, rows[piece]))
                own = found[first - piece.start : last - piece.start]
                outputs[k, rows[first:last] - block.start] = own
        is_there = ~np.isnan(outputs).all(axis=0)
        middle[block][is_there] = np.nanmedian(outputs[:, is_there], axis=0)
    return middle


def _whole_blocks(first: int, last: int, n_rows: int) -> slice:
    """Return the blocks of a member's own rows that hold some of them.

    They begin where those of a prediction for all its rows do: outputs are the same, to
    the last bit.
    """
    n_blocks = max(1, n_rows // ROWS)
    start = min(first // ROWS, n_blocks - 1)
    stop = -(-last // ROWS)
    return slice(start * ROWS, stop * ROWS if stop < n_blocks else n_rows)


def _left_out(ensemble: Any, k: int) -> Array:
    """Return the rows that a member has not learned from."""
    sampling, seed = ensemble._draws[k]
    return sampling.draw(seed).left_out(sampling.n_rows)
