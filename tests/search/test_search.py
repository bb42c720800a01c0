"""StackedSearchCV as an estimator: checks, copies, faults, callbacks."""

import pickle

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.callback import ProgressBar
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor, StackedSearchCV
from skregnet._training.objective import Objective
from skregnet.augmentation import GaussianNoise
from skregnet.callbacks import TimeLimit
from tests.cases import problem
from tests.fitting import flat

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SHORT = {"hidden_layer_sizes": (6,), "max_iter": 6, "random_state": 0}
RATES = {"learning_rate_init": [0.01, 0.1], "alpha": [0.01, 1.0]}


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [
        StackedSearchCV(MLPClassifier(random_state=0), {"alpha": [1e-4, 0.1]}, cv=2),
        StackedSearchCV(MLPRegressor(random_state=0), {"alpha": [1e-4, 0.1]}, cv=2),
        StackedSearchCV(
            make_pipeline(StandardScaler(), MLPClassifier(random_state=0)),
            {"mlpclassifier__alpha": [1e-4, 1e-2, 0.1]},
            cv=2,
            resource="epochs",
        ),
    ]
)
def test_scikit_learn_check(estimator, check):
    check(estimator)


def test_a_classifier_or_a_regressor_by_its_estimator():
    assert is_classifier(StackedSearchCV(MLPClassifier(), RATES))
    assert is_regressor(StackedSearchCV(MLPRegressor(), RATES))


@pytest.mark.parametrize("scoring", [None, "accuracy", "f1_macro", "roc_auc"])
@pytest.mark.parametrize("in_pipeline", [False, True])
def test_text_of_variable_width(in_pipeline, scoring):
    X, y = problem("binary")
    labels = np.array(["a", "bb"])[y]
    base, grid = MLPClassifier(**SHORT), {"alpha": [0.1, 1.0]}
    if in_pipeline:
        base = make_pipeline(StandardScaler(), base)
        grid = {"mlpclassifier__alpha": [0.1, 1.0]}
    search = StackedSearchCV(base, grid, cv=3, scoring=scoring)
    expected = clone(search).fit(X, labels)
    search.fit(X, labels.astype(np.dtypes.StringDType()))
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"]
    )
    np.testing.assert_array_equal(search.predict(X), expected.predict(X))
    given = labels.astype(np.dtypes.StringDType())
    assert search.score(X, given) == expected.score(X, labels)


def test_copies():
    X, y = problem("multiclass")
    search = StackedSearchCV(MLPClassifier(**SHORT), RATES, cv=3)
    assert not hasattr(clone(search.fit(X, y)), "cv_results_")
    copied = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(search.predict_proba(X), copied.predict_proba(X))
    assert search.classes_.tolist() == [0, 1, 2]
    assert search.n_features_in_ == 6
    np.testing.assert_array_equal(
        flat(search.best_estimator_), flat(clone(search).fit(X, y).best_estimator_)
    )


def test_within_other_tools():
    X, y = problem("multiclass")
    search = StackedSearchCV(MLPClassifier(**SHORT), {"alpha": [0.01, 1.0]}, cv=2)
    assert len(cross_val_score(search, X, y, cv=2)) == 2
    outer = GridSearchCV(search, {"estimator__learning_rate_init": [0.01, 0.1]}, cv=2)
    assert "estimator__learning_rate_init" in outer.fit(X, y).best_params_


def test_without_refit():
    X, y = problem("multiclass")
    search = StackedSearchCV(MLPClassifier(**SHORT), RATES, cv=3, refit=False)
    assert search.fit(X, y).best_params_ in search.cv_results_["params"]
    with pytest.raises(AttributeError, match="has no attribute 'predict'"):
        search.predict(X)
    with pytest.raises(NotFittedError):
        clone(search).set_params(refit=True).predict(X)


@pytest.mark.parametrize(
    "base",
    [
        LogisticRegression(),
        Ridge(),
        BaggingEnsemble(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(MLPClassifier(), "passthrough"),
    ],
)
def test_other_estimators(base):
    search = StackedSearchCV(base, {"alpha": [1.0]})
    with pytest.raises(TypeError, match="use GridSearchCV or RandomizedSearchCV"):
        search.fit(*problem("multiclass"))


def test_candidates_that_are_other_estimators():
    pipeline = make_pipeline(StandardScaler(), MLPClassifier())
    space = {"mlpclassifier": [MLPClassifier(), LogisticRegression()]}
    with pytest.raises(TypeError, match="use GridSearchCV or RandomizedSearchCV"):
        StackedSearchCV(pipeline, space).fit(*problem("multiclass"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_candidates": 0}, "'n_candidates' parameter"),
        ({"resource": "rows"}, "'resource' parameter"),
        ({"factor": 1}, "'factor' parameter"),
        ({"min_epochs": 0}, "'min_epochs' parameter"),
        ({"param_distributions": "alpha"}, "'param_distributions' parameter"),
        ({"param_distributions": {"alpha": 1.0}}, "needs to be a list"),
        ({"param_distributions": {"no_such": [1.0]}}, "Invalid parameter 'no_such'"),
        ({"param_distributions": {"alpha": []}}, "non-empty"),
        ({"cv": []}, "one at least"),
        ({"scoring": "no_such"}, "'scoring' parameter"),
        ({"scoring": ["accuracy", "f1_macro"]}, "refit must be set to a scorer key"),
    ],
)
def test_bad_parameters(changes, message):
    search = StackedSearchCV(MLPClassifier(**SHORT), RATES).set_params(**changes)
    with pytest.raises((ValueError, TypeError), match=message):
        search.fit(*problem("multiclass"))


def test_distributions_need_a_number_of_candidates():
    from scipy.stats import uniform

    search = StackedSearchCV(MLPClassifier(**SHORT), {"dropout": uniform(0, 0.5)})
    with pytest.raises(ValueError, match="set n_candidates to a number"):
        search.fit(*problem("multiclass"))


def test_a_failed_fit_leaves_no_trace():
    X, y = problem("multiclass")
    search = StackedSearchCV(MLPClassifier(**SHORT), RATES, cv=3).fit(X, y)
    before = dict(vars(search))
    search.cv = []
    with pytest.raises(ValueError, match="one at least"):
        search.fit(X, y)
    search.cv = 3
    assert vars(search) == before


class Refusing(GaussianNoise):
    """Fails in training."""

    def augment(self, X, y, rng):
        if self.scale > 1:
            raise RuntimeError("no more noise")
        return super().augment(X, y, rng)


FAULTS = {
    "parameter": {"alpha": [0.1, -1.0, 1.0]},
    "combination": {"dropout": [0.1, 0.2], "solver": ["adam", "lbfgs"]},
    "divergence": {"solver": ["sgd"], "learning_rate_init": [1e30, 0.01, 0.1]},
    "training": {"augmenter": [Refusing(0.1), Refusing(2.0)], "alpha": [0.1, 1.0]},
}


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("score", [np.nan, -1.0])
def test_a_fault_is_its_candidates_own(name, score, n_jobs):
    X, y = problem("real")
    base = MLPRegressor(**SHORT)
    ours = StackedSearchCV(base, FAULTS[name], cv=3, error_score=score, n_jobs=n_jobs)
    theirs = GridSearchCV(base, FAULTS[name], cv=3, error_score=score)
    for search in (ours, theirs):
        with pytest.warns() as records:
            search.fit(X, y)
        assert any(record.category is FitFailedWarning for record in records)
    for part in ("split0_test_score", "mean_test_score", "rank_test_score"):
        np.testing.assert_array_equal(ours.cv_results_[part], theirs.cv_results_[part])


@pytest.mark.parametrize("name", ["parameter", "combination", "training"])
def test_warnings_of_faults_are_those_of_the_other_search(name):
    X, y = problem("real")
    texts = []
    for cls in (StackedSearchCV, GridSearchCV):
        with pytest.warns() as records:
            cls(MLPRegressor(**SHORT), FAULTS[name], cv=3).fit(X, y)
        # As far as the traceback, which names other files.
        texts.append({(r.category, str(r.message).split("Trace")[0]) for r in records})
    assert texts[0] == texts[1]


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("name", FAULTS)
def test_errors_are_raised_on_demand(name):
    X, y = problem("real")
    search = StackedSearchCV(
        MLPRegressor(**SHORT), FAULTS[name], cv=3, error_score="raise"
    )
    with pytest.raises((ValueError, RuntimeError)):
        search.fit(X, y)


def refuse(X):
    raise RuntimeError("no features")


@pytest.mark.parametrize("resource", [None, "epochs"])
def test_faults_before_the_network(resource):
    X, y = problem("real")
    pipeline = make_pipeline(FunctionTransformer(), MLPRegressor(**SHORT))
    space = {
        "functiontransformer__func": [None, refuse],
        "mlpregressor__alpha": [0.1, 1.0],
    }
    search = StackedSearchCV(pipeline, space, cv=3, resource=resource)
    with (
        pytest.warns(FitFailedWarning, match="no features"),
        pytest.warns(UserWarning, match="non-finite"),
    ):
        search.fit(X, y)
    assert np.isnan(search.cv_results_["mean_test_score"]).sum() == 2
    with pytest.raises(RuntimeError, match="no features"):
        search.set_params(error_score="raise").fit(X, y)


def test_all_fail():
    search = StackedSearchCV(MLPRegressor(**SHORT), {"alpha": [-1.0, -2.0]}, cv=3)
    with pytest.raises(ValueError, match="All the 6 fits failed"):
        search.fit(*problem("real"))


def test_faults_of_several_measures():
    X, y = problem("multiclass")
    search = StackedSearchCV(
        MLPClassifier(**SHORT),
        {"alpha": [0.1, -1.0]},
        cv=3,
        scoring=["accuracy", "neg_log_loss"],
        refit="accuracy",
        return_train_score=True,
    )
    with pytest.warns() as records:
        search.fit(X, y)
    assert any(record.category is FitFailedWarning for record in records)
    for name in ("mean_test_neg_log_loss", "mean_train_accuracy"):
        np.testing.assert_array_equal(np.isnan(search.cv_results_[name]), [False, True])


def test_bad_data():
    X, y = problem("multiclass")
    search = StackedSearchCV(MLPClassifier(**SHORT), RATES, cv=3)
    X[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        search.set_params(error_score="raise").fit(X, y)
    with pytest.raises(ValueError, match=r"requires y|None"):
        search.fit(X)


def test_an_interrupt(monkeypatch):
    X, y = problem("multiclass")
    original = Objective.value_and_gradient
    n_calls = 0

    def interrupted(self, *arguments):
        nonlocal n_calls
        n_calls += 1
        if n_calls == 3:
            raise KeyboardInterrupt
        return original(self, *arguments)

    search = StackedSearchCV(MLPClassifier(**SHORT), RATES, cv=3)
    monkeypatch.setattr(Objective, "value_and_gradient", interrupted)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, y)
    assert not hasattr(search, "cv_results_")


class Counter:
    """Callback that notes whose tasks end, to any depth."""

    max_propagation_depth = None

    def __init__(self):
        self.ended = []

    def setup(self, estimator, context):
        self.ended.append("setup")

    def teardown(self, estimator, context):
        self.ended.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        self.ended.append(context.task_name)


@pytest.mark.parametrize("is_pipeline", [False, True])
@pytest.mark.parametrize("resource", [None, "epochs"])
def test_callbacks(resource, is_pipeline):
    X, y = problem("multiclass")
    base, space = MLPClassifier(**SHORT), RATES
    if is_pipeline:
        base = make_pipeline(StandardScaler(), base)
        space = {f"mlpclassifier__{name}": values for name, values in space.items()}
    counter = Counter()
    search = StackedSearchCV(base, space, cv=3, resource=resource)
    expected = clone(search).fit(X, y)
    search.set_callbacks(counter).fit(X, y)
    assert counter.ended.count("setup") == counter.ended.count("teardown")
    n_trials = 12 if resource is None else 18
    # A candidate's task is that of its network.
    assert counter.ended.count("search") == 1
    assert counter.ended.count("epoch") >= n_trials
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"]
    )


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_progress_bar(n_jobs):
    search = StackedSearchCV(MLPClassifier(**SHORT), RATES, cv=3, n_jobs=n_jobs)
    search.set_callbacks(ProgressBar()).fit(*problem("multiclass"))


def test_a_limit_of_time():
    X, y = problem("multiclass")
    base = MLPClassifier((6,), max_iter=100_000, tol=0, n_iter_no_change=np.inf)
    search = StackedSearchCV(base, RATES, cv=3, refit=False)
    search.set_callbacks(TimeLimit(0.2)).fit(X, y)
    assert search.cv_results_["mean_fit_time"].max() < 10


def test_callbacks_where_a_stack_fails():
    X, y = problem("real")
    counter = Counter()
    search = StackedSearchCV(MLPRegressor(**SHORT), FAULTS["training"], cv=3)
    search.set_callbacks(counter)
    with pytest.warns(FitFailedWarning), pytest.warns(UserWarning, match="non-finite"):
        search.fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).sum() == 2


def test_progress_is_printed(capsys):
    search = StackedSearchCV(MLPClassifier(**SHORT), RATES, cv=3, verbose=2)
    search.fit(*problem("multiclass"))
    printed = capsys.readouterr().out
    assert "3 folds for each of 4 candidates, totalling 12 fits" in printed
    assert "1 of 1 blocks trained" in printed


def test_unknown_metadata():
    X, y = problem("multiclass")
    search = StackedSearchCV(MLPClassifier(**SHORT), RATES, cv=3, error_score="raise")
    with pytest.raises(TypeError, match="no_such"):
        search.fit(X, y, no_such=np.ones(len(y)))
    with (
        config_context(enable_metadata_routing=True),
        pytest.raises(TypeError, match="unexpected argument"),
    ):
        search.fit(X, y, no_such=np.ones(len(y)))
