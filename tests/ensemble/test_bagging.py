"""BaggingEnsemble as an estimator: searches, copies, containers, faults, callbacks."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_wine
from sklearn.ensemble import AdaBoostClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor
from skregnet._training.objective import Objective
from tests.cases import problem
from tests.fitting import flat

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SHORT = {"hidden_layer_sizes": (6,), "max_iter": 6}


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [
        BaggingEnsemble(),
        BaggingEnsemble(MLPRegressor()),
        BaggingEnsemble(MLPRegressor(), 4, bootstrap=False, voting="median"),
        BaggingEnsemble(MLPClassifier(early_stopping=False), 20, max_features=0.9),
        BaggingEnsemble(DecisionTreeClassifier()),
        BaggingEnsemble(Ridge()),
        # By chance means of probabilities and of decision functions rank otherwise.
        BaggingEnsemble(SVC(), 5, random_state=0),
        BaggingEnsemble(
            make_pipeline(StandardScaler(), LogisticRegression()), random_state=0
        ),
    ]
)
def test_scikit_learn_check(estimator, check):
    check(estimator)


def weights_of(bag):
    """Return the weights of all members in one vector."""
    return np.concatenate([flat(member) for member in bag.estimators_])


def test_a_classifier_or_a_regressor_by_its_members():
    for base in (None, MLPClassifier(), make_pipeline(StandardScaler(), SVC())):
        assert is_classifier(BaggingEnsemble(base))
        assert not is_regressor(BaggingEnsemble(base))
    for base in (MLPRegressor(), DecisionTreeRegressor()):
        assert is_regressor(BaggingEnsemble(base))


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_search_in_a_pipeline(n_jobs):
    X, y = load_wine(return_X_y=True, as_frame=True)
    pipeline = make_pipeline(
        StandardScaler(), BaggingEnsemble(MLPClassifier(**SHORT), random_state=0)
    ).set_output(transform="pandas")
    grid = {
        "baggingensemble__estimator__learning_rate_init": [1e-4, 0.1],
        "baggingensemble__n_estimators": [2, 4],
    }
    search = GridSearchCV(pipeline, grid, n_jobs=n_jobs, cv=3).fit(X, y)
    best = search.best_estimator_[-1]
    assert best.estimators_[0].learning_rate_init == 0.1
    assert len(best.estimators_) == best.n_estimators
    assert search.score(X, y) > 0.9
    assert best.feature_names_in_.tolist() == X.columns.tolist()
    scores = cross_val_score(search.best_estimator_, X, y, cv=3, n_jobs=n_jobs)
    assert scores.mean() == pytest.approx(search.best_score_)


@pytest.mark.parametrize("kind", ["multiclass", "reals"])
def test_copies(kind):
    X, y = problem(kind)
    base = MLPClassifier(**SHORT) if kind == "multiclass" else MLPRegressor(**SHORT)
    bag = BaggingEnsemble(base, 3, max_features=0.5, oob_score=False, random_state=0)
    bag.fit(X, y)
    again = clone(bag).fit(X, y)
    pickled = pickle.loads(pickle.dumps(bag))
    for other in (again, pickled):
        np.testing.assert_array_equal(other.predict(X), bag.predict(X))
    for rows, others in zip(
        bag.estimators_samples_, again.estimators_samples_, strict=True
    ):
        np.testing.assert_array_equal(rows, others)
    assert not hasattr(pickled, "estimators_samples_")
    with pytest.raises(AttributeError, match="set oob_score=True, or look it up"):
        _ = pickled.estimators_samples_


@pytest.mark.parametrize(
    ("base", "parameters"),
    [
        (MLPClassifier((4,), max_iter=1), {}),
        (MLPClassifier((4,), max_iter=1), {"bootstrap": False, "max_samples": 0.5}),
        (make_pipeline(StandardScaler(), MLPClassifier((4,), max_iter=1)), {}),
        (LogisticRegression(), {"voting": "hard"}),
    ],
)
@pytest.mark.parametrize("is_weighted", [False, True])
def test_a_pickle_does_not_grow_with_the_samples(base, parameters, is_weighted):
    sizes = []
    for n_rows in (1_000, 10_000):
        X, y = problem("multiclass", n_rows=n_rows)
        weights = 1.0 + np.arange(n_rows) % 7 / 7 if is_weighted else None
        bag = BaggingEnsemble(base, 2, random_state=0, **parameters)
        sizes.append(len(pickle.dumps(bag.fit(X, y, weights))))
    assert sizes[1] < 1.1 * sizes[0]


@pytest.mark.parametrize("weights", [None, 1.0 + np.arange(120) % 5])
def test_a_pickle_keeps_samples_where_they_are_asked_for(weights):
    X, y = problem("binary")
    bag = BaggingEnsemble(LogisticRegression(), 20, oob_score=True, random_state=0)
    bag.set_params(max_samples=None, warm_start=True).fit(X, y, weights)
    copy = pickle.loads(pickle.dumps(bag))
    for rows, others in zip(
        bag.estimators_samples_, copy.estimators_samples_, strict=True
    ):
        np.testing.assert_array_equal(rows, others)
    for grown in (bag, copy):
        grown.set_params(n_estimators=25).fit(X, y, weights)
    np.testing.assert_array_equal(
        copy.oob_decision_function_, bag.oob_decision_function_
    )


def test_members_of_a_copy_cannot_be_scored_out_of_bag():
    X, y = problem("binary")
    bag = BaggingEnsemble(LogisticRegression(), 5, warm_start=True, random_state=0)
    copy = pickle.loads(pickle.dumps(bag.fit(X, y)))
    copy.set_params(n_estimators=20, oob_score=True)
    with pytest.raises(ValueError, match="expects members whose samples are known"):
        copy.fit(X, y)
    assert len(copy.set_params(oob_score=False).fit(X, y)) == 20


def test_samples_drawn_by_a_seed_alone_are_known_to_copies():
    X, y = problem("binary")
    frame = pd.DataFrame(X, columns=list("abcdef")).assign(word="word")
    encode = make_column_transformer((OneHotEncoder(), ["word"]))
    bag = BaggingEnsemble(make_pipeline(encode, LogisticRegression()), 3)
    bag.set_params(random_state=0).fit(frame, y)
    copy = pickle.loads(pickle.dumps(bag))
    np.testing.assert_array_equal(copy.estimators_samples_, bag.estimators_samples_)


@pytest.mark.parametrize("kind", ["multiclass", "real"])
def test_out_of_bag_scores_are_those_of_the_last_fit(kind):
    X, y = problem(kind)
    base = DecisionTreeClassifier() if kind == "multiclass" else DecisionTreeRegressor()
    bag = BaggingEnsemble(base, 20, oob_score=True, warm_start=True, random_state=0)
    assert hasattr(bag.fit(X, y), "oob_score_")
    bag.set_params(oob_score=False, n_estimators=25).fit(X, y)
    names = ("oob_score_", "oob_decision_function_", "oob_prediction_")
    assert not any(hasattr(bag, name) for name in names)


def test_another_kind_of_members_leaves_nothing_of_the_first():
    X, y = problem("binary")
    bag = BaggingEnsemble(DecisionTreeClassifier(), 2, random_state=0).fit(X, y)
    bag.set_params(estimator=Ridge()).fit(X, y)
    assert not hasattr(bag, "classes_")
    assert not hasattr(bag, "n_classes_")


def test_a_sequence_of_members():
    X, y = problem("binary")
    bag = BaggingEnsemble(DecisionTreeClassifier(), 5, random_state=0)
    for ask in (len, iter, lambda bag: bag[0]):
        with pytest.raises(NotFittedError):
            ask(bag)
    bag.fit(X, y)
    assert len(bag) == 5
    assert bag[-1] is bag.estimators_[4]
    assert bag[1:3] == bag.estimators_[1:3]
    assert list(bag) == bag.estimators_


@pytest.mark.parametrize(
    "base", [DecisionTreeClassifier(), MLPClassifier(**SHORT), MLPRegressor(**SHORT)]
)
@pytest.mark.parametrize(
    "parameters", [{}, {"max_features": 3}, {"bootstrap_features": True}], ids=str
)
def test_importances(base, parameters):
    X, y = problem("binary")
    bag = BaggingEnsemble(base, 4, random_state=0, **parameters).fit(X, y)
    expected = np.zeros(6)
    for member, columns in zip(bag.estimators_, bag.estimators_features_, strict=True):
        for column, importance in zip(
            columns, member.feature_importances_, strict=True
        ):
            expected[column] += importance / 4
    np.testing.assert_allclose(bag.feature_importances_, expected)
    assert bag.feature_importances_.sum() == pytest.approx(1)


def test_importances_where_members_have_them():
    X, y = problem("binary")
    bag = BaggingEnsemble(LogisticRegression(), 2, random_state=0)
    with pytest.raises(NotFittedError):
        _ = bag.feature_importances_
    assert not hasattr(bag.fit(X, y), "feature_importances_")


@pytest.mark.parametrize(
    "make",
    [
        np.asfortranarray,
        sparse.csr_array,
        sparse.csc_matrix,
        lambda X: pd.DataFrame(X, columns=[f"f{k}" for k in range(6)]),
        lambda X: pl.DataFrame(X, schema=[f"f{k}" for k in range(6)]),
    ],
    ids=["fortran", "csr", "csc", "pandas", "polars"],
)
@pytest.mark.parametrize(
    "base", [MLPClassifier(**SHORT), LogisticRegression()], ids=["network", "other"]
)
def test_containers(base, make):
    X, y = problem("multiclass")
    bag = BaggingEnsemble(base, 3, max_features=4, random_state=0)
    expected = bag.fit(X, y).predict_proba(X)
    other = clone(bag).fit(make(X), y.tolist())
    np.testing.assert_allclose(other.predict_proba(make(X)), expected, rtol=1e-4)


def test_members_get_data_frames():
    X, y = problem("binary")
    frame = pd.DataFrame(X, columns=list("abcdef"))
    frame["word"] = np.where(y == 1, "yes", "no")
    encode = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["word"]), remainder="passthrough"
    )
    for last in (LogisticRegression(), MLPClassifier(max_iter=60)):
        bag = BaggingEnsemble(make_pipeline(encode, last), 4, random_state=0)
        assert bag.fit(frame, y).score(frame, y) > 0.95
        assert bag.feature_names_in_.tolist() == frame.columns.tolist()


def test_growing():
    X, y = problem("multiclass")
    base = MLPClassifier(**SHORT)
    grown = BaggingEnsemble(base, 3, warm_start=True, random_state=0).fit(X, y)
    first = grown.estimators_[0]
    grown.set_params(n_estimators=5).fit(X, y)
    assert grown.estimators_[0] is first
    whole = BaggingEnsemble(base, 5, random_state=0).fit(X, y)
    np.testing.assert_array_equal(weights_of(grown), weights_of(whole))
    with pytest.warns(UserWarning, match="does not fit new members"):
        grown.fit(X, y)
    with pytest.raises(ValueError, match="expects at least the 5 members"):
        grown.set_params(n_estimators=4).fit(X, y)
    with pytest.raises(ValueError, match="expects the classes of the first call"):
        grown.set_params(n_estimators=6).fit(X, y + 1)
    np.testing.assert_array_equal(weights_of(grown), weights_of(whole))
    cold = clone(grown).set_params(warm_start=False, n_estimators=2)
    assert len(cold.fit(X, y).fit(X, y).estimators_) == 2


def test_the_order_of_rows_does_not_matter():
    X, y = problem("multiclass")
    shuffled = np.random.RandomState(0).permutation(120)
    bag = BaggingEnsemble(MLPClassifier(**SHORT), 3, random_state=0).fit(X, y)
    other = clone(bag).fit(X[shuffled], y[shuffled])
    np.testing.assert_array_equal(weights_of(bag), weights_of(other))


def test_weights_count_like_rows():
    X, y = problem("real")
    weights = np.arange(120) % 3
    bag = BaggingEnsemble(MLPRegressor(**SHORT), 3, random_state=0).fit(X, y, weights)
    other = clone(bag).fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
    np.testing.assert_array_equal(weights_of(bag), weights_of(other))
    assert (weights_of(clone(bag).fit(X, y)) != weights_of(bag)).all()


def test_boosted():
    X, y = problem("multiclass")
    boosted = AdaBoostClassifier(
        BaggingEnsemble(DecisionTreeClassifier(max_depth=2), 3), n_estimators=5
    )
    assert boosted.fit(X, y).score(X, y) > 0.6


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_estimators": 0}, "n_estimators"),
        ({"voting": "loud"}, "voting"),
        ({"max_samples": 0.0}, "max_samples"),
        ({"max_features": 1.5}, "max_features"),
        ({"estimator": MLPClassifier(alpha=-1)}, "alpha"),
        ({"estimator": MLPClassifier(hidden_layer_sizes=(0,))}, "hidden_layer_sizes"),
        ({"estimator": make_pipeline(StandardScaler(), MLPClassifier(tol=-1))}, "tol"),
        ({"estimator": StandardScaler()}, "estimator"),
        ({"estimator": "network"}, "estimator"),
    ],
)
def test_invalid_parameters(parameters, message):
    X, y = problem("binary")
    with pytest.raises(ValueError, match=message):
        BaggingEnsemble(**{"estimator": MLPClassifier(**SHORT), **parameters}).fit(X, y)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.full((9, 2), np.nan), np.arange(9) % 2, "NaN"),
        (np.ones((9, 2)), np.arange(8) % 2, "inconsistent numbers"),
        (np.ones((9, 2)), np.linspace(0, 1, 9), "Unknown label type"),
        (np.ones((9, 2)), None, "requires y"),
        (np.ones((9, 2)), np.arange(18).reshape(9, 2), "one column of labels"),
        (np.ones(9), np.arange(9) % 2, "2D array"),
    ],
)
def test_invalid_data(X, y, message):
    with pytest.raises(ValueError, match=message):
        BaggingEnsemble(MLPClassifier(**SHORT)).fit(X, y)


@pytest.mark.parametrize(
    "weights", [np.zeros(120), -np.ones(120), np.ones(119), np.full(120, np.nan)]
)
def test_invalid_weights(weights):
    X, y = problem("binary")
    with pytest.raises(ValueError, match=r"(?i)weight"):
        BaggingEnsemble(MLPClassifier(**SHORT)).fit(X, y, weights)


def test_members_that_take_no_weights():
    X, y = problem("binary")
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    bag = BaggingEnsemble(pipeline, 2, random_state=0)
    bag.fit(X, y, np.ones(120))
    with pytest.raises(ValueError, match="expects members that take weights"):
        bag.set_params(bootstrap=False).fit(X, y, np.ones(120))


def test_a_failed_fit_leaves_the_ensemble_as_it_was():
    X, y = problem("real")
    bag = BaggingEnsemble(MLPRegressor(**SHORT), 3, random_state=0).fit(X, y)
    before, predicted = dict(vars(bag)), bag.predict(X)
    bag.set_params(estimator__solver="sgd", estimator__learning_rate_init=1e6)
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        bag.fit(X * 1e6, y)
    assert {k: v for k, v in vars(bag).items() if k != "estimator"} == {
        k: v for k, v in before.items() if k != "estimator"
    }
    np.testing.assert_array_equal(bag.predict(X), predicted)


def test_before_fit():
    X, _ = problem("binary")
    bag = BaggingEnsemble()
    with pytest.raises(NotFittedError):
        bag.predict(X)
    with pytest.raises(NotFittedError):
        _ = bag.estimators_samples_


def test_verbose(capsys):
    X, y = problem("binary")
    base = MLPClassifier(**SHORT)
    BaggingEnsemble(base, 3, random_state=0).fit(X, y)
    assert not capsys.readouterr().out
    BaggingEnsemble(base, 3, random_state=0, verbose=1).fit(X, y)
    assert "3 of 3 members" in capsys.readouterr().out


@pytest.mark.parametrize("together", [True, False])
def test_an_interrupt_leaves_the_members_that_there_are(monkeypatch, together):
    X, y = problem("multiclass")
    monkeypatch.setattr(
        "skregnet._fitting.blocks._BLOCKS", ((np.inf, 2 if together else 1),)
    )
    original, calls = Objective.loss_and_gradient, []

    def interrupted(self, *args):
        calls.append(1)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return original(self, *args)

    monkeypatch.setattr(Objective, "loss_and_gradient", interrupted)
    bag = BaggingEnsemble(MLPClassifier(**SHORT), 6, random_state=0)
    with pytest.warns(UserWarning, match="interrupted"):
        bag.fit(X, y)
    assert len(bag.estimators_) == (4 if together else 2)
    assert len(bag.estimators_samples_) == len(bag.estimators_)
    assert bag.predict_proba(X).shape == (120, 3)


def test_an_interrupt_leaves_out_the_members_of_other_stacks(monkeypatch):
    X, y = problem("multiclass", n_rows=20)
    y[:10], y[10:] = np.arange(10) % 5, 0
    base = MLPClassifier((4,), max_iter=3, batch_size=8)
    bag = BaggingEnsemble(base, 8, max_samples=8, random_state=0)
    whole = clone(bag).fit(X, y)
    first = len(whole.estimators_[0].classes_)
    expected = [m for m in whole.estimators_ if len(m.classes_) == first]
    assert len(expected) < 8
    original, calls = Objective.loss_and_gradient, []

    def interrupted(self, *args):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(self, *args)

    monkeypatch.setattr(Objective, "loss_and_gradient", interrupted)
    with pytest.warns(UserWarning, match="interrupted"):
        bag.fit(X, y)
    assert len(bag.estimators_) == len(expected)
    for member, rows in zip(bag.estimators_, bag.estimators_samples_, strict=True):
        assert set(member.classes_) == set(y[rows])


def test_a_failed_growth_leaves_the_members_that_there_were():
    X, y = problem("binary")
    bag = BaggingEnsemble(MLPClassifier(**SHORT), 20, oob_score=True, warm_start=True)
    bag.set_params(random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="expects the data of the first call"):
        bag.set_params(n_estimators=22).fit(X[:100], y[:100])
    assert len(bag.estimators_) == len(bag.estimators_samples_) == 20
