"""What was changed between two calls, by hand or in a file, is checked when it is used.

Compiled loops would read and write beyond the ends of arrays that do not fit.
"""

import copy
import pickle

import numpy as np
import pytest
import skops.io
from scipy import sparse
from sklearn import neural_network
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from skregnet import (
    BaggingEnsemble,
    MLPClassifier,
    MultiTaskMLP,
    StackedSearchCV,
)
from skregnet.augmentation import AugmentedEstimator, GaussianNoise
from skregnet.curvature import HessianOperator
from skregnet.estimators import adversarial_examples
from skregnet.inspection import bias_variance, ensemble_diversity
from skregnet.optimizers import (
    SGD,
    Adam,
    DeltaBarDelta,
    GradientClipping,
    Lookahead,
    NAdam,
    RMSProp,
    Scheduled,
    WeightDecay,
)
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = problem("binary", n_rows=60)

WAYS = {
    "sgd": {"solver": "sgd"},
    "adam": {"solver": "adam"},
    "adamw": {"solver": "adamw"},
    "nadam": {"solver": "nadam"},
    "adagrad": {"solver": "adagrad"},
    "rmsprop": {"solver": "rmsprop"},
    "delta-bar-delta": {"solver": DeltaBarDelta(), "batch_size": "auto"},
    "amsgrad": {"solver": Adam(amsgrad=True)},
    "centered": {"solver": RMSProp(centered=True, momentum=0.5)},
    "wrappers": {"solver": Lookahead(WeightDecay(SGD()), period=2)},
    "more wrappers": {"solver": GradientClipping(Scheduled(NAdam(), "cosine", 9))},
    "ema": {"weight_averaging": "ema"},
    "swa": {"weight_averaging": "swa"},
    "batch norm before": {"batch_norm": "before"},
    "batch norm after": {"batch_norm": "after"},
    "noise": {"dropout": 0.3},
}


def begun(way, **parameters):
    """Return a network after two calls of `partial_fit`."""
    mlp = MLPClassifier((8,), batch_size=20, random_state=0)
    mlp.set_params(**(WAYS[way] | parameters))
    return mlp.partial_fit(X, Y, classes=[0, 1]).partial_fit(X, Y)


def afresh(mlp):
    """Return a copy without what the last call has left, but for the weights."""
    other = copy.deepcopy(mlp)
    vars(other).update(_training_state=None, _normalization=None)
    return other


def assert_same(found, expected):
    for name in ("coefs_", "intercepts_"):
        for a, b in zip(getattr(found, name), getattr(expected, name), strict=True):
            np.testing.assert_array_equal(a, b)


def resize(mlp, n_units):
    """Prune or grow the hidden layer."""
    first, second = mlp.coefs_
    kept = np.arange(n_units) % first.shape[1]
    mlp.coefs_ = [first[:, kept], second[kept]]
    mlp.intercepts_ = [mlp.intercepts_[0][kept], mlp.intercepts_[1]]
    return mlp.set_params(hidden_layer_sizes=(n_units,))


@pytest.mark.parametrize("n_units", [3, 16, 4000])
@pytest.mark.parametrize("way", WAYS)
def test_a_network_of_another_size_starts_its_optimizer_afresh(way, n_units):
    mlp = resize(begun(way), n_units)
    expected = afresh(mlp).partial_fit(X, Y)
    assert_same(mlp.partial_fit(X, Y), expected)
    assert mlp.coefs_[0].shape == (X.shape[1], n_units)


@pytest.mark.parametrize("way", WAYS)
def test_layers_that_change_places_start_afresh(way):
    # Equally many parameters in another arrangement.
    mlp = begun(way, hidden_layer_sizes=(8, 4))
    other = begun(way, hidden_layer_sizes=(4, 8))
    mlp.coefs_, mlp.intercepts_ = other.coefs_, other.intercepts_
    mlp.set_params(hidden_layer_sizes=(4, 8))
    expected = afresh(mlp).partial_fit(X, Y)
    assert_same(mlp.partial_fit(X, Y), expected)


@pytest.mark.parametrize("way", [way for way in WAYS if way not in ("ema", "swa")])
def test_weights_edited_in_place_keep_the_moments(way):
    mlp = begun(way)
    mlp.coefs_[0][0] += 0.25
    expected = afresh(mlp).partial_fit(X, Y)
    mlp.partial_fit(X, Y)
    is_same = np.array_equal(mlp.coefs_[0], expected.coefs_[0])
    # Without momentum the first step after a fresh start may be the same.
    assert not is_same or way == "noise"


@pytest.mark.parametrize("way", ["ema", "swa"])
def test_an_average_that_was_edited_begins_anew(way):
    mlp = begun(way)
    whole = copy.deepcopy(mlp).partial_fit(X, Y)
    assert not np.array_equal(whole.coefs_[0], afresh(mlp).partial_fit(X, Y).coefs_[0])
    mlp.coefs_[0][:] = 0
    expected = afresh(mlp).partial_fit(X, Y)
    assert_same(mlp.partial_fit(X, Y), expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, int, ">f8", np.longdouble])
def test_weights_of_other_precisions_go_on(dtype):
    mlp = begun("adam")
    mlp.coefs_ = [(10 * weights).astype(dtype) for weights in mlp.coefs_]
    expected = copy.deepcopy(mlp)
    expected.coefs_ = [weights.astype(float) for weights in mlp.coefs_]
    np.testing.assert_allclose(
        mlp.predict_proba(X), expected.predict_proba(X), rtol=1e-5, atol=1e-7
    )
    mlp.partial_fit(X, Y)
    assert {weights.dtype for weights in mlp.coefs_} == {np.dtype(float)}
    assert_same(mlp, expected.partial_fit(X, Y))


@pytest.mark.parametrize("changed", ["first", "last", "all"])
def test_weights_of_mixed_precisions_go_on_in_the_higher_one(changed):
    mlp = MLPClassifier((8,), random_state=0)
    mlp.partial_fit(X.astype(np.float32), Y, classes=[0, 1])
    which = {"first": [0], "last": [1], "all": [0, 1]}[changed]
    for k in which:
        mlp.coefs_[k] = mlp.coefs_[k].astype(float)
    mlp.partial_fit(X, Y)
    assert all(weights.dtype == float for weights in mlp.coefs_)


def arrays_within(state, path=()):
    """Yield where in nested dicts there are arrays and numbers."""
    for key, value in state.items():
        if isinstance(value, dict):
            yield from arrays_within(value, (*path, key))
        else:
            yield (*path, key), value


def misfits(value):
    """Return what an entry cannot be."""
    if isinstance(value, np.ndarray):
        return [
            value[..., :0],
            value[..., : value.shape[-1] // 2],
            np.tile(value, 99),
            np.repeat(value, 9, axis=0),
            value[np.newaxis],
            value.astype(np.float32),
            value.astype(value.dtype.newbyteorder()),
            value.astype(object),
            np.ma.MaskedArray(value),
            value * np.nan,
            None,
            1.0,
        ]
    if isinstance(value, int):
        return [-1, 10**400, 0.5, np.nan, None, "2", True, np.arange(3)]
    return [np.nan, np.inf, 10**400, "2", None, np.arange(3), {}]


@pytest.mark.parametrize("way", WAYS)
def test_a_state_that_does_not_fit_is_left(way):
    whole = begun(way)
    known = whole._training_state
    expected = afresh(whole)
    expected._normalization = copy.deepcopy(whole._normalization)
    expected.partial_fit(X, Y)
    n_tried = 0
    for path, value in arrays_within(known["state"]):
        for misfit in misfits(value):
            mlp = copy.deepcopy(whole)
            entry = mlp._training_state["state"]
            for key in path[:-1]:
                entry = entry[key]
            entry[path[-1]] = misfit
            assert_same(mlp.partial_fit(X, Y), expected)
            n_tried += 1
    assert n_tried > 6


@pytest.mark.parametrize("entry", ["kind", "learning_rate", "state", "noise", "best"])
@pytest.mark.parametrize("value", [None, 1, "a", [], {}, np.arange(3), -np.inf])
def test_whatever_is_kept_may_be_anything(entry, value):
    mlp = begun("noise")
    mlp._training_state[entry] = value
    assert np.isfinite(mlp.partial_fit(X, Y).coefs_[0]).all()
    mlp = begun("noise")
    mlp._training_state = value
    assert np.isfinite(mlp.partial_fit(X, Y).coefs_[0]).all()


@pytest.mark.parametrize("name", ["t_", "_no_improvement_count", "best_loss_"])
@pytest.mark.parametrize("value", ["a", [], -0.5, np.arange(3), 10**400])
def test_counts_that_are_none_are_refused(name, value):
    mlp = begun("noise")
    setattr(mlp, name, value)
    if isinstance(value, int if name != "best_loss_" else float):
        mlp.partial_fit(X, Y)
        return
    with pytest.raises(ValueError, match=f"{name} expects"):
        mlp.partial_fit(X, Y)


@pytest.mark.parametrize("values", [None, "a", np.arange(3.0), np.array([None] * 33)])
@pytest.mark.parametrize("way", ["batch norm before", "batch norm after"])
def test_statistics_that_do_not_fit_begin_anew(way, values):
    mlp = begun(way)
    expected = copy.deepcopy(mlp)
    expected._normalization = None
    mlp._normalization["values"] = values
    assert_same(mlp.partial_fit(X, Y), expected.partial_fit(X, Y))


def edit(name, layer, change):
    """Return what edits an array of a fitted network."""

    def edited(mlp):
        arrays = list(getattr(mlp, name))
        arrays[layer] = change(arrays[layer])
        setattr(mlp, name, arrays)

    return edited


BROKEN = {
    "units missing above": edit("coefs_", 0, lambda a: a[:, :3]),
    "units missing below": edit("coefs_", 1, lambda a: a[:3]),
    "one unit for all": edit("coefs_", 0, lambda a: a[:, :1]),
    "a feature missing": edit("coefs_", 0, lambda a: a[1:]),
    "an output too much": edit("coefs_", 1, lambda a: np.tile(a, 2)),
    "biases missing": edit("intercepts_", 0, lambda a: a[:3]),
    "one bias for all": edit("intercepts_", 0, lambda a: a[:1]),
    "a number for biases": edit("intercepts_", 0, lambda a: 0.0),
    "a vector": edit("coefs_", 0, np.ravel),
    "objects": edit("coefs_", 0, lambda a: a.astype(object)),
    "complex": edit("coefs_", 0, lambda a: a.astype(complex)),
    "text": edit("intercepts_", 1, lambda a: a.astype(str)),
    "None": edit("coefs_", 1, lambda a: None),
    "a layer missing": lambda mlp: setattr(mlp, "coefs_", mlp.coefs_[:1]),
    "no list": lambda mlp: setattr(mlp, "coefs_", 5),
    "nothing": lambda mlp: setattr(mlp, "intercepts_", None),
}

USES = {
    "predict": lambda mlp: mlp.predict(X),
    "hidden_features": lambda mlp: mlp.hidden_features(X),
    "input_gradient": lambda mlp: mlp.input_gradient(X, Y),
    "adversarial": lambda mlp: adversarial_examples(mlp, X, Y, step=0.1),
    "hessian": lambda mlp: HessianOperator(mlp, X, Y),
    "to_sklearn": lambda mlp: mlp.to_sklearn(),
    "partial_fit": lambda mlp: mlp.partial_fit(X, Y),
    "warm start": lambda mlp: mlp.set_params(warm_start=True).fit(X, Y),
    "trunk": lambda mlp: MLPClassifier((8,), initial_trunk=mlp).fit(X, Y),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("how", BROKEN)
def test_arrays_that_make_no_network_are_refused_in_words(how, use):
    mlp = begun("adam")
    BROKEN[how](mlp)
    with pytest.raises(ValueError, match=r"coefs_|intercepts_|initial_trunk|sizes"):
        USES[use](mlp)


@pytest.mark.parametrize("how", [how for how in BROKEN if how != "a number for biases"])
def test_networks_of_scikit_learn_too(how):
    mlp = neural_network.MLPClassifier((8,), max_iter=3, random_state=0).fit(X, Y)
    BROKEN[how](mlp)
    with pytest.raises(ValueError, match=r"coefs_|intercepts_"):
        HessianOperator(mlp, X, Y)


@pytest.mark.parametrize("n_units", [3, 20])
def test_a_network_of_another_size_predicts(n_units):
    mlp = resize(begun("adam"), n_units)
    hidden = np.maximum(X @ mlp.coefs_[0] + mlp.intercepts_[0], 0)
    np.testing.assert_allclose(mlp.hidden_features(X), hidden, rtol=1e-12)
    assert HessianOperator(mlp, X, Y).shape[0] == sum(
        array.size for array in (*mlp.coefs_, *mlp.intercepts_)
    )


def test_the_message_tells_what_to_set():
    mlp = resize(begun("adam"), 5).set_params(hidden_layer_sizes=(8,))
    before = vars(mlp).copy()
    with pytest.raises(ValueError, match="Set hidden_layer_sizes to those of the"):
        mlp.partial_fit(X, Y)
    assert vars(mlp) == before


@pytest.mark.parametrize("load", ["pickle", "skops"])
@pytest.mark.parametrize("way", ["adam", "nadam", "swa", "noise"])
def test_a_file_that_does_not_fit_goes_on_afresh(way, load):
    mlp = begun(way)
    state = mlp._training_state["state"]["optimizer"]
    for name in ("first", "second"):
        state[name] = state[name][:, :0].copy()
    expected = afresh(mlp).partial_fit(X, Y)
    if load == "pickle":
        loaded = pickle.loads(pickle.dumps(mlp))
    else:
        data = skops.io.dumps(mlp)
        types = skops.io.get_untrusted_types(data=data)
        loaded = skops.io.loads(data, trusted=types)
    assert_same(loaded.partial_fit(X, Y), expected)


@pytest.mark.parametrize("n_classes", [0, 1, 2, 4])
@pytest.mark.parametrize("cls", [MLPClassifier, MultiTaskMLP, BaggingEnsemble])
def test_classes_in_a_file_fit_the_outputs(cls, n_classes):
    labels = np.arange(len(X)) % 3
    network = MLPClassifier((4,), max_iter=2, random_state=0)
    model = {
        MLPClassifier: network,
        MultiTaskMLP: MultiTaskMLP(hidden_layer_sizes=(4,), max_iter=2),
        BaggingEnsemble: BaggingEnsemble(network, 2, random_state=0),
    }[cls].fit(X, labels)
    for holder in [model, *getattr(model, "estimators_", [])]:
        for place in [vars(holder), *map(vars, getattr(holder, "tasks_", []))]:
            for name in {"classes_", "classes"} & place.keys():
                place[name] = np.arange(n_classes)
    data = skops.io.dumps(model)
    types = skops.io.get_untrusted_types(data=data)
    loaded = skops.io.loads(data, trusted=types)
    for method in ("predict", "predict_proba", "predict_log_proba"):
        with pytest.raises(ValueError, match="classes"):
            getattr(loaded, method)(X)
    if hasattr(model, "partial_fit"):
        with pytest.raises(ValueError, match=r"class|layer sizes"):
            loaded.partial_fit(X, labels)


@pytest.mark.parametrize("n_classes", [0, 1])
def test_classes_of_an_ensemble_hold_those_of_members(n_classes):
    network = MLPClassifier((4,), max_iter=2, random_state=0)
    for voting in ("soft", "hard"):
        bag = BaggingEnsemble(network, 2, voting=voting, random_state=0).fit(X, Y)
        vars(bag._output)["classes"] = bag._output.classes[:n_classes]
        with pytest.raises(ValueError, match="labels among the classes"):
            bag.predict(X)


@pytest.mark.parametrize("way", WAYS)
def test_a_whole_file_goes_on(way):
    mlp = begun(way)
    data = skops.io.dumps(mlp)
    types = skops.io.get_untrusted_types(data=data)
    loaded = skops.io.loads(data, trusted=types)
    assert_same(loaded.partial_fit(X, Y), mlp.partial_fit(X, Y))


class Heavy:
    """An optimizer of the user's own, whose state begins small and may be anything."""

    learning_rate = 0.01

    def init(self, parameters):
        return {"velocity": np.zeros(1), "n_left": 3, "notes": None}

    def step(self, parameters, gradient, state, learning_rate):
        state["velocity"] = 0.9 * state["velocity"] - learning_rate * gradient
        state["n_left"] -= 1
        state["notes"] = np.arange(4)
        parameters += state["velocity"]


@pytest.mark.parametrize("around", [lambda o: o, Lookahead])
def test_a_state_of_the_users_own_goes_on(around):
    chunked = MLPClassifier((4,), solver=around(Heavy()), shuffle=False, batch_size=20)
    chunked.set_params(random_state=0, max_iter=2, tol=0)
    whole = clone(chunked).fit(X, Y)
    for _ in range(2):
        chunked.partial_fit(X, Y, classes=[0, 1])
    assert_same(chunked, whole)


class Shrinking(Adam):
    """Replaces what it keeps in the middle of training."""

    def step(self, parameters, gradient, state, learning_rate):
        super().step(parameters, gradient, state, learning_rate)
        state["first"] = state["first"][:, :3].copy()


def test_a_state_replaced_within_training_is_refused():
    mlp = MLPClassifier((8,), solver=Shrinking(), random_state=0, batch_size=20)
    with pytest.raises(ValueError, match=r"one shape.*optimizer\.init"):
        mlp.fit(X, Y)
    assert not hasattr(mlp, "coefs_")


def corrupt(layout):
    """Return sparse features of which an index points far beyond."""
    Z = getattr(sparse, f"{layout}_matrix")(X)
    Z.indices[-1] = 10**7
    return Z


SPARSE = {
    "fit": lambda Z: MLPClassifier((4,)).fit(Z, Y),
    "partial_fit": lambda Z: MLPClassifier((4,)).partial_fit(Z, Y, classes=[0, 1]),
    "predict": lambda Z: begun("adam").predict(Z),
    "hidden_features": lambda Z: begun("adam").hidden_features(Z),
    "validation": lambda Z: MLPClassifier((4,), early_stopping=True).fit(
        X, Y, X_val=Z, y_val=Y
    ),
    "tasks": lambda Z: MultiTaskMLP().fit(Z, np.column_stack([Y, Y])),
    "ensemble": lambda Z: BaggingEnsemble(MLPClassifier((4,)), 2).fit(Z, Y),
    "search": lambda Z: StackedSearchCV(
        MLPClassifier((4,), max_iter=2), {"alpha": [0.1]}
    ).fit(Z, Y),
    "pipelines": lambda Z: StackedSearchCV(
        make_pipeline(MaxAbsScaler(), MLPClassifier((4,), max_iter=2)),
        {"mlpclassifier__alpha": [0.1]},
    ).fit(Z, Y),
    "diversity": lambda Z: ensemble_diversity(
        BaggingEnsemble(MLPClassifier((4,), max_iter=2), 2).fit(X, Y), Z, Y
    ),
    "bias and variance": lambda Z: bias_variance(MLPClassifier((4,)), Z, Y, Z, Y),
    "hessian": lambda Z: HessianOperator(begun("adam"), Z, Y),
    "augmented": lambda Z: AugmentedEstimator(MLPClassifier((4,)), GaussianNoise()).fit(
        Z, Y
    ),
}


@pytest.mark.parametrize("layout", ["csr", "csc"])
@pytest.mark.parametrize("use", SPARSE)
def test_sparse_features_with_indices_beyond_are_refused(use, layout):
    with pytest.raises((ValueError, TypeError), match=r"X expects|[Ss]parse|dense"):
        SPARSE[use](corrupt(layout))


@pytest.mark.parametrize("make", [MLPClassifier, BaggingEnsemble])
def test_a_source_of_random_numbers_that_is_damaged_is_refused(make):
    source = np.random.RandomState(0)
    state = source.get_state(legacy=False)
    state["state"]["pos"] = 10**6
    source.set_state(state)
    model = make(random_state=source)
    if make is BaggingEnsemble:
        model.set_params(estimator=MLPClassifier((4,), max_iter=2), n_estimators=2)
    with pytest.raises(ValueError, match="random_state expects"):
        model.fit(X, Y)
