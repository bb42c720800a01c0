"""Diversity of an ensemble: how far its members err apart, and what that is worth.

A member's output of a row is a vector: its predictions, or a probability for each
class. All members' outputs are one array `(n_members, n_rows, n_outputs)`, targets are
`(n_rows, n_outputs)`, one-hot for a classifier, and every mean is a sum with the shares
of the rows, which add up to 1.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.ensemble import BaggingClassifier
from sklearn.metrics import r2_score
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from skregnet._kernels import Array, check_indices
from skregnet._sklearn.private import (
    ForestClassifier,
    ForestRegressor,
    HasMethods,
    _check_sample_weight,
    _safe_indexing,
    validate_parameter_constraints,
)

# Their members learn the numbers of the classes instead of the labels.
_NUMBERING = (BaggingClassifier, ForestClassifier)

# Errors that spread less than this share of the outputs differ by rounding only.
_RESOLUTION = 16 * np.finfo(np.float64).eps


@dataclass(frozen=True, eq=False)
class EnsembleDiversity:
    """How the members of an ensemble differ, and what the ensemble gains by it.

    Every mean is over the rows, with their weights. Members are in the order of the
    ensemble's `estimators_`.

    Parameters
    ----------
    kind : {'classification', 'regression'}
        What the ensemble does.
    error_correlation : ndarray of shape (n_members, n_members)
        Pearson correlation of the errors of two members: prediction minus target of a
        regressor, of a classifier 1 where the label is wrong and 0 where it is right.
        NaN where the errors of either member are constant, as those of a classifier
        that is never or always right; the diagonal is 1 otherwise.
    mean_error_correlation : float
        Mean of that over all pairs of members for which it is defined; NaN if there are
        none.
    disagreement : ndarray of shape (n_members, n_members)
        Share of the rows on which two classifiers predict different labels; root mean
        squared difference of the predictions of two regressors, in the units of the
        target.
    ensemble_error : float
        Mean squared error of the members' mean output, for a classifier the Brier
        score of the mean probabilities; ``member_error - ambiguity``.
    member_error : float
        Mean of `member_errors`.
    ambiguity : float
        Mean squared difference between the members' outputs and their mean output: by
        how much averaging lowers the error.
    member_errors : ndarray of shape (n_members,)
        Mean squared error of each member's output.
    ensemble_score : float
        Accuracy or R^2 of what the ensemble predicts, be it a mean or not.
    member_scores : ndarray of shape (n_members,)
        Accuracy or R^2 of what each member predicts.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skregnet.inspection import ensemble_diversity
    >>> X, y = load_iris(return_X_y=True)
    >>> forest = RandomForestClassifier(n_estimators=5, random_state=0)
    >>> found = ensemble_diversity(forest.fit(X[::2], y[::2]), X[1::2], y[1::2])
    >>> found.kind, found.error_correlation.shape, found.member_scores.shape
    ('classification', (5, 5), (5,))
    >>> abs(found.ensemble_error - (found.member_error - found.ambiguity)) < 1e-12
    True
    """

    kind: str
    error_correlation: Array = field(repr=False)
    mean_error_correlation: float
    disagreement: Array = field(repr=False)
    ensemble_error: float
    member_error: float
    ambiguity: float
    member_errors: Array = field(repr=False)
    ensemble_score: float
    member_scores: Array = field(repr=False)


def ensemble_diversity(
    ensemble: Any, X: Any, y: Any, *, sample_weight: Any = None
) -> EnsembleDiversity:
    """Measure how the errors of an ensemble's members differ.

    An ensemble is better than its members by as much as these disagree. This tells how
    far they err on the same rows, and takes the error of their mean apart.

    Parameters
    ----------
    ensemble : estimator
        A fitted classifier or regressor that averages its members or lets them vote:
        bagging of skregnet or of scikit-learn, a random forest or extra trees. It has
        the members in `estimators_`, and in `estimators_features_` the columns of each,
        unless all take all.
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Features of rows that the members have not learned from.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets; one column of labels for a classifier.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows in all means and scores; a row of weight 2 counts like two
        rows. If None, all count the same.

    Returns
    -------
    EnsembleDiversity
        Correlation of errors, disagreement, the parts of the error, and scores.

    Raises
    ------
    NotFittedError
        If the ensemble is not fitted.
    TypeError
        If it is neither a classifier nor a regressor, or not one that averages members.
    ValueError
        If the data are invalid, or if a classifier's targets are not one column of
        labels that it knows.

    Notes
    -----
    Write ``f_k`` for the output of member ``k`` on a row, ``f`` for the mean over the
    members, ``y`` for the target. On every row, and therefore on average ::

        (f - y)^2 = mean_k (f_k - y)^2 - mean_k (f_k - f)^2

    holds exactly: the error of the ensemble is that of its members less the ambiguity.

    Outputs of a regressor are its predictions, and squares are averaged over several of
    them. Outputs of a classifier are its probabilities, 0 for a class that a member has
    never seen; where members have no ``predict_proba``, or with ``voting="hard"``, a
    vote, which is 1 for the label and 0 for the others. Targets are then 1 for the
    label and 0 for the others, and squares are summed over classes: errors are Brier
    scores between 0 and 2, with two classes twice as large as the default of
    `sklearn.metrics.brier_score_loss`. A label in `y` that the ensemble has never seen
    counts as wrong, as a class of probability 0.

    The parts are those of the mean, whatever the ensemble does with the outputs. With
    ``voting="median"`` its prediction has another error than `ensemble_error`, and with
    ``voting="hard"`` the label is that of most votes; `ensemble_score` is the score of
    what the ensemble really predicts.

    Errors are correlated about the mean error of each member and output, so biases do
    not count; covariances of several outputs are added up. If the errors of ``M``
    regressors have one variance and the mean correlation ``r``, their mean error has
    ``(1 + (M - 1) * r) / M`` of that variance: a share of ``1 / M`` if errors are
    uncorrelated, all of it if members err alike. Rows that members have learned from
    tell little.

    References
    ----------
    A. Krogh and J. Vedelsby (1995). Neural network ensembles, cross validation, and
    active learning. Advances in Neural Information Processing Systems 7.

    L. Kuncheva and C. Whitaker (2003). Measures of diversity in classifier ensembles
    and their relationship with the ensemble accuracy. Machine Learning 51(2).

    K. Downing (2020). The lecture's heading "Ensemble Learning".

    Examples
    --------
    Linear models err alike, so averaging takes little off. Deep trees do not.

    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import BaggingRegressor
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skregnet.inspection import ensemble_diversity
    >>> X, y = load_diabetes(return_X_y=True)
    >>> for regressor in (LinearRegression(), DecisionTreeRegressor()):
    ...     bagging = BaggingRegressor(regressor, n_estimators=20, random_state=0)
    ...     found = ensemble_diversity(bagging.fit(X[::2], y[::2]), X[1::2], y[1::2])
    ...     print(f"correlation {found.mean_error_correlation:.2f}: "
    ...           f"{found.member_error / 1000:.1f} - {found.ambiguity / 1000:.1f} "
    ...           f"= {found.ensemble_error / 1000:.1f} thousand")
    correlation 0.96: 3.1 - 0.1 = 3.0 thousand
    correlation 0.48: 6.5 - 3.2 = 3.2 thousand
    """
    validate_parameter_constraints(
        {"ensemble": [HasMethods(["fit", "predict"])]},
        {"ensemble": ensemble},
        caller_name="ensemble_diversity",
    )
    classifies = _check_ensemble(ensemble)
    # The ensemble refuses features that are not those of its fit.
    predicted = np.asarray(ensemble.predict(X))
    y = _check_labels(y, predicted) if classifies else _check_numbers(y, predicted)
    if len(y) != len(predicted):
        raise ValueError(
            f"y must have one target for each row of X, got {len(y)} targets and "
            f"{len(predicted)} rows; pass both of the same rows."
        )
    weights = _check_sample_weight(
        sample_weight, predicted, dtype=np.float64, ensure_non_negative=True
    )
    measure = _measure_classifier if classifies else _measure_regressor
    return measure(ensemble, X, y, predicted, weights / weights.sum())


def _check_ensemble(ensemble: Any) -> bool:
    """Refuse what is not a fitted ensemble, and tell whether it is a classifier."""
    expected = "ensemble_diversity expects bagging or a forest"
    if not (is_classifier(ensemble) or is_regressor(ensemble)):
        raise TypeError(
            f"{expected} of classifiers or of regressors, got ensemble={ensemble!r}; "
            "pass one that predicts labels or numbers."
        )
    check_is_fitted(ensemble)
    is_bagging = hasattr(ensemble, "estimators_features_")
    if not (is_bagging or isinstance(ensemble, (ForestClassifier, ForestRegressor))):
        raise TypeError(
            f"{expected}, whose output is the mean of the members in estimators_ with "
            f"their columns in estimators_features_, got ensemble={ensemble!r}; of a "
            "pipeline pass the last step, with the features that reach it."
        )
    return is_classifier(ensemble)


def _check_labels(y: Any, predicted: Array) -> Array:
    """Return the labels as a vector."""
    labels = check_array(y, ensure_2d=False, dtype=None, input_name="y")
    if predicted.ndim > 1 or labels.shape[1:] not in ((), (1,)):
        raise ValueError(
            "y of a classifier must be one column of labels, got "
            f"y.shape={labels.shape} and predictions of shape {predicted.shape}: the "
            "diversity of many labels is not defined here; use an ensemble for each."
        )
    return np.ravel(labels)


def _check_numbers(y: Any, predicted: Array) -> Array:
    """Return the targets of a regression, in a column for each output."""
    numbers = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    columns: Array = numbers.reshape(len(numbers), -1)
    if columns.shape[1:] != (predicted.size // len(predicted),):
        raise ValueError(
            f"y must have the outputs of the ensemble, got y.shape={numbers.shape} and "
            f"predictions of shape {predicted.shape}; pass the columns of its fit."
        )
    return columns


def _members(ensemble: Any, X: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each member and the features of `X` that it takes, as it takes them."""
    check_indices(X)
    knows_names = hasattr(ensemble.estimators_[0], "feature_names_in_")
    if not (knows_names and hasattr(X, "columns")):
        X = check_array(
            X, accept_sparse=("csr", "csc"), dtype=None, ensure_all_finite=False
        )
    members = ensemble.estimators_
    subsets = getattr(ensemble, "estimators_features_", [None] * len(members))
    for member, subset in zip(members, subsets, strict=True):
        yield member, _safe_indexing(X, subset, axis=1)


def _predict_classes(
    member: Any, X: Any, codes: dict[Any, int], n_classes: int, votes: bool
) -> tuple[Array, Array]:
    """Return a member's labels as codes, and its probabilities of all classes."""
    labels = _encode(member.predict(X), codes)
    shares = np.zeros((len(labels), n_classes))
    if votes or not hasattr(member, "predict_proba"):
        shares[np.arange(len(labels)), labels] = 1.0
    else:
        shares[:, _encode(member.classes_, codes)] = member.predict_proba(X)
    return labels, shares


def _encode(labels: Any, codes: dict[Any, int]) -> Array:
    """Return the codes of labels."""
    unique, inverse = np.unique(labels, return_inverse=True)
    unknown = set(unique.tolist()) - codes.keys()
    if unknown:
        raise ValueError(
            f"members of the ensemble must predict its classes, {list(codes)}, got "
            f"{list(unknown)}; fit them to the labels of the ensemble."
        )
    return np.array([codes[label] for label in unique.tolist()])[inverse]


def _codes_of_labels(classes: Array, y: Array) -> dict[Any, int]:
    """Return numbers of the ensemble's classes, then of labels that only `y` has."""
    codes = {label: code for code, label in enumerate(classes.tolist())}
    labels = np.unique(y).tolist()
    if codes.keys().isdisjoint(labels):
        raise ValueError(
            f"y must hold labels that the ensemble knows, {list(codes)}, got y={y!r}, "
            "none of which is among them; encode both in the same way."
        )
    for label in labels:
        codes.setdefault(label, len(codes))
    return codes


def _measure_classifier(
    ensemble: Any, X: Any, y: Array, predicted: Array, row_shares: Array
) -> EnsembleDiversity:
    """Measure an ensemble of classifiers."""
    codes = _codes_of_labels(ensemble.classes_, y)
    numbers = {number: number for number in range(len(ensemble.classes_))}
    member_codes = numbers if isinstance(ensemble, _NUMBERING) else codes
    votes = getattr(ensemble, "voting", "soft") == "hard"
    found = [
        _predict_classes(member, columns, member_codes, len(codes), votes)
        for member, columns in _members(ensemble, X)
    ]
    labels, outputs = (np.stack(parts) for parts in zip(*found, strict=True))
    right = _encode(y, codes)
    targets = np.eye(len(codes))[right]
    is_wrong = labels != right
    shares = row_shares[:, np.newaxis]
    return EnsembleDiversity(
        kind="classification",
        **_correlate(is_wrong[:, :, np.newaxis].astype(np.float64), shares, scale=1.0),
        disagreement=_compare_pairs(
            labels, lambda one, others: (others != one) @ row_shares
        ),
        **_decompose(outputs, targets, np.broadcast_to(shares, targets.shape)),
        ensemble_score=float((_encode(predicted, codes) == right) @ row_shares),
        member_scores=~is_wrong @ row_shares,
    )


def _measure_regressor(
    ensemble: Any, X: Any, y: Array, predicted: Array, row_shares: Array
) -> EnsembleDiversity:
    """Measure an ensemble of regressors."""
    found = [member.predict(columns) for member, columns in _members(ensemble, X)]
    outputs = np.stack(found, dtype=np.float64).reshape(-1, *y.shape)
    shares = np.broadcast_to(row_shares[:, np.newaxis] / y.shape[1], y.shape)
    scale = max(np.abs(outputs).max(), np.abs(y).max())
    scores = [
        float(r2_score(y, output, sample_weight=row_shares))
        for output in (predicted.reshape(y.shape), *outputs)
    ]
    return EnsembleDiversity(
        kind="regression",
        **_correlate(outputs - y, shares, scale),
        disagreement=_compare_pairs(
            outputs, lambda one, others: np.sqrt(_mean_squares(others - one, shares))
        ),
        **_decompose(outputs, y, shares),
        ensemble_score=scores[0],
        member_scores=np.array(scores[1:]),
    )


def _mean_squares(differences: Array, shares: Array) -> Array:
    """Return the mean square of each member's differences."""
    return np.einsum("mij,mij,ij->m", differences, differences, shares)


def _decompose(outputs: Array, targets: Array, shares: Array) -> dict[str, Any]:
    """Take the error of the mean output apart, as Krogh and Vedelsby (1995) do."""
    mean = outputs.mean(axis=0)
    member_errors = _mean_squares(outputs - targets, shares)
    return {
        "ensemble_error": float(np.sum((mean - targets) ** 2 * shares)),
        "member_error": float(member_errors.mean()),
        "ambiguity": float(_mean_squares(outputs - mean, shares).mean()),
        "member_errors": member_errors,
    }


def _correlate(errors: Array, shares: Array, scale: float) -> dict[str, Any]:
    """Correlate each two members' errors, about the mean errors of each."""
    means = np.sum(errors * shares, axis=1) / shares.sum(axis=0)
    weighted = (errors - means[:, np.newaxis]) * np.sqrt(shares)
    weighted = weighted.reshape(len(errors), -1)
    spread = np.sqrt(np.einsum("mi,mi->m", weighted, weighted))
    spread[spread <= _RESOLUTION * scale] = np.nan
    weighted /= spread[:, np.newaxis]
    correlation = np.clip(weighted @ weighted.T, -1.0, 1.0)
    np.fill_diagonal(correlation, np.where(np.isnan(spread), np.nan, 1.0))
    pairs = correlation[np.triu_indices(len(errors), 1)]
    defined = pairs[~np.isnan(pairs)]
    mean = float(defined.mean()) if defined.size else float("nan")
    return {"error_correlation": correlation, "mean_error_correlation": mean}


def _compare_pairs(values: Array, compare: Callable[[Array, Array], Array]) -> Array:
    """Compare each two members, each pair once: the result is exactly symmetric."""
    found = np.zeros((len(values), len(values)))
    for index in range(len(values) - 1):
        found[index, index + 1 :] = compare(values[index], values[index + 1 :])
    return found + found.T
