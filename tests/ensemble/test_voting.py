"""How members' outputs are combined, against plain loops over the members."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.special import logsumexp
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, get_scorer, r2_score, roc_auc_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import scale
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SHORT = {"hidden_layer_sizes": (6,), "max_iter": 6}


def fitted(base, kind, **parameters):
    """Return an ensemble fitted to a problem, and the problem."""
    X, y = problem(kind)
    bag = BaggingEnsemble(base, 6, random_state=0, **parameters).fit(X, y)
    return bag, X, y


def outputs(bag, X, method="predict"):
    """Return what each member says of its own features."""
    return [
        getattr(member, method)(X[:, columns])
        for member, columns in zip(
            bag.estimators_, bag.estimators_features_, strict=True
        )
    ]


def why_not(bag, name):
    """Return why an ensemble lacks a method."""
    with pytest.raises(AttributeError) as caught:
        getattr(bag, name)
    return str(caught.value.__cause__)


@pytest.mark.parametrize("max_features", [1.0, 0.5])
@pytest.mark.parametrize("base", [MLPClassifier(**SHORT), DecisionTreeClassifier()])
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_soft(kind, base, max_features):
    bag, X, _ = fitted(base, kind, max_features=max_features)
    expected = np.mean(outputs(bag, X, "predict_proba"), axis=0)
    np.testing.assert_allclose(bag.predict_proba(X), expected, rtol=1e-12)
    np.testing.assert_array_equal(bag.predict(X), expected.argmax(axis=1))
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(bag.predict_log_proba(X), np.log(expected))


@pytest.mark.parametrize(
    ("base", "voting"),
    [
        (MLPClassifier(**SHORT), "hard"),
        (LinearSVC(), "hard"),
        (LinearSVC(), "soft"),
    ],
)
def test_votes(base, voting):
    bag, X, _ = fitted(base, "multiclass", voting=voting)
    votes = np.array(outputs(bag, X))
    shares = np.array([(votes == k).mean(axis=0) for k in range(3)]).T
    np.testing.assert_array_equal(bag.predict(X), shares.argmax(axis=1))
    if voting == "soft":
        np.testing.assert_allclose(bag.predict_proba(X), shares)
    else:
        assert not hasattr(bag, "predict_proba")
        assert "set voting='soft'" in why_not(bag, "predict_proba")


def test_hard_and_soft_differ():
    soft, X, _ = fitted(MLPClassifier(**SHORT), "multiclass")
    hard, _, _ = fitted(MLPClassifier(**SHORT), "multiclass", voting="hard")
    assert (soft.predict(X) != hard.predict(X)).any()


def test_ties_go_to_the_first_class():
    X = np.zeros((4, 1))
    bag = BaggingEnsemble(DecisionTreeClassifier(), 2, voting="hard", random_state=0)
    bag.fit(X, ["a", "b", "a", "b"])
    for member, label in zip(bag.estimators_, ["b", "a"], strict=True):
        member.fit(X, [label] * 4)
    assert bag.predict(X).tolist() == ["a"] * 4


@pytest.mark.parametrize("labels", [lambda y: np.array(["no", "yes"])[y], pd.Series])
def test_labels_come_back(labels):
    X, y = problem("binary")
    y = labels(y)
    bag = BaggingEnsemble(MLPClassifier(**SHORT), 3, random_state=0).fit(X, y)
    assert set(bag.predict(X)) == set(y)
    assert bag.classes_.tolist() == sorted(set(y))
    assert bag.n_classes_ == 2
    assert set(bag.estimators_[0].classes_) == set(y)


@pytest.mark.parametrize("voting", ["soft", "hard"])
def test_multilabel(voting):
    bag, X, y = fitted(MLPClassifier(**SHORT), "multilabel", voting=voting)
    method = "predict_proba" if voting == "soft" else "predict"
    expected = np.mean(outputs(bag, X, method), axis=0)
    np.testing.assert_array_equal(bag.predict(X), expected > 0.5)
    assert bag.predict(X).shape == y.shape
    if voting == "soft":
        np.testing.assert_allclose(bag.predict_proba(X), expected)
    assert bag.score(X, y) == accuracy_score(y, bag.predict(X))


def test_multilabel_members_that_return_lists():
    bag, X, _ = fitted(DecisionTreeClassifier(max_depth=2), "multilabel")
    lists = outputs(bag, X, "predict_proba")
    for label in range(3):
        expected = np.mean([one[label] for one in lists], axis=0)
        np.testing.assert_allclose(bag.predict_proba(X)[label], expected)
        with np.errstate(divide="ignore"):
            np.testing.assert_allclose(
                bag.predict_log_proba(X)[label], np.log(expected), atol=1e-12
            )
        predicted = bag.predict(X)[:, label]
        np.testing.assert_array_equal(predicted, expected[:, 1] > 0.5)


def test_a_label_that_a_member_never_saw():
    X, y = problem("multilabel")
    y[:, 1] = 0
    y[0, 1] = 1
    forest = RandomForestClassifier(3, random_state=0)
    bag = BaggingEnsemble(forest, 6, random_state=0).fit(X, y)
    widths = {one[1].shape[1] for one in outputs(bag, X, "predict_proba")}
    assert widths == {1, 2}
    assert bag.predict(X)[1:, 1].sum() == 0


@pytest.mark.parametrize("voting", ["soft", "mean", "median"])
@pytest.mark.parametrize("kind", ["real", "reals"])
@pytest.mark.parametrize("base", [MLPRegressor(**SHORT), Ridge()])
def test_regression(base, kind, voting):
    bag, X, y = fitted(base, kind, voting=voting, max_features=0.8)
    found = np.array(outputs(bag, X))
    middle = np.median if voting == "median" else np.mean
    expected = middle(found, axis=0)
    np.testing.assert_allclose(bag.predict(X), expected, rtol=1e-12)
    np.testing.assert_allclose(bag.predict_std(X), found.std(axis=0), atol=1e-12)
    assert bag.score(X, y) == pytest.approx(r2_score(y, expected))
    weights = np.arange(120)
    assert bag.score(X, y, weights) == pytest.approx(
        r2_score(y, expected, sample_weight=weights)
    )
    quantiles = bag.predict_quantiles(X)
    assert quantiles.shape == (3, *expected.shape)
    np.testing.assert_allclose(quantiles[1], np.median(found, axis=0))
    np.testing.assert_allclose(bag.predict_quantiles(X, 0), found.min(axis=0))
    np.testing.assert_allclose(bag.predict_quantiles(X, [1.0])[0], found.max(axis=0))


def test_quantiles_are_shares():
    bag, X, _ = fitted(Ridge(), "real")
    with pytest.raises(ValueError, match=r"quantiles expects numbers in \[0, 1\]"):
        bag.predict_quantiles(X, [0.5, 5])


def decisions_of(member, X, n_classes):
    """Return a member's decision function as one that knows all classes has it."""
    found = np.asarray(member.decision_function(X))
    if len(member.classes_) == n_classes:
        return found
    if found.ndim == 1:
        found = np.stack([-found, found], axis=1)
    rows = []
    for of_row in found:
        row = [min(of_row)] * n_classes
        for label, value in zip(member.classes_, of_row, strict=True):
            row[label] = value
        rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize("max_features", [1.0, 0.5])
@pytest.mark.parametrize("voting", ["soft", "hard"])
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
@pytest.mark.parametrize("base", [SVC(), LinearSVC(), LogisticRegression()])
def test_decision_function(base, kind, voting, max_features):
    bag, X, _ = fitted(base, kind, max_features=max_features, voting=voting)
    expected = np.mean(outputs(bag, X, "decision_function"), axis=0)
    np.testing.assert_allclose(bag.decision_function(X), expected, rtol=1e-12)
    assert expected.shape == ((120,) if kind == "binary" else (120, 3))


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_decision_functions_of_members_without_some_classes(n_jobs):
    X, y = problem("multiclass")
    y[y == 1] = 0
    y[:3] = 1
    bag = BaggingEnsemble(SVC(), 8, max_samples=40, n_jobs=n_jobs, random_state=0)
    bag.fit(X, y)
    assert {len(member.classes_) for member in bag} == {2, 3}
    expected = np.mean([decisions_of(member, X, 3) for member in bag], axis=0)
    np.testing.assert_allclose(bag.decision_function(X), expected, rtol=1e-12)


def test_decision_functions_that_cannot_be_aligned():
    X, _ = problem("multiclass")
    y = np.arange(120) % 4
    y[:2] = 4
    base = SVC(decision_function_shape="ovo")
    bag = BaggingEnsemble(base, 8, max_samples=60, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="one value for each of their 4 classes"):
        bag.decision_function(X)


def test_decision_functions_of_labels():
    bag, X, _ = fitted(OneVsRestClassifier(LogisticRegression()), "multilabel")
    expected = np.mean(outputs(bag, X, "decision_function"), axis=0)
    np.testing.assert_allclose(bag.decision_function(X), expected)


def test_scorers_rank_by_decision_functions():
    X, y = load_breast_cancer(return_X_y=True)
    X = scale(X)
    ours = BaggingEnsemble(SVC(), 10, random_state=0).fit(X, y)
    found = get_scorer("roc_auc")(ours, X, y)
    assert found == roc_auc_score(y, ours.decision_function(X))
    assert found > roc_auc_score(y, ours.predict_proba(X)[:, 1])


def test_logarithms_are_finite_where_probabilities_round_to_zero():
    bag, X, _ = fitted(MLPClassifier(**SHORT), "multiclass", max_features=0.5)
    far = 1e5 * X
    assert (bag.predict_proba(far) == 0).any()
    found = bag.predict_log_proba(far)
    assert np.isfinite(found).all()
    logs = np.array(outputs(bag, far, "predict_log_proba"))
    expected = logsumexp(logs, axis=0) - np.log(len(bag))
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("make", [sparse.csr_matrix, sparse.csc_matrix])
def test_members_get_the_format_of_sparse_features(make):
    class Noting(LogisticRegression):
        def fit(self, X, y):
            self.format_ = X.format
            return super().fit(X, y)

    X, y = problem("binary")
    bag = BaggingEnsemble(Noting(), 2, max_features=3, random_state=0)
    bag.fit(make(X), y)
    assert {member.format_ for member in bag} == {make((1, 1)).format}
    other = BaggingEnsemble(LogisticRegression(), 2, max_features=3, random_state=0)
    np.testing.assert_allclose(
        bag.predict_proba(make(X)), other.fit(X, y).predict_proba(X), rtol=1e-4
    )


LABELS = {
    "Int64": (lambda y: pd.Series(y, dtype="Int64"), "i"),
    "UInt8": (lambda y: pd.Series(y, dtype="UInt8"), "u"),
    "boolean": (lambda y: pd.Series(y == 1, dtype="boolean"), "b"),
    "frame": (lambda y: pd.DataFrame({"y": pd.Series(y, dtype="Int64")}), "i"),
    "category": (lambda y: pd.Series(y).astype("category"), "i"),
    "string": (lambda y: pd.Series(np.array(["a", "b"])[y], dtype="string"), "UO"),
    "StringDType": (lambda y: np.array(["a", "b"], np.dtypes.StringDType())[y], "UO"),
    "objects": (lambda y: np.array(["a", "bcd"], object)[y], "UO"),
    "dates": (lambda y: np.array(["2020-01-01", "2021-01-01"], "M8[D]")[y], "M"),
    "polars": (pl.Series, "i"),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("base", [MLPClassifier((6,), max_iter=60), SVC()])
def test_labels_of_any_type_come_back(base, name):
    X, y = problem("binary")
    make, kind = LABELS[name]
    labels = make(y)
    bag = BaggingEnsemble(base, 20, oob_score=True, random_state=0).fit(X, labels)
    assert bag.classes_.dtype.kind in kind
    assert bag[0].classes_.dtype.kind in kind
    given = np.asarray(labels).ravel().tolist()
    predicted = bag.predict(X)
    assert predicted.dtype == bag.classes_.dtype
    assert set(predicted.tolist()) == set(given)
    hits = np.mean(
        [ours == other for ours, other in zip(predicted, given, strict=True)]
    )
    assert bag.score(X, labels) == hits > 0.7
    plain = BaggingEnsemble(base, 20, oob_score=True, random_state=0).fit(X, y)
    assert bag.oob_score_ == plain.oob_score_


def test_each_kind_has_its_methods():
    classifier, regressor = BaggingEnsemble(), BaggingEnsemble(MLPRegressor())
    for name in ("predict_proba", "predict_log_proba"):
        assert hasattr(classifier, name)
        assert "is a classifier" in why_not(regressor, name)
    for name in ("predict_std", "predict_quantiles"):
        assert hasattr(regressor, name)
        assert "is a regressor" in why_not(classifier, name)
    assert hasattr(BaggingEnsemble(SVC()), "decision_function")
    for bag in (classifier, regressor):
        assert "only where its estimator has one" in why_not(bag, "decision_function")


@pytest.mark.parametrize(
    ("base", "voting"),
    [
        (MLPClassifier(), "median"),
        (MLPClassifier(), "mean"),
        (MLPRegressor(), "hard"),
    ],
)
def test_each_kind_has_its_votes(base, voting):
    X, y = problem("binary")
    with pytest.raises(ValueError, match="voting expects one of"):
        BaggingEnsemble(base, voting=voting).fit(X, y)
