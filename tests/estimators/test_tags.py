"""Tags of all estimators, against what their `fit` takes and refuses."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags

from skregnet import (
    BaggingEnsemble,
    MLPClassifier,
    MLPRegressor,
    MultiTaskMLP,
    MultiTaskMLPClassifier,
    MultiTaskMLPRegressor,
    StackedSearchCV,
    TableEncoder,
    TabularClassifier,
    TabularRegressor,
)
from skregnet.augmentation import (
    AdversarialNoise,
    AugmentedEstimator,
    AugmentingSampler,
    Compose,
    FeatureMasking,
    GaussianNoise,
    ImageShift,
    Mixup,
    RandomApply,
    TargetNoise,
)

pytestmark = pytest.mark.filterwarnings("ignore")

N_ROWS = 40
RANDOM = np.random.RandomState(0)
X = np.abs(RANDOM.normal(size=(N_ROWS, 4)))
LABELS = RANDOM.randint(3, size=N_ROWS)
NUMBERS = np.abs(RANDOM.normal(size=N_ROWS))
INDICATORS = np.column_stack([LABELS > 0, LABELS < 2, NUMBERS > 0.5]).astype(int)
WITH_GAPS = np.where(np.arange(N_ROWS * 4).reshape(-1, 4) % 3 == 0, np.nan, X)
WITH_TEXTS = np.column_stack([X, np.where(X[:, 0] > 0.5, "a", "b")]).astype(object)

SHORT = {"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0}
CLASSIFIER, REGRESSOR = MLPClassifier(**SHORT), MLPRegressor(**SHORT)
FITTED = MLPClassifier((3,), solver="lbfgs", tol=10.0).fit(X, LABELS)
RATES = {"alpha": [1.0]}


def with_augmenter(augmenter):
    """Return all estimators that have an augmenter."""
    mlp = clone(CLASSIFIER).set_params(augmenter=augmenter)
    return [
        augmenter,
        mlp,
        clone(REGRESSOR).set_params(augmenter=augmenter),
        MultiTaskMLPClassifier(augmenter=augmenter, **SHORT),
        AugmentedEstimator(DecisionTreeClassifier(), augmenter),
        AugmentingSampler(augmenter),
        BaggingEnsemble(mlp, 2),
        StackedSearchCV(mlp, RATES, cv=2),
    ]


AUGMENTERS = [
    GaussianNoise(),
    FeatureMasking(fill="mean"),
    FeatureMasking(fill="swap"),
    Mixup(),
    Compose([Mixup(), FeatureMasking()]),
    Compose([Mixup(), GaussianNoise()]),
    RandomApply(Mixup()),
    RandomApply(GaussianNoise()),
    ImageShift(1, image_shape=(2, 2)),
]
NETWORKS = [
    clone(base).set_params(**parameters)
    for base in (CLASSIFIER, REGRESSOR)
    for parameters in (
        {},
        {"solver": "lbfgs"},
        {"adversarial_step": 0.1},
        {"batch_norm": "before", "dropout": 0.1, "input_dropout": 0.1},
        {"early_stopping": True},
    )
]
POISSON = MLPRegressor("poisson", **SHORT)
MEMBERS = [
    LogisticRegression(),
    RandomForestClassifier(3),
    MultinomialNB(),
    LinearSVC(),
    TabularClassifier("fast", n_members=1),
    DecisionTreeClassifier(),
    Ridge(),
    PoissonRegressor(),
    HistGradientBoostingRegressor(max_iter=2),
    POISSON,
]
ESTIMATORS = [
    *(each for augmenter in AUGMENTERS for each in with_augmenter(augmenter)),
    TargetNoise(),
    AdversarialNoise(FITTED),
    clone(CLASSIFIER).set_params(augmenter=AdversarialNoise(FITTED)),
    *NETWORKS,
    POISSON,
    MultiTaskMLP(**SHORT),
    MultiTaskMLP("classification", **SHORT),
    MultiTaskMLP("regression", **SHORT),
    MultiTaskMLPClassifier(**SHORT),
    MultiTaskMLPRegressor(**SHORT),
    TabularClassifier("fast", n_members=1),
    TabularRegressor("fast", n_members=1),
    TableEncoder(),
    *(BaggingEnsemble(member, 3, random_state=0) for member in MEMBERS),
    *(AugmentedEstimator(base) for base in MEMBERS),
    *(AugmentedEstimator(base, GaussianNoise(1e-6)) for base in MEMBERS),
    BaggingEnsemble(MultiTaskMLPClassifier(**SHORT), 2),
    StackedSearchCV(REGRESSOR, RATES, cv=2),
    StackedSearchCV(POISSON, RATES, cv=2),
    StackedSearchCV(MultiTaskMLPClassifier(**SHORT), RATES, cv=2),
    StackedSearchCV(AugmentedEstimator(CLASSIFIER, Mixup()), {}, cv=2),
]


def takes(estimator, features, targets):
    """Tell whether an estimator takes data."""
    estimator = clone(estimator)
    fit = getattr(estimator, "fit_resample", estimator.fit)
    try:
        fit(features, targets)
    except (ValueError, TypeError):
        return False
    return True


def claims(tags):
    """Yield what tags claim: whether `fit` takes features and targets."""
    y = NUMBERS if tags.estimator_type == "regressor" else LABELS
    yield "dense", True, X, y
    yield "sparse", tags.input_tags.sparse, sparse.csr_array(X), y
    yield "missing", tags.input_tags.allow_nan, WITH_GAPS, y
    yield "texts", tags.input_tags.string, WITH_TEXTS, y
    yield "negative", not tags.input_tags.positive_only, X - 1, y
    yield "one dimension", tags.input_tags.one_d_array, X[:, 0], y
    yield "three dimensions", tags.input_tags.three_d_array, X.reshape(-1, 2, 2), y
    yield "no targets", not tags.target_tags.required, X, None
    multi_output = tags.target_tags.multi_output
    if tags.estimator_type == "regressor":
        both = np.column_stack([NUMBERS, NUMBERS + 1])
        yield "several numbers", multi_output, X, both
        yield "targets below 0", not tags.target_tags.positive_only, X, NUMBERS - 1
    if tags.estimator_type == "classifier":
        yield "several classes", multi_output, X, np.column_stack([LABELS, LABELS])
        yield "indicators", tags.classifier_tags.multi_label, X, INDICATORS


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
def test_fit_takes_what_tags_claim(estimator):
    wrong = [
        f"{name}: {is_claimed} by the tag"
        for name, is_claimed, features, targets in claims(get_tags(estimator))
        if takes(estimator, features, targets) != is_claimed
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("base", "kind"),
    [(MLPClassifier(), "classifier"), (MLPRegressor(), "regressor")],
    ids=str,
)
def test_the_type_is_that_of_the_estimator_within(base, kind):
    for outer in (
        BaggingEnsemble(base),
        AugmentedEstimator(base, Mixup()),
        StackedSearchCV(base, RATES),
        StackedSearchCV(AugmentedEstimator(base), RATES),
    ):
        tags = get_tags(outer)
        assert tags.estimator_type == kind
        assert (tags.classifier_tags is None) == (kind == "regressor")
        assert (tags.regressor_tags is None) == (kind == "classifier")


@pytest.mark.parametrize(
    "base", [KNeighborsClassifier(metric="precomputed"), SVC(kernel="precomputed")]
)
def test_matrices_of_pairs(base):
    assert get_tags(AugmentedEstimator(base)).input_tags.pairwise
    assert not get_tags(AugmentedEstimator(base, Mixup())).input_tags.pairwise
    assert not get_tags(BaggingEnsemble(base)).input_tags.pairwise


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
def test_the_same_again_from_one_seed_but_for_the_tag(estimator):
    tags = get_tags(estimator)
    if tags.non_deterministic or not hasattr(estimator, "predict"):
        return
    y = NUMBERS if tags.estimator_type == "regressor" else LABELS
    seeds = {
        name: 0
        for name in estimator.get_params()
        if name.split("__")[-1] == "random_state"
    }
    first, second = (clone(estimator).set_params(**seeds).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
