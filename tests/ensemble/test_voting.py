"""How members' outputs are combined, against plain loops over the members."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.svm import LinearSVC
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


def test_each_kind_has_its_methods():
    classifier, regressor = BaggingEnsemble(), BaggingEnsemble(MLPRegressor())
    for name in ("predict_proba", "predict_log_proba"):
        assert hasattr(classifier, name)
        assert "is a classifier" in why_not(regressor, name)
    for name in ("predict_std", "predict_quantiles"):
        assert hasattr(regressor, name)
        assert "is a regressor" in why_not(classifier, name)


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
