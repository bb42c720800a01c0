"""scikit-learn's meta-estimators and tools, with our networks inside.

Each is compared with itself around scikit-learn's networks, and most of them with what
they are to do, by hand. scikit-learn normalises the weights of rows in each minibatch,
we do so over all rows: networks whose rows have weights learn from a single batch.
"""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn import config_context, ensemble, model_selection, neural_network
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.metrics import balanced_accuracy_score, log_loss
from sklearn.model_selection import (
    FixedThresholdClassifier,
    TunedThresholdClassifierCV,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, RegressorChain
from sklearn.semi_supervised import SelfTrainingClassifier

import skregnet
from tests.cases import problem
from tests.fitting import assert_near

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SETTINGS = {
    "hidden_layer_sizes": (7,),
    "learning_rate_init": 0.02,
    "max_iter": 12,
    "random_state": 0,
}
LIBRARIES = (skregnet, neural_network)


def maker(library, kind, **settings):
    """Return a function that makes networks of a library."""
    is_real = kind in ("real", "reals", "count")
    cls = library.MLPRegressor if is_real else library.MLPClassifier
    return lambda **changes: cls(**{**SETTINGS, **settings, **changes})


classifier = maker(skregnet, "multiclass")
regressor = maker(skregnet, "real")


def members(mlp):
    """Return three named networks that differ."""
    changes = [{}, {"random_state": 1, "alpha": 2.0}, {"hidden_layer_sizes": (3,)}]
    return [(f"member {i}", mlp(**each)) for i, each in enumerate(changes)]


def single(mlp):
    """Return one network."""
    return mlp()


def frozen(mlp):
    """Return a network fitted to some of the rows, for good."""
    X, y = problem("multiclass")
    return FrozenEstimator(mlp().fit(X[:70], y[:70]))


def build(name, library, **settings):
    """Return a meta-estimator around networks of a library."""
    kind, networks, cls, parameters = META_ESTIMATORS[name]
    return cls(networks(maker(library, kind, **settings)), **parameters)


def calibration(method):
    """Return the row of classifiers that are calibrated by cross-validation."""
    return "multiclass", single, CalibratedClassifierCV, {"method": method, "cv": 3}


# Kind of targets, networks to begin with, what goes around them.
OF_SEED_0 = {"n_estimators": 4, "random_state": 0}
TRANSFORM = {"func": np.log1p, "inverse_func": np.expm1}
WEIGHTED = {
    "soft vote": ("multiclass", members, ensemble.VotingClassifier, {"voting": "soft"}),
    "hard vote": ("binary", members, ensemble.VotingClassifier, {}),
    "mean": ("real", members, ensemble.VotingRegressor, {}),
    "stack": ("multiclass", members, ensemble.StackingClassifier, {"cv": 3}),
    "stack of regressors": ("real", members, ensemble.StackingRegressor, {"cv": 3}),
    "sigmoid": calibration("sigmoid"),
    "isotonic": calibration("isotonic"),
    "temperature": calibration("temperature"),
    "boosting": ("multiclass", single, ensemble.AdaBoostClassifier, OF_SEED_0),
    "boosting of regressors": ("real", single, ensemble.AdaBoostRegressor, OF_SEED_0),
    "bag": ("binary", single, ensemble.BaggingClassifier, OF_SEED_0),
    "bag of regressors": ("real", single, ensemble.BaggingRegressor, OF_SEED_0),
    "outputs": ("multilabel", single, MultiOutputClassifier, {}),
    "transformed target": ("count", single, TransformedTargetRegressor, TRANSFORM),
}
UNWEIGHTED = {
    "frozen": ("multiclass", frozen, CalibratedClassifierCV, {"method": "isotonic"}),
    "fixed threshold": ("binary", single, FixedThresholdClassifier, {"threshold": 0.3}),
    "tuned threshold": ("binary", single, TunedThresholdClassifierCV, {"cv": 3}),
    "one against the rest": ("multiclass", single, OneVsRestClassifier, {}),
    "one against one": ("multiclass", single, OneVsOneClassifier, {}),
    "chain": ("multilabel", single, ClassifierChain, {"cv": 3}),
    "chain of regressors": ("reals", single, RegressorChain, {}),
    "self-training": ("unlabelled", single, SelfTrainingClassifier, {"threshold": 0.6}),
}
META_ESTIMATORS = {**WEIGHTED, **UNWEIGHTED}


def data_of(name):
    """Return features and targets for a meta-estimator."""
    kind = META_ESTIMATORS[name][0]
    return half_unlabelled() if kind == "unlabelled" else problem(kind)


def half_unlabelled():
    """Return features and classes, of which those of every other row are unknown."""
    X, y = problem("multiclass")
    return X, np.where(np.arange(len(y)) % 2, -1, y)


def random_weights(y):
    """Return a positive weight for each row."""
    return np.random.RandomState(0).uniform(0.1, 3.0, len(y))


def outputs_of(estimator):
    """Return all that an estimator predicts for new rows, in one vector."""
    X, _ = problem("real", seed=1)
    methods = ("predict", "predict_proba", "decision_function")
    outputs = [getattr(estimator, m)(X) for m in methods if hasattr(estimator, m)]
    return np.concatenate([np.ravel(each) for each in outputs])


def assert_same(actual, expected):
    """Compare outputs, which must not all be one number."""
    assert len(np.unique(expected)) > 1
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", META_ESTIMATORS)
def test_equal_around_networks_of_scikit_learn(name):
    # Boosting and bagging weigh rows by themselves.
    settings = {} if name.startswith(("boosting", "bag")) else {"batch_size": 32}
    ours, theirs = (
        build(name, library, **settings).fit(*data_of(name)) for library in LIBRARIES
    )
    assert_same(outputs_of(ours), outputs_of(theirs))


@pytest.mark.parametrize("name", WEIGHTED)
def test_equal_with_weights(name):
    X, y = data_of(name)
    ours, theirs = (
        build(name, library).fit(X, y, sample_weight=random_weights(y))
        for library in LIBRARIES
    )
    assert_same(outputs_of(ours), outputs_of(theirs))


@pytest.mark.parametrize("name", ["fixed threshold", "one against the rest", "chain"])
def test_equal_with_routed_weights(name):
    X, y = data_of(name)
    outputs = []
    with config_context(enable_metadata_routing=True):
        for library in LIBRARIES:
            meta = build(name, library)
            meta.estimator.set_fit_request(sample_weight=True)
            meta.fit(X, y, sample_weight=random_weights(y))
            outputs.append(outputs_of(meta))
    assert_same(*outputs)


# AdaBoostClassifier takes logarithms of all weights.
@pytest.mark.filterwarnings("ignore:divide by zero encountered in log:RuntimeWarning")
@pytest.mark.parametrize("name", WEIGHTED)
def test_rows_of_weight_0_have_no_part(name):
    X, y = data_of(name)
    weights = 2.0 * (np.arange(len(y)) % 3 > 0)
    moved = np.where(weights[:, None], X, 3.0 - X)
    outputs, same, different = (
        outputs_of(build(name, skregnet).fit(features, y, sample_weight=each))
        for features, each in ((X, weights), (moved, weights), (moved, None))
    )
    assert_same(same, outputs)
    assert np.abs(different - outputs).max() > 1e-3


def halving(mlp, X, y, **settings):
    """Return all scores of a search."""
    grid = {"alpha": [1e-3, 1.0, 30.0], "activation": ["relu", "tanh"]}
    search = model_selection.HalvingGridSearchCV(
        mlp, grid, cv=3, random_state=0, **settings
    )
    return search.fit(X, y).cv_results_["mean_test_score"]


TOOLS = {
    "permutation importance": lambda mlp, X, y: (
        permutation_importance(mlp.fit(X, y), X, y, random_state=0).importances
    ),
    "partial dependence": lambda mlp, X, y: (
        partial_dependence(mlp.fit(X, y), X, [(0, 1)], grid_resolution=4).average
    ),
    "learning curve": lambda mlp, X, y: learning_curve(
        mlp, X, y, train_sizes=[40, 80], cv=3
    )[1:],
    "learning curve of partial fits": lambda mlp, X, y: learning_curve(
        mlp, X, y, train_sizes=[40, 80], cv=3, exploit_incremental_learning=True
    )[1:],
    "validation curve": lambda mlp, X, y: validation_curve(
        mlp, X, y, param_name="alpha", param_range=[1e-3, 1.0, 30.0], cv=3
    ),
    "halving over epochs": lambda mlp, X, y: halving(
        mlp, X, y, resource="max_iter", min_resources=2, max_resources=18
    ),
    "halving over rows": lambda mlp, X, y: halving(mlp, X, y, min_resources=40),
}


@pytest.mark.parametrize("kind", ["multiclass", "real"])
@pytest.mark.parametrize("name", TOOLS)
def test_tools_equal_around_networks_of_scikit_learn(name, kind):
    X, y = problem(kind)
    ours, theirs = (
        TOOLS[name](maker(library, kind, batch_size=20)(), X, y)
        for library in LIBRARIES
    )
    assert_same(np.asarray(ours), np.asarray(theirs))


def test_votes():
    X, y = problem("multiclass")
    networks = [mlp.fit(X, y) for _, mlp in members(classifier)]
    soft = ensemble.VotingClassifier(members(classifier), voting="soft")
    expected = np.mean([mlp.predict_proba(X) for mlp in networks], axis=0)
    assert_same(soft.fit(X, y).predict_proba(X), expected)
    np.testing.assert_array_equal(soft.predict(X), expected.argmax(axis=1))
    votes = np.stack([mlp.predict(X) for mlp in networks])
    winners = [np.bincount(column).argmax() for column in votes.T]
    hard = ensemble.VotingClassifier(members(classifier)).fit(X, y)
    np.testing.assert_array_equal(hard.predict(X), winners)
    assert (votes != winners).any(axis=1).all()


def held_out(mlp, n_folds, X, y):
    """Return the probabilities of rows by networks that have not seen them."""
    probabilities = np.empty((len(y), 3))
    for train, test in model_selection.StratifiedKFold(n_folds).split(X, y):
        probabilities[test] = mlp.fit(X[train], y[train]).predict_proba(X[test])
    return probabilities


def test_cross_validated_probabilities():
    X, y = problem("multiclass")
    actual = model_selection.cross_val_predict(
        classifier(), X, y, cv=4, method="predict_proba"
    )
    assert_same(actual, held_out(classifier(), 4, X, y))


def test_a_stack_learns_from_what_was_held_out():
    X, y = problem("multiclass")
    networks = members(classifier)
    stack = ensemble.StackingClassifier(networks, classifier(), cv=3).fit(X, y)
    features = np.hstack([held_out(mlp, 3, X, y) for _, mlp in networks])
    assert_near(stack.final_estimator_, classifier().fit(features, y))
    outputs = np.hstack([mlp.fit(X, y).predict_proba(X) for _, mlp in networks])
    assert_same(stack.transform(X), outputs)


def test_temperature_of_a_frozen_network():
    X, y = problem("multiclass")
    mlp = classifier(max_iter=100).fit(X[:60], y[:60])
    scaled = CalibratedClassifierCV(FrozenEstimator(mlp), method="temperature")
    before = np.log(mlp.predict_proba(X[60:]))
    after = np.log(scaled.fit(X[60:], y[60:]).predict_proba(X[60:]))
    factor = (after[0, 0] - after[0, 1]) / (before[0, 0] - before[0, 1])
    losses = [
        log_loss(y[60:], softmax(each * before, axis=1))
        for each in (0.99 * factor, factor, 1.01 * factor, 1.0)
    ]
    assert np.argmin(losses) == 1
    expected = softmax(factor * before, axis=1)
    np.testing.assert_allclose(np.exp(after), expected, atol=1e-4)


def test_boosted_classifiers_learn_by_weights():
    X, y = problem("multiclass")
    boosted = ensemble.AdaBoostClassifier(
        classifier(max_iter=4), n_estimators=3, random_state=0
    )
    boosted.fit(X, y)
    weights = np.full(len(y), 1 / len(y))
    for mlp in boosted.estimators_:
        assert_near(mlp, clone(mlp).fit(X, y, weights))
        is_wrong = mlp.predict(X) != y
        odds = weights[~is_wrong].sum() / weights[is_wrong].sum()
        weights = weights * np.where(is_wrong, 2 * odds, 1.0)
        weights /= weights.sum()
    second = boosted.estimators_[1]
    assert np.abs(second.coefs_[0] - clone(second).fit(X, y).coefs_[0]).max() > 1e-3


def test_a_bag_draws_rows_and_features():
    X, y = problem("multiclass")
    bag = ensemble.BaggingClassifier(classifier(), 3, max_features=4, random_state=0)
    bag.fit(X, y)
    outputs = []
    for mlp, rows, columns in zip(
        bag.estimators_, bag.estimators_samples_, bag.estimators_features_, strict=True
    ):
        assert_near(mlp, clone(mlp).fit(X[rows][:, columns], y[rows]))
        outputs.append(mlp.predict_proba(X[:, columns]))
    assert_same(bag.predict_proba(X), np.mean(outputs, axis=0))


def test_one_against_the_rest():
    X, y = problem("multiclass")
    several = OneVsRestClassifier(classifier()).fit(X, y)
    columns = [classifier().fit(X, y == k).predict_proba(X)[:, 1] for k in range(3)]
    expected = np.transpose(columns) / np.sum(columns, axis=0)[:, None]
    assert_same(several.predict_proba(X), expected)


def test_links_of_a_chain_see_those_before():
    X, y = problem("multilabel")
    chain = ClassifierChain(classifier(), order=[2, 0, 1]).fit(X, y)
    inputs, seen = X, X
    for k in (2, 0, 1):
        link = classifier().fit(inputs, y[:, k])
        assert_same(chain.predict_proba(X)[:, k], link.predict_proba(seen)[:, 1])
        inputs = np.column_stack([inputs, y[:, k]])
        seen = np.column_stack([seen, link.predict(seen)])


def importances(mlp):
    """Return the norms of the weights that go out from each feature."""
    return np.linalg.norm(mlp.coefs_[0], axis=1)


@pytest.mark.parametrize(
    ("mlp", "kind"), [(classifier, "multiclass"), (regressor, "real")]
)
def test_selection_by_importance(mlp, kind):
    X, y = problem(kind)
    selection = SelectFromModel(mlp(), threshold="mean").fit(X, y)
    values = importances(mlp().fit(X, y))
    np.testing.assert_array_equal(selection.get_support(), values >= values.mean())
    left = list(range(X.shape[1]))
    while len(left) > 2:
        left.pop(importances(mlp().fit(X[:, left], y)).argmin())
    elimination = RFE(mlp(), n_features_to_select=2, step=1).fit(X, y)
    np.testing.assert_array_equal(np.flatnonzero(elimination.support_), left)


def test_self_training_trusts_sure_labels():
    X, y = half_unlabelled()
    training = SelfTrainingClassifier(classifier(), threshold=0.5, max_iter=1).fit(X, y)
    mlp = classifier().fit(X[y >= 0], y[y >= 0])
    is_sure = (y < 0) & (mlp.predict_proba(X).max(axis=1) > 0.5)
    assert 0 < is_sure.sum() < (y < 0).sum()
    np.testing.assert_array_equal(training.labeled_iter_ == 1, is_sure)
    known = is_sure | (y >= 0)
    labels = np.where(is_sure, mlp.predict(X), y)
    assert_near(training.estimator_, classifier().fit(X[known], labels[known]))


def test_partial_dependence():
    X, y = problem("multiclass")
    mlp = classifier().fit(X, y)
    result = partial_dependence(mlp, X, [2], grid_resolution=5)
    for k, value in enumerate(result.grid_values[0]):
        moved = X.copy()
        moved[:, 2] = value
        expected = mlp.predict_proba(moved).mean(axis=0)
        np.testing.assert_allclose(result.average[:, k], expected, rtol=1e-6)


def test_thresholds():
    X, y = problem("binary")
    mlp = classifier().fit(X, y)
    probabilities = mlp.predict_proba(X)[:, 1]
    fixed = FixedThresholdClassifier(classifier(), threshold=0.3).fit(X, y)
    np.testing.assert_array_equal(fixed.predict(X), probabilities >= 0.3)
    assert (fixed.predict(X) != mlp.predict(X)).any()
    thresholds = np.linspace(0.1, 0.9, 33)
    tuned = TunedThresholdClassifierCV(
        FrozenEstimator(mlp), cv="prefit", refit=False, thresholds=thresholds
    ).fit(X, y)
    scores = [balanced_accuracy_score(y, probabilities >= each) for each in thresholds]
    assert tuned.best_score_ == max(scores) > scores[16]
    assert tuned.best_threshold_ == thresholds[np.argmax(scores)]
