"""AugmentedEstimator: what the estimator learns from, and how it stands for it."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.base import (
    clone,
    is_classifier,
    is_regressor,
)
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.datasets import load_diabetes
from sklearn.ensemble import AdaBoostClassifier, StackingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectFromModel
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import has_fit_parameter

from skregnet import BaggingEnsemble, MLPClassifier
from skregnet.augmentation import AugmentedEstimator, GaussianNoise
from tests.augmentation.stand_ins import (
    NAMES,
    WEIGHTS,
    Doubling,
    Dropping,
    DroppingTargets,
    RecordingClassifier,
    Spoiling,
    X,
    Y,
    recorded,
    with_noise,
)


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [
        AugmentedEstimator(LogisticRegression()),
        # Noise is drawn sample by sample; without it a weight of 2 is two samples.
        AugmentedEstimator(LogisticRegression(), GaussianNoise(0.0)),
        AugmentedEstimator(Ridge()),
        AugmentedEstimator(Ridge(), GaussianNoise(0.0), n_copies=2),
        AugmentedEstimator(KNeighborsClassifier(), GaussianNoise()),
        AugmentedEstimator(
            make_pipeline(StandardScaler(), LogisticRegression()), GaussianNoise()
        ),
    ],
)
def test_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_classifier_learns_from_rows_and_copies(dtype):
    data = X.astype(dtype)
    base = LogisticRegression(max_iter=1000)
    model = AugmentedEstimator(base, GaussianNoise(0.2), n_copies=3, random_state=7)
    model.fit(data, Y, sample_weight=WEIGHTS)
    weights = list(WEIGHTS) * 4
    expected = clone(base).fit(with_noise(data, 0.2, 3, 7), list(Y) * 4, weights)
    np.testing.assert_allclose(model.estimator_.coef_, expected.coef_, rtol=1e-4)
    np.testing.assert_array_equal(model.predict(data), expected.predict(data))


def test_a_regressor_learns_from_rows_and_copies():
    data, y = load_diabetes(return_X_y=True)
    model = AugmentedEstimator(Ridge(0.1), GaussianNoise(0.5), random_state=3)
    expected = Ridge(0.1).fit(with_noise(data, 0.5, 1, 3), list(y) * 2)
    np.testing.assert_allclose(
        model.fit(data, y).predict(data), expected.predict(data), rtol=1e-6
    )


def test_copies_alone():
    fitted = recorded(
        Y, GaussianNoise(), X, n_copies=2, keep_originals=False, random_state=0
    )
    expected = with_noise(X, 0.1, 2, 0)[len(X) :]
    np.testing.assert_allclose(fitted.X_, expected)
    np.testing.assert_array_equal(fitted.y_, np.tile(Y, 2))


def test_rows_alone():
    fitted = recorded(Y, GaussianNoise(), X, n_copies=0)
    np.testing.assert_array_equal(fitted.X_, X)
    np.testing.assert_array_equal(fitted.y_, Y)


def weighing(base, **parameters):
    """Return an estimator that learns from samples and one copy of each."""
    return AugmentedEstimator(base, GaussianNoise(0.01), random_state=0, **parameters)


@pytest.mark.parametrize(
    ("base", "takes_weights"),
    [
        (LogisticRegression(), True),
        (DecisionTreeClassifier(), True),
        (MLPClassifier(), True),
        (BaggingEnsemble(KNeighborsClassifier()), True),
        (AugmentedEstimator(Ridge()), True),
        (KNeighborsClassifier(), False),
        (AugmentedEstimator(KNeighborsClassifier()), False),
        (make_pipeline(StandardScaler(), LogisticRegression()), False),
    ],
    ids=str,
)
def test_weights_are_a_parameter_where_they_are_one_of_the_estimator(
    base, takes_weights
):
    model = AugmentedEstimator(base, GaussianNoise())
    assert has_fit_parameter(base, "sample_weight") == takes_weights
    assert has_fit_parameter(model, "sample_weight") == takes_weights
    assert has_fit_parameter(model.set_params(augmenter=None), "sample_weight") == (
        takes_weights
    )


def weight_learned_from(meta):
    """Return the sum of the weights that a meta-estimator's first tree has learned."""
    if isinstance(meta, CalibratedClassifierCV):
        fitted = meta.calibrated_classifiers_[0].estimator
    else:
        fitted = meta.estimators_[0]
    return fitted.estimator_.tree_.weighted_n_node_samples[0]


@pytest.mark.parametrize("is_routed", [False, True])
@pytest.mark.parametrize(
    "meta",
    [
        lambda model: CalibratedClassifierCV(model, cv=2, ensemble=False),
        lambda model: StackingClassifier([("tree", model)], cv=2),
    ],
    ids=["calibration", "stacking"],
)
def test_meta_estimators_hand_weights_on(meta, is_routed):
    y, weights = X[:, 0] > X[:, 0].mean(), np.where(Y == 2, 20.0, 1.0)
    with config_context(enable_metadata_routing=is_routed):
        base, last = DecisionTreeClassifier(max_depth=1), LogisticRegression()
        if is_routed:
            base.set_fit_request(sample_weight=True)
            last.set_fit_request(sample_weight=True)
        model = meta(weighing(base))
        if hasattr(model, "final_estimator"):
            model.set_params(final_estimator=last)
        assert weight_learned_from(model.fit(X, y)) == 2 * len(X)
        model.fit(X, y, sample_weight=weights)
        assert weight_learned_from(model) == pytest.approx(2 * weights.sum())


@pytest.mark.parametrize("is_routed", [False, True])
def test_boosted_stumps_beat_one(is_routed):
    with config_context(enable_metadata_routing=is_routed):
        base = DecisionTreeClassifier(max_depth=1)
        stump = weighing(
            base.set_fit_request(sample_weight=True) if is_routed else base
        )
        boosted = AdaBoostClassifier(stump, n_estimators=3, random_state=0)
        assert stump.fit(X, Y).score(X, Y) < 0.7
        assert boosted.fit(X, Y).score(X, Y) > 0.9


@pytest.mark.parametrize("length", [1, 2])
def test_weights_that_are_not_those_of_the_samples(length):
    weights = np.ones(length * len(X) + (length == 1))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        weighing(LogisticRegression()).fit(X, Y, sample_weight=weights)


def test_attributes_of_linear_models_and_trees():
    linear = weighing(LogisticRegression(max_iter=500)).fit(X, Y)
    np.testing.assert_array_equal(linear.coef_, linear.estimator_.coef_)
    np.testing.assert_array_equal(linear.intercept_, linear.estimator_.intercept_)
    assert not hasattr(linear, "feature_importances_")
    tree = weighing(DecisionTreeClassifier(random_state=0))
    assert not hasattr(tree, "feature_importances_")
    tree.fit(pd.DataFrame(X, columns=list("abcd")), Y)
    assert tree.feature_importances_.sum() == pytest.approx(1)
    assert list(tree.feature_names_in_) == list("abcd")
    assert not hasattr(tree, "coef_")
    assert not hasattr(weighing(KNeighborsClassifier()).fit(X, Y), "coef_")
    chosen = SelectFromModel(weighing(Ridge()), max_features=2).fit(X, Y)
    assert list(chosen.get_support()) == [False, False, False, True]


@pytest.mark.parametrize("keep_originals", [True, False])
def test_without_an_augmenter_data_are_handed_on_as_they_are(keep_originals):
    frame = pd.DataFrame({"a": ["x", "y", "x"]})
    y = pd.Series([0, 1, 0])
    model = AugmentedEstimator(
        RecordingClassifier(), n_copies=5, keep_originals=keep_originals
    )
    model.fit(frame, y, sample_weight=[1, 2, 3])
    assert model.augmenter_ is None
    assert model.estimator_.X_ is frame
    assert model.estimator_.y_ is y
    assert model.estimator_.params_ == {"sample_weight": [1, 2, 3]}


@pytest.mark.parametrize(
    "make",
    [list, np.array, pd.Series, lambda values: pl.Series("weight", values)],
    ids=["list", "array", "pandas", "polars"],
)
def test_one_value_for_each_row_is_carried_to_the_copies(make):
    values = np.arange(float(len(X))).tolist()
    model = AugmentedEstimator(RecordingClassifier(), GaussianNoise(), n_copies=2)
    model.fit(X, Y, sample_weight=make(values), epochs=3, pair=(1, 2), label="none")
    given = model.estimator_.params_
    assert list(given.pop("sample_weight")) == values * 3
    assert given == {"epochs": 3, "pair": (1, 2), "label": "none"}


def test_validation_data_stay_as_they_are():
    model = AugmentedEstimator(
        MLPClassifier((5,), early_stopping=True, max_iter=3, random_state=0),
        GaussianNoise(),
        random_state=0,
    )
    with pytest.warns(match="Maximum iterations"):
        model.fit(X, Y, X_val=X[:20], y_val=Y[:20])
    with pytest.warns(match="Maximum iterations"):
        expected = clone(model.estimator).fit(
            with_noise(X, 0.1, 1, 0), np.tile(Y, 2), X_val=X[:20], y_val=Y[:20]
        )
    np.testing.assert_allclose(model.estimator_.coefs_[0], expected.coefs_[0])


def test_tags_are_those_of_both():
    tree = DecisionTreeClassifier()
    assert get_tags(AugmentedEstimator(tree, Doubling())).input_tags.sparse
    assert get_tags(AugmentedEstimator(tree)).input_tags.allow_nan
    noisy = get_tags(AugmentedEstimator(tree, GaussianNoise()))
    assert not noisy.input_tags.sparse
    assert not noisy.input_tags.allow_nan
    assert noisy.classifier_tags.multi_label


def test_a_classifier_or_a_regressor_by_its_estimator():
    for base in (LinearSVC(), make_pipeline(StandardScaler(), LinearSVC())):
        assert is_classifier(AugmentedEstimator(base))
        assert not is_regressor(AugmentedEstimator(base))
    assert is_regressor(AugmentedEstimator(Ridge()))


def test_methods_are_those_of_the_estimator():
    model = AugmentedEstimator(LogisticRegression(max_iter=1000), random_state=0)
    model.set_params(augmenter=GaussianNoise()).fit(X, Y)
    base = model.estimator_
    for method in (
        "predict",
        "predict_proba",
        "predict_log_proba",
        "decision_function",
    ):
        np.testing.assert_array_equal(
            getattr(model, method)(X), getattr(base, method)(X)
        )
    assert model.score(X, Y) == base.score(X, Y)
    assert model.score(X, Y, sample_weight=WEIGHTS) == base.score(X, Y, WEIGHTS)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])


def test_methods_are_only_those_of_the_estimator():
    assert not hasattr(AugmentedEstimator(LinearSVC()), "predict_proba")
    assert hasattr(AugmentedEstimator(LinearSVC()), "decision_function")
    model = AugmentedEstimator(Ridge(), GaussianNoise()).fit(X, Y)
    for name in ("decision_function", "predict_log_proba", "classes_"):
        assert not hasattr(model, name)


def test_parameters_of_predictions_are_handed_on():
    base = GaussianProcessRegressor(optimizer=None)
    model = AugmentedEstimator(base, GaussianNoise()).fit(X, Y)
    _, std = model.predict(X, return_std=True)
    assert std.shape == (len(X),)


def test_the_same_again_from_the_same_seed():
    def copies(random_state):
        return recorded(Y, GaussianNoise(), X, random_state=random_state).X_

    np.testing.assert_array_equal(copies(0), copies(0))
    assert (copies(0) != copies(1)).any()
    assert (copies(None) != copies(None)).any()
    source = np.random.RandomState(0)
    first = copies(source)
    np.testing.assert_array_equal(first, copies(np.random.RandomState(0)))
    assert (copies(source) != first).any()


def test_parameters_and_data_stay_as_they_are():
    base, noise = LogisticRegression(max_iter=1000), GaussianNoise(random_state=5)
    data, y = X.copy(), NAMES[Y]
    data.flags.writeable = y.flags.writeable = False
    model = AugmentedEstimator(base, noise).fit(data, y)
    assert model.estimator is base
    assert model.augmenter is noise
    assert not hasattr(base, "coef_")
    assert not hasattr(noise, "scale_")
    assert model.augmenter_.scale_.shape == (4,)


def test_a_grid_search():
    data = load_diabetes(return_X_y=True)
    grid = {"augmenter__scale": [0.1, 2.0], "estimator__alpha": [0.1, 10.0]}
    model = AugmentedEstimator(Ridge(), GaussianNoise(), random_state=0)
    search = GridSearchCV(model, grid, n_jobs=2).fit(*data)
    assert search.best_params_ == {"augmenter__scale": 0.1, "estimator__alpha": 0.1}
    for parameters, score in zip(
        search.cv_results_["params"],
        search.cv_results_["mean_test_score"],
        strict=True,
    ):
        expected = cross_val_score(clone(model).set_params(**parameters), *data)
        assert score == pytest.approx(expected.mean())


def test_a_grid_with_and_without_augmenter():
    model = AugmentedEstimator(KNeighborsClassifier(1), random_state=0)
    grid = {"augmenter": [None, GaussianNoise(0.3)], "n_copies": [5]}
    search = GridSearchCV(model, grid, error_score="raise").fit(X, Y)
    assert len(set(search.cv_results_["mean_test_score"])) == 2


def test_clones_and_pickles():
    model = AugmentedEstimator(
        DecisionTreeClassifier(random_state=0), GaussianNoise(0.2), random_state=0
    )
    model.fit(X, NAMES[Y])
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    copy = clone(model)
    assert copy.get_params()["augmenter__scale"] == 0.2
    np.testing.assert_array_equal(copy.fit(X, NAMES[Y]).predict(X), model.predict(X))


def test_in_a_pipeline():
    model = AugmentedEstimator(KNeighborsClassifier(), GaussianNoise(), random_state=0)
    pipeline = make_pipeline(StandardScaler(), model)
    pipeline.fit(X, NAMES[Y])
    scaled = StandardScaler().fit_transform(X)
    expected = clone(model).fit(scaled, NAMES[Y]).predict_proba(scaled)
    np.testing.assert_array_equal(pipeline.predict_proba(X), expected)
    search = GridSearchCV(pipeline, {"augmentedestimator__augmenter__scale": [0.1, 1]})
    assert search.fit(X, Y).best_score_ > 0.9


def test_around_a_pipeline():
    base = make_pipeline(StandardScaler(), LogisticRegression())
    model = AugmentedEstimator(base, GaussianNoise(0.1), random_state=0)
    model.fit(X, Y, logisticregression__sample_weight=WEIGHTS)
    expected = clone(base).fit(
        with_noise(X, 0.1, 1, 0),
        np.tile(Y, 2),
        logisticregression__sample_weight=np.tile(WEIGHTS, 2),
    )
    np.testing.assert_allclose(model.predict_proba(X), expected.predict_proba(X))


def test_metadata_routing():
    with config_context(enable_metadata_routing=True):
        base = LogisticRegression(max_iter=1000).set_fit_request(sample_weight=True)
        base.set_score_request(sample_weight=True)
        model = AugmentedEstimator(base, GaussianNoise(), random_state=0)
        routed = clone(model).fit(X, Y, sample_weight=WEIGHTS)
        score = routed.score(X, Y, sample_weight=WEIGHTS)
        results = cross_validate(
            model, X, Y, params={"sample_weight": WEIGHTS}, error_score="raise"
        )
        with pytest.raises(TypeError, match="unexpected argument"):
            model.fit(X, Y, weights=WEIGHTS)
        with pytest.raises(ValueError, match=r"sample_weight.*not explicitly set"):
            AugmentedEstimator(LogisticRegression(), GaussianNoise()).fit(
                X, Y, sample_weight=WEIGHTS
            )
    plain = clone(model).fit(X, Y, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(routed.predict_proba(X), plain.predict_proba(X))
    assert score == plain.score(X, Y, sample_weight=WEIGHTS)
    assert (results["test_score"] > 0.8).all()


def test_not_fitted():
    model = AugmentedEstimator(LogisticRegression(), GaussianNoise())
    for name in ("n_features_in_", "feature_names_in_", "classes_"):
        assert not hasattr(model, name)
    with pytest.raises(NotFittedError, match="AugmentedEstimator"):
        model.predict(X)
    with pytest.raises(NotFittedError, match="AugmentedEstimator"):
        model.score(X, Y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"augmenter": StandardScaler()}, "The 'augmenter' parameter"),
        ({"augmenter": 0.1}, "The 'augmenter' parameter"),
        ({"estimator": StandardScaler()}, "The 'estimator' parameter"),
        ({"estimator": KMeans()}, "estimator expects a classifier or a regressor"),
        ({"n_copies": -1}, "The 'n_copies' parameter"),
        ({"n_copies": 1.5}, "The 'n_copies' parameter"),
        ({"n_copies": 0, "keep_originals": False}, "n_copies expects at least 1"),
        ({"keep_originals": "yes"}, "The 'keep_originals' parameter"),
        ({"augmenter__scale": -1}, "The 'scale' parameter of GaussianNoise"),
        ({"augmenter": Dropping()}, r"Dropping\(\) expects to return as many rows"),
        ({"augmenter": DroppingTargets()}, r"with targets, .* got \(75, 4\) and \(\)"),
        ({"augmenter": Spoiling()}, "y from the augmenter contains NaN"),
    ],
)
def test_faults_leave_the_estimator_as_it_was(params, message):
    model = AugmentedEstimator(KNeighborsClassifier(), GaussianNoise()).fit(X, Y)
    learned = model.estimator_, model.augmenter_
    model.set_params(**params)
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y)
    assert (model.estimator_, model.augmenter_) == learned


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed"),
        (Y[1:], "inconsistent numbers of samples"),
        (Y + 0.5, "Unknown label type: continuous"),
        (np.stack([Y, Y + 1], axis=1), "y expects one column of labels"),
        (np.where(Y == 0, np.nan, Y), "Input y contains NaN"),
    ],
)
def test_targets_that_are_refused(y, message):
    model = AugmentedEstimator(KNeighborsClassifier(), GaussianNoise())
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert not hasattr(model, "estimator_")


def test_a_class_is_no_augmenter():
    with pytest.raises(TypeError, match="class"):
        AugmentedEstimator(KNeighborsClassifier(), GaussianNoise).fit(X, Y)


def test_a_base_that_fails_leaves_the_estimator_as_it_was():
    model = AugmentedEstimator(KNeighborsClassifier(), GaussianNoise()).fit(X, Y)
    learned = model.estimator_
    with pytest.raises(TypeError, match="sample_weight"):
        model.fit(X, Y, sample_weight=WEIGHTS)
    assert model.estimator_ is learned
