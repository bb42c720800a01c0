"""Outputs of the members of a fitted ensemble, and their aggregation over members.

A mean takes one member's outputs after another. Medians, quantiles and standard
deviations need those of all members at once and are computed in blocks of samples. A
block is a multiple of the samples that a network predicts at once, so that a network's
outputs are those of all samples together, to the last bit. So are those of other
members, unless their products of matrices round by the number of samples.
"""

from collections.abc import Callable, Iterator
from functools import partial, reduce
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from sklearn import config_context
from sklearn.utils.parallel import Parallel, delayed

from skregnet._fitting.members import is_network
from skregnet._fitting.targets.outputs import ClassOutput, Metadata
from skregnet._fitting.targets.votes import features_of, log_probabilities, mean_of
from skregnet._kernels import Array
from skregnet._sklearn.arrays import by_rows
from skregnet._sklearn.data_checks import rows_of_parameters
from skregnet._sklearn.private import _num_samples, _safe_indexing

ROWS = 4096
"""Samples of the smallest block; a multiple of those that networks predict at once."""

# Numbers of all members that are held at once: 4 MiB of float64, and as much again to
# bring them together and to reduce them.
_HELD = 2**19


def combined_outputs(ensemble: Any, X: Any, parameters: Metadata) -> Array:
    """Return the mean, or the median, of the members' outputs for checked features."""
    if ensemble.voting == "median":
        median = partial(np.median, axis=0)
        return reduced_outputs(ensemble, X, median, parameters=parameters)
    ask = partial(member_outputs, ensemble, parameters=parameters)
    return mean_of(_of_members(ensemble, X, ask))


def mean_decisions(ensemble: Any, X: Any, parameters: Metadata) -> Array:
    """Return the mean of the members' decision functions for checked features."""
    ask = partial(_member_decisions, ensemble, parameters=parameters)
    return mean_of(_of_members(ensemble, X, ask))


def mean_log_probabilities(ensemble: Any, X: Any, parameters: Metadata) -> Any:
    """Return the logarithm of the mean of the members' probabilities.

    From the members' own logarithms where they have any: these are finite where
    probabilities are rounded to 0.
    """
    if not (adds_logarithms(ensemble) and isinstance(ensemble._output, ClassOutput)):
        outputs = combined_outputs(ensemble, X, parameters)
        given = ensemble._output.probabilities(outputs)
        with np.errstate(divide="ignore"):
            return (
                list(map(np.log, given)) if isinstance(given, list) else np.log(given)
            )
    ask = partial(_member_log_probabilities, ensemble, parameters=parameters)
    total = reduce(np.logaddexp, _of_members(ensemble, X, ask))
    total -= total.dtype.type(np.log(len(ensemble.estimators_)))
    return list(total.transpose(1, 0, 2)) if total.ndim == 3 else total


def adds_logarithms(ensemble: Any) -> bool:
    """Return whether logarithms of probabilities are those of the members."""
    return ensemble.voting != "hard" and hasattr(
        ensemble._template(), "predict_log_proba"
    )


def reduced_outputs(
    ensemble: Any,
    X: Any,
    statistic: Callable[[Array], Array],
    *,
    sample_axis: int = 0,
    parameters: Metadata | None = None,
) -> Array:
    """Return a function of all members' outputs, computed in blocks of samples.

    Parameters
    ----------
    ensemble : BaggingEnsemble
        Fitted.
    X : array-like of shape (n_samples, n_features)
        Checked features.
    statistic : callable
        Takes outputs of shape (n_members, n_samples_of_block, ...).
    sample_axis : int, default=0
        The axis of its results that the samples are on.
    parameters : dict or None, default=None
        Metadata for the members.
    """
    parameters = parameters or {}
    n_numbers = len(ensemble.estimators_) * int(np.prod(ensemble._output.shape))
    blocks = list(sample_blocks(_num_samples(X), n_numbers))
    rows = by_rows(X) if len(blocks) > 1 else X
    results = []
    for block in blocks:
        own, features = parameters, rows
        if len(blocks) > 1:
            features = _safe_indexing(rows, block)
            indices = np.arange(block.start, block.stop)
            own = rows_of_parameters(X, parameters, indices)
        ask = partial(member_outputs, ensemble, parameters=own)
        results.append(statistic(np.stack(list(_of_members(ensemble, features, ask)))))
    return np.concatenate(results, axis=sample_axis)


def sample_blocks(n_samples: int, n_numbers: int) -> Iterator[slice]:
    """Yield blocks of samples, each of which has so many numbers held for it."""
    size = max(1, _HELD // (n_numbers * ROWS)) * ROWS
    # A short rest joins the last block: routines for few samples may round otherwise.
    starts = list(range(0, max(n_samples - ROWS + 1, 1), size))
    for start, stop in zip(starts, [*starts[1:], n_samples], strict=True):
        yield slice(start, stop)


def member_outputs(
    ensemble: Any, k: int, X: Any, parameters: Metadata | None = None
) -> Array:
    """Return one member's probabilities, votes or predictions for checked features."""
    member, features, own = _prepared(ensemble, k, X, parameters)
    by_votes = ensemble.voting == "hard"
    with config_context(assume_finite=is_network(member)):
        outputs: Array = ensemble._output.of_member(member, features, by_votes, own)
    return outputs


def _member_decisions(ensemble: Any, k: int, X: Any, parameters: Metadata) -> Array:
    """Return one member's decision function for checked features."""
    member, features, own = _prepared(ensemble, k, X, parameters)
    decisions: Array = ensemble._output.decisions(member, features, own)
    return decisions


def _member_log_probabilities(
    ensemble: Any, k: int, X: Any, parameters: Metadata
) -> Array:
    """Return the logarithms of one member's probabilities for checked features."""
    member, features, own = _prepared(ensemble, k, X, parameters)
    return log_probabilities(member, features, ensemble._output.classes, own)


def _prepared(
    ensemble: Any, k: int, X: Any, parameters: Metadata | None
) -> tuple[Any, Any, Metadata]:
    """Return a member, its features and its metadata: none where it is constant."""
    member = ensemble.estimators_[k]
    sampling, _ = ensemble._draws[k]
    columns = ensemble.estimators_features_[k] if sampling.draws_features else None
    if parameters is None or is_stand_in(ensemble, member):
        parameters = {}
    return member, features_of(X, columns), parameters


def is_stand_in(ensemble: Any, member: Any) -> bool:
    """Return whether a constant classifier stands in for a member."""
    return type(member) is not type(ensemble.estimator_)


def _of_members(
    ensemble: Any, X: Any, ask: Callable[[int, Any], Array]
) -> Iterator[Array]:
    """Yield what each member is asked for, in their order."""
    numbers = range(len(ensemble.estimators_))
    if effective_n_jobs(ensemble.n_jobs) == 1:
        yield from (ask(k, X) for k in numbers)
        return
    # Threads, which share X: nothing is worth sending it to other processes.
    workers = Parallel(
        n_jobs=ensemble.n_jobs, require="sharedmem", return_as="generator"
    )
    yield from workers(delayed(ask)(k, X) for k in numbers)
