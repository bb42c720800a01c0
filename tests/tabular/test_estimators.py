"""Classifier and regressor of tables: what each parameter does, and where they go."""

import pickle

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone, is_classifier
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from skregnet import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor
from skregnet._tables.calibration import powered
from skregnet.callbacks import TimeLimit
from skregnet.optimizers import Adam
from skregnet.tabular._presets import (
    ADVERSARIAL_STEP,
    FEW_ROWS,
    PRESETS,
    SMALL_TABLE,
)

ESTIMATORS = [TabularClassifier, TabularRegressor]


@parametrize_with_checks([TabularClassifier(), TabularRegressor()])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def problem(classifies, n_rows=200, seed=0):
    """Return a table of several kinds of columns, and a target of it."""
    rng = np.random.RandomState(seed)
    X = pd.DataFrame(
        {
            "x": rng.normal(size=n_rows),
            "group": pd.Categorical(rng.choice(["a", "b", "c"], n_rows)),
            "noise": rng.normal(size=n_rows),
        }
    )
    signal = np.sin(2 * X["x"]) + (X["group"] == "b") * 1.5
    y = signal + rng.normal(scale=0.3, size=n_rows)
    X.loc[::9, "noise"] = np.nan
    return X, (np.where(y > 0.5, "yes", "no") if classifies else 1000 * y + 5000)


def quick(kind, **parameters):
    """Return a quick estimator and data for it."""
    parameters = {"n_members": 2, "random_state": 0, **parameters}
    X, y = problem(kind is TabularClassifier)
    return kind("fast", **parameters), X, y


def briefly(model):
    """Let each network of an estimator end with its first epoch."""
    return model.set_callbacks(TimeLimit(1e-9))


def members_of(model):
    return [member for e in model.ensembles_ for member in e.estimators_]


def outputs(model, X):
    return model.predict_proba(X) if is_classifier(model) else model.predict(X)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_it_learns(kind):
    X, y = problem(kind is TabularClassifier, n_rows=600)
    parts = train_test_split(X, y, random_state=0)
    X_train, X_test, y_train, y_test = parts
    model = kind("fast", random_state=0).fit(X_train, y_train)
    assert model.score(X_test, y_test) > 0.85
    assert model.n_features_in_ == 3
    assert model.feature_names_in_.tolist() == ["x", "group", "noise"]


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_networks_that_stop_by_a_scorer(kind):
    classifies = kind is TabularClassifier
    network = (MLPClassifier if classifies else MLPRegressor)(
        max_iter=3, early_stopping=True, scoring="roc_auc" if classifies else "r2"
    )
    model, X, y = quick(kind, network=network)
    for member in members_of(model.fit(X, y)):
        assert np.isfinite(member.validation_scores_).all()


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_columns_that_matter_are_important(kind):
    model, X, y = quick(kind)
    model.fit(X, y)
    importances = model.feature_importances_
    assert importances.sum() == pytest.approx(1)
    found = permutation_importance(model, X, y, n_repeats=3, random_state=0)
    for values in (importances, found.importances_mean):
        assert np.argmin(values) == 2
    curve = partial_dependence(model, X, ["group"], categorical_features=["group"])
    averages = curve["average"].ravel()
    assert np.argmax(averages) == 1
    assert partial_dependence(model, X, ["x"], grid_resolution=5)["average"].size == 5


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_presets_and_members(kind):
    n_rows = 2 * SMALL_TABLE
    X, y = problem(kind is TabularClassifier, n_rows=n_rows)
    for name, preset in PRESETS.items():
        model = briefly(kind(name, random_state=0)).fit(X, y)
        assert len(members_of(model)) == preset.n_members
        member = members_of(model)[0]
        assert member.max_iter == preset.max_epochs
        n_layers = 2 if kind is TabularClassifier else 3
        assert member.hidden_layer_sizes == (preset.n_units,) * n_layers
        rates = {2: 4e-3, 3: 2e-3}
        assert member.learning_rate_curve_[0] == rates[n_layers]
        assert member.n_iter_no_change == preset.patience
        rows = model.ensembles_[0].estimators_samples_[0]
        assert len(rows) == pytest.approx(preset.share * n_rows, abs=1)
    few = briefly(kind(n_members=3, random_state=0)).fit(X, y)
    assert len(members_of(few)) == 3


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize("preset", PRESETS)
def test_small_tables_get_more_networks_and_smaller_batches(kind, preset):
    X, y = problem(kind is TabularClassifier, n_rows=SMALL_TABLE - 1)
    model = briefly(kind(preset, random_state=0))
    n_members = PRESETS[preset].n_members

    def fitted(n_rows):
        members = members_of(model.fit(X[:n_rows], y[:n_rows]))
        return len(members), members[0]

    n_found, member = fitted(SMALL_TABLE - 1)
    assert n_found == 2 * n_members
    assert member.batch_size == (SMALL_TABLE - 1) // 8
    # So many epochs that a better loss is waited for during a hundred steps or more.
    n_found, member = fitted(100)
    assert n_found == 2 * n_members
    assert member.batch_size == 32
    assert member.n_iter_no_change == 3200 // int(100 * PRESETS[preset].share)
    longer = member.n_iter_no_change / PRESETS[preset].patience
    assert member.max_iter == int(PRESETS[preset].max_epochs * longer)
    n_found, member = fitted(FEW_ROWS - 1)
    assert n_found == n_members
    assert member.n_iter_no_change == np.inf


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_more_members_vary_less(kind):
    X, y = problem(kind is TabularClassifier, n_rows=120)

    def spread(n_members):
        models = [
            kind("fast", n_members=n_members, random_state=seed).fit(X, y)
            for seed in range(5)
        ]
        return np.std([outputs(model, X) for model in models], axis=0).mean()

    assert spread(8) < 0.8 * spread(1)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_categorical_features(kind):
    model, X, y = quick(kind)
    X["code"] = np.arange(len(X)) % 5
    plain = clone(model).fit(X, y)
    coded = model.set_params(categorical_features=["code"]).fit(X, y)
    names = [m.encoder_.get_feature_names_out().tolist() for m in (plain, coded)]
    assert "code" in names[0]
    assert names[1][-5:] == [f"code_{k}" for k in range(5)]


def test_class_weight():
    model, X, y = quick(TabularClassifier)
    shares = [
        (clone(model).set_params(class_weight=w).fit(X, y).predict(X) == "yes").mean()
        for w in ({"yes": 0.05, "no": 1}, None, {"yes": 20, "no": 1})
    ]
    assert shares[0] < shares[1] < shares[2]


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_sample_weight(kind):
    model, X, y = quick(kind)
    weights = np.where(X["group"] == "b", 0, 1)
    model.fit(X, y, sample_weight=weights)
    other_y, other_X = y.copy(), X.copy()
    other_y[weights == 0] = y[0]
    other_X.loc[weights == 0, "x"] = 99.0
    other = clone(model).fit(other_X, other_y, sample_weight=weights)
    np.testing.assert_array_equal(outputs(model, X), outputs(other, X))
    assert (outputs(clone(model).fit(X, y), X) != outputs(model, X)).any()


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize("container", ["pandas", "objects", "list"])
def test_rows_without_weight_may_hold_anything(kind, container):
    """Infinity, text in place of numbers, and what is no category."""
    X = pd.DataFrame({"a": np.arange(80.0) % 7, "k": ["u", "v"] * 40})
    weights = np.ones(80)
    weights[[0, 5, 79]] = 0
    y = np.arange(80) % 7 > 3
    network = MLPClassifier if kind is TabularClassifier else MLPRegressor
    own = network(hidden_layer_sizes=(3,), max_iter=3)
    model = kind(network=own, n_members=2, random_state=0)
    expected = outputs(model.fit(X, y, sample_weight=weights), X)
    odd = X.astype(object) if container != "pandas" else X.copy()
    odd.loc[0, "a"] = np.inf
    if container != "pandas":
        odd.loc[5, "a"], odd.loc[79, "k"] = "text", [1]
    table = odd.values.tolist() if container == "list" else odd
    model.fit(table, y, sample_weight=weights)
    given = X.values.tolist() if container == "list" else X
    np.testing.assert_array_equal(outputs(model, given), expected)
    with pytest.raises(ValueError, match="X"):
        model.fit(table, y)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_a_network_of_ones_own(kind):
    network = MLPClassifier if kind is TabularClassifier else MLPRegressor
    own = network(hidden_layer_sizes=(3,), solver=Adam(), max_iter=7, tol=0.0)
    model, X, y = quick(kind, network=own)
    model.fit(X, y)
    for member in members_of(model):
        assert member.coefs_[0].shape[1] == 3
        assert member.n_iter_ == 7
    assert not hasattr(own, "coefs_")
    assert model.get_params()["network__max_iter"] == 7


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_results_depend_on_the_seed_alone(kind):
    model, X, y = quick(kind)
    expected = outputs(clone(model).fit(X, y), X)
    for parameters in ({}, {"n_jobs": 2}):
        found = outputs(clone(model).set_params(**parameters).fit(X, y), X)
        np.testing.assert_array_equal(found, expected)
    other = outputs(clone(model).set_params(random_state=1).fit(X, y), X)
    assert (other != expected).any()


def test_probabilities_are_those_of_the_networks_calibrated():
    model, X, y = quick(TabularClassifier)
    model.fit(X, y)
    steps = [e.estimator.adversarial_step for e in model.ensembles_]
    assert steps == [ADVERSARIAL_STEP, 0]
    encoded = model.encoder_.transform(X)
    first, second = (e.predict_proba(encoded) for e in model.ensembles_)
    mean = model.shares_[0] * first + model.shares_[1] * second
    found = model.predict_proba(X)
    np.testing.assert_allclose(found, powered(mean, model.power_), rtol=1e-6)
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(found))


def test_halves_leave_out_the_same_rows():
    model, X, y = quick(TabularClassifier, n_members=4)
    model.fit(X, y)
    first, second = (e.estimators_samples_ for e in model.ensembles_)
    np.testing.assert_array_equal(first, second)
    assert len(first[0]) < len(X)


def test_calibration_lowers_the_log_loss_of_networks_that_are_too_sure():
    X, y = problem(True, n_rows=900)
    y = np.where(np.random.RandomState(1).rand(900) < 0.25, "yes", y)
    parts = train_test_split(X, y, train_size=300, random_state=0)
    X_train, X_test, y_train, y_test = parts
    sure = MLPClassifier((64,), max_iter=150, tol=0.0, learning_rate_init=0.01)
    model = TabularClassifier(network=sure, n_members=4, random_state=0)
    model.fit(X_train, y_train)
    assert model.power_ < 1
    encoded = model.encoder_.transform(X_test)
    before = log_loss(y_test, model.ensembles_[0].predict_proba(encoded))
    assert log_loss(y_test, model.predict_proba(X_test)) < 0.95 * before


def test_numbers_stay_in_their_range():
    model, X, y = quick(TabularRegressor)
    model.fit(X, y)
    far = X.assign(x=X["x"] * 1e6)
    assert model.predict(far).min() >= y.min()
    assert model.predict(far).max() <= y.max()
    assert model.predict_std(X).shape == (len(X),)
    assert (model.predict_std(X) > 0).all()


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_targets_of_any_scale(scale):
    model, X, y = quick(TabularRegressor)
    expected = clone(model).fit(X, y).predict(X)
    found = clone(model).fit(X, scale * y).predict(X)
    np.testing.assert_allclose(found, scale * expected, rtol=1e-5)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_few_rows(kind):
    model, X, y = quick(kind, n_members=4)
    X, y = X.iloc[: FEW_ROWS - 1], y[: FEW_ROWS - 1]
    model.fit(X, y)
    assert model.score(X, y) > 0.8
    assert members_of(model)[0].coefs_[0].dtype == np.float64
    with pytest.raises(ValueError, match="at least 2 rows, got n_samples = 1"):
        model.fit(X.iloc[:1], y[:1])
    assert model.score(X, y) > 0.8


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_in_a_search(kind):
    model, X, y = quick(kind)
    pipeline = make_pipeline(FunctionTransformer(), model)
    name = f"{kind.__name__.lower()}__n_members"
    search = GridSearchCV(pipeline, {name: [1, 2]}, cv=2, n_jobs=2).fit(X, y)
    alone = cross_val_score(clone(pipeline).set_params(**{name: 2}), X, y, cv=2)
    assert search.cv_results_["mean_test_score"][1] == pytest.approx(alone.mean())


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_saved_models(kind):
    model, X, y = quick(kind)
    model.fit(X, y)
    content = skops.io.dumps(model)
    types = skops.io.get_untrusted_types(data=content)
    for found in (
        pickle.loads(pickle.dumps(model)),
        skops.io.loads(content, trusted=types),
    ):
        np.testing.assert_array_equal(outputs(found, X), outputs(model, X))


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_callbacks_reach_the_networks(kind):
    model, X, y = quick(kind)
    briefly(model).fit(X, y)
    assert model.n_iter_ == 1


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_a_failed_fit_changes_nothing(kind):
    model, X, y = quick(kind)
    model.fit(X, y)
    before = outputs(model, X)
    bad = X.assign(x=np.inf)
    for arguments in ((bad, y), (X, y[:-1]), (X, None)):
        with pytest.raises(ValueError, match=r"infinity|inconsistent|y is None"):
            model.fit(*arguments)
        np.testing.assert_array_equal(outputs(model, X), before)


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize(
    "parameters",
    [
        {"preset": "slow"},
        {"n_members": 0},
        {"time_limit": 0},
        {"categorical_features": ["none"]},
        {"network": "deep"},
    ],
    ids=str,
)
def test_bad_parameters(kind, parameters):
    model, X, y = quick(kind)
    with pytest.raises(ValueError, match=next(iter(parameters))):
        model.set_params(**parameters).fit(X, y)
