"""The parts add up to the error, and they are what the definitions say."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, RidgeClassifier
from sklearn.metrics import brier_score_loss, mean_squared_error, r2_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skregnet import MLPClassifier, MLPRegressor
from skregnet.ensemble import BaggingEnsemble
from skregnet.inspection import EnsembleDiversity, ensemble_diversity
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

N_MEMBERS = 5
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 5, "learning_rate_init": 0.05}
COMMON = {"n_estimators": N_MEMBERS, "random_state": 0}
WORDS = np.array(["ash", "birch", "cedar wood"])

REGRESSORS = {
    "bagging": BaggingRegressor(**COMMON),
    "subspaces": BaggingRegressor(max_features=0.5, bootstrap_features=True, **COMMON),
    "forest": RandomForestRegressor(**COMMON),
    "extra trees": ExtraTreesRegressor(max_depth=3, **COMMON),
    "networks": BaggingEnsemble(MLPRegressor(**SMALL), **COMMON),
    "trees by median": BaggingEnsemble(
        DecisionTreeRegressor(max_depth=3), max_features=0.5, voting="median", **COMMON
    ),
}
CLASSIFIERS = {
    "bagging": BaggingClassifier(**COMMON),
    "subspaces": BaggingClassifier(max_features=0.5, **COMMON),
    "votes": BaggingClassifier(RidgeClassifier(), max_features=2, **COMMON),
    "few classes": BaggingClassifier(
        KNeighborsClassifier(1), max_samples=4, bootstrap=False, **COMMON
    ),
    "forest": RandomForestClassifier(max_depth=2, **COMMON),
    "extra trees": ExtraTreesClassifier(max_depth=2, **COMMON),
    "networks": BaggingEnsemble(MLPClassifier(**SMALL), **COMMON),
    "hard": BaggingEnsemble(
        DecisionTreeClassifier(max_depth=2), max_features=3, voting="hard", **COMMON
    ),
    "few classes, labels": BaggingEnsemble(
        KNeighborsClassifier(1), max_samples=4, bootstrap=False, **COMMON
    ),
}


def fitted(ensemble, kind, labels=None):
    """Return an ensemble fitted to half of a problem, and the other half."""
    X, y = problem(kind)
    y = y if labels is None else np.asarray(labels)[y]
    return ensemble.fit(X[::2], y[::2]), X[1::2], y[1::2]


def members_and_columns(ensemble, X):
    """Return the members with the features of each."""
    everything = [range(X.shape[1])] * N_MEMBERS
    columns = getattr(ensemble, "estimators_features_", everything)
    return [(m, X[:, c]) for m, c in zip(ensemble.estimators_, columns, strict=True)]


def labels_of(ensemble, member, labels):
    """Return labels of a member as the ensemble has them."""
    if isinstance(ensemble, BaggingEnsemble):
        return list(labels)
    return [ensemble.classes_[int(label)] for label in labels]


def probabilities_of(ensemble, member, X):
    """Return a member's probabilities of the ensemble's classes, row by row."""
    votes = getattr(ensemble, "voting", "soft") == "hard"
    classes = list(ensemble.classes_)
    found = np.zeros((len(X), len(classes)))
    if votes or not hasattr(member, "predict_proba"):
        for row, label in enumerate(labels_of(ensemble, member, member.predict(X))):
            found[row, classes.index(label)] = 1
        return found
    known = labels_of(ensemble, member, member.classes_)
    for row, probabilities in enumerate(member.predict_proba(X)):
        for label, probability in zip(known, probabilities, strict=True):
            found[row, classes.index(label)] = probability
    return found


def decomposed_by_loops(outputs, targets, weights, divisor):
    """Return the ensemble's error, the members' errors and the ambiguity."""
    n_members, total = len(outputs), sum(weights)
    ensemble_error, ambiguity, member_errors = 0.0, 0.0, [0.0] * n_members
    for row, weight in enumerate(weights):
        share = weight / total / divisor
        for output, target in enumerate(targets[row]):
            values = [outputs[member][row][output] for member in range(n_members)]
            mean = sum(values) / n_members
            ensemble_error += share * (mean - target) ** 2
            for member, value in enumerate(values):
                member_errors[member] += share * (value - target) ** 2
                ambiguity += share * (value - mean) ** 2 / n_members
    return ensemble_error, member_errors, ambiguity


def assert_decomposed(found, outputs, targets, weights, divisor=1):
    """Compare the parts of the error with a loop, and add them up."""
    error, member_errors, ambiguity = decomposed_by_loops(
        outputs, targets, weights, divisor
    )
    assert found.ensemble_error == pytest.approx(error)
    assert_allclose(found.member_errors, member_errors)
    assert found.member_error == pytest.approx(np.mean(member_errors))
    assert found.ambiguity == pytest.approx(ambiguity)
    assert found.ambiguity > 0
    difference = found.member_error - found.ambiguity
    assert abs(found.ensemble_error - difference) < 1e-12 * found.member_error


def assert_correlated(found, errors, weights):
    """Compare correlations with those of NumPy, and their mean with that of pairs."""
    covariance = np.atleast_2d(np.cov(errors, aweights=weights))
    deviations = np.sqrt(np.diag(covariance))
    expected = covariance / np.outer(deviations, deviations)
    assert_allclose(found.error_correlation, expected)
    assert_array_equal(np.diag(found.error_correlation), 1.0)
    pairs = [expected[j, k] for k in range(len(errors)) for j in range(k)]
    assert found.mean_error_correlation == pytest.approx(np.mean(pairs))


def assert_equal(found, expected, rtol=1e-9):
    """Compare all numbers of two results."""
    assert found.kind == expected.kind
    for name in set(EnsembleDiversity.__dataclass_fields__) - {"kind"}:
        assert_allclose(
            getattr(found, name),
            getattr(expected, name),
            rtol=rtol,
            atol=1e-12,
            err_msg=name,
        )


def some_weights(n_rows, kind):
    """Return weights of rows to hand over, and what they mean."""
    if kind == "alike":
        return None, np.ones(n_rows)
    weights = np.random.RandomState(3).randint(5, size=n_rows)
    return weights, weights


@pytest.mark.parametrize("weighting", ["alike", "weighted"])
@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors(name, weighting):
    ensemble, X, y = fitted(REGRESSORS[name], "real")
    sample_weight, weights = some_weights(len(y), weighting)
    found = ensemble_diversity(ensemble, X, y, sample_weight=sample_weight)
    assert found.kind == "regression"
    outputs = np.array([m.predict(Z) for m, Z in members_and_columns(ensemble, X)])
    assert_decomposed(found, outputs[:, :, np.newaxis], y[:, np.newaxis], weights)
    assert_correlated(found, outputs - y, weights)
    for j, k in np.ndindex(N_MEMBERS, N_MEMBERS):
        expected = mean_squared_error(outputs[j], outputs[k], sample_weight=weights)
        assert found.disagreement[j, k] == pytest.approx(np.sqrt(expected))
    scores = [r2_score(y, output, sample_weight=weights) for output in outputs]
    assert_allclose(found.member_scores, scores)
    expected = ensemble.score(X, y, sample_weight=sample_weight)
    assert found.ensemble_score == pytest.approx(expected)


@pytest.mark.parametrize("name", REGRESSORS)
def test_several_outputs(name):
    ensemble, X, y = fitted(REGRESSORS[name], "reals")
    # Outputs that are biased differently are not correlated for that.
    y = y + np.array([1.0, -2.0, 30.0])
    sample_weight, weights = some_weights(len(y), "weighted")
    found = ensemble_diversity(ensemble, X, y, sample_weight=sample_weight)
    outputs = np.array([m.predict(Z) for m, Z in members_and_columns(ensemble, X)])
    assert_decomposed(found, outputs, y, weights, divisor=y.shape[1])
    errors = outputs - y
    errors = errors - np.average(errors, axis=1, weights=weights)[:, np.newaxis]
    everywhere = np.repeat(weights, y.shape[1])
    assert_correlated(found, errors.reshape(N_MEMBERS, -1), everywhere)
    expected = mean_squared_error(outputs[0], outputs[3], sample_weight=weights)
    assert found.disagreement[0, 3] == pytest.approx(np.sqrt(expected))
    expected = ensemble.score(X, y, sample_weight=sample_weight)
    assert found.ensemble_score == pytest.approx(expected)
    assert_allclose(
        found.member_scores, [r2_score(y, o, sample_weight=weights) for o in outputs]
    )


@pytest.mark.parametrize("weighting", ["alike", "weighted"])
@pytest.mark.parametrize("labels", [WORDS, [1, 2, 3]], ids=["words", "numbers"])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers(name, labels, weighting):
    ensemble, X, y = fitted(CLASSIFIERS[name], "multiclass", labels)
    sample_weight, weights = some_weights(len(y), weighting)
    found = ensemble_diversity(ensemble, X, y, sample_weight=sample_weight)
    assert found.kind == "classification"
    members = members_and_columns(ensemble, X)
    outputs = [probabilities_of(ensemble, member, Z) for member, Z in members]
    targets = (y[:, np.newaxis] == ensemble.classes_).astype(float)
    assert_decomposed(found, outputs, targets, weights)
    predicted = np.array([labels_of(ensemble, m, m.predict(Z)) for m, Z in members])
    assert_correlated(found, predicted != y, weights)
    for j, k in np.ndindex(N_MEMBERS, N_MEMBERS):
        expected = np.average(predicted[j] != predicted[k], weights=weights)
        assert found.disagreement[j, k] == pytest.approx(expected)
    scores = np.average(predicted == y, axis=1, weights=weights)
    assert_allclose(found.member_scores, scores)
    expected = ensemble.score(X, y, sample_weight=sample_weight)
    assert found.ensemble_score == pytest.approx(expected)
    if hasattr(ensemble, "predict_proba"):
        expected = brier_score_loss(
            y, ensemble.predict_proba(X), sample_weight=weights, scale_by_half=False
        )
        assert found.ensemble_error == pytest.approx(expected)


@pytest.mark.parametrize("name", ["few classes", "few classes, labels"])
def test_members_without_some_classes(name):
    ensemble, *_ = fitted(CLASSIFIERS[name], "multiclass", WORDS)
    n_known = {len(member.classes_) for member in ensemble.estimators_}
    assert n_known == {2, 3}


def test_two_classes():
    ensemble, X, y = fitted(RandomForestClassifier(max_depth=2, **COMMON), "binary")
    found = ensemble_diversity(ensemble, X, y)
    expected = brier_score_loss(y, ensemble.predict_proba(X)[:, 1])
    assert found.ensemble_error == pytest.approx(2 * expected)


@pytest.mark.parametrize("name", ["bagging", "forest", "networks"])
def test_label_that_the_ensemble_has_never_seen(name):
    ensemble, X, y = fitted(CLASSIFIERS[name], "multiclass", WORDS)
    expected = ensemble_diversity(ensemble, X[5:], y[5:])
    y = y.astype(object)
    y[:5] = "yew"
    found = ensemble_diversity(ensemble, X, y)
    n_rows = len(y)
    probabilities = ensemble.predict_proba(X[:5])
    extra = np.sum(probabilities**2) + 5
    total = extra + (n_rows - 5) * expected.ensemble_error
    assert found.ensemble_error == pytest.approx(total / n_rows)
    assert_allclose(found.member_scores, expected.member_scores * (1 - 5 / n_rows))
    assert found.ensemble_score == pytest.approx(
        expected.ensemble_score * (1 - 5 / n_rows)
    )


def test_median_is_scored_and_the_mean_is_taken_apart():
    ensemble, X, y = fitted(REGRESSORS["trees by median"], "real")
    found = ensemble_diversity(ensemble, X, y)
    outputs = np.array([m.predict(Z) for m, Z in members_and_columns(ensemble, X)])
    mean, median = outputs.mean(axis=0), np.median(outputs, axis=0)
    assert found.ensemble_error == pytest.approx(mean_squared_error(y, mean))
    assert found.ensemble_score == pytest.approx(r2_score(y, median))
    assert found.ensemble_score != pytest.approx(r2_score(y, mean))


class Fixed(BaseEstimator):
    """Predicts what it is told."""

    def __init__(self, predictions=None):
        self.predictions = predictions

    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.asarray(self.predictions)


class Together(BaseEstimator):
    """Members that predict what they are told."""

    def __init__(self, predictions=None):
        self.predictions = predictions

    def fit(self, X, y):
        self.estimators_ = [Fixed(each) for each in self.predictions]
        self.estimators_features_ = [np.arange(X.shape[1])] * len(self.predictions)
        return self


class Mean(RegressorMixin, Together):
    def predict(self, X):
        return np.mean(self.predictions, axis=0)


class First(ClassifierMixin, Together):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return super().fit(X, y)

    def predict(self, X):
        return np.asarray(self.predictions[0])


def diversity_of(cls, predictions, y, **options):
    """Return the diversity of members that predict this."""
    X = np.zeros((len(y), 1))
    return ensemble_diversity(cls(predictions).fit(X, y), X, y, **options)


Y = np.random.RandomState(0).normal(size=40)
E = np.random.RandomState(1).normal(size=(4, 40))


def test_regressors_alike():
    found = diversity_of(Mean, [Y + E[0]] * 3, Y)
    assert_allclose(found.error_correlation, 1.0)
    assert found.error_correlation.max() == 1.0
    assert found.mean_error_correlation == pytest.approx(1.0)
    assert_array_equal(found.disagreement, 0.0)
    assert found.ambiguity == pytest.approx(0.0, abs=1e-12)
    assert found.ensemble_error == pytest.approx(np.mean(E[0] ** 2))
    assert_allclose(found.member_scores, found.ensemble_score)


def test_opposite_regressors():
    found = diversity_of(Mean, [Y + E[0], Y - E[0]], Y)
    assert_allclose(found.error_correlation, [[1, -1], [-1, 1]])
    assert found.mean_error_correlation == pytest.approx(-1.0)
    assert found.disagreement[0, 1] == pytest.approx(2 * np.sqrt(np.mean(E[0] ** 2)))
    assert found.ensemble_error == pytest.approx(0.0, abs=1e-12)
    assert found.ambiguity == pytest.approx(found.member_error)
    assert found.ensemble_score == pytest.approx(1.0)


def test_variance_of_the_mean_error():
    errors = E - E.mean(axis=1, keepdims=True)
    errors /= errors.std(axis=1, keepdims=True)
    found = diversity_of(Mean, Y + errors, Y)
    n_members = len(errors)
    share = (1 + (n_members - 1) * found.mean_error_correlation) / n_members
    assert found.ensemble_error == pytest.approx(share * found.member_error)


def test_biases_are_not_correlation():
    found = diversity_of(Mean, Y + E, Y)
    moved = diversity_of(Mean, Y + E + np.array([[5.0], [-3.0], [0.0], [9.0]]), Y)
    assert_allclose(moved.error_correlation, found.error_correlation)


def test_classifiers_alike():
    y, predicted = list("abcabc"), list("abbaac")
    found = diversity_of(First, [predicted] * 3, y)
    assert_allclose(found.error_correlation, 1.0)
    assert_array_equal(found.disagreement, 0.0)
    assert found.ambiguity == pytest.approx(0.0, abs=1e-12)
    assert found.ensemble_error == found.member_error == pytest.approx(2 * 2 / 6)
    assert found.ensemble_score == pytest.approx(4 / 6)


def test_opposite_classifiers():
    y = np.array([0, 0, 1, 1])
    found = diversity_of(First, [[0, 1, 0, 1], [1, 0, 1, 0]], y)
    assert_allclose(found.error_correlation, [[1, -1], [-1, 1]])
    assert_array_equal(found.disagreement, [[0, 1], [1, 0]])
    # Half a vote for each class is wrong by a quarter, twice.
    assert found.ensemble_error == found.ambiguity == pytest.approx(0.5)
    assert_allclose(found.member_errors, [1.0, 1.0])


def test_votes_by_hand():
    y = list("aab")
    found = diversity_of(First, [list("aab"), list("abb"), list("bba")], y)
    # Two of three votes are right, one of three is, two of three are.
    rows = [1 / 9 + 1 / 9, 4 / 9 + 4 / 9, 1 / 9 + 1 / 9]
    assert found.ensemble_error == pytest.approx(sum(rows) / 3)
    assert_allclose(found.member_errors, [0.0, 2 / 3, 2.0])
    assert_allclose(found.disagreement, np.array([[0, 1, 3], [1, 0, 2], [3, 2, 0]]) / 3)


def test_constant_errors_of_classifiers():
    y = list("abab")
    predictions = [y, list("aaab"), list("bbab"), list("baba")]
    found = diversity_of(First, predictions, y)
    is_defined = np.outer([0, 1, 1, 0], [0, 1, 1, 0]).astype(bool)
    assert_array_equal(~np.isnan(found.error_correlation), is_defined)
    expected = np.corrcoef([[0, 1, 0, 0], [1, 0, 0, 0]])[0, 1]
    assert found.error_correlation[1, 2] == pytest.approx(expected)
    assert found.mean_error_correlation == pytest.approx(expected)


def test_constant_errors_of_regressors():
    # Rounding makes the errors differ in their last digits.
    found = diversity_of(Mean, [Y + 0.1, Y, Y + E[0], Y + 1e-6 * E[1]], Y)
    assert len(np.unique((Y + 0.1) - Y)) > 1
    is_defined = np.outer([0, 0, 1, 1], [0, 0, 1, 1]).astype(bool)
    assert_array_equal(~np.isnan(found.error_correlation), is_defined)
    assert found.error_correlation[2, 3] == pytest.approx(np.corrcoef(E[:2])[0, 1])


def test_no_pairs():
    alone = diversity_of(Mean, [Y + E[0]], Y)
    assert_array_equal(alone.error_correlation, [[1.0]])
    assert_array_equal(alone.disagreement, [[0.0]])
    assert np.isnan(alone.mean_error_correlation)
    assert alone.ambiguity == 0.0
    assert np.isnan(diversity_of(Mean, [Y, Y], Y).mean_error_correlation)


@pytest.mark.parametrize(
    ("ensemble", "kind"),
    [
        (REGRESSORS["subspaces"], "real"),
        (REGRESSORS["forest"], "reals"),
        (CLASSIFIERS["forest"], "multiclass"),
        (CLASSIFIERS["votes"], "multiclass"),
    ],
    ids=["regressor", "several outputs", "classifier", "votes"],
)
def test_weights_count_rows(ensemble, kind):
    ensemble, X, y = fitted(ensemble, kind)
    weights, _ = some_weights(len(y), "weighted")
    assert weights.min() == 0
    weighted = ensemble_diversity(ensemble, X, y, sample_weight=weights)
    repeated = ensemble_diversity(
        ensemble, np.repeat(X, weights, axis=0), np.repeat(y, weights, axis=0)
    )
    assert_equal(weighted, repeated)
    scaled = ensemble_diversity(ensemble, X, y, sample_weight=1e6 * weights)
    assert_equal(scaled, weighted)
    assert ensemble_diversity(ensemble, X, y).ambiguity != weighted.ambiguity


@pytest.mark.parametrize(
    ("ensemble", "kind"),
    [
        (REGRESSORS["networks"], "real"),
        (REGRESSORS["subspaces"], "reals"),
        (CLASSIFIERS["networks"], "multiclass"),
    ],
)
def test_matrices_are_exactly_symmetric(ensemble, kind):
    found = ensemble_diversity(*fitted(ensemble, kind))
    assert_array_equal(found.disagreement, found.disagreement.T)
    assert_array_equal(found.error_correlation, found.error_correlation.T)
    assert_array_equal(np.diag(found.disagreement), 0.0)


CONTAINERS = [pd.DataFrame, sparse.csr_array, sparse.coo_array, np.ndarray.tolist]


@pytest.mark.parametrize("container", CONTAINERS, ids=["pandas", "csr", "coo", "lists"])
@pytest.mark.parametrize(
    "ensemble",
    [
        REGRESSORS["subspaces"],
        REGRESSORS["forest"],
        REGRESSORS["networks"],
        REGRESSORS["trees by median"],
    ],
    ids=["subspaces", "forest", "networks", "trees"],
)
def test_containers(ensemble, container):
    ensemble, X, y = fitted(ensemble, "real")
    weights = pd.Series([2] * len(y))
    found = ensemble_diversity(
        ensemble, container(X), y.tolist(), sample_weight=weights
    )
    assert_equal(found, ensemble_diversity(ensemble, X, y))


@pytest.mark.parametrize(
    "ensemble",
    [
        BaggingRegressor(LinearRegression(), max_features=0.5, **COMMON),
        RandomForestRegressor(**COMMON),
        BaggingEnsemble(MLPRegressor(**SMALL), max_features=0.5, **COMMON),
        BaggingEnsemble(LinearRegression(), max_features=0.5, **COMMON),
        BaggingEnsemble(
            make_pipeline(
                make_column_transformer((StandardScaler(), ["a", "c"])),
                LinearRegression(),
            ),
            **COMMON,
        ),
    ],
    ids=["bagging", "forest", "networks", "lines", "pipelines"],
)
def test_names_of_columns(ensemble):
    X, y = problem("real")
    names = list("abcdef")
    train, test = (pd.DataFrame(X[k::2], columns=names) for k in (0, 1))
    found = ensemble_diversity(ensemble.fit(train, y[::2]), test, y[1::2])
    expected = ensemble.score(test, y[1::2])
    assert found.ensemble_score == pytest.approx(expected)
    error = mean_squared_error(y[1::2], ensemble.predict(test))
    assert found.ensemble_error == pytest.approx(error)
    with pytest.raises(ValueError, match="feature names"):
        ensemble_diversity(ensemble, test[names[::-1]], y[1::2])


@pytest.mark.parametrize("dtype", [object, "category", "string"])
def test_kinds_of_strings(dtype):
    ensemble, X, y = fitted(CLASSIFIERS["forest"], "multiclass", WORDS)
    expected = ensemble_diversity(ensemble, X, y)
    assert_equal(ensemble_diversity(ensemble, X, pd.Series(y, dtype=dtype)), expected)


@pytest.mark.parametrize("kind", ["real", "binary"])
def test_a_column_of_targets(kind):
    members = REGRESSORS if kind == "real" else CLASSIFIERS
    ensemble, X, y = fitted(members["forest"], kind)
    column = ensemble_diversity(ensemble, X, y[:, np.newaxis])
    assert_equal(column, ensemble_diversity(ensemble, X, y))


def test_single_precision_is_summed_in_double():
    y = Y.astype(np.float32)
    predictions = (y + E).astype(np.float32)
    found = diversity_of(Mean, list(predictions), y)
    expected = np.mean((predictions.astype(float) - y) ** 2, axis=1)
    assert_allclose(found.member_errors, expected, rtol=1e-12)
    difference = found.member_error - found.ambiguity
    assert found.ensemble_error == pytest.approx(difference, rel=1e-12)


def test_result_is_frozen():
    found = diversity_of(Mean, Y + E, Y)
    assert isinstance(found, EnsembleDiversity)
    with pytest.raises(AttributeError):
        found.ambiguity = 0.0
    assert "array" not in repr(found)
    for name in ("ensemble_error", "ensemble_score", "mean_error_correlation"):
        assert type(getattr(found, name)) is float


def small(cls, *arguments, **parameters):
    """Return a forest or bagging of two members that is fitted to two classes."""
    X, y = problem("binary")
    ensemble = cls(*arguments, n_estimators=2, random_state=0, **parameters)
    return ensemble.fit(X[::2], y[::2])


BAD_ENSEMBLES = [
    ("forest", ValueError, "'ensemble' parameter of ensemble_diversity"),
    (StandardScaler(), ValueError, "'ensemble' parameter"),
    (RandomForestClassifier(), NotFittedError, "not fitted"),
    (BaggingEnsemble(), NotFittedError, "not fitted"),
    (
        small(IsolationForest),
        TypeError,
        "of classifiers or of .* got ensemble=Isolation",
    ),
    (
        small(AdaBoostClassifier),
        TypeError,
        "mean of the members .* got ensemble=AdaBoo",
    ),
    (small(GradientBoostingRegressor), TypeError, "expects bagging or a forest, whose"),
    (
        make_pipeline(StandardScaler(), small(RandomForestClassifier)),
        TypeError,
        "of a pipeline pass the last step",
    ),
]


@pytest.mark.parametrize(("ensemble", "error", "message"), BAD_ENSEMBLES)
def test_bad_ensembles(ensemble, error, message):
    X, y = problem("binary")
    with pytest.raises(error, match=message):
        ensemble_diversity(ensemble, X[1::2], y[1::2])


BAD_DATA = [
    ({"y": [0, 1]}, "one target for each row of X, got 2 targets and 60 rows"),
    ({"y": np.eye(60, 2)}, r"one column of labels, got y.shape=\(60, 2\)"),
    ({"y": ["0"] * 60}, r"labels that the ensemble knows, \[0, 1\], got y="),
    ({"y": [np.nan] * 60}, "y contains NaN"),
    ({"X": np.zeros((60, 5))}, "X has 5 features"),
    ({"sample_weight": [1.0]}, "sample_weight"),
    ({"sample_weight": -np.ones(60)}, "[Nn]egative"),
    ({"sample_weight": np.zeros(60)}, "zero"),
]


@pytest.mark.parametrize(("changes", "message"), BAD_DATA)
def test_bad_data(changes, message):
    X, y = problem("binary")
    data = {"X": X[1::2], "y": y[1::2], **changes}
    with pytest.raises(ValueError, match=message):
        ensemble_diversity(small(RandomForestClassifier), **data)


def test_many_labels():
    X, y = problem("multilabel")
    forest = RandomForestClassifier(n_estimators=2).fit(X, y)
    with pytest.raises(ValueError, match=r"one column of labels.*ensemble for each"):
        ensemble_diversity(forest, X, y)
    with pytest.raises(ValueError, match="one column of labels"):
        ensemble_diversity(forest, X, y[:, 0])


def test_outputs_must_be_those_of_the_ensemble():
    ensemble, X, y = fitted(REGRESSORS["forest"], "reals")
    with pytest.raises(ValueError, match=r"outputs of the ensemble, got y.shape=\(60,"):
        ensemble_diversity(ensemble, X, y[:, 0])


def test_members_of_another_encoding():
    with pytest.raises(ValueError, match=r"predict its classes, \['a', 'b'\], got \[0"):
        diversity_of(First, [["a", "b"], [0, 0]], ["a", "b"])
