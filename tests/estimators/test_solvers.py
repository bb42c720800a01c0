"""Solvers and schedules in estimators: names, objects, searches, stacks."""

import dataclasses
import itertools
import pickle
from typing import Any

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import MLPClassifier, MLPRegressor
from skregnet._fitting.request import Request
from skregnet._fitting.solvers import OPTIMIZERS as BY_NAME
from skregnet._fitting.stacks import fit_together
from skregnet.optimizers import (
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Averaged,
    DeltaBarDelta,
    GradientClipping,
    Lookahead,
    NAdam,
    RMSProp,
    Scheduled,
    WeightDecay,
)
from skregnet.optimizers._schedules import SHAPES
from tests import references
from tests.cases import ESTIMATORS, problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

NAMES = sorted(BY_NAME)
MINIBATCH_NAMES = [name for name in NAMES if name != "delta_bar_delta"]
# Learning rates at which each learns.
RATES = {
    "sgd": 0.05,
    "adam": 0.01,
    "adamw": 0.01,
    "nadam": 0.01,
    "adagrad": 0.05,
    "rmsprop": 0.005,
    "delta_bar_delta": 0.1,
}
# Parameters of an estimator that concern a solver, and the object that they make.
HYPERPARAMETERS = {
    "sgd": ({"momentum": 0.6, "nesterovs_momentum": False}, SGD, "momentum nesterov"),
    "adam": ({"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}, Adam, ""),
    "adamw": ({"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}, AdamW, ""),
    "nadam": ({"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}, NAdam, ""),
    "adagrad": ({}, AdaGrad, ""),
    "rmsprop": ({}, RMSProp, ""),
    "delta_bar_delta": ({}, DeltaBarDelta, ""),
}
ENDLESS = {"tol": 0.0, "n_iter_no_change": np.inf}
SHAPED = ["cosine", "one_cycle", "coslog4", "warmup"]


class SignDescent:
    """An optimizer of one's own, with no more than it needs."""

    def __repr__(self):
        return "SignDescent()"

    def init(self, parameters):
        return {"n_steps": 0}

    def step(self, parameters, gradient, state, learning_rate):
        state["n_steps"] += 1
        parameters -= learning_rate * np.sign(gradient)


@dataclasses.dataclass(frozen=True)
class Rescaled:
    """An optimizer of one's own, with a number and a state for each member."""

    learning_rate: Any = 0.02
    share: Any = 0.5

    def init(self, parameters):
        return {"last": np.zeros_like(parameters)}

    def step(self, parameters, gradient, state, learning_rate):
        state["last"] *= np.asarray(self.share, gradient.dtype)
        state["last"] += gradient
        parameters -= np.asarray(learning_rate, gradient.dtype) * state["last"]


@dataclasses.dataclass(frozen=True)
class Recording:
    """Plain descent that keeps the rates it is given."""

    learning_rate: float = 0.5
    rates: list = dataclasses.field(default_factory=list, compare=False)

    def init(self, parameters):
        return {}

    def step(self, parameters, gradient, state, learning_rate):
        self.rates.append(learning_rate)
        parameters -= learning_rate * gradient


def fit(kind="multiclass", data=None, **parameters):
    """Fit to one problem with one seed."""
    X, y = data or problem(kind)
    return maker(kind, **parameters).fit(X, y)


def maker(kind="multiclass", **parameters):
    """Return an estimator for one problem, not fitted."""
    cls = MLPRegressor if kind in ("real", "reals", "count") else MLPClassifier
    defaults = {"random_state": 0, "max_iter": 10, "hidden_layer_sizes": (8,)}
    return cls(**{**defaults, **parameters})


def assert_same(ours, other):
    """Compare all weights and biases, bit for bit, and the losses."""
    for name in ("coefs_", "intercepts_"):
        for a, b in zip(getattr(ours, name), getattr(other, name), strict=True):
            np.testing.assert_array_equal(a, b)
            assert a.dtype == b.dtype
    assert ours.loss_curve_ == other.loss_curve_


def object_for(name, **parameters):
    """Return the object that a name and an estimator's parameters stand for."""
    made = HYPERPARAMETERS[name][1]
    if "nesterovs_momentum" in parameters:
        parameters["nesterov"] = parameters.pop("nesterovs_momentum")
    return made(**parameters)


@pytest.mark.parametrize(
    ("cls", "parameters", "kind"),
    [pytest.param(*case[1:], id=case[0]) for case in ESTIMATORS],
)
@pytest.mark.parametrize("solver", NAMES)
def test_names_train(solver, cls, parameters, kind):
    mlp = fit(
        kind,
        solver=solver,
        learning_rate_init=RATES[solver] / (5 if kind == "count" else 1),
        max_iter=100 if solver == "delta_bar_delta" else 30,
        batch_size="auto" if solver == "delta_bar_delta" else 30,
        **parameters,
    )
    assert isinstance(mlp, cls)
    assert mlp.loss_ < 0.9 * mlp.loss_curve_[0]


@pytest.mark.parametrize("solver", NAMES)
def test_names_stand_for_objects(solver):
    parameters = HYPERPARAMETERS[solver][0]
    by_name = fit(solver=solver, learning_rate_init=RATES[solver], **parameters)
    made = object_for(solver, learning_rate=RATES[solver], **parameters)
    assert_same(by_name, fit(solver=made))
    assert by_name.learning_rate_curve_ == [RATES[solver]] * by_name.n_iter_
    if parameters:
        other = fit(solver=solver, learning_rate_init=RATES[solver])
        assert other.loss_ != by_name.loss_


@pytest.mark.parametrize("solver", NAMES)
def test_defaults_of_names_are_those_of_objects(solver):
    by_name = maker(solver=solver).set_params(momentum=0.9)
    made = BY_NAME[solver](by_name)
    assert made == HYPERPARAMETERS[solver][1]()


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_objects_train_as_scikit_learn_does(solver):
    X, y = problem("multiclass")
    parameters = {"hidden_layer_sizes": (8,), "random_state": 0, "max_iter": 10}
    rate = {"learning_rate_init": RATES[solver], "batch_size": 30}
    theirs = neural_network.MLPClassifier(solver=solver, **parameters, **rate)
    theirs.fit(X, y)
    made = object_for(solver, learning_rate=RATES[solver])
    ours = fit(solver=made, batch_size=30)
    for a, b in zip(ours.coefs_, theirs.coefs_, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-10)


def test_the_objects_own_learning_rate_is_used():
    ours = fit(solver=SGD(learning_rate=0.05), learning_rate_init=123.0)
    assert ours.learning_rate_curve_ == [0.05] * 10
    nested = fit(solver=Lookahead(WeightDecay(Adam(learning_rate=0.02))))
    assert nested.learning_rate_curve_ == [0.02] * 10


def test_learning_rate_init_is_for_objects_without_one():
    mlp = fit(solver=SignDescent(), learning_rate_init=0.003)
    assert mlp.learning_rate_curve_ == [0.003] * 10
    wrapped = fit(solver=GradientClipping(SignDescent()), learning_rate_init=0.003)
    assert_same(wrapped, mlp)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "solver",
    [*NAMES, Averaged(RMSProp(centered=True, momentum=0.5)), Lookahead(NAdam())],
    ids=str,
)
def test_precision_is_that_of_the_features(solver, dtype):
    X, y = problem("multiclass", dtype=dtype)
    mlp = fit(data=(X, y), solver=solver, learning_rate="cosine", max_iter=3)
    assert {part.dtype for part in mlp.coefs_ + mlp.intercepts_} == {np.dtype(dtype)}
    arrays = arrays_within(mlp._training_state["state"])
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}
    mlp.partial_fit(X, y)
    assert mlp.coefs_[0].dtype == dtype


def arrays_within(state):
    """Return all arrays of a state."""
    values = list(state.values())
    found = [value for value in values if isinstance(value, np.ndarray)]
    nested = [arrays_within(value) for value in values if isinstance(value, dict)]
    return found + list(itertools.chain(*nested))


def test_searches_over_solvers_and_what_is_in_them():
    X, y = problem("multiclass")
    mlp = maker(solver=Averaged(Adam()), max_iter=5, batch_size=30)
    pipeline = make_pipeline(StandardScaler(), mlp)
    # The first has a rate of its own, which is not touched.
    grid = [
        {
            "mlpclassifier__solver__optimizer__learning_rate": [1e-6, 0.03],
            "mlpclassifier__solver__decay": [0.0, 0.5],
        },
        {"mlpclassifier__solver": ["sgd", "rmsprop", NAdam(learning_rate=0.03)]},
        {
            "mlpclassifier__solver": [SGD(), Adam()],
            "mlpclassifier__solver__learning_rate": [1e-6, 0.05],
        },
    ]
    search = GridSearchCV(pipeline, grid, cv=2, n_jobs=2, error_score="raise")
    search.fit(X, y)
    assert mlp.solver == Averaged(Adam())
    assert grid[2]["mlpclassifier__solver"] == [SGD(), Adam()]
    assert len(search.cv_results_["params"]) == 11
    for params, score in zip(
        search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
    ):
        one = clone(pipeline).set_params(**clone_values(params))
        alone = GridSearchCV(one, {}, cv=2, error_score="raise").fit(X, y)
        assert alone.cv_results_["mean_test_score"][0] == score
    rates = {
        name: value for name, value in search.best_params_.items() if "rate" in name
    }
    assert 1e-6 not in rates.values()


def clone_values(params):
    """Return parameters with objects of their own, as a search does."""
    return {name: clone(value, safe=False) for name, value in params.items()}


def test_a_search_over_learning_rates_of_a_solver():
    X, y = problem("multiclass")
    pipeline = make_pipeline(StandardScaler(), maker(solver=SGD(), max_iter=15))
    grid = {"mlpclassifier__solver__learning_rate": [1e-7, 0.3]}
    search = GridSearchCV(pipeline, grid, cv=3, n_jobs=2).fit(X, y)
    assert search.best_params_ == {"mlpclassifier__solver__learning_rate": 0.3}
    best = search.best_estimator_[-1]
    assert best.solver == SGD(learning_rate=0.3)
    assert best.learning_rate_curve_[0] == 0.3


@pytest.mark.parametrize(
    "solver", [SignDescent(), Rescaled()], ids=["plain", "own rate"]
)
def test_optimizers_of_ones_own(solver):
    X, y = problem("multiclass")
    mlp = maker(solver=solver, learning_rate_init=0.01, max_iter=20, batch_size=30)
    mlp.fit(X, y)
    assert mlp.loss_ < 0.9 * mlp.loss_curve_[0]
    copied = clone(mlp)
    assert type(copied.solver) is type(solver)
    assert_same(copied.fit(X, y), mlp)
    mlp.partial_fit(X, y)
    thawed = pickle.loads(pickle.dumps(mlp))
    assert_same(thawed, mlp)
    assert_same(thawed.partial_fit(X, y), mlp.partial_fit(X, y))
    early = clone(mlp).set_params(early_stopping=True, weight_averaging="swa")
    assert len(early.fit(X, y).validation_scores_) == early.n_iter_


def test_an_optimizer_of_ones_own_by_hand():
    # Of a linear model: all rows in a step, no penalty.
    X, y = problem("real")
    mlp = maker(
        "real",
        hidden_layer_sizes=(),
        solver=Rescaled(),
        alpha=0.0,
        batch_size=120,
        max_iter=5,
    )
    start = clone(mlp).set_params(solver=Rescaled(1e-300), max_iter=1).fit(X, y)
    w, b = start.coefs_[0][:, 0].copy(), start.intercepts_[0].copy()
    moved_w, moved_b = np.zeros_like(w), np.zeros_like(b)
    for _ in range(5):
        residuals = X @ w + b - y
        moved_w = 0.5 * moved_w + X.T @ residuals / 120
        moved_b = 0.5 * moved_b + residuals.mean()
        w, b = w - 0.02 * moved_w, b - 0.02 * moved_b
    mlp.fit(X, y)
    np.testing.assert_allclose(mlp.coefs_[0][:, 0], w, rtol=1e-10)
    np.testing.assert_allclose(mlp.intercepts_[0], b, rtol=1e-10)


@pytest.mark.parametrize("solver", [object(), 3, "Adam", "adagrad "])
def test_what_is_no_solver(solver):
    with pytest.raises(ValueError, match="'solver' parameter of MLPClassifier"):
        fit(solver=solver)


@pytest.mark.parametrize("solver", [SGD, SignDescent])
def test_a_class_is_no_solver(solver):
    with pytest.raises(ValueError, match=f"solver.*{solver.__name__}"):
        fit(solver=solver)


@pytest.mark.parametrize("schedule", [*SHAPED, lambda progress: 1 - progress**2])
def test_rates_change_with_each_step(schedule):
    solver = Recording()
    # 120 rows are 2 batches of 50 and a last one of 20.
    mlp = maker(solver=solver, learning_rate=schedule, batch_size=50, max_iter=4)
    mlp = clone(mlp).set_params(solver=solver).fit(*problem("multiclass"))
    shape = references.SHAPES.get(schedule, schedule)
    steps = [
        (epoch + n_rows / 120) / 4 for epoch in range(4) for n_rows in (0, 50, 100)
    ]
    expected = [0.5 * shape(progress) for progress in steps]
    assert mlp.solver.rates == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert mlp.learning_rate_curve_ == pytest.approx(expected[::3], rel=1e-9, abs=1e-12)
    assert mlp.learning_rate_curve_ == mlp.solver.rates[::3]


@pytest.mark.parametrize("solver", ["adam", "sgd", Adam(learning_rate=0.02)], ids=str)
@pytest.mark.parametrize("schedule", SHAPED)
def test_names_of_schedules_are_functions(schedule, solver):
    parameters = {"solver": solver, "learning_rate_init": 0.02, "batch_size": 30}
    by_name = fit(learning_rate=schedule, **parameters)
    assert_same(by_name, fit(learning_rate=SHAPES[schedule], **parameters))


@pytest.mark.parametrize("schedule", SHAPED)
def test_schedules_agree_with_the_wrapper(schedule):
    # Each epoch has four full batches, so that progress is that of the steps.
    inside = Scheduled(Adam(learning_rate=0.02), schedule, n_steps=40)
    ours = fit(solver=inside, batch_size=30)
    other = fit(solver=Adam(learning_rate=0.02), learning_rate=schedule, batch_size=30)
    for a, b in zip(ours.coefs_, other.coefs_, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("schedule", SHAPED)
def test_partial_fit_goes_along_the_schedule(schedule):
    X, y = problem("multiclass")
    whole = Recording()
    maker(solver=whole, learning_rate=schedule, batch_size=30, max_iter=6).fit(X, y)
    parts = Recording()
    mlp = maker(solver=parts, learning_rate=schedule, batch_size=30, max_iter=6)
    for _ in range(8):
        mlp.partial_fit(X, y, classes=[0, 1, 2])
    assert parts.rates[:24] == pytest.approx(whole.rates, rel=1e-12)
    # After `max_iter` calls it stays where it has ended.
    last = 0.5 * references.SHAPES[schedule](1.0)
    assert parts.rates[24:] == pytest.approx([last] * 8, abs=1e-12)
    curve = [0.5 * references.SHAPES[schedule](k / 6) for k in range(6)]
    assert mlp.learning_rate_curve_[:6] == pytest.approx(curve, abs=1e-12)


def test_a_warm_start_takes_the_schedule_again():
    X, y = problem("multiclass")
    solver = Recording()
    mlp = maker(solver=solver, learning_rate="cosine", max_iter=3, warm_start=True)
    mlp.fit(X, y).fit(X, y)
    assert solver.rates[:3] == solver.rates[3:]
    assert mlp.learning_rate_curve_ == solver.rates


@pytest.mark.parametrize("solver", MINIBATCH_NAMES)
def test_inverse_scaling(solver):
    parameters = {"solver": solver, "learning_rate_init": 0.01, "batch_size": 30}
    mlp = fit(learning_rate="invscaling", power_t=0.3, **parameters)
    expected = [0.01 / (120 * epoch + 1) ** 0.3 for epoch in range(10)]
    if solver == "adam":
        expected = [0.01] * 10
        assert_same(mlp, fit(**parameters))
    assert mlp.learning_rate_curve_ == pytest.approx(expected)


@pytest.mark.parametrize("solver", NAMES)
def test_adaptive(solver):
    mlp = fit(
        solver=solver,
        learning_rate="adaptive",
        learning_rate_init=1e-3,
        tol=10.0,
        n_iter_no_change=2,
        max_iter=40,
    )
    # The first epoch is progress, no other is; more than two without are too many.
    if solver == "adam":
        assert mlp.learning_rate_curve_ == [1e-3] * 4
        return
    distinct = list(dict.fromkeys(mlp.learning_rate_curve_))
    assert distinct == pytest.approx([1e-3 / 5**k for k in range(6)])
    assert [mlp.learning_rate_curve_.count(rate) for rate in distinct] == [4] + [3] * 5


@pytest.mark.parametrize("schedule", ["constant", "invscaling", "adaptive"])
def test_schedules_of_adam_are_scikit_learns(schedule):
    X, y = problem("multiclass")
    parameters = {
        "solver": "adam",
        "learning_rate": schedule,
        "learning_rate_init": 0.01,
        "hidden_layer_sizes": (8,),
        "max_iter": 10,
        "random_state": 0,
    }
    theirs = neural_network.MLPClassifier(**parameters).fit(X, y)
    ours = fit(**parameters)
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-9)


def test_objects_take_every_schedule():
    mlp = fit(solver=Adam(learning_rate=0.01), learning_rate="invscaling")
    expected = [0.01 / (120 * epoch + 1) ** 0.5 for epoch in range(10)]
    assert mlp.learning_rate_curve_ == pytest.approx(expected)


DELTAS = ["delta_bar_delta", DeltaBarDelta(), GradientClipping(DeltaBarDelta(), 9.0)]


@pytest.mark.parametrize("solver", DELTAS, ids=str)
def test_delta_bar_delta_takes_all_rows(solver):
    X, y = problem("multiclass", n_rows=300)
    automatic = fit(data=(X, y), solver=solver, learning_rate_init=0.1)
    for batch_size in (300, 1000):
        parameters = {"solver": solver, "learning_rate_init": 0.1}
        mlp = maker(batch_size=batch_size, **parameters)
        if batch_size > 300:
            with pytest.warns(UserWarning, match="clipped"):
                mlp.fit(X, y)
        else:
            mlp.fit(X, y)
        assert_same(mlp, automatic)
    # Not the same as a batch of 200 and one of 100.
    assert fit(data=(X, y), solver="sgd").loss_curve_ != automatic.loss_curve_


@pytest.mark.parametrize("solver", DELTAS, ids=str)
def test_delta_bar_delta_counts_the_rows_to_learn_from(solver):
    X, y = problem("multiclass", n_rows=300)
    fit(data=(X, y), solver=solver, batch_size=270, early_stopping=True)
    weights = np.r_[np.zeros(100), np.ones(200)]
    maker(solver=solver, batch_size=200).fit(X, y, weights)
    maker(solver=solver, batch_size=50).partial_fit(X[:50], y[:50], classes=[0, 1, 2])


@pytest.mark.parametrize("batch_size", [1, 30, 119])
@pytest.mark.parametrize("solver", DELTAS, ids=str)
def test_delta_bar_delta_refuses_minibatches(solver, batch_size):
    with pytest.raises(ValueError, match="batch_size") as error:
        fit(solver=solver, batch_size=batch_size)
    assert f"solver={solver!r}" in str(error.value)
    assert f"batch_size={batch_size}" in str(error.value)
    assert "batch_size=120" in str(error.value)


@pytest.mark.parametrize("name", ["dropout", "input_dropout", "target_noise"])
@pytest.mark.parametrize("solver", DELTAS, ids=str)
def test_delta_bar_delta_refuses_noise(solver, name):
    with pytest.raises(ValueError, match=f"{name}=0.1") as error:
        fit(solver=solver, **{name: 0.1})
    assert f"solver={solver!r}" in str(error.value)


@pytest.mark.parametrize(
    "extra",
    [
        {"batch_norm": "before"},
        {"max_norm": 1.0},
        {"max_grad_norm": 0.5},
        {"weight_averaging": "ema"},
        {"l1_ratio": 0.5},
        {"early_stopping": True},
        {"adversarial_step": 0.1},
    ],
    ids=str,
)
def test_delta_bar_delta_takes_all_else(extra):
    mlp = fit(solver="delta_bar_delta", learning_rate_init=0.1, max_iter=60, **extra)
    assert mlp.loss_ < mlp.loss_curve_[0]


@pytest.mark.parametrize("more", [{}, {"early_stopping": True}, {"max_norm": 0.5}])
def test_averaged_is_the_weight_averaging(more):
    parameters = {"batch_size": 30, "learning_rate_init": 0.01, **more}
    by_object = fit(solver=Averaged(Adam(learning_rate=0.01)), **parameters)
    assert_same(by_object, fit(weight_averaging="ema", **parameters))
    assert by_object.loss_curve_ == fit(**parameters).loss_curve_[: by_object.n_iter_]
    plain = fit(**parameters)
    assert not np.array_equal(by_object.coefs_[0], plain.coefs_[0])


def test_the_decay_of_averaged_is_used():
    mlp = fit(solver=Averaged(SGD(learning_rate=0.1), decay=0.0), batch_size=30)
    plain = fit(solver=SGD(learning_rate=0.1), batch_size=30)
    np.testing.assert_allclose(mlp.coefs_[0], plain.coefs_[0], rtol=1e-10)


@pytest.mark.parametrize("kind", ["ema", "swa"])
def test_one_average_is_enough(kind):
    with pytest.raises(ValueError, match=f"weight_averaging={kind!r}"):
        fit(solver=Averaged(Adam()), weight_averaging=kind)


@pytest.mark.parametrize(
    "solver",
    [
        GradientClipping(Averaged(Adam(learning_rate=0.01)), max_norm=1e9),
        WeightDecay(Averaged(Adam(learning_rate=0.01)), decay=0.0),
        Lookahead(Averaged(Adam(learning_rate=0.01)), period=1, share=1.0),
    ],
    ids=repr,
)
def test_an_average_within_another_optimizer_is_refused(solver):
    # It would be kept, and neither validated nor predict.
    with pytest.raises(ValueError, match="Averaged"):
        fit(solver=solver)


class Watching:
    """An optimizer that stays where it is and keeps what it sees."""

    def init(self, parameters):
        return {"seen": [parameters.copy()]}

    def step(self, parameters, gradient, state, learning_rate):
        state["seen"].append(parameters.copy())


@pytest.mark.parametrize(
    "around",
    [lambda o: o, lambda o: Lookahead(o, share=1.0), GradientClipping],
    ids=["alone", "lookahead", "clipping"],
)
@pytest.mark.parametrize("batch_norm", [None, "before", "after"])
def test_weights_decay_and_nothing_else(batch_norm, around):
    solver = around(WeightDecay(Watching(), decay=8.0))
    X, y = problem("multiclass")
    mlp = maker(solver=solver, batch_norm=batch_norm, max_iter=1, batch_size=30)
    mlp.set_params(learning_rate_init=0.05, hidden_layer_sizes=(8, 4)).fit(X, y)
    state = mlp._training_state["state"]["optimizer"]
    while "seen" not in state:
        state = state["inner"]
    first, *later = state["seen"]
    n_weights = sum(coefs.size for coefs in mlp.coefs_)
    assert first.size > n_weights
    assert (first[:, n_weights:] != 0).any()
    assert len(later) == 4
    for k, seen in enumerate(later, start=1):
        decayed = 0.6**k * first[:, :n_weights]
        np.testing.assert_allclose(seen[:, :n_weights], decayed, rtol=1e-12)
        np.testing.assert_array_equal(seen[:, n_weights:], first[:, n_weights:])


@pytest.mark.parametrize("batch_norm", [None, "before"])
def test_adamw_is_adam_with_decay(batch_norm):
    adamw = AdamW(learning_rate=0.03, beta_1=0.8, weight_decay=2.0)
    around = WeightDecay(Adam(learning_rate=0.03, beta_1=0.8), decay=2.0)
    parameters = {"batch_norm": batch_norm, "batch_size": 30}
    decaying = fit(solver=adamw, **parameters)
    assert_same(decaying, fit(solver=around, **parameters))
    plain = fit(solver=around.optimizer, **parameters)
    assert np.linalg.norm(decaying.coefs_[-1]) < np.linalg.norm(plain.coefs_[-1])


DECAYING = [
    AdamW(learning_rate=0.05, weight_decay=8.0),
    Averaged(AdamW(weight_decay=8.0), decay=0.0),
    Lookahead(WeightDecay(GradientClipping(Adam()))),
    WeightDecay(Scheduled(AdamW(), "warmup", 10)),
]


@pytest.mark.parametrize("batch_norm", [None, "before", "after"])
@pytest.mark.parametrize("solver", DECAYING, ids=repr)
def test_states_say_that_weights_decay(solver, batch_norm):
    mlp = fit(solver=solver, batch_norm=batch_norm, max_iter=2)
    state, found = mlp._training_state["state"]["optimizer"], []
    while state is not None:
        found += [state["n_decayed"]] if "n_decayed" in state else []
        state = state.get("inner")
    n_decaying = repr(solver).count("WeightDecay") + repr(solver).count("AdamW")
    assert found == [sum(coefs.size for coefs in mlp.coefs_)] * n_decaying


@pytest.mark.parametrize("solver", ["adagrad", "rmsprop", "nadam"])
def test_names_with_l1(solver):
    mlp = fit(
        solver=solver,
        learning_rate_init=RATES[solver],
        alpha=1.0,
        l1_ratio=1.0,
        batch_size=30,
        max_iter=60,
        **ENDLESS,
    )
    weights = np.concatenate([coefs.ravel() for coefs in mlp.coefs_])
    assert np.mean(weights == 0) > 0.3
    assert mlp.loss_ < mlp.loss_curve_[0]


@pytest.mark.parametrize("schedule", ["constant", *SHAPED])
@pytest.mark.parametrize(
    "solver", ["sgd", "adam", RMSProp(learning_rate=0.001, momentum=0.9)], ids=str
)
def test_zeros_of_l1_outlast_a_falling_rate(solver, schedule):
    mlp = fit(
        solver=solver,
        learning_rate=schedule,
        learning_rate_init=0.1 if solver == "sgd" else 0.01,
        alpha=1.0,
        l1_ratio=1.0,
        hidden_layer_sizes=(20,),
        batch_size=30,
        max_iter=100,
        **ENDLESS,
    )
    weights = np.concatenate([coefs.ravel() for coefs in mlp.coefs_])
    zero, small = np.mean(weights == 0), np.mean(abs(weights) < 1e-3)
    assert zero > 0.95 * small > 0.5


@pytest.mark.parametrize(
    "solver",
    [SignDescent(), Rescaled(), GradientClipping(Rescaled()), Averaged(SignDescent())],
    ids=["plain", "own rate", "clipped", "averaged"],
)
def test_l1_asks_for_step_sizes(solver):
    with pytest.raises(ValueError, match=r"l1_ratio > 0 .*write_step_sizes"):
        fit(solver=solver, l1_ratio=0.5)
    fit(solver=solver, l1_ratio=0.5, alpha=0.0)


@pytest.mark.parametrize("solver", [SGD(momentum=1.0), Averaged(SGD(momentum=1.0))])
def test_l1_asks_for_finite_steps(solver):
    with pytest.raises(ValueError, match="momentum < 1"):
        fit(solver=solver, l1_ratio=0.5)


INVALID = [
    (Adam(beta_1=1.0), r"Adam expects beta_1 in \[0, 1\), got beta_1=1.0"),
    (SGD(learning_rate=0.0), r"SGD expects learning_rate in \(0, inf\)"),
    (Averaged(RMSProp(decay=-0.1)), r"RMSProp expects decay in \[0, 1\)"),
    (Lookahead(Adam(), period=0), r"Lookahead expects period in \[1, inf\)"),
    (DeltaBarDelta(phi=1.0), r"DeltaBarDelta expects phi in \[0, 1\)"),
    (AdamW(weight_decay=np.nan), r"AdamW expects weight_decay in \[0, inf\)"),
]


@pytest.mark.parametrize("call", ["fit", "partial_fit"])
@pytest.mark.parametrize(("solver", "message"), INVALID, ids=repr)
def test_hyperparameters_are_checked_by_fit(solver, message, call):
    X, y = problem("real")
    mlp = maker("real", solver=solver)
    with pytest.raises(ValueError, match=message):
        getattr(mlp, call)(X, y)
    assert not hasattr(mlp, "coefs_")
    mlp.set_params(solver="adam").fit(X, y)


# Members that differ in the numbers of their solvers, at several depths.
STACKS = {
    "rates": [Adam(learning_rate=rate) for rate in (0.001, 0.03, 0.2)],
    "adam": [
        Adam(beta_1=0.5, beta_2=0.9, epsilon=1e-3),
        Adam(),
        Adam(learning_rate=0.1, beta_1=0.0),
    ],
    "sgd": [SGD(momentum=momentum) for momentum in (0.0, 0.5, 0.9)],
    "adagrad": [AdaGrad(learning_rate=rate) for rate in (0.01, 0.1, 0.5)],
    "rmsprop": [
        RMSProp(momentum=0.0, decay=0.5),
        RMSProp(momentum=0.9),
        RMSProp(learning_rate=0.05, epsilon=0.1),
    ],
    "nadam": [NAdam(beta_1=beta) for beta in (0.0, 0.5, 0.95)],
    "delta": [DeltaBarDelta(kappa=kappa, phi=0.5) for kappa in (0.0, 0.1, 0.9)],
    "adamw": [
        AdamW(weight_decay=0.0, amsgrad=True),
        AdamW(weight_decay=0.5, amsgrad=True),
        AdamW(learning_rate=0.1, beta_2=0.5, amsgrad=True),
    ],
    "wrapped": [
        Averaged(GradientClipping(SGD(learning_rate=0.1), 0.1), decay=0.5),
        Averaged(GradientClipping(SGD(momentum=0.2), 1.0), decay=0.9),
        Averaged(GradientClipping(SGD(), 1e9)),
    ],
    "decaying": [
        Lookahead(WeightDecay(NAdam(), 0.0), 3, 0.5),
        Lookahead(WeightDecay(NAdam(beta_2=0.9), 1.0), 3, 0.1),
        Lookahead(WeightDecay(NAdam(learning_rate=0.1), 0.1), 3, 1.0),
    ],
    "own": [
        Rescaled(rate, share) for rate, share in ((0.1, 0.0), (0.01, 0.9), (1, 0.5))
    ],
}


@pytest.mark.parametrize("learning_rate", ["constant", "coslog4", "adaptive"])
@pytest.mark.parametrize("name", STACKS)
def test_stacks_train_as_alone(name, learning_rate):
    X, y = problem("multiclass", dtype=np.float32)
    l1_ratio = 0.0 if name == "own" else 0.3
    mlps = [
        maker(
            solver=solver,
            learning_rate=learning_rate,
            max_iter=n_epochs,
            tol=tol,
            n_iter_no_change=2,
            l1_ratio=l1_ratio,
            batch_size="auto" if name == "delta" else 50,
        )
        for solver, n_epochs, tol in zip(
            STACKS[name], (12, 7, 9), (1e-4, 0.1, 0.01), strict=True
        )
    ]
    alone = [clone(mlp).fit(X, y) for mlp in mlps]
    fit_together([Request(mlp, X, y) for mlp in mlps])
    for mlp, other in zip(mlps, alone, strict=True):
        assert_same(mlp, other)
        assert mlp.learning_rate_curve_ == other.learning_rate_curve_
    fit_together([Request(mlp, X, y, incremental=True) for mlp in mlps])
    for mlp, other in zip(mlps, alone, strict=True):
        assert_same(mlp, other.partial_fit(X, y))


def test_stacks_of_different_schedules():
    X, y = problem("multiclass")
    mlps = [
        maker(solver="nadam", learning_rate=schedule, max_iter=n_epochs, batch_size=50)
        for schedule in ("cosine", "constant", "warmup", "invscaling", lambda t: 2 - t)
        for n_epochs in (3, 6)
    ]
    alone = [clone(mlp).fit(X, y) for mlp in mlps]
    fit_together([Request(mlp, X, y) for mlp in mlps])
    for mlp, other in zip(mlps, alone, strict=True):
        assert_same(mlp, other)


GOING_ON = [
    *NAMES,
    Adam(amsgrad=True),
    Averaged(SGD(learning_rate=0.1)),
    Lookahead(Adam(), period=5),
    Scheduled(NAdam(learning_rate=0.1), "cosine", 20),
    WeightDecay(RMSProp(momentum=0.5, centered=True)),
]


@pytest.mark.parametrize("solver", GOING_ON, ids=str)
def test_partial_fit_goes_on(solver):
    X, y = problem("multiclass")
    parameters = {
        "solver": solver,
        "shuffle": False,
        "batch_size": "auto" if solver == "delta_bar_delta" else 30,
        "learning_rate_init": 0.01,
    }
    whole = fit(max_iter=6, **parameters)
    parts = maker(**parameters)
    for _ in range(3):
        parts.partial_fit(X, y, classes=[0, 1, 2])
    parts = pickle.loads(pickle.dumps(parts))
    for _ in range(3):
        parts.partial_fit(X, y)
    assert_same(parts, whole)


# Solvers that leave each other nothing to go on from.
CHANGES = [
    ("adam", "nadam"),
    ("sgd", "adagrad"),
    (Adam(), AdamW()),
    (Adam(), Adam(amsgrad=True)),
    (Adam(amsgrad=True), Adam()),
    (RMSProp(), RMSProp(centered=True)),
    (Averaged(SGD()), Averaged(Adam())),
    (Lookahead(Adam()), Lookahead(SGD())),
    (Averaged(Adam()), GradientClipping(Adam())),
    ("sgd", SignDescent()),
]


@pytest.mark.parametrize(("first", "second"), CHANGES, ids=str)
def test_partial_fit_with_another_solver(first, second):
    X, y = problem("multiclass")
    mlp = maker(solver=first, learning_rate_init=0.01)
    mlp.partial_fit(X, y, classes=[0, 1, 2]).partial_fit(X, y)
    before = mlp.loss_
    mlp.set_params(solver=second)
    for _ in range(10):
        mlp.partial_fit(X, y)
    assert mlp.loss_ < before


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("momentum", 0.0, 0.9),
        ("momentum", 0.9, 0.0),
        ("centered", False, True),
        ("centered", True, False),
    ],
)
def test_partial_fit_with_another_form_of_rmsprop(name, first, second):
    X, y = problem("multiclass")
    solver = RMSProp(**{name: first})
    switched, going_on = (maker(solver=solver, shuffle=False) for _ in range(2))
    for mlp in (switched, going_on):
        mlp.partial_fit(X, y, classes=[0, 1, 2])
    switched.set_params(solver=RMSProp(**{name: second}))
    for _ in range(5):
        switched.partial_fit(X, y)
        going_on.partial_fit(X, y)
    assert not np.allclose(switched.coefs_[0], going_on.coefs_[0], rtol=1e-6)


@pytest.mark.parametrize(("first", "second"), [(None, 0.5), (0.5, None)])
def test_partial_fit_with_clipping_switched(first, second):
    X, y = problem("multiclass")
    mlp = maker(max_grad_norm=first).partial_fit(X, y, classes=[0, 1, 2])
    before = mlp.loss_
    mlp.set_params(max_grad_norm=second)
    for _ in range(10):
        mlp.partial_fit(X, y)
    assert mlp.loss_ < before


def test_a_changed_learning_rate_is_taken_up():
    X, y = problem("multiclass")
    mlp = maker(solver=SGD(learning_rate=0.1)).partial_fit(X, y, classes=[0, 1, 2])
    other = maker(learning_rate_init=0.1, solver="sgd").partial_fit(
        X, y, classes=[0, 1, 2]
    )
    mlp.set_params(solver__learning_rate=0.01).partial_fit(X, y)
    other.set_params(learning_rate_init=0.01).partial_fit(X, y)
    # Whatever a new learning rate does, a name and an object do the same.
    assert mlp.learning_rate_curve_ == other.learning_rate_curve_


def test_solvers_are_left_as_they_are():
    solver = Averaged(Lookahead(WeightDecay(Adam())))
    before, inner = repr(solver), solver.optimizer
    mlp = fit(solver=solver, max_grad_norm=1.0, learning_rate="cosine")
    assert mlp.solver is solver
    assert repr(solver) == before
    assert solver.optimizer is inner
