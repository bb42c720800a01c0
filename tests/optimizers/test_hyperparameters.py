"""Hyperparameters that can be read, set, compared, copied and checked."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest
from sklearn.base import clone

from skregnet import MLPClassifier
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
    minimize,
)
from skregnet.optimizers._hyperparameters import Range
from tests.cases import OPTIMIZERS, SPECIAL_OPTIMIZERS, WRAPPERS

EVERY = [*OPTIMIZERS, *SPECIAL_OPTIMIZERS, *WRAPPERS]

POSITIVE = (
    r"\(0, inf\)",
    [1e-300, 1e300],
    [0.0, -1.0, np.inf, np.nan, "1", None, 10**400],
)
NOT_NEGATIVE = (
    r"\[0, inf\)",
    [0.0, 0, 5.0],
    [-1e-9, np.inf, np.nan, None, 10**400, 1j],
)
SHARE = (
    r"\[0, 1\)",
    [0.0, 0, 0.999],
    [-0.1, 1.0, 1, np.nan, None, "0.5", np.complex64(0)],
)
CLOSED = (r"\[0, 1\]", [0.0, 1.0, 1], [-0.1, 1.01, np.nan, None])
OPEN_SHARE = (r"\(0, 1\]", [1e-9, 1.0], [0.0, -1.0, 1.01, np.nan])
COUNT = (r"\[1, inf\)", [1, 100], [0, -1, np.inf, 10**400])
# Every hyperparameter that has a range: what is printed, what is in it and what not.
RANGES = [
    (SGD(), "learning_rate", POSITIVE),
    (SGD(), "momentum", CLOSED),
    (AdaGrad(), "learning_rate", POSITIVE),
    (AdaGrad(), "epsilon", POSITIVE),
    (RMSProp(), "learning_rate", POSITIVE),
    (RMSProp(), "decay", SHARE),
    (RMSProp(), "epsilon", POSITIVE),
    (RMSProp(), "momentum", SHARE),
    *[
        (optimizer, name, expected)
        for optimizer in (Adam(), AdamW(), NAdam())
        for name, expected in (
            ("learning_rate", POSITIVE),
            ("beta_1", SHARE),
            ("beta_2", SHARE),
            ("epsilon", POSITIVE),
        )
    ],
    (AdamW(), "weight_decay", NOT_NEGATIVE),
    (DeltaBarDelta(), "learning_rate", POSITIVE),
    (DeltaBarDelta(), "kappa", NOT_NEGATIVE),
    (DeltaBarDelta(), "phi", SHARE),
    (DeltaBarDelta(), "theta", SHARE),
    (DeltaBarDelta(), "min_gain", OPEN_SHARE),
    (
        DeltaBarDelta(),
        "max_gain",
        (r"\[1, inf\)", [1.0, 1e9], [0.9, np.nan, None, 10**400]),
    ),
    (GradientClipping(SGD()), "max_norm", POSITIVE),
    (WeightDecay(SGD()), "decay", NOT_NEGATIVE),
    (Averaged(SGD()), "decay", SHARE),
    (Lookahead(SGD()), "period", COUNT),
    (Lookahead(SGD()), "share", OPEN_SHARE),
    (Scheduled(SGD(), "cosine", 10), "n_steps", COUNT),
]
RANGE_IDS = [f"{type(optimizer).__name__}-{name}" for optimizer, name, _ in RANGES]


def test_every_range_is_tested():
    tested = {(type(optimizer), name) for optimizer, name, _ in RANGES}
    kinds = {type(optimizer) for optimizer in EVERY}
    assert tested == {(kind, name) for kind in kinds for name in kind._ranges}
    for kind in kinds:
        fields = {field.name for field in dataclasses.fields(kind)}
        unchecked = {"optimizer", "schedule", "nesterov", "amsgrad", "centered"}
        assert fields - set(kind._ranges) <= unchecked


@pytest.mark.parametrize(("optimizer", "name", "expected"), RANGES, ids=RANGE_IDS)
def test_ranges(optimizer, name, expected):
    printed, inside, outside = expected
    for value in inside:
        clone(optimizer).set_params(**{name: value}).check()
    for value in outside:
        wrong = clone(optimizer).set_params(**{name: value})
        message = (
            rf"{type(optimizer).__name__} expects {name} in {printed}, got {name}="
        )
        with pytest.raises(ValueError, match=message):
            wrong.check()
        with pytest.raises(ValueError, match=message):
            Lookahead(GradientClipping(wrong)).check()


@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_all_that_the_tests_use_is_valid(optimizer):
    optimizer.check()


@pytest.mark.parametrize("value", [10**400, np.float16(2), 1, "yes", None])
@pytest.mark.parametrize(
    "optimizer",
    [SGD(nesterov=True), Adam(), AdamW(), RMSProp()],
    ids=lambda optimizer: type(optimizer).__name__,
)
def test_switches_are_booleans(optimizer, value):
    (name,) = {"nesterov", "amsgrad", "centered"} & set(optimizer.get_params())
    clone(optimizer).set_params(**{name: np.True_}).check()
    wrong = clone(optimizer).set_params(**{name: value})
    message = f"{type(optimizer).__name__} expects {name} to be True or False, got"
    with pytest.raises(ValueError, match=message):
        Lookahead(wrong).check()
    X, y = np.eye(4), [0, 1, 0, 1]
    with pytest.raises(ValueError, match=message):
        MLPClassifier((2,), solver=wrong, max_iter=1).fit(X, y)


class Plain:
    """Optimizer without checks of its own."""

    def __init__(self, learning_rate):
        self.learning_rate = learning_rate

    def init(self, parameters):
        return {}

    def step(self, parameters, gradient, state, learning_rate):
        parameters -= learning_rate * gradient


@pytest.mark.parametrize("wrap", [lambda plain: plain, Lookahead])
@pytest.mark.parametrize("rate", [10**400, np.inf, "0.1", 1j])
def test_rates_of_other_optimizers_are_finite_numbers(rate, wrap):
    with pytest.raises(ValueError, match="solver expects a finite number"):
        MLPClassifier((2,), solver=wrap(Plain(rate))).fit(np.eye(4), [0, 1, 0, 1])
    with pytest.raises(ValueError, match="optimizer expects a finite number"):
        minimize(lambda x: (x @ x, 2 * x), [1.0], wrap(Plain(rate)), 1)


@pytest.mark.parametrize("value", [2.5, 4.0])
@pytest.mark.parametrize("name", ["period", "n_steps"])
def test_counts_are_whole(name, value):
    makers = {
        "period": lambda: Lookahead(SGD(), period=value),
        "n_steps": lambda: Scheduled(SGD(), "cosine", n_steps=value),
    }
    with pytest.raises(ValueError, match=name):
        makers[name]().check()


@pytest.mark.parametrize("schedule", ["sine", "constant", 3, None])
def test_schedules_are_known(schedule):
    with pytest.raises(ValueError, match="schedule"):
        Scheduled(SGD(), schedule, n_steps=10).check()


def test_members_of_a_stack_are_checked_one_by_one():
    SGD(momentum=np.array([[0.1], [0.9]])).check()
    with pytest.raises(ValueError, match="momentum"):
        SGD(momentum=np.array([[0.1], [1.9]])).check()


def test_ranges_print_as_intervals():
    assert str(Range(0.0, 1.0)) == "[0, 1)"
    assert str(Range(0.5, includes_low=False)) == "(0.5, inf)"
    assert str(Range(-1.0, 2.5, includes_high=True)) == "[-1, 2.5]"


def test_parameters_are_read_at_any_depth():
    inner = Adam(beta_1=0.8)
    averaged = Averaged(WeightDecay(inner, decay=0.3), decay=0.5)
    assert averaged.get_params(deep=False) == {
        "optimizer": averaged.optimizer,
        "decay": 0.5,
    }
    assert averaged.get_params() == {
        "optimizer": averaged.optimizer,
        "optimizer__optimizer": inner,
        "optimizer__optimizer__learning_rate": 0.001,
        "optimizer__optimizer__beta_1": 0.8,
        "optimizer__optimizer__beta_2": 0.999,
        "optimizer__optimizer__epsilon": 1e-8,
        "optimizer__optimizer__amsgrad": False,
        "optimizer__decay": 0.3,
        "decay": 0.5,
    }


@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_parameters_are_set_at_any_depth(optimizer):
    original = repr(optimizer)
    other = copy.deepcopy(optimizer)
    for name, value in optimizer.get_params().items():
        if isinstance(value, float):
            assert other.set_params(**{name: value / 2}) is other
            assert other.get_params()[name] == value / 2
        elif isinstance(value, bool):
            other.set_params(**{name: not value})
            assert other.get_params()[name] is not value
    assert other != optimizer
    assert repr(optimizer) == original
    other.set_params(**optimizer.get_params())
    assert other == optimizer


def test_parameters_within_are_set_after_what_holds_them():
    averaged = Averaged(SGD())
    averaged.set_params(optimizer=Adam(), optimizer__beta_1=0.5)
    assert averaged == Averaged(Adam(beta_1=0.5))


def test_parameters_within_are_set_after_what_holds_them_in_any_order():
    averaged = Averaged(SGD())
    averaged.set_params(optimizer__beta_1=0.5, optimizer=Adam())
    assert averaged == Averaged(Adam(beta_1=0.5))


def test_nothing_to_set():
    sgd = SGD()
    assert sgd.set_params() is sgd
    assert sgd == SGD()


@pytest.mark.parametrize("name", ["beta_1", "optimizer__momentum", "Momentum"])
def test_unknown_parameters(name):
    expected = r"SGD has no parameter .*\['learning_rate', 'momentum', 'nesterov'\]"
    with pytest.raises(ValueError, match=expected):
        SGD().set_params(**{name: 0.5})
    with pytest.raises(ValueError, match=expected):
        Averaged(SGD()).set_params(**{f"optimizer__{name}": 0.5})


@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_hyperparameters_do_not_change_by_themselves(optimizer):
    for name in optimizer.get_params(deep=False):
        with pytest.raises(AttributeError):
            setattr(optimizer, name, 0.5)


@pytest.mark.parametrize("kind", [SGD, AdaGrad, RMSProp, Adam, AdamW, NAdam])
def test_numbers_are_given_by_name(kind):
    with pytest.raises(TypeError, match="positional"):
        kind(0.1)


@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_an_expression_that_makes_it(optimizer):
    assert eval(repr(optimizer)) == optimizer


@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_equality(optimizer):
    equal = [other for other in EVERY if other == optimizer]
    assert len(equal) == 1
    assert equal[0] is optimizer
    other = copy.deepcopy(optimizer)
    assert other == optimizer
    assert hash(other) == hash(optimizer)


@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_copies(optimizer):
    for other in (clone(optimizer), pickle.loads(pickle.dumps(optimizer))):
        assert other == optimizer
        assert other is not optimizer
        assert type(other) is type(optimizer)
        if hasattr(optimizer, "optimizer"):
            assert other.optimizer is not optimizer.optimizer


@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_copies_of_an_estimator_that_holds_one(optimizer):
    mlp = MLPClassifier(solver=optimizer)
    assert mlp.get_params()["solver"] is optimizer
    rate = next(name for name in mlp.get_params() if name.endswith("__learning_rate"))
    before = mlp.get_params()[rate]
    other = clone(mlp)
    assert other.solver == optimizer
    assert other.solver is not optimizer
    other.set_params(**{rate: 0.25})
    assert other.get_params()[rate] == other.solver.learning_rate == 0.25
    assert mlp.get_params()[rate] == optimizer.learning_rate == before
    assert repr(optimizer)[:8] in repr(mlp)


def test_learning_rates_of_wrappers_are_those_within():
    assert Averaged(Lookahead(SGD(learning_rate=0.3))).learning_rate == 0.3
    assert Averaged(Lookahead(DeltaBarDelta())).full_batch is True
    assert Averaged(Lookahead(SGD())).full_batch is False
