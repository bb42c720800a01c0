"""Optuna's samplers: what they suggest is what they would suggest by themselves."""

import copy
import pickle
import sys
from functools import partial

import numpy as np
import pytest
from scipy.stats import loguniform, norm, randint, uniform
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skregnet import MLPClassifier, MLPRegressor, StackedSearchCV
from skregnet.augmentation import GaussianNoise, Mixup
from skregnet.search import Switched, regularization_cocktail
from tests.cases import problem

optuna = pytest.importorskip("optuna")
from optuna.distributions import (  # noqa: E402
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
]

SHORT = {"hidden_layer_sizes": (6,), "max_iter": 9, "random_state": 0}
CLASSIFIER = MLPClassifier(**SHORT, learning_rate_init=0.02)
SPACE = {
    "alpha": loguniform(1e-4, 10),
    "dropout": uniform(0.1, 0.4),
    "hidden_layer_sizes": randint(3, 7),
    "activation": ["tanh", "relu"],
}
N = 14

make_sampler = {
    "tpe": partial(optuna.samplers.TPESampler, seed=3),
    "multivariate": partial(optuna.samplers.TPESampler, seed=3, multivariate=True),
    "random": partial(optuna.samplers.RandomSampler, seed=3),
    "quasi-random": partial(optuna.samplers.QMCSampler, seed=3),
    "genetic": partial(optuna.samplers.NSGAIISampler, seed=3, population_size=4),
}


@pytest.fixture(autouse=True)
def _quiet():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(before)


def suggest(trial):
    """Suggest from SPACE, as a user of Optuna writes it."""
    return {
        "alpha": trial.suggest_float("alpha", 1e-4, 10, log=True),
        "dropout": trial.suggest_float("dropout", 0.1, 0.5),
        "hidden_layer_sizes": trial.suggest_int("hidden_layer_sizes", 3, 6),
        "activation": trial.suggest_categorical("activation", ["tanh", "relu"]),
    }


def search(space=SPACE, base=CLASSIFIER, n_candidates=N, **parameters):
    return StackedSearchCV(
        clone(base),
        space,
        n_candidates=n_candidates,
        **{"cv": 3, "sampler": "tpe"} | parameters,
    )


def told(study):
    return [(trial.params, trial.value, trial.state) for trial in study.trials]


@pytest.mark.parametrize("name", make_sampler)
def test_one_by_one_as_by_optuna_itself(name):
    X, y = problem("multiclass")
    sampler = make_sampler[name]()
    found = search(sampler=sampler, sampler_batch=1).fit(X, y)
    study = optuna.create_study(direction="maximize", sampler=make_sampler[name]())
    study.optimize(
        lambda trial: cross_val_score(
            clone(CLASSIFIER).set_params(**suggest(trial)), X, y, cv=3
        ).mean(),
        n_trials=N,
    )
    assert told(found.study_) == told(study)
    assert found.cv_results_["params"] == [trial.params for trial in study.trials]
    assert found.best_score_ == study.best_value
    # The sampler is a parameter, and as it was.
    assert told(search(sampler=sampler, sampler_batch=1).fit(X, y).study_) == told(
        study
    )


@pytest.mark.parametrize("name", ["tpe", "genetic"])
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_in_batches_as_by_ask_and_tell(name, n_jobs):
    X, y = problem("multiclass")
    found = search(sampler=make_sampler[name](), sampler_batch=5, n_jobs=n_jobs)
    study = optuna.create_study(direction="maximize", sampler=make_sampler[name]())
    for size in (5, 5, 4):
        trials = [study.ask() for _ in range(size)]
        networks = [clone(CLASSIFIER).set_params(**suggest(trial)) for trial in trials]
        for trial, network in zip(trials, networks, strict=True):
            study.tell(trial, cross_val_score(network, X, y, cv=3).mean())
    assert told(found.fit(X, y).study_) == told(study)


def test_scores_are_those_of_a_grid_search():
    X, y = problem("multiclass")
    found = search(return_train_score=True).fit(X, y)
    grid = [{k: [v] for k, v in each.items()} for each in found.cv_results_["params"]]
    other = GridSearchCV(CLASSIFIER, grid, cv=3, return_train_score=True).fit(X, y)
    for part in ("split1_test_score", "mean_test_score", "rank_test_score"):
        np.testing.assert_array_equal(found.cv_results_[part], other.cv_results_[part])
    assert found.best_params_ == other.best_params_
    np.testing.assert_array_equal(found.predict(X), other.predict(X))


def test_batches_train_as_stacks(monkeypatch):
    from skregnet.search import _trials

    sizes = []
    original = _trials.train_minibatch
    monkeypatch.setattr(
        _trials,
        "train_minibatch",
        lambda members, size: (sizes.append(len(members)), original(members, size)),
    )
    space = {"alpha": loguniform(1e-4, 10)}
    search(space, sampler_batch=6, refit=False).fit(*problem("multiclass"))
    assert sizes == [18, 18, 6]


def test_it_finds_better_than_chance():
    X, y = problem("real")
    base = MLPRegressor(hidden_layer_sizes=(6,), max_iter=20, random_state=0)
    space = {"learning_rate_init": loguniform(1e-6, 1), "alpha": loguniform(1e-6, 1e3)}
    late = [
        search(space, base, 40, random_state=seed, refit=False)
        .fit(X, y)
        .cv_results_["mean_test_score"][20:]
        for seed in range(3)
    ]
    chance = [
        StackedSearchCV(
            base, space, n_candidates=20, cv=3, random_state=seed, refit=False
        )
        .fit(X, y)
        .cv_results_["mean_test_score"]
        for seed in range(3)
    ]
    assert np.median(late) > np.median(chance) + 0.1


def test_seeds():
    X, y = problem("multiclass")
    first = search(random_state=3).fit(X, y)
    assert told(first.study_) == told(search(random_state=3).fit(X, y).study_)
    assert told(first.study_) != told(search(random_state=4).fit(X, y).study_)
    assert told(first.study_) == told(
        search(sampler=optuna.samplers.TPESampler(seed=3, constant_liar=True))
        .fit(X, y)
        .study_
    )
    generators = [np.random.RandomState(0) for _ in range(2)]
    one, other = (search(random_state=rng).fit(X, y) for rng in generators)
    assert told(one.study_) == told(other.study_)


class TestStudies:
    def test_goes_on_where_it_was(self):
        X, y = problem("multiclass")
        sampler = optuna.samplers.TPESampler(seed=3)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        study.enqueue_trial({"alpha": 2.0, "dropout": 0.2})
        found = search(n_candidates=6, sampler=study, sampler_batch=3).fit(X, y)
        assert found.study_ is study
        assert found.best_score_ == study.best_value
        assert found.cv_results_["params"][0]["alpha"] == 2.0
        found.fit(X, y)
        assert len(study.trials) == 12
        # What is found is the best of this search, not of the study.
        assert len(found.cv_results_["params"]) == 6

    def test_on_disk(self, tmp_path):
        X, y = problem("multiclass")
        file = str(tmp_path / "journal")
        backend = optuna.storages.journal.JournalFileBackend(file)
        storage = optuna.storages.JournalStorage(backend)
        study = optuna.create_study(direction="maximize", storage=storage)
        space = {**SPACE, "augmenter": [None, GaussianNoise(0.1), Mixup(0.2)]}
        search(space, n_candidates=6, sampler=study).fit(X, y)
        loaded = optuna.load_study(study_name=study.study_name, storage=storage)
        assert loaded.best_value == study.best_value
        labels = {trial.params["augmenter"] for trial in loaded.trials}
        assert labels <= {"0: None", "1: GaussianNoise", "2: Mixup"}

    @pytest.mark.parametrize("directions", [["minimize"], ["maximize", "maximize"]])
    def test_other_directions(self, directions):
        study = optuna.create_study(directions=directions)
        with pytest.raises(ValueError, match="direction='maximize'"):
            search(sampler=study).fit(*problem("multiclass"))

    def test_a_sampler_that_ends(self):
        grid = {"alpha": [0.1, 1.0], "dropout": [0.0, 0.2]}
        sampler = optuna.samplers.GridSampler(grid, seed=0)
        found = search(grid, sampler=sampler, sampler_batch=2)
        found.fit(*problem("multiclass"))
        tried = [tuple(each.values()) for each in found.cv_results_["params"]]
        assert sorted(tried) == [(0.1, 0.0), (0.1, 0.2), (1.0, 0.0), (1.0, 0.2)]
        assert {trial.state for trial in found.study_.trials} == {TrialState.COMPLETE}


class TestSpaces:
    def test_optunas_distributions(self):
        space = {
            "alpha": FloatDistribution(1e-3, 1, log=True),
            "dropout": FloatDistribution(0.0, 0.4, step=0.2),
            "hidden_layer_sizes": IntDistribution(2, 8, log=True),
            "activation": CategoricalDistribution(["tanh", "relu"]),
        }
        found = search(space).fit(*problem("multiclass"))
        for name, distribution in space.items():
            values = [trial.distributions[name] for trial in found.study_.trials]
            assert values == [distribution] * N
        assert {p["dropout"] for p in found.cv_results_["params"]} <= {0.0, 0.2, 0.4}
        with pytest.raises(ValueError, match="set sampler='tpe'"):
            found.set_params(sampler=None).fit(*problem("multiclass"))

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            (loguniform(0.1, 10), FloatDistribution(0.1, 10, log=True)),
            (uniform(0.1, 0.4), FloatDistribution(0.1, 0.5)),
            (uniform(loc=1, scale=2), FloatDistribution(1, 3)),
            (loguniform(0.1, 10, scale=2), FloatDistribution(0.2, 20, log=True)),
            ([0.1, 1.0], CategoricalDistribution([0.1, 1.0])),
            (np.array([0.1, 1.0]), CategoricalDistribution([0.1, 1.0])),
            ((0.1, 1), CategoricalDistribution([0.1, 1])),
        ],
    )
    def test_translations(self, values, expected):
        found = search({"alpha": values}, n_candidates=2, refit=False)
        found.fit(*problem("multiclass"))
        assert found.study_.trials[0].distributions == {"alpha": expected}

    def test_equal_values(self):
        found = search({"verbose": [0, False]}).fit(*problem("multiclass"))
        (distribution,) = found.study_.trials[0].distributions.values()
        assert distribution == CategoricalDistribution(["0: 0", "1: False"])
        values = {type(params["verbose"]) for params in found.cv_results_["params"]}
        assert values == {int, bool}

    def test_whole_numbers(self):
        for values in (randint(3, 7), randint(2, 6, loc=1)):
            found = search({"hidden_layer_sizes": values}, n_candidates=2)
            found.fit(*problem("multiclass"))
            (distribution,) = found.study_.trials[0].distributions.values()
            assert distribution == IntDistribution(3, 6)

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            (norm(), "uniform, loguniform"),
            (loguniform(1, 2, loc=1), "loc=0"),
            ([], "not empty"),
            ("relu", "expects a list"),
            (1.0, "expects a list"),
        ],
    )
    def test_without_counterpart(self, values, message):
        with pytest.raises(ValueError, match=message):
            search({"alpha": values}).fit(*problem("multiclass"))

    def test_values_that_are_no_numbers(self):
        X, y = problem("multiclass")
        base = make_pipeline(StandardScaler(), CLASSIFIER)
        scalers = [StandardScaler(), MinMaxScaler(), "passthrough"]
        layers = [(3,), (4, 3)]
        space = {
            "standardscaler": scalers,
            "mlpclassifier__hidden_layer_sizes": layers,
            "mlpclassifier__max_iter": [5],
        }
        found = search(space, base).fit(X, y)
        for params, trial in zip(
            found.cv_results_["params"], found.study_.trials, strict=True
        ):
            assert "mlpclassifier__max_iter" not in trial.params
            assert params["mlpclassifier__max_iter"] == 5
            k = layers.index(params["mlpclassifier__hidden_layer_sizes"])
            label = trial.params["mlpclassifier__hidden_layer_sizes"]
            assert label == ["0: (3,)", "1: (4, 3)"][k]
            k = scalers.index(params["standardscaler"])
            labels = ["0: StandardScaler", "1: MinMaxScaler", "2: 'passthrough'"]
            assert trial.params["standardscaler"] == labels[k]

    def test_switches_ask_for_a_strength_only_where_they_are_on(self):
        space = {
            "alpha": Switched(loguniform(1e-3, 1)),
            "dropout": Switched(uniform(0.1, 0.3), probability=1.0),
            "max_norm": Switched(uniform(1, 1), off=None, probability=0.0),
        }
        found = search(space, n_candidates=20).fit(*problem("multiclass"))
        n_on = 0
        for params, trial in zip(
            found.cv_results_["params"], found.study_.trials, strict=True
        ):
            is_on = trial.params["alpha is on"]
            n_on += is_on
            assert ("alpha" in trial.params) == is_on
            assert params["alpha"] == trial.params.get("alpha", 0.0)
            assert params["dropout"] == trial.params["dropout"]
            assert params["max_norm"] is None
        assert 0 < n_on < 20

    def test_several_spaces(self):
        spaces = [
            {"alpha": loguniform(1e-3, 1), "activation": ["relu", "tanh"]},
            {"alpha": loguniform(1e-3, 1), "activation": ["relu", "gelu", "silu"]},
        ]
        found = search(spaces, n_candidates=20).fit(*problem("multiclass"))
        for params, trial in zip(
            found.cv_results_["params"], found.study_.trials, strict=True
        ):
            k = trial.params["space"]
            names = {"space", "alpha", f"activation ({k})"}
            assert set(trial.params) == names
            assert params["activation"] == trial.params[f"activation ({k})"]

    @pytest.mark.parametrize("resource", [None, "epochs"])
    @pytest.mark.parametrize("is_pipeline", [False, True])
    def test_cocktails(self, is_pipeline, resource):
        X, y = problem("multiclass")
        base = (
            make_pipeline(StandardScaler(), CLASSIFIER) if is_pipeline else CLASSIFIER
        )
        spaces = regularization_cocktail(base)
        found = search(spaces, base, 24, random_state=0, resource=resource).fit(X, y)
        kinds = {trial.params["space"] for trial in found.study_.trials}
        assert kinds == {0, 1, 2, 3}
        expected = found.best_estimator_.fit(X, y).predict(X)
        np.testing.assert_array_equal(found.predict(X), expected)


class TestFaults:
    @pytest.mark.parametrize("n_jobs", [None, 2])
    def test_a_fault_is_told(self, n_jobs):
        space = {"alpha": [0.1, -1.0, 1.0]}
        found = search(space, random_state=0, n_jobs=n_jobs)
        with pytest.warns() as records:
            found.fit(*problem("multiclass"))
        assert any(record.category is FitFailedWarning for record in records)
        for trial in found.study_.trials:
            failed = trial.params["alpha"] == -1.0
            assert trial.state == (TrialState.FAIL if failed else TrialState.COMPLETE)
        failed = [params["alpha"] == -1.0 for params in found.cv_results_["params"]]
        assert 0 < sum(failed) < N
        np.testing.assert_array_equal(
            np.isnan(found.cv_results_["mean_test_score"]), failed
        )

    def test_a_fault_that_scores(self):
        found = search({"alpha": [0.1, -1.0]}, random_state=0, error_score=-5.0)
        with pytest.warns(FitFailedWarning):
            found.fit(*problem("multiclass"))
        values = {t.params["alpha"]: t.value for t in found.study_.trials}
        assert values[-1.0] == -5.0

    @pytest.mark.parametrize(
        ("space", "changes"),
        [
            ({"alpha": [-1.0, -2.0]}, {"error_score": "raise"}),
            ({"no_such": [1.0, 2.0]}, {}),
            ({"no_such": loguniform(1, 2)}, {}),
        ],
    )
    def test_nothing_is_left_under_way(self, space, changes):
        study = optuna.create_study(direction="maximize")
        found = search(space, sampler=study, **changes)
        with pytest.raises(ValueError, match=r"alpha|no_such"):
            found.fit(*problem("multiclass"))
        assert {trial.state for trial in study.trials} == {TrialState.FAIL}
        assert not hasattr(found, "study_")

    def test_without_optuna(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "optuna", None)
        with pytest.raises(ImportError, match=r"pip install 'skregnet\[optuna\]'"):
            search().fit(*problem("multiclass"))

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"sampler": "cmaes"}, "'sampler' parameter"),
            ({"sampler": 3}, "'sampler' parameter"),
            ({"sampler_batch": 0}, "'sampler_batch' parameter"),
            ({"n_candidates": None}, "expects a number with sampler"),
        ],
    )
    def test_bad_parameters(self, changes, message):
        with pytest.raises(ValueError, match=message):
            search().set_params(**changes).fit(*problem("multiclass"))


class TestSeveralMeasures:
    measures = ("accuracy", "neg_log_loss")

    def test_the_one_that_counts_is_told(self):
        found = search(scoring=self.measures, refit="neg_log_loss")
        found.fit(*problem("multiclass"))
        np.testing.assert_allclose(
            [trial.value for trial in found.study_.trials],
            found.cv_results_["mean_test_neg_log_loss"],
            rtol=1e-14,
        )

    def test_one_has_to_count(self):
        found = search(scoring=self.measures, refit=False)
        with pytest.raises(ValueError, match="expected refit to be one of"):
            found.fit(*problem("multiclass"))


class TestHalving:
    def test_who_leaves_is_pruned(self):
        found = search(n_candidates=18, sampler_batch=9, resource="epochs")
        found.set_params(estimator__max_iter=18, estimator__n_iter_no_change=100)
        found.fit(*problem("multiclass"))
        rungs = found.cv_results_["rung"]
        np.testing.assert_array_equal(np.bincount(rungs), [12, 4, 2])
        for k, trial in enumerate(found.study_.trials):
            is_last = rungs[k] == 2
            expected = TrialState.COMPLETE if is_last else TrialState.PRUNED
            assert trial.state == expected
            assert trial.value == found.cv_results_["mean_test_score"][k]
            if not is_last:
                assert list(trial.intermediate_values) == [[2, 6][rungs[k]]]

    def test_the_last_batch_has_the_same_rungs(self):
        found = search(n_candidates=10, sampler_batch=9, resource="epochs")
        found.set_params(estimator__max_iter=18, estimator__n_iter_no_change=100)
        found.fit(*problem("multiclass"))
        assert found.cv_results_["rung"][-1] == 2
        assert found.cv_results_["mean_n_epochs"][-1] == 18

    def test_who_has_converged_is_complete(self):
        found = search(n_candidates=9, sampler_batch=9, resource="epochs")
        found.set_params(estimator__tol=10.0, estimator__n_iter_no_change=1)
        found.set_params(estimator__max_iter=90).fit(*problem("multiclass"))
        assert {trial.state for trial in found.study_.trials} == {TrialState.COMPLETE}


def test_nothing_is_printed(capfd):
    optuna.logging.set_verbosity(optuna.logging.INFO)
    search(n_candidates=3).fit(*problem("multiclass"))
    assert capfd.readouterr() == ("", "")
    assert optuna.logging.get_verbosity() == optuna.logging.INFO


class Counter:
    """Callback that notes the numbers of candidates' tasks."""

    max_propagation_depth = None

    def __init__(self):
        self.numbers = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        if context.parent is not None and context.parent.task_name == "search":
            self.numbers.append(context.task_id)

    def on_fit_task_end(self, estimator, context):
        pass


@pytest.mark.parametrize("resource", [None, "epochs"])
def test_callbacks(resource):
    X, y = problem("multiclass")
    counter = Counter()
    found = search(random_state=0, resource=resource)
    expected = clone(found).fit(X, y)
    found.set_callbacks(counter).fit(X, y)
    n_trials = N * 3 if resource is None else (8 + 2 + 6 + 2) * 3
    assert sorted(counter.numbers) == list(range(n_trials))
    assert told(found.study_) == told(expected.study_)


def test_copies():
    X, y = problem("multiclass")
    found = search(sampler=optuna.samplers.TPESampler(seed=0)).fit(X, y)
    for copied in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        assert told(copied.study_) == told(found.study_)
        np.testing.assert_array_equal(copied.predict(X), found.predict(X))
    again = clone(found)
    assert not hasattr(again, "study_")
    assert told(again.fit(X, y).study_) == told(found.study_)


def test_there_is_no_study_without_a_sampler():
    X, y = problem("multiclass")
    found = search({"alpha": [0.1, 1.0]}, n_candidates=2).fit(X, y)
    assert len(found.study_.trials) == 2
    assert not hasattr(found.set_params(sampler=None).fit(X, y), "study_")
