"""Converted ensembles, searches, tasks and wrappers against the models themselves."""

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import skl2onnx
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline as ImbalancedPipeline
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    RandomForestClassifier,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.exceptions import NotFittedError
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import skregnet
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
    AugmentedEstimator,
    Augmenter,
    AugmentingSampler,
    Compose,
    GaussianNoise,
    ImageShift,
    Mixup,
)
from skregnet.onnx import register_converters
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Flipped(Augmenter):
    """An augmenter of one's own."""

    random_state = 0

    def augment(self, X, y, rng):
        return X[:, ::-1], y


register_converters()

PRECISIONS = [np.float32, np.float64]
TOLERANCES = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-12}
SHORT = {
    "hidden_layer_sizes": (5,),
    "activation": "tanh",
    "max_iter": 4,
    "random_state": 0,
}
CLASSIFIER, REGRESSOR = MLPClassifier(**SHORT), MLPRegressor(**SHORT)
TASKS = MultiTaskMLP(**SHORT)
RATES = {"alpha": [1e-4, 1.0]}

X, LABELS = problem("multiclass", n_rows=60)
NAMES = np.array(["red", "green", "blue"])[LABELS]
NUMBERS = problem("reals", n_rows=60)[1]
INDICATORS = np.column_stack([LABELS > 0, LABELS < 2, X[:, 0] > 0]).astype(int)


def bag(member, n_members=3, **parameters):
    return BaggingEnsemble(member, n_members, random_state=0, **parameters)


def scaled(model):
    return make_pipeline(StandardScaler(), model)


def search(model, **space):
    return StackedSearchCV(model, space or RATES, cv=2)


def noisy(model):
    return AugmentedEstimator(model, GaussianNoise(), random_state=0)


def run(model, features, types=None, feed=None):
    """Return names and values of what the converted model makes of features."""
    options = {"zipmap": False} if is_classifier(model) else None
    first = None if types else features[:1]
    converted = skl2onnx.to_onnx(model, first, initial_types=types, options=options)
    session = onnxruntime.InferenceSession(
        converted.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return names, session.run(None, feed or {"X": features})


def assert_alike(model, features, targets, tolerance=None):
    """Fit, convert, run and compare."""
    model = clone(model).fit(features, targets)
    _, found = run(model, features)
    tolerance = tolerance or TOLERANCES[features.dtype]
    expected = np.asarray(model.predict(features))
    if not is_classifier(model):
        assert found[0].dtype == features.dtype
        np.testing.assert_allclose(
            found[0].reshape(expected.shape), expected, rtol=tolerance, atol=tolerance
        )
        return
    np.testing.assert_array_equal(found[0], expected)
    if hasattr(model, "predict_proba"):
        assert_close(found[1], model.predict_proba(features), tolerance)


def assert_close(found, expected, tolerance):
    """Compare probabilities, of one task or of several."""
    if isinstance(expected, list):
        for own, wanted in zip(found, expected, strict=True):
            assert_close(own, wanted, tolerance)
        return
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=tolerance)


MEMBERS = {
    "network": CLASSIFIER,
    "pipeline": scaled(CLASSIFIER),
    "nested pipeline": make_pipeline("passthrough", scaled(LogisticRegression())),
    "sampler": ImbalancedPipeline(
        [("over", RandomOverSampler(random_state=0)), ("net", CLASSIFIER)]
    ),
    "linear": LogisticRegression(),
    "no probabilities": SVC(),
    "search": search(CLASSIFIER),
    "grid": GridSearchCV(LogisticRegression(), {"C": [1.0, 2.0]}, cv=2),
    "augmented": noisy(CLASSIFIER),
    "augmenter": make_pipeline(Mixup(random_state=0), CLASSIFIER),
    "ensemble": bag(CLASSIFIER, 2),
}


@pytest.mark.filterwarnings("ignore:Attribute `prob:FutureWarning")
@pytest.mark.parametrize(
    ("voting", "dtype"), [("soft", np.float32), ("hard", np.float64)]
)
@pytest.mark.parametrize("name", MEMBERS)
def test_ensemble_of_classifiers(name, voting, dtype):
    # skl2onnx's linear models are computed with in single precision.
    by_others = name in ("linear", "grid", "nested pipeline")
    tolerance = 1e-5 if by_others else TOLERANCES[np.dtype(dtype)]
    assert_alike(bag(MEMBERS[name], voting=voting), X.astype(dtype), NAMES, tolerance)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize(
    ("voting", "n_members"), [("soft", 3), ("median", 2), ("median", 3)]
)
@pytest.mark.parametrize("n_targets", [1, 3])
def test_ensemble_of_regressors(n_targets, n_members, voting, dtype):
    y = NUMBERS[:, :n_targets] if n_targets > 1 else NUMBERS[:, 0]
    for member in (REGRESSOR, scaled(Ridge())):
        ensemble = bag(member, n_members, voting=voting, max_features=4)
        assert_alike(ensemble, X.astype(dtype), y)


@pytest.mark.parametrize("voting", ["soft", "hard"])
@pytest.mark.parametrize(
    ("member", "parameters", "y"),
    [
        (CLASSIFIER, {"max_features": 0.5}, LABELS),
        (CLASSIFIER, {"max_features": 3, "bootstrap_features": True}, LABELS),
        (CLASSIFIER, {"n_members": 7, "max_samples": 3}, NAMES),
        (DecisionTreeClassifier(), {"n_members": 7, "max_samples": 3}, 3 * LABELS - 2),
        (LogisticRegression(), {"n_members": 9, "max_samples": 2}, NAMES),
        (CLASSIFIER, {}, LABELS > 0),
        (CLASSIFIER, {}, LABELS.astype(float)),
        (CLASSIFIER, {}, INDICATORS),
        (OneVsRestClassifier(CLASSIFIER), {}, INDICATORS),
    ],
)
def test_ensemble_of_parts_of_the_data(member, parameters, y, voting):
    ensemble = bag(member, **{"voting": voting, **parameters})
    assert_alike(ensemble, X.astype(np.float32), y)


def test_ensemble_of_members_with_lists_of_probabilities():
    features = X.astype(np.float32)
    ensemble = bag(RandomForestClassifier(3, random_state=0))
    _, (labels, found) = run(ensemble.fit(features, INDICATORS), features)
    np.testing.assert_array_equal(labels, ensemble.predict(features))
    expected = np.stack([each[:, 1] for each in ensemble.predict_proba(features)], 1)
    np.testing.assert_allclose(found, expected, atol=1e-6)


INNER = {
    "ensemble": bag(CLASSIFIER, 2),
    "ensemble of linear models": bag(LogisticRegression(), 2),
    "search": search(scaled(CLASSIFIER), mlpclassifier__alpha=[0.1, 1.0]),
    "augmented linear model": noisy(LogisticRegression()),
    "task": MultiTaskMLPClassifier(**SHORT),
}
OUTER = {
    "alone": lambda model: model,
    "pipeline": scaled,
    "search": lambda model: GridSearchCV(model, {}, cv=2),
    "search of pipelines": lambda model: GridSearchCV(scaled(model), {}, cv=2),
    "calibration": lambda model: CalibratedClassifierCV(model, cv=2),
    "one against the rest": OneVsRestClassifier,
    "stacking": lambda model: StackingClassifier([("a", model)], cv=2),
    "stacking on top": lambda model: StackingClassifier(
        [("a", LogisticRegression())], model, cv=2
    ),
    "voting": lambda model: VotingClassifier(
        [("a", model), ("b", LogisticRegression())],
        voting="soft",
        flatten_transform=False,
    ),
    "votes": lambda model: VotingClassifier(
        [("a", model), ("b", CLASSIFIER), ("c", LogisticRegression())],
        flatten_transform=False,
    ),
    "bagging": lambda model: BaggingClassifier(model, 2, random_state=0),
    "augmented": noisy,
}


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("inner", INNER)
def test_classifiers_within_others(inner, outer):
    model = OUTER[outer](INNER[inner])
    if "linear" not in inner or outer != "one against the rest":
        # There skl2onnx decides by probabilities, scikit-learn by decision functions.
        assert_alike(model, X.astype(np.float32), NAMES, 2e-5)
    if "linear" in inner or outer == "one against the rest":
        assert_alike(model, X, (LABELS == 1).astype(int), 2e-5)


@pytest.mark.parametrize("y", [NAMES, LABELS > 0], ids=["text", "binary"])
@pytest.mark.parametrize("size", [2, 3])
def test_decision_functions_of_members_that_have_not_seen_all_classes(size, y):
    member = make_pipeline(StandardScaler(), LogisticRegression())
    for inner in (member, LogisticRegression()):
        ensemble = bag(inner, 9, max_samples=size)
        model = CalibratedClassifierCV(ensemble, cv=2, ensemble=False).fit(X, y)
        n_known = {len(m.classes_) for m in model.calibrated_classifiers_[0].estimator}
        assert len(n_known) > 1
        assert_alike(model, X, y.astype(str), 2e-5)


@pytest.mark.parametrize(
    "inner",
    [
        bag(REGRESSOR),
        search(scaled(REGRESSOR), mlpregressor__alpha=[0.1, 1.0]),
        AugmentedEstimator(REGRESSOR, Mixup(), random_state=0),
        MultiTaskMLPRegressor(**SHORT),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.parametrize("dtype", PRECISIONS)
def test_regressors_within_others(inner, dtype):
    features, y = X.astype(dtype), NUMBERS[:, 0]
    for outer in (
        inner,
        scaled(inner),
        GridSearchCV(inner, {}, cv=2),
        StackingRegressor([("a", inner), ("b", Ridge())], cv=2),
        VotingRegressor([("a", inner), ("b", Ridge())]),
        BaggingRegressor(inner, 2, random_state=0),
    ):
        assert_alike(outer, features, y, 2e-5)
    assert_alike(inner, features, NUMBERS, 2e-5)


@pytest.mark.parametrize(
    "model", [bag(CLASSIFIER), search(CLASSIFIER), noisy(scaled(CLASSIFIER))], ids=str
)
def test_options(model):
    features = X.astype(np.float32)
    model.fit(features, NAMES)
    expected = {
        None: ["output_label", "output_probability"],
        "columns": ["output_label", "sblue", "sgreen", "sred"],
        "labels": ["label", "probabilities", "class_labels"],
        "numbers": ["label", "probabilities"],
    }
    options = {
        None: None,
        "columns": {"zipmap": "columns"},
        "labels": {"zipmap": False, "output_class_labels": True},
        "numbers": {"zipmap": False, "nocl": True},
    }
    for name, outputs in expected.items():
        converted = skl2onnx.to_onnx(model, features[:1], options=options[name])
        session = onnxruntime.InferenceSession(converted.SerializeToString())
        assert [output.name for output in session.get_outputs()] == outputs
        labels = session.run(None, {"X": features})[0]
        codes = model.classes_.searchsorted(model.predict(features))
        wanted = codes if name == "numbers" else model.classes_[codes]
        np.testing.assert_array_equal(labels, wanted)


@pytest.mark.parametrize(
    ("model", "y"),
    [
        (MultiTaskMLPClassifier(**SHORT), np.column_stack([LABELS, LABELS > 0])),
        (MultiTaskMLPClassifier(**SHORT), np.column_stack([NAMES, NAMES])),
        (MultiTaskMLPClassifier(**SHORT), NAMES),
        (MultiTaskMLPRegressor(**SHORT), NUMBERS),
        (MultiTaskMLP(**SHORT), NUMBERS[:, 0]),
        (MultiTaskMLP(**SHORT), NUMBERS[:, :2]),
    ],
)
def test_tasks_of_one_kind(model, y):
    for outer in (
        model,
        scaled(model),
        bag(model),
        GridSearchCV(model, {}, cv=2),
        search(model),
    ):
        assert_alike(outer, X.astype(np.float32), y)


def mixture():
    return pd.DataFrame({"colour": NAMES, "X": X[:, 0], "label_X": LABELS == 1})


@pytest.mark.parametrize(
    "model", [TASKS, scaled(TASKS), bag(TASKS), search(TASKS)], ids=str
)
def test_tasks_of_several_kinds_have_outputs_of_their_own(model):
    features, frame = X.astype(np.float32), mixture()
    model = clone(model).fit(features, frame)
    names, found = run(model, features)
    assert names == [
        "label_colour",
        "probabilities_colour",
        "variable_X",
        "label_label_X",
        "probabilities_label_X",
    ]
    expected, probabilities = model.predict(features), model.predict_proba(features)
    np.testing.assert_array_equal(found[0], expected["colour"])
    np.testing.assert_array_equal(found[3], expected["label_X"])
    np.testing.assert_allclose(found[2][:, 0], expected["X"], atol=1e-5)
    assert_close([found[1], found[4]], probabilities, 1e-5)


def test_a_task_of_several_columns():
    frame = pd.DataFrame(NUMBERS, columns=["a", "b", "c"])
    model = MultiTaskMLPRegressor({"pair": ["c", "a"], "b": "regression"}, **SHORT)
    assert_alike(model, X, frame)


STEPS = [
    GaussianNoise(random_state=0),
    Compose([GaussianNoise(), Mixup()], random_state=0),
    ImageShift(1, image_shape=(2, 3), random_state=0),
    Flipped(),
    TableEncoder(),
]


@pytest.mark.parametrize("step", STEPS, ids=str)
@pytest.mark.parametrize("dtype", PRECISIONS)
def test_steps_before_networks(step, dtype):
    assert_alike(make_pipeline(step, CLASSIFIER), X.astype(dtype), NAMES, 1e-5)


def test_an_input_for_each_column():
    frame = pd.DataFrame(X[:, :3].astype(np.float32), columns=["a", "b", "c"])
    frame["name"] = np.roll(NAMES, 1)
    types = [(name, FloatTensorType([None, 1])) for name in "abc"]
    types.append(("name", StringTensorType([None, 1])))
    feed = {name: frame[[name]].to_numpy() for name in frame}
    columns = make_column_transformer(
        (StandardScaler(), ["a", "b"]), (OneHotEncoder(), ["name"])
    )
    for model in (
        bag(make_pipeline(columns, CLASSIFIER)),
        noisy(make_pipeline(TableEncoder(), CLASSIFIER)).set_params(augmenter=None),
        bag(make_pipeline(TableEncoder(), CLASSIFIER), max_features=0.5),
        search(make_pipeline(columns, CLASSIFIER), mlpclassifier__alpha=[0.1, 1.0]),
        bag(TabularClassifier("fast", n_members=1), 2),
    ):
        model.fit(frame, LABELS)
        _, (labels, found) = run(model, frame, types, feed)
        np.testing.assert_array_equal(labels, model.predict(frame))
        np.testing.assert_allclose(found, model.predict_proba(frame), atol=1e-5)


def test_a_network_with_several_inputs():
    features = X.astype(np.float32)
    types = [("one", FloatTensorType([None, 1])), ("rest", FloatTensorType([None, 5]))]
    feed = {"one": features[:, :1], "rest": features[:, 1:]}
    mlp = clone(REGRESSOR).fit(features, NUMBERS)
    _, (found,) = run(mlp, features, types, feed)
    np.testing.assert_allclose(found, mlp.predict(features), atol=1e-5)
    types[0] = ("one", StringTensorType([None, 1]))
    with pytest.raises(ValueError, match="input 'one' expects numbers, got strings"):
        run(mlp, features, types, feed)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, bool])
def test_features_of_other_types_are_computed_with_in_float32(dtype):
    features = (3 * X).astype(np.int64).clip(0).astype(dtype)
    for model in (bag(CLASSIFIER, max_features=3), search(CLASSIFIER)):
        model.fit(features, NAMES)
        _, (labels, found) = run(model, features)
        np.testing.assert_array_equal(labels, model.predict(features))
        np.testing.assert_allclose(found, model.predict_proba(features), atol=1e-5)
        assert found.dtype == np.float32


class Unknown(MLPClassifier):
    """A network that skl2onnx knows nothing of."""


@pytest.mark.filterwarnings("ignore:Option zipmap is ignored")
@pytest.mark.parametrize(
    ("model", "y", "message"),
    [
        (bag(KernelRidge()), NUMBERS, "BaggingEnsemble is .* no converter for Kernel"),
        (bag(Unknown(**SHORT)), LABELS, "BaggingEnsemble is .*converter for Unknown"),
        (
            noisy(TransformedTargetRegressor(REGRESSOR)),
            NUMBERS[:, 0],
            "AugmentedEstimator is .* no converter for TransformedTargetRegressor",
        ),
        (
            bag(make_pipeline(SplineTransformer(), REGRESSOR)),
            NUMBERS,
            "no converter for SplineTransformer",
        ),
        (MultiOutputClassifier(bag(CLASSIFIER)), INDICATORS, "one by one"),
    ],
)
def test_what_is_missing_is_named(model, y, message):
    model = clone(model).fit(X, y)
    with pytest.raises(NotImplementedError, match=message):
        skl2onnx.to_onnx(model, X[:1])


def test_a_search_without_its_best_estimator():
    model = StackedSearchCV(CLASSIFIER, RATES, cv=2, refit=False).fit(X, LABELS)
    with pytest.raises(ValueError, match="StackedSearchCV expects a best_estimator_"):
        skl2onnx.to_onnx(model, X[:1])


def test_several_tasks_where_there_is_a_place_for_one():
    y = np.column_stack([LABELS, LABELS > 0])
    model = bag(MultiTaskMLPClassifier(**SHORT)).fit(X, y)
    wrapped = VotingClassifier([("a", CLASSIFIER)], flatten_transform=False)
    wrapped.fit(X, LABELS).estimators_ = [model]
    with pytest.raises(NotImplementedError, match="BaggingEnsemble has outputs"):
        skl2onnx.to_onnx(wrapped, X[:1])


@pytest.mark.parametrize(
    "model",
    [
        CLASSIFIER,
        REGRESSOR,
        TASKS,
        MultiTaskMLPClassifier(),
        MultiTaskMLPRegressor(),
        bag(CLASSIFIER),
        search(CLASSIFIER),
        noisy(CLASSIFIER),
        TabularClassifier(),
        TabularRegressor(),
        TableEncoder(),
    ],
    ids=str,
)
def test_models_that_are_not_fitted(model):
    with pytest.raises(NotFittedError, match=type(model).__name__):
        skl2onnx.to_onnx(clone(model), X[:1])


def test_all_that_predict_are_known():
    known = skl2onnx._supported_operators.sklearn_operator_name_map
    public = [getattr(skregnet, name) for name in skregnet.__all__]
    estimators = [each for each in public if isinstance(each, type)]
    assert {*estimators, AugmentedEstimator, AugmentingSampler} <= set(known)
