"""Minibatch training: against a plain loop, alone and in stacks of any shape."""

import copy
from itertools import pairwise

import numpy as np
import pytest

from skregnet._networks.build import multilayer_perceptron
from skregnet._networks.losses import SQUARED_ERROR
from skregnet._networks.penalties import L2Penalty
from skregnet._training import (
    History,
    Member,
    Outcome,
    Plateau,
    Recipe,
    TrainingData,
    train_minibatch,
)
from skregnet.optimizers import SGD, Adam
from skregnet.optimizers._schedules import Adaptive, Constant, InverseScaling

N_ROWS = 41


class Listener:
    """An observer with a script: scores to tell, when to stop or interrupt."""

    def __init__(self, scores=(), stop_after=None, interrupt_after=None):
        self.scores = list(scores)
        self.stop_after, self.interrupt_after = stop_after, interrupt_after
        self.vectors, self.validated = [], []

    def validate(self, vector):
        self.validated.append(vector.copy())
        score = self.scores.pop(0)
        return score, -score

    def report(self, message):
        pass

    def epoch_begin(self):
        if len(self.vectors) == self.interrupt_after:
            raise KeyboardInterrupt

    def epoch_end(self, vector):
        self.vectors.append(vector.copy())
        return len(self.vectors) == self.stop_after


def make_member(network, seed=0, dtype=np.float64, **changes):
    """Return a regression with weights; keyword arguments are those of a member."""
    random_state = np.random.RandomState(seed)
    n_inputs = network.layers[0].n_inputs
    n_outputs = network.layers[-1].n_outputs
    weights = random_state.uniform(0.2, 2, size=N_ROWS)
    data = TrainingData(
        random_state.normal(size=(N_ROWS, n_inputs)).astype(dtype),
        random_state.normal(size=(N_ROWS, n_outputs)).astype(dtype),
        (weights / weights.mean()).astype(dtype),
        np.arange(N_ROWS),
        weights.mean(),
    )
    vector = 0.3 * random_state.normal(size=network.layout.n_parameters)
    recipe = {
        "penalties": (L2Penalty(0.3 * seed / weights.mean()),),
        "optimizer": SGD(momentum=0.5),
        **{name: changes.pop(name) for name in ("optimizer",) if name in changes},
    }
    parameters = {
        "plateau": Plateau(0.0, np.inf),
        "observer": Listener(),
        "max_epochs": 4,
        "schedule": Constant(0.05),
        "random_state": np.random.RandomState(seed),
        **changes,
    }
    return Member(
        Recipe(network, **recipe),
        data,
        vector.astype(dtype),
        history=History(),
        learning_rate=parameters["schedule"].initial,
        **parameters,
    )


def plain_loop(member, batch_size):
    """Train a linear network of squared error by momentum; return vector and losses."""
    data, order = member.data, member.data.rows.copy()
    n_weights = data.inputs.shape[1] * data.targets.shape[1]
    W = member.vector[:n_weights].reshape(data.inputs.shape[1], -1).copy()
    b = member.vector[n_weights:].copy()
    rate, momentum = member.learning_rate, member.recipe.optimizer.momentum
    velocity_W, velocity_b = np.zeros_like(W), np.zeros_like(b)
    losses, n_rows_seen = [], 0
    for _ in range(member.max_epochs):
        if member.shuffle:
            member.random_state.shuffle(order)
        total = 0.0
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            n = len(rows)
            w = data.weights[rows, np.newaxis]
            residual = data.inputs[rows] @ W + b - data.targets[rows]
            strength = member.recipe.penalties[0].strength
            loss = 0.5 * ((w * residual**2).sum() + strength * (W**2).sum()) / n
            total += loss * n
            gradient_W = (data.inputs[rows].T @ (w * residual) + strength * W) / n
            velocity_W = momentum * velocity_W - rate * gradient_W
            velocity_b = momentum * velocity_b - rate * (w * residual).sum(axis=0) / n
            W, b = W + velocity_W, b + velocity_b
        losses.append(total / len(order))
        n_rows_seen += len(order)
        rate = member.schedule.after_epoch(rate, n_rows_seen)
    return np.append(W.ravel(), b), losses


@pytest.mark.parametrize("schedule", [Constant(0.05), InverseScaling(0.5)], ids=repr)
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("batch_size", [1, 8, 10, 41])
def test_linear_network_against_a_plain_loop(batch_size, shuffle, schedule):
    network = multilayer_perceptron((3, 2), "relu", SQUARED_ERROR)
    members = [
        make_member(
            network,
            seed,
            shuffle=shuffle,
            schedule=schedule,
            optimizer=SGD(momentum=0.2 * seed, nesterov=False),
        )
        for seed in range(3)
    ]
    expected = [plain_loop(copy.deepcopy(member), batch_size) for member in members]
    train_minibatch(members, batch_size)
    for member, (vector, losses) in zip(members, expected, strict=True):
        np.testing.assert_allclose(member.vector, vector, rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(member.history.losses, losses, rtol=1e-11)
        assert member.outcome is Outcome.OUT_OF_EPOCHS
        assert member.history.n_rows_seen == 4 * N_ROWS


# One unit, one output and one left-over row are where a product takes another way; the
# last vectors are longer than a block of the updates.
UNITS = [(1, 1), (3, 1), (3, 1, 1), (5, 7, 3), (10, 16, 1)]
SIZES = [(units, batch_size) for units in UNITS for batch_size in (1, 8, 41)]
SIZES.append(((30, 150, 130, 2), 8))


@pytest.mark.parametrize("nesterov", [None, False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("units", "batch_size"), SIZES, ids=str)
def test_stack_is_its_members(units, batch_size, dtype, nesterov):
    network = multilayer_perceptron(units, "tanh", SQUARED_ERROR)
    optimizers = [
        Adam(beta_1=0.9 - 0.1 * k, beta_2=0.99, epsilon=10.0 ** -(k + 3))
        if nesterov is None
        else SGD(momentum=0.9 - 0.2 * k, nesterov=nesterov)
        for k in range(3)
    ]
    stack = [
        make_member(
            network,
            seed,
            dtype,
            optimizer=optimizer,
            max_epochs=(1, 3, 2)[seed],
            schedule=Constant(0.01 * (seed + 1)),
        )
        for seed, optimizer in enumerate(optimizers)
    ]
    alone = copy.deepcopy(stack)
    train_minibatch(stack, batch_size)
    for member, other in zip(stack, alone, strict=True):
        train_minibatch([other], batch_size)
        np.testing.assert_array_equal(member.vector, other.vector)
        np.testing.assert_array_equal(member.history.losses, other.history.losses)


def test_best_vector_comes_back():
    network = multilayer_perceptron((3, 4, 2), "tanh", SQUARED_ERROR)
    member = make_member(
        network,
        plateau=Plateau(0.0, 2),
        observer=Listener([0.1, 0.5, 0.3, 0.2, 0.4, 0.9]),
        max_epochs=50,
        validates=True,
    )
    train_minibatch([member], 10)
    assert (member.outcome, member.n_epochs) == (Outcome.CONVERGED, 5)
    assert member.history.validation_scores == [0.1, 0.5, 0.3, 0.2, 0.4]
    np.testing.assert_array_equal(member.vector, member.observer.validated[1])


def test_validation_interval():
    network = multilayer_perceptron((3, 4, 2), "tanh", SQUARED_ERROR)
    member = make_member(
        network,
        observer=Listener([0.1, 0.2, 0.3, 0.4]),
        max_epochs=8,
        validates=True,
        validation_interval=3,
    )
    train_minibatch([member], 10)
    # Epochs 3 and 6, and the last.
    assert member.history.validation_scores == [0.1, 0.2, 0.3]
    for index, epoch in enumerate([3, 6, 8]):
        np.testing.assert_array_equal(
            member.observer.validated[index], member.observer.vectors[epoch - 1]
        )


def test_adaptive_rate_falls_on_each_plateau():
    network = multilayer_perceptron((3, 2), "tanh", SQUARED_ERROR)
    member = make_member(
        network,
        plateau=Plateau(1e9, 1),
        schedule=Adaptive(0.5, smallest=0.05),
        max_epochs=50,
    )
    train_minibatch([member], 10)
    rates = member.history.learning_rates
    # The first epoch always improves on nothing.
    assert rates == pytest.approx([0.5] * 3 + [0.1] * 2 + [0.02] * 2)
    assert member.outcome is Outcome.CONVERGED


def test_observer_stops_its_own_member_only():
    network = multilayer_perceptron((3, 4, 2), "tanh", SQUARED_ERROR)
    members = [
        make_member(network, 0, observer=Listener(stop_after=2)),
        make_member(network, 1),
    ]
    train_minibatch(members, 10)
    assert [member.outcome for member in members] == [
        Outcome.STOPPED,
        Outcome.OUT_OF_EPOCHS,
    ]
    assert [member.n_epochs for member in members] == [2, 4]


def test_interrupt_keeps_what_there_is():
    network = multilayer_perceptron((3, 4, 2), "tanh", SQUARED_ERROR)
    members = [
        make_member(network, 0),
        make_member(network, 1, observer=Listener(interrupt_after=2)),
        make_member(network, 2, max_epochs=1),
    ]
    train_minibatch(members, 10)
    assert [member.outcome for member in members] == [
        Outcome.INTERRUPTED,
        Outcome.INTERRUPTED,
        Outcome.OUT_OF_EPOCHS,
    ]
    for member in members:
        np.testing.assert_array_equal(member.vector, member.observer.vectors[-1])


def test_divergence_ends_one_member_and_spares_the_others():
    network = multilayer_perceptron((3, 2), "relu", SQUARED_ERROR)
    wild = make_member(network, 0, schedule=Constant(1e200), max_epochs=20)
    tame = make_member(network, 1, max_epochs=20)
    alone = copy.deepcopy(tame)
    train_minibatch([wild, tame], 10)
    train_minibatch([alone], 10)
    assert wild.outcome is Outcome.DIVERGED
    assert wild.n_epochs < 20
    np.testing.assert_array_equal(tame.vector, alone.vector)


@pytest.mark.parametrize("optimizer", [SGD(momentum=0.9), Adam()], ids=repr)
def test_two_calls_with_the_state_are_one(optimizer):
    network = multilayer_perceptron((3, 4, 2), "tanh", SQUARED_ERROR)
    whole = make_member(network, optimizer=optimizer, shuffle=False, max_epochs=6)
    first = make_member(network, optimizer=optimizer, shuffle=False, max_epochs=2)
    second = make_member(network, optimizer=optimizer, shuffle=False, max_epochs=4)
    for member in (whole, first):
        train_minibatch([member], 10)
    second.vector, second.state = first.vector, first.state
    train_minibatch([second], 10)
    np.testing.assert_array_equal(second.vector, whole.vector)


def test_rows_are_those_of_the_member():
    network = multilayer_perceptron((3, 2), "tanh", SQUARED_ERROR)
    some, cut = make_member(network), make_member(network)
    rows = np.arange(0, N_ROWS, 2)
    data = some.data
    some.data = TrainingData(data.inputs, data.targets, data.weights, rows)
    cut.data = TrainingData(
        data.inputs[rows], data.targets[rows], data.weights[rows], np.arange(len(rows))
    )
    for member in (some, cut):
        train_minibatch([member], 10)
    np.testing.assert_array_equal(some.vector, cut.vector)
    losses = some.history.losses
    assert all(after < before for before, after in pairwise(losses))
