"""Members for which samples of one class only were drawn."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from skregnet import BaggingEnsemble, MLPClassifier
from skregnet.augmentation import AugmentedEstimator, GaussianNoise

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

NETWORK = MLPClassifier((4,), max_iter=3)


class Refusing(ClassifierMixin, BaseEstimator):
    """Refuses one class, in words of its own."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError("nothing to tell apart")
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[1])


REFUSING = [
    LogisticRegression(),
    SVC(),
    LinearSVC(),
    SGDClassifier(random_state=0),
    GradientBoostingClassifier(n_estimators=2),
    make_pipeline(StandardScaler(), SVC()),
    make_pipeline(LinearDiscriminantAnalysis(), NETWORK),
    GridSearchCV(LogisticRegression(), {"C": [1]}, cv=2),
    Refusing(),
]


class Outdated(DecisionTreeClassifier):
    """Accepts one class, and raises an error when it predicts."""

    def predict(self, X):
        return self.classes_[[0, 1]][super().predict(X)]


UNPREPARED = [
    HistGradientBoostingClassifier(max_iter=2),
    OneVsRestClassifier(SVC()),
    OneVsRestClassifier(DecisionTreeClassifier(max_depth=2)),
    LinearDiscriminantAnalysis(),
    make_pipeline(StandardScaler(), HistGradientBoostingClassifier(max_iter=2)),
    AugmentedEstimator(HistGradientBoostingClassifier(max_iter=2), GaussianNoise()),
    Outdated(),
]


def rare(labels, n_rows=60):
    """Return features and labels, of which all but the first are rare."""
    rng = np.random.default_rng(0)
    y = np.full(n_rows, labels[0], dtype=np.array(labels).dtype)
    for k, label in enumerate(labels[1:]):
        y[4 * k : 4 * k + 4] = label
    return rng.normal(size=(n_rows, 3)) + (y == labels[-1])[:, np.newaxis], y


def drawn_classes(bag, y):
    """Return the classes that each member has drawn."""
    return [np.unique(y[rows]) for rows in bag.estimators_samples_]


@pytest.mark.filterwarnings("ignore:Label not")
@pytest.mark.filterwarnings("ignore:The least populated class")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
@pytest.mark.parametrize("base", REFUSING + UNPREPARED, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("labels", [[0, 1], ["few", "most", "some"]], ids=len)
def test_members_that_refuse_are_constant(base, labels):
    X, y = rare(labels)
    bag = BaggingEnsemble(base, 8, max_samples=12, random_state=0)
    bag.fit(X, y)
    classes = drawn_classes(bag, y)
    are_constant = [type(member) is DummyClassifier for member in bag]
    assert are_constant == [len(drawn) == 1 for drawn in classes]
    assert 0 < sum(are_constant) < len(bag)
    for member, drawn in zip(bag, classes, strict=True):
        np.testing.assert_array_equal(member.classes_, drawn)
    np.testing.assert_array_equal(bag.classes_, np.unique(y))
    assert set(bag.predict(X)) <= set(y)
    expected = np.zeros((len(X), len(labels)))
    for member, drawn in zip(bag, classes, strict=True):
        places = np.searchsorted(bag.classes_, drawn)
        if hasattr(member, "predict_proba"):
            expected[:, places] += member.predict_proba(X) / len(bag)
        else:
            votes = member.predict(X)[:, np.newaxis] == drawn
            expected[:, places] += votes / len(bag)
    np.testing.assert_allclose(bag.predict_proba(X), expected, atol=1e-12)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(
            bag.predict_log_proba(X), np.log(expected), rtol=1e-6, atol=1e-12
        )


@pytest.mark.parametrize("base", [DecisionTreeClassifier(), NETWORK])
def test_members_that_accept_stay_what_they_are(base):
    X, y = rare([0, 1])
    bag = BaggingEnsemble(base, 8, max_samples=12, random_state=0).fit(X, y)
    assert min(map(len, drawn_classes(bag, y))) == 1
    assert all(type(member) is type(base) for member in bag)


def test_workers_and_repetition():
    X, y = rare([0, 1])
    bag = BaggingEnsemble(SVC(), 8, max_samples=12, random_state=0).fit(X, y)
    other = clone(bag).set_params(n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(other.predict_proba(X), bag.predict_proba(X))
    np.testing.assert_array_equal(other.decision_function(X), bag.decision_function(X))
    assert [type(member) for member in other] == [type(member) for member in bag]


def test_a_single_sample_each():
    X, y = rare([0, 1])
    bag = BaggingEnsemble(LogisticRegression(), 30, max_samples=1, random_state=0)
    share = np.mean([drawn[0] for drawn in drawn_classes(bag.fit(X, y), y)])
    np.testing.assert_allclose(bag.predict_proba(X)[:, 1], share)
    np.testing.assert_allclose(bag.decision_function(X), 2 * share - 1)


@pytest.mark.parametrize("is_weighted", [False, True])
def test_out_of_bag(is_weighted):
    X, y = rare([0, 1])
    weights = np.ones(60) if is_weighted else None
    bag = BaggingEnsemble(
        SVC(), 30, max_samples=12, oob_score=True, random_state=0
    ).fit(X, y, weights)
    assert not np.isnan(bag.oob_decision_function_).any()
    assert 0.8 < bag.oob_score_ < 1


def test_data_of_one_class_are_refused():
    X, _ = rare([0, 1])
    with pytest.raises(ValueError, match="class"):
        BaggingEnsemble(SVC(), 2).fit(X, np.zeros(60))


@pytest.mark.parametrize(
    ("base", "spoil", "message"),
    [
        (LogisticRegression(C=-1.0), 0.0, "'C' parameter"),
        (SVC(), np.nan, "NaN"),
    ],
)
def test_other_errors_are_raised(base, spoil, message):
    X, y = rare([0, 1])
    with pytest.raises(ValueError, match=message):
        BaggingEnsemble(base, 8, max_samples=12, random_state=0).fit(X + spoil, y)


def test_importances_leave_constant_members_out():
    class Tree(DecisionTreeClassifier):
        def fit(self, X, y):
            if len(np.unique(y)) < 2:
                raise ValueError("one class")
            return super().fit(X, y)

    X, y = rare([0, 1])
    bag = BaggingEnsemble(Tree(), 8, max_samples=12, random_state=0).fit(X, y)
    trees = [member for member in bag if isinstance(member, Tree)]
    assert 0 < len(trees) < 8
    expected = np.mean([tree.feature_importances_ for tree in trees], axis=0)
    np.testing.assert_allclose(bag.feature_importances_, expected)
