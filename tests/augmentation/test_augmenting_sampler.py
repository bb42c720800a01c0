"""AugmentingSampler: what it adds to data, alone and in imbalanced-learn."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.base import is_sampler
from imblearn.ensemble import BalancedBaggingClassifier
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline, make_pipeline
from imblearn.utils.estimator_checks import estimator_checks_generator
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_diabetes
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from skregnet.augmentation import (
    AugmentedEstimator,
    AugmentingSampler,
    GaussianNoise,
)
from skregnet.augmentation._base import generator_of
from tests.augmentation.stand_ins import NAMES, Dropping, FixedTargets, X, Y, with_noise


class Scaling(BaseEstimator):
    """An augmenter of rows of any kind: all of them times one number."""

    def fit(self, X, y):
        return self

    def augment(self, X, y, rng):
        return X * rng.random(dtype=X.dtype.type), y

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        return tags


def imbalanced_learn_checks():
    samplers = [
        AugmentingSampler(GaussianNoise(), random_state=0),
        AugmentingSampler(GaussianNoise(), n_copies=3, random_state=0),
        AugmentingSampler(Scaling(), random_state=0),
    ]
    return [
        case for sampler in samplers for case in estimator_checks_generator(sampler)
    ]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("sampler", "check"), imbalanced_learn_checks())
def test_imbalanced_learn_check(sampler, check):
    check(sampler)


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [
        AugmentingSampler(GaussianNoise()),
        AugmentingSampler(GaussianNoise(), n_copies=2, keep_originals=False),
    ]
)
def test_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("n_copies", [0, 1, 3])
def test_rows_and_copies(n_copies):
    sampler = AugmentingSampler(GaussianNoise(0.3), n_copies=n_copies, random_state=4)
    rows, targets = sampler.fit_resample(X, NAMES[Y])
    np.testing.assert_allclose(rows, with_noise(X, 0.3, n_copies, 4))
    assert targets.tolist() == NAMES[Y].tolist() * (1 + n_copies)
    np.testing.assert_array_equal(
        sampler.sample_indices_, list(range(len(X))) * (1 + n_copies)
    )
    assert sampler.sampling_strategy_ == dict.fromkeys(NAMES.tolist(), 25 * n_copies)


def test_copies_alone():
    sampler = AugmentingSampler(
        GaussianNoise(), n_copies=2, keep_originals=False, random_state=0
    )
    rows, targets = sampler.fit_resample(X, Y)
    np.testing.assert_allclose(rows, with_noise(X, 0.1, 2, 0)[len(X) :])
    np.testing.assert_array_equal(targets, np.tile(Y, 2))
    np.testing.assert_array_equal(sampler.sample_indices_, np.tile(range(len(X)), 2))


def test_the_copies_are_those_of_an_augmented_estimator():
    sampler = AugmentingSampler(GaussianNoise(), n_copies=2, random_state=0)
    model = AugmentedEstimator(
        KNeighborsClassifier(), GaussianNoise(), n_copies=2, random_state=0
    )
    pipeline = make_pipeline(sampler, KNeighborsClassifier()).fit(X, Y)
    np.testing.assert_array_equal(
        pipeline.predict_proba(X), model.fit(X, Y).predict_proba(X)
    )


def test_labels_are_drawn_by_their_shares():
    y = np.resize(NAMES, 30_000)
    sampler = AugmentingSampler(FixedTargets([0.1, 0.2, 0.7]), random_state=0)
    _, targets = sampler.fit_resample(np.zeros((30_000, 1)), y)
    np.testing.assert_array_equal(targets[:30_000], y)
    frequencies = np.mean(targets[30_000:, None] == NAMES, axis=0)
    np.testing.assert_allclose(frequencies, [0.1, 0.2, 0.7], atol=0.01)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y + 0.5, "Unknown label type.*'continuous'.*AugmentedEstimator"),
        (np.stack([Y == 0, Y > 0], axis=1).astype(int) | 1, "Unknown label type"),
        (np.zeros_like(Y), "at least two classes"),
    ],
    ids=["numbers", "several labels", "one class"],
)
def test_targets_that_are_no_classes(y, message):
    with pytest.raises(ValueError, match=message):
        AugmentingSampler(GaussianNoise()).fit_resample(X, y)
    with pytest.raises(ValueError, match=message):
        AugmentingSampler(GaussianNoise()).fit(X, y)


def test_an_indicator_matrix_of_classes():
    sampler = AugmentingSampler(FixedTargets([0.1, 0.2, 0.7]), random_state=0)
    _, targets = sampler.fit_resample(X, np.eye(3, dtype=int)[Y])
    assert (targets.sum(axis=1) == 1).all()
    assert sampler.sampling_strategy_ == {0: 25, 1: 25, 2: 25}


@pytest.mark.parametrize(
    "make",
    [
        lambda data: pd.DataFrame(data, columns=["a", "b", "c", "d"], index=Y + 5),
        lambda data: pl.DataFrame(data, schema=["a", "b", "c", "d"]),
        lambda data: pd.DataFrame(data, dtype=pd.SparseDtype(float, 0)),
        list,
    ],
    ids=["pandas", "polars", "sparse pandas", "list"],
)
def test_rows_come_back_in_what_they_came_in(make):
    given = make(X)
    rows, _ = AugmentingSampler(GaussianNoise(), random_state=0).fit_resample(given, Y)
    assert type(rows) is type(given)
    np.testing.assert_allclose(np.asarray(rows), with_noise(X, 0.1, 1, 0))
    if isinstance(given, pd.DataFrame):
        assert (rows.dtypes == given.dtypes).all()


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(NAMES[Y], name="kind", index=Y + 5),
        pd.Series(NAMES[Y], name="kind", dtype="category"),
        pd.Series(Y, name="kind", dtype="Int64"),
        pd.Series(Y, name="kind", dtype="float32"),
        pl.Series("kind", NAMES[Y].tolist()),
        pl.Series("kind", NAMES[Y].tolist(), dtype=pl.Enum(NAMES)),
        pl.Series("kind", Y, dtype=pl.Int8),
    ],
    ids=lambda y: f"{type(y).__module__.split('.')[0]} {y.dtype}",
)
def test_targets_come_back_in_the_series_they_came_in(y):
    _, targets = AugmentingSampler(GaussianNoise()).fit_resample(X, y)
    assert type(targets) is type(y)
    assert targets.name == "kind"
    assert targets.dtype == y.dtype
    assert list(targets) == list(y) * 2


def test_rows_and_targets_have_one_index():
    frame = pd.DataFrame(X, index=np.arange(len(X)) + 100)
    y = pd.Series(Y, index=frame.index)
    rows, targets = AugmentingSampler(GaussianNoise()).fit_resample(frame, y)
    assert (rows.index == targets.index).all()
    assert rows.index.is_unique


@pytest.mark.parametrize("make", [list, lambda y: pd.DataFrame({"kind": y})])
def test_targets_in_other_containers(make):
    _, targets = AugmentingSampler(GaussianNoise()).fit_resample(X, make(NAMES[Y]))
    assert type(targets) is type(make([]))
    assert np.ravel(targets).tolist() == NAMES[Y].tolist() * 2


@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csc_matrix])
def test_sparse_data_if_the_augmenter_takes_them(make):
    y = np.eye(3, dtype=int)[Y]
    sampler = AugmentingSampler(Scaling(), random_state=0)
    rows, targets = sampler.fit_resample(make(X), make(y))
    assert type(rows) is type(targets) is make
    expected = np.concatenate([X, X * generator_of(0).random()])
    np.testing.assert_allclose(rows.toarray(), expected)
    np.testing.assert_array_equal(targets.toarray(), np.tile(y, (2, 1)))
    with pytest.raises(TypeError, match="dense data is required"):
        AugmentingSampler(GaussianNoise()).fit_resample(make(X), Y)


def test_fit_learns_and_adds_nothing():
    sampler = AugmentingSampler(GaussianNoise(0.5), n_copies=2)
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    assert sampler.fit(frame, Y) is sampler
    np.testing.assert_allclose(sampler.augmenter_.scale_, 0.5 * X.std(axis=0))
    assert sampler.sampling_strategy_ == {0: 50, 1: 50, 2: 50}
    assert sampler.get_feature_names_out().tolist() == ["a", "b", "c", "d"]
    assert not hasattr(sampler.augmenter, "scale_")


def test_the_same_again_from_the_same_seed():
    def rows(random_state):
        sampler = AugmentingSampler(GaussianNoise(), random_state=random_state)
        return sampler.fit_resample(X, Y)[0]

    np.testing.assert_array_equal(rows(0), rows(0))
    assert (rows(0) != rows(1)).any()
    assert (rows(None) != rows(None)).any()


def test_clones_and_pickles():
    sampler = AugmentingSampler(GaussianNoise(0.2), random_state=0)
    rows, _ = sampler.fit_resample(X, NAMES[Y])
    again = pickle.loads(pickle.dumps(sampler))
    assert again.sampling_strategy_ == sampler.sampling_strategy_
    for other in (again, clone(sampler)):
        np.testing.assert_array_equal(other.fit_resample(X, NAMES[Y])[0], rows)


def test_a_sampler_for_imbalanced_learn():
    sampler = AugmentingSampler(GaussianNoise())
    assert is_sampler(sampler)
    assert not hasattr(sampler, "transform")
    assert not get_tags(sampler).input_tags.sparse
    assert get_tags(AugmentingSampler(Scaling())).input_tags.sparse


def test_in_a_pipeline_of_imbalanced_learn():
    pipeline = Pipeline(
        [
            ("scaler", StandardScaler()),
            ("sampler", AugmentingSampler(GaussianNoise(0.2), random_state=0)),
            ("classifier", LogisticRegression()),
        ]
    )
    pipeline.fit(X, NAMES[Y])
    scaled = StandardScaler().fit_transform(X)
    expected = LogisticRegression().fit(with_noise(scaled, 0.2, 1, 0), np.tile(Y, 2))
    np.testing.assert_allclose(
        pipeline.predict_proba(X), expected.predict_proba(scaled), rtol=1e-6
    )
    rows, targets = Pipeline(pipeline.steps[:2]).fit_resample(X, Y)
    assert rows.shape == (2 * len(X), 4)
    assert targets.shape == (2 * len(X),)


def test_in_a_grid_search():
    pipeline = make_pipeline(
        StandardScaler(),
        AugmentingSampler(GaussianNoise(), random_state=0),
        DecisionTreeClassifier(random_state=0),
    )
    grid = {
        "augmentingsampler": ["passthrough", pipeline[1]],
        "decisiontreeclassifier__max_depth": [1, 3],
    }
    nested = {
        "augmentingsampler__augmenter__scale": [0.5],
        "augmentingsampler__n_copies": [1, 20],
    }
    search = GridSearchCV(pipeline, [grid, nested], n_jobs=2, error_score="raise")
    search.fit(X, NAMES[Y])
    scores = search.cv_results_["mean_test_score"]
    for parameters, score in zip(search.cv_results_["params"], scores, strict=True):
        expected = cross_val_score(
            clone(pipeline).set_params(**parameters), X, NAMES[Y]
        )
        assert score == pytest.approx(expected.mean())
    assert len(set(scores)) > 2


def test_a_regressor_in_a_pipeline_of_imbalanced_learn():
    data, y = load_diabetes(return_X_y=True)
    pipeline = make_pipeline(
        AugmentingSampler(GaussianNoise(0.1), random_state=0), Ridge()
    )
    expected = Ridge().fit(with_noise(data, 0.1, 1, 0), np.tile(y, 2))
    np.testing.assert_allclose(
        pipeline.fit(data, y).predict(data), expected.predict(data)
    )


def test_balanced_classes_by_a_sampler_before_it():
    rows, labels = X[10:], Y[10:]
    repeated, _ = RandomOverSampler(random_state=0).fit_resample(rows, labels)
    pipeline = Pipeline(
        [
            ("balance", RandomOverSampler(random_state=0)),
            ("augment", AugmentingSampler(GaussianNoise(), keep_originals=False)),
        ]
    )
    found, targets = pipeline.fit_resample(rows, labels)
    assert np.bincount(targets).tolist() == [25, 25, 25]
    assert len(np.unique(found, axis=0)) == 75 > len(np.unique(repeated, axis=0))


def test_in_an_ensemble_of_imbalanced_learn():
    bag = BalancedBaggingClassifier(
        DecisionTreeClassifier(random_state=0),
        n_estimators=5,
        sampler=AugmentingSampler(GaussianNoise(0.3), n_copies=2),
        random_state=0,
    )
    assert bag.fit(X, Y).score(X, Y) > 0.9
    members = [pipeline[0] for pipeline in bag.estimators_]
    assert all(len(member.sample_indices_) == 3 * len(X) for member in members)
    assert len({member.random_state for member in members}) == 5


def test_metadata_routing():
    with config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(
            AugmentingSampler(GaussianNoise()), LogisticRegression(max_iter=1000)
        )
        assert pipeline.fit(X, Y).score(X, Y) > 0.9


def test_not_fitted():
    with pytest.raises(NotFittedError, match="AugmentingSampler"):
        AugmentingSampler(GaussianNoise()).get_feature_names_out()


@pytest.mark.parametrize("method", ["fit", "fit_resample"])
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"augmenter": None}, "The 'augmenter' parameter"),
        ({"augmenter": StandardScaler()}, "The 'augmenter' parameter"),
        ({"n_copies": -1}, "The 'n_copies' parameter"),
        ({"n_copies": "balance"}, "The 'n_copies' parameter"),
        ({"n_copies": 0, "keep_originals": False}, "n_copies expects at least 1"),
        ({"augmenter__scale": -1}, "The 'scale' parameter of GaussianNoise"),
    ],
)
def test_parameters_that_are_refused(params, message, method):
    sampler = AugmentingSampler(GaussianNoise()).set_params(**params)
    with pytest.raises(ValueError, match=message):
        getattr(sampler, method)(X, Y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed"),
        (Y[1:], "inconsistent numbers of samples"),
        (np.stack([Y, Y + 1], axis=1), "y expects one column of labels"),
        (np.where(Y == 0, np.nan, Y), "Input y contains NaN"),
    ],
)
def test_targets_that_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        AugmentingSampler(GaussianNoise()).fit_resample(X, y)


def test_faults_leave_the_sampler_as_it_was():
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    sampler = AugmentingSampler(GaussianNoise()).fit(frame, Y)
    sampler.augmenter = Dropping()
    before = dict(vars(sampler))
    with pytest.raises(ValueError, match=r"Dropping\(\) expects to return as many"):
        sampler.fit_resample(X[:, :2], Y)
    assert vars(sampler) == before
