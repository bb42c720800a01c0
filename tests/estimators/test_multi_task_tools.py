"""Networks of several tasks in scikit-learn's tools."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skregnet import MultiTaskMLP, MultiTaskMLPClassifier, MultiTaskMLPRegressor
from tests.cases import problem
from tests.fitting import flat
from tests.multi_task import HEADS, SETTINGS, fit_tasks, mixture, with_gaps

ESTIMATORS = [MultiTaskMLP, MultiTaskMLPClassifier, MultiTaskMLPRegressor]
ignore_convergence = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"
)


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [
        MultiTaskMLP(),
        MultiTaskMLPClassifier(),
        MultiTaskMLPRegressor(),
        MultiTaskMLP(head_layer_sizes=(5,), task_weights="uncertainty"),
        MultiTaskMLPClassifier(batch_norm="before"),
        MultiTaskMLPRegressor(solver="lbfgs", head_layer_sizes=(5, 4)),
    ]
)
def test_scikit_learn_check(estimator, check):
    check(estimator)


def data_of(cls):
    """Return features and a frame of targets that an estimator takes."""
    X, Y = mixture()
    names = {
        MultiTaskMLP: ["colour", "size"],
        MultiTaskMLPClassifier: ["colour", "flag"],
        MultiTaskMLPRegressor: ["flag", "size"],
    }
    return X, Y[names[cls]]


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_tags(cls):
    unfitted = cls()
    assert is_classifier(unfitted) == (cls is MultiTaskMLPClassifier)
    assert is_regressor(unfitted) == (cls is MultiTaskMLPRegressor)
    assert unfitted.__sklearn_tags__().target_tags.multi_output
    assert is_classifier(MultiTaskMLP("classification"))
    assert is_regressor(MultiTaskMLP("regression"))
    assert not is_classifier(MultiTaskMLP("regression"))


@ignore_convergence
@pytest.mark.parametrize(
    "parameters",
    [{}, HEADS, {"task_weights": "uncertainty", "batch_norm": "after"}],
    ids=str,
)
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_clones_and_copies(cls, parameters):
    X, Y = data_of(cls)
    mlp = fit_tasks((X, Y), cls=cls, **parameters)
    np.testing.assert_array_equal(flat(clone(mlp).fit(X, Y)), flat(mlp))
    for twin in (pickle.loads(pickle.dumps(mlp)), copy.deepcopy(mlp)):
        pd.testing.assert_frame_equal(twin.predict(X), mlp.predict(X))
        assert twin.score_tasks(X, Y) == mlp.score_tasks(X, Y)
        assert twin.task_weights_ == mlp.task_weights_
        mlp.set_params(warm_start=True)
        twin.set_params(warm_start=True).fit(X, Y)
    np.testing.assert_array_equal(flat(twin), flat(copy.deepcopy(mlp).fit(X, Y)))


@ignore_convergence
def test_names_of_features():
    X, Y = mixture()
    named = pd.DataFrame(X, columns=list("abcdef"))
    mlp = fit_tasks((named, Y))
    assert mlp.feature_names_in_.tolist() == list("abcdef")
    pd.testing.assert_frame_equal(mlp.predict(named), fit_tasks((X, Y)).predict(X))
    with pytest.raises(ValueError, match="feature names"):
        mlp.predict(named[list("fedcba")])


@ignore_convergence
@pytest.mark.parametrize("as_array", [False, True])
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_search(cls, as_array):
    X, Y = data_of(cls)
    tasks = list(Y)
    if as_array:
        Y, tasks = Y.to_numpy(), [0, 1]
    grid = {
        "head_layer_sizes": [(), (4,), [4, 3]],
        "task_weights": [None, "uncertainty", {tasks[1]: 0.2}],
    }
    mlp = cls(**{**SETTINGS, "max_iter": 3})
    searches = [
        GridSearchCV(mlp, grid, cv=KFold(3), n_jobs=n_jobs).fit(X, Y)
        for n_jobs in (1, 2)
    ]
    scores = [search.cv_results_["mean_test_score"] for search in searches]
    np.testing.assert_array_equal(*scores)
    assert np.isfinite(scores[0]).all()
    assert len(set(scores[0])) > 3
    assert searches[1].best_score_ == max(scores[0])
    assert searches[1].predict(X).shape == Y.shape


@ignore_convergence
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_pipeline(cls):
    X, Y = data_of(cls)
    pipeline = make_pipeline(StandardScaler(), cls(**SETTINGS))
    grid = {f"{cls.__name__.lower()}__head_layer_sizes": [(), (4,)]}
    search = GridSearchCV(pipeline, grid, cv=KFold(2)).fit(1e3 * X + 5, Y)
    scores = cross_val_score(pipeline, X, Y, cv=KFold(2))
    assert scores.mean() == pytest.approx(search.cv_results_["mean_test_score"][0])


@ignore_convergence
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_cross_validation(cls):
    X, Y = data_of(cls)
    scores = cross_val_score(cls(**SETTINGS), X, Y, cv=KFold(3))
    for score, (train, test) in zip(scores, KFold(3).split(X), strict=True):
        mlp = fit_tasks((X[train], Y.iloc[train]), cls=cls)
        assert score == pytest.approx(mlp.score(X[test], Y.iloc[test]), rel=1e-12)


@ignore_convergence
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_cross_validation_with_missing_targets(cls):
    X, Y = data_of(cls)
    Y = with_gaps(Y)
    scores = cross_val_score(cls(**SETTINGS), X, Y, cv=KFold(3))
    assert np.isfinite(scores).all()


@ignore_convergence
@pytest.mark.parametrize(
    "scoring", ["r2", "neg_mean_squared_error", "neg_mean_absolute_error"]
)
def test_scorers_of_several_outputs(scoring):
    X, Y = problem("reals")
    frame = pd.DataFrame(Y, columns=["a", "b", "c"])
    mlp = MultiTaskMLPRegressor(**SETTINGS)
    scores = cross_val_score(mlp, X, Y, cv=KFold(3), scoring=scoring)
    of_frame = cross_val_score(mlp, X, frame, cv=KFold(3), scoring=scoring)
    np.testing.assert_allclose(scores, of_frame, rtol=1e-12)
    if scoring == "r2":
        own = cross_val_score(mlp, X, Y, cv=KFold(3))
        np.testing.assert_allclose(scores, own, rtol=1e-12)


BAD = [
    (lambda X, Y: (X * np.nan, Y), "NaN"),
    (lambda X, Y: (X[:50], Y), "inconsistent"),
    (lambda X, Y: (X, Y[:50]), "inconsistent"),
    (lambda X, Y: (X, None), "requires y"),
    (lambda X, Y: (X, Y.assign(size=np.inf)), "infinit"),
    (lambda X, Y: (X, Y.assign(size=None)), "no target"),
    (lambda X, Y: (X, Y.iloc[:, :0]), "at least one column"),
    (lambda X, Y: (X, Y.to_numpy()[np.newaxis]), "one or two dimensions"),
    (lambda X, Y: (X, Y.assign(size=[[1]] * len(Y))), "task 'size'"),
    (lambda X, Y: (X[:0], Y[:0]), "0 sample"),
]


@ignore_convergence
@pytest.mark.parametrize(("spoil", "message"), BAD)
def test_bad_data(spoil, message):
    X, Y = mixture()
    mlp = fit_tasks((X, Y), **HEADS)
    before, weights, predicted = dict(vars(mlp)), flat(mlp), mlp.predict(X)
    with pytest.raises(ValueError, match=message):
        mlp.fit(*spoil(X, Y))
    assert vars(mlp) == before
    np.testing.assert_array_equal(flat(mlp), weights)
    pd.testing.assert_frame_equal(mlp.predict(X), predicted)
    fresh = MultiTaskMLP()
    with pytest.raises(ValueError, match=message):
        fresh.fit(*spoil(X, Y))
    assert vars(fresh) == vars(MultiTaskMLP())


@ignore_convergence
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"tasks": 3}, "'tasks' parameter"),
        ({"tasks": None}, "'tasks' parameter"),
        ({"head_layer_sizes": (0,)}, "head_layer_sizes must be > 0"),
        ({"head_layer_sizes": (2.5,)}, "head_layer_sizes must hold integers"),
        ({"head_layer_sizes": "many"}, "'head_layer_sizes' parameter"),
        ({"task_weights": "equal"}, "'task_weights' parameter"),
        ({"task_weights": [1, 2]}, "'task_weights' parameter"),
        ({"class_weight": "even"}, "'class_weight' parameter"),
        ({"label_smoothing": 1.0}, "'label_smoothing' parameter"),
        ({"activation": ["relu"]}, "each of the 3 hidden layers"),
        ({"dropout": [0.1, 0.2]}, "each of the 3 hidden layers"),
        ({"solver": "lbfgs", "dropout": 0.1}, "dropout=0.1"),
    ],
    ids=str,
)
def test_bad_parameters(parameters, message):
    X, Y = mixture()
    mlp = fit_tasks((X, Y), **HEADS)
    before = flat(mlp)
    mlp.set_params(**parameters)
    attributes = dict(vars(mlp))
    with pytest.raises(ValueError, match=message):
        mlp.fit(X, Y)
    assert vars(mlp) == attributes
    np.testing.assert_array_equal(flat(mlp), before)
    # Whatever asks for its kind gets an answer, not another error.
    assert not is_classifier(MultiTaskMLP(**parameters))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_classes_that_were_not_learned_are_not_hit():
    X, y = problem("multiclass")
    Y = pd.DataFrame({"label": np.array(["a", "b", "c"])[y], "size": X[:, 0]})
    mlp = MultiTaskMLP(hidden_layer_sizes=(6,), max_iter=5, random_state=0).fit(X, Y)
    other = Y.assign(label=np.where(y == 0, "new", Y["label"]))
    known = mlp.score_tasks(X[y > 0], Y[y > 0])["label"]
    found = mlp.score_tasks(X, other)["label"]
    assert found == pytest.approx(known * np.mean(y > 0))
    assert mlp.score_tasks(X, Y.assign(label=y))["label"] == 0
