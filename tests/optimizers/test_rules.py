"""Each rule, against a plain loop, for every member of a stack."""

import itertools

import numpy as np
import pytest

from skregnet._kernels import axpy, buffers
from skregnet._networks.stacking import architecture, select_members, stack_members
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
from skregnet.optimizers._wrapper import Wrapper
from tests import references
from tests.cases import OPTIMIZERS, SPECIAL_OPTIMIZERS, WRAPPERS

N_STEPS = 50
RULES = [*OPTIMIZERS, *SPECIAL_OPTIMIZERS]
EVERY = [*RULES, *WRAPPERS]
LOOPS = {
    SGD: references.sgd,
    AdaGrad: references.adagrad,
    RMSProp: references.rmsprop,
    Adam: references.adam,
    AdamW: references.adamw,
    NAdam: references.nadam,
    DeltaBarDelta: references.delta_bar_delta,
}
# Three values of each number in which members may differ, and flags.
VALUES = {
    SGD: ({"momentum": (0.0, 0.5, 0.9)}, {"nesterov": (False, True)}),
    AdaGrad: ({"epsilon": (1e-7, 0.1, 2.0)}, {}),
    RMSProp: (
        {
            "decay": (0.9, 0.0, 0.5),
            "epsilon": (0.1, 1e-6, 1.0),
            "momentum": (0.5, 0.0, 0.9),
        },
        {"centered": (False, True)},
    ),
    Adam: (
        {
            "beta_1": (0.9, 0.0, 0.5),
            "beta_2": (0.999, 0.9, 0.0),
            "epsilon": (1e-8, 1e-3, 0.1),
        },
        {"amsgrad": (False, True)},
    ),
    AdamW: (
        {
            "beta_1": (0.5, 0.9, 0.0),
            "beta_2": (0.9, 0.999, 0.5),
            "epsilon": (1e-3, 1e-8, 0.1),
            "weight_decay": (0.0, 0.01, 3.0),
        },
        {"amsgrad": (False, True)},
    ),
    NAdam: (
        {
            "beta_1": (0.9, 0.0, 0.5),
            "beta_2": (0.999, 0.9, 0.5),
            "epsilon": (1e-8, 1e-3, 0.1),
        },
        {},
    ),
    DeltaBarDelta: (
        {
            "kappa": (0.1, 0.0, 0.5),
            "phi": (0.2, 0.9, 0.0),
            "theta": (0.7, 0.0, 0.9),
            "min_gain": (1e-8, 0.3, 1.0),
            "max_gain": (1e3, 1.5, 3.0),
        },
        {},
    ),
    GradientClipping: ({"max_norm": (1.0, 20.0, 1e9)}, {"optimizer": (Adam(),)}),
    WeightDecay: ({"decay": (0.0, 0.5, 5.0)}, {"optimizer": (NAdam(),)}),
    Averaged: ({"decay": (0.0, 0.6, 0.999)}, {"optimizer": (SGD(),)}),
    Lookahead: (
        {"share": (1.0, 0.5, 0.1)},
        {"optimizer": (RMSProp(),), "period": (1, 4)},
    ),
}
RATES = (0.1, 0.01, 0.5)


def members_of(kind, flags):
    """Return three optimizers that differ in all of their numbers."""
    numbers = VALUES[kind][0]
    rates = [{}] * 3
    if not issubclass(kind, Wrapper):
        rates = [{"learning_rate": rate} for rate in RATES]
    return [
        kind(**flags, **rates[k], **{name: numbers[name][k] for name in numbers})
        for k in range(3)
    ]


STACKS = [
    members_of(kind, dict(zip(flags, values, strict=True)))
    for kind, (_, flags) in VALUES.items()
    for values in itertools.product(*flags.values())
]
# Differences at all depths.
STACKS.append(
    [
        Lookahead(GradientClipping(WeightDecay(Averaged(adam, decay), wd), norm), 4, w)
        for adam, decay, wd, norm, w in zip(
            members_of(Adam, {}),
            (0.5, 0.0, 0.9),
            (0.1, 0.0, 1.0),
            (5.0, 1e9, 1.0),
            (0.5, 1.0, 0.1),
            strict=True,
        )
    ]
)
STACK_IDS = [repr(members[0]) for members in STACKS]


def loop_of(optimizer, start, n_decayed=None):
    """Return the plain loop's step, and what it keeps as averages."""
    parameters = optimizer.get_params(deep=False)
    if not isinstance(optimizer, Wrapper):
        del parameters["learning_rate"]
        if isinstance(optimizer, AdamW):
            parameters["n_decayed"] = n_decayed
        return LOOPS[type(optimizer)](**parameters), []
    step, averages = loop_of(parameters.pop("optimizer"), start, n_decayed)
    if isinstance(optimizer, GradientClipping):
        step = references.clipping_around(step, **parameters)
    elif isinstance(optimizer, WeightDecay):
        step = references.weight_decay_around(step, **parameters, n_decayed=n_decayed)
    elif isinstance(optimizer, Scheduled):
        shape = references.SHAPES.get(optimizer.schedule, optimizer.schedule)
        step = references.schedule_around(step, shape, optimizer.n_steps)
    elif isinstance(optimizer, Lookahead):
        step = references.lookahead_around(step, start, **parameters)
    else:
        step, average = references.average_around(step, start, **parameters)
        averages = [average, *averages]
    return step, averages


def states_within(state):
    """Return a state and all within it, from outside in."""
    return [state] + (states_within(state["inner"]) if "inner" in state else [])


def follow(optimizer, theta, gradients, learning_rate, n_decayed=None):
    """Follow gradients of shape (n_steps, n_members, length); return the state too."""
    theta = theta.copy()
    state = optimizer.init(theta)
    for inner in states_within(state):
        if "n_decayed" in inner:
            assert inner["n_decayed"] == theta.shape[1]
            inner["n_decayed"] = n_decayed or theta.shape[1]
    for gradient in gradients:
        optimizer.step(theta, gradient.copy(), state, learning_rate)
    return theta, state


def sequence(n_members, length, dtype=np.float64):
    """Return a start and a sequence of gradients of very different sizes."""
    random_state = np.random.RandomState(0)
    scales = 10.0 ** random_state.uniform(-4, 2, size=(n_members, length))
    gradients = random_state.normal(size=(N_STEPS, n_members, length)) * scales
    start = random_state.normal(size=(n_members, length))
    return start.astype(dtype), gradients.astype(dtype)


def assert_near(found, expected, dtype):
    """Compare with what was computed in double precision."""
    rtol = 1e-10 if dtype == np.float64 else 2e-4
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * 1e-2)


def test_every_number_of_every_optimizer_is_varied():
    varied = {kind: set(numbers) for kind, (numbers, _) in VALUES.items()}
    for kind, names in varied.items():
        architecture_only = {"learning_rate", "period"}
        assert names == set(kind._ranges) - architecture_only
    assert set(varied) == {type(o) for o in EVERY} - {Scheduled}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_rule(optimizer, n_members, dtype):
    start, gradients = sequence(n_members, 6, dtype)
    found, state = follow(optimizer, start, gradients, 0.01)
    assert found.dtype == dtype
    averages = [s["average"] for s in states_within(state) if "average" in s]
    for k in range(n_members):
        step, expected_averages = loop_of(optimizer, start[k])
        expected = references.follow(step, start[k], gradients[:, k], 0.01)
        assert_near(found[k], expected, dtype)
        for average, by_loop in zip(averages, expected_averages, strict=True):
            assert_near(average[k], by_loop, dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("members", STACKS, ids=STACK_IDS)
def test_rule_of_members_that_differ(members, dtype):
    start, gradients = sequence(3, 6, dtype)
    rates = np.array(RATES)[:, np.newaxis]
    found, state = follow(stack_members(members), start, gradients, rates)
    averages = [s["average"] for s in states_within(state) if "average" in s]
    for k, optimizer in enumerate(members):
        step, expected_averages = loop_of(optimizer, start[k])
        expected = references.follow(step, start[k], gradients[:, k], RATES[k])
        assert_near(found[k], expected, dtype)
        for average, by_loop in zip(averages, expected_averages, strict=True):
            assert_near(average[k], by_loop, dtype)


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("optimizer", RULES, ids=repr)
def test_rule_over_more_than_a_block(optimizer, n_members):
    length = 40_000
    start, gradients = sequence(n_members, length)
    gradients = gradients[:10]
    found, _ = follow(optimizer, start, gradients, 0.01)
    # Ends, and where blocks, pieces and slices meet.
    borders = [0, buffers.BLOCK // n_members, axpy.SLICE, buffers.BLOCK, axpy.PIECE]
    places = [*borders, *[border - 1 for border in borders[1:]], length - 1]
    for k in range(n_members):
        step, _ = loop_of(optimizer, start[k, places])
        expected = references.follow(
            step, start[k, places], gradients[:, k, places], 0.01
        )
        assert_near(found[k, places], expected, np.float64)


@pytest.mark.parametrize("length", [6, 5000, 40_000])
@pytest.mark.parametrize("members", STACKS, ids=STACK_IDS)
def test_members_go_as_alone(members, length):
    start, gradients = sequence(3, length, np.float32)
    gradients = gradients[:10]
    rates = np.array(RATES)[:, np.newaxis]
    assert len({architecture(optimizer) for optimizer in members}) == 1
    found, _ = follow(stack_members(members), start, gradients, rates)
    for k, optimizer in enumerate(members):
        own = slice(k, k + 1)
        alone, _ = follow(optimizer, start[own], gradients[:, own], RATES[k])
        np.testing.assert_array_equal(found[k], alone[0])


@pytest.mark.parametrize("members", STACKS, ids=STACK_IDS)
def test_members_that_differ_go_on_after_others_have_left(members):
    start, gradients = sequence(3, 5)
    optimizer, rates = stack_members(members), np.array(RATES)[:, np.newaxis]
    theta, state = start.copy(), optimizer.init(start)
    for n_left, keep in [(3, [0, 1, 2]), (3, [0, 2]), (2, [1])]:
        index = np.array(keep)
        optimizer, state, rates, theta, gradients = (
            *(select_members(part, index, n_left) for part in (optimizer, state)),
            rates[index],
            theta[index],
            gradients[:, index],
        )
        for gradient in gradients[:10]:
            optimizer.step(theta, gradient.copy(), state, rates)
        gradients = gradients[10:]
    start, gradients = sequence(3, 5)
    alone, _ = follow(members[2], start[2:], gradients[:30, 2:], RATES[2])
    np.testing.assert_array_equal(theta, alone)


@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_members_that_stay_go_on_as_before(optimizer):
    start, gradients = sequence(4, 5)
    theta, state = start.copy(), optimizer.init(start)
    keep = np.array([0, 2])
    for step, gradient in enumerate(gradients):
        if step == 20:
            theta, state = theta[keep], select_members(state, keep, 4)
        kept = gradient if step < 20 else gradient[keep]
        optimizer.step(theta, kept.copy(), state, 0.01)
    whole, _ = follow(optimizer, start, gradients, 0.01)
    np.testing.assert_array_equal(theta, whole[keep])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("length", [3, 4100])
@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.9), (0.0, 0.0), (0.01, 0.99)])
def test_sums_of_adam_stay_in_range(betas, length, dtype):
    # Far more steps than the decays of the sums can hold without being multiplied in.
    random_state = np.random.RandomState(0)
    gradients = np.zeros((500, 2, length), dtype)
    gradients[..., :3] = random_state.normal(size=(500, 2, 3)).astype(dtype)
    start = np.zeros((2, length), dtype)
    optimizer = Adam(beta_1=betas[0], beta_2=betas[1], epsilon=1e-3)
    found, _ = follow(optimizer, start, gradients, 0.01)
    for k in range(2):
        step, _ = loop_of(optimizer, start[k, :3])
        expected = references.follow(step, start[k, :3], gradients[:, k, :3], 0.01)
        rtol = 1e-11 if dtype == np.float64 else 2e-3
        np.testing.assert_allclose(found[k, :3], expected, rtol=rtol, atol=rtol / 100)
    assert not found[:, 3:].any()


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_blocks_change_nothing(optimizer, n_members, monkeypatch):
    start, gradients = sequence(n_members, 101)
    whole, _ = follow(optimizer, start, gradients, 0.01)
    monkeypatch.setattr(axpy, "BLOCK", 24)
    in_blocks, _ = follow(optimizer, start, gradients, 0.01)
    np.testing.assert_array_equal(in_blocks, whole)
    for name, length in {"AXPY_LENGTH": 100, "PIECE": 24, "SLICE": 7}.items():
        monkeypatch.setattr(axpy, name, length)
    in_pieces, _ = follow(optimizer, start, gradients, 0.01)
    np.testing.assert_allclose(in_pieces, whole, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("n_decayed", [1, 4])
@pytest.mark.parametrize(
    "optimizer",
    [o for o in EVERY if "WeightDecay" in repr(o) or "AdamW" in repr(o)],
    ids=repr,
)
def test_the_head_of_the_vector_decays(optimizer, n_decayed):
    start, gradients = sequence(2, 6)
    found, _ = follow(optimizer, start, gradients, 0.01, n_decayed)
    for k in range(2):
        step, _ = loop_of(optimizer, start[k], n_decayed)
        expected = references.follow(step, start[k], gradients[:, k], 0.01)
        assert_near(found[k], expected, np.float64)


@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_what_changes_is_the_state_alone(optimizer):
    start, gradients = sequence(2, 5)
    before = repr(optimizer)
    once, _ = follow(optimizer, start, gradients, 0.01)
    again, _ = follow(optimizer, start, gradients, 0.01)
    np.testing.assert_array_equal(once, again)
    assert repr(optimizer) == before


@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_states_have_arrays_of_their_own(optimizer):
    theta, gradients = sequence(2, 5)
    state = optimizer.init(theta)
    for gradient in gradients[:8]:
        for inner in states_within(state):
            for array in filter(np.ndim, inner.values()):
                assert not np.shares_memory(array, theta)
                assert not np.shares_memory(array, gradient)
        optimizer.step(theta, gradient, state, 0.01)


@pytest.mark.parametrize("length", [4, 5000])
def test_a_variance_below_zero_counts_as_zero(length):
    # Rounding leaves such, by less than here.
    optimizer = RMSProp(decay=0.5, epsilon=0.25, centered=True)
    theta = np.zeros((2, length))
    state = optimizer.init(theta)
    state["squares"][...], state["means"][...] = 1.0, 2.0
    optimizer.step(theta, np.ones_like(theta), state, 0.1)
    np.testing.assert_allclose(theta, -0.1 / 0.5, rtol=1e-12)
    sizes = np.empty_like(theta)
    optimizer.write_step_sizes(sizes, state, 0.1)
    np.testing.assert_allclose(sizes, 0.1 / 0.5, rtol=1e-12)
