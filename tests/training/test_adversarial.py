"""Inputs moved up the loss, against loops over rows and finite differences."""

import dataclasses
import math

import numpy as np
import pytest

from skregnet._networks.build import multilayer_perceptron
from skregnet._networks.losses import BINARY_LOG_LOSS, SQUARED_ERROR
from skregnet._networks.network import Batch
from skregnet._networks.penalties import L2Penalty
from skregnet._networks.stacking import stack_members
from skregnet._training import NORMS, Adversary, Recipe, moved
from skregnet._training.objective import Objective
from tests import references
from tests.cases import indicators, reals

FLOAT64 = np.dtype(np.float64)
N_ROWS = 5


def slow_move(now, origin, gradient, step, norm, iterations):
    """Return one row moved by one of the steps."""
    if norm == "gradient":
        return [x + step / iterations * g for x, g in zip(now, gradient, strict=True)]
    length = step * min(1.0, 2.5 / iterations)
    if norm == "sign":
        there = [x + length * np.sign(g) for x, g in zip(now, gradient, strict=True)]
        return [
            min(max(x, start - step), start + step)
            for x, start in zip(there, origin, strict=True)
        ]
    size = math.sqrt(sum(g * g for g in gradient)) or 1.0
    there = [x + length * g / size for x, g in zip(now, gradient, strict=True)]
    distance = math.dist(there, origin)
    factor = min(1.0, step / distance) if distance else 1.0
    return [
        start + factor * (x - start) for x, start in zip(there, origin, strict=True)
    ]


@pytest.mark.parametrize("iterations", [1, 2, 3, 10])
@pytest.mark.parametrize("own_steps", [False, True])
@pytest.mark.parametrize("norm", NORMS)
def test_a_move_is_that_of_each_row(norm, own_steps, iterations):
    random_state = np.random.RandomState(0)
    origin = random_state.normal(size=(3, N_ROWS, 4))
    step = np.array([0.1, 0.4, 1.5] if own_steps else [0.4] * 3).reshape(3, 1, 1)
    inputs, expected = origin.copy(), origin.tolist()
    before = origin.copy()
    for _ in range(iterations):
        gradient = random_state.normal(size=origin.shape)
        gradient[0, 0] = 0
        given = inputs.copy()
        inputs, at = (
            moved(
                inputs, origin, gradient, step if own_steps else 0.4, norm, iterations
            ),
            inputs,
        )
        np.testing.assert_array_equal(at, given)
        for k, i in np.ndindex(3, N_ROWS):
            expected[k][i] = slow_move(
                expected[k][i],
                origin[k, i].tolist(),
                gradient[k, i].tolist(),
                step[k].item(),
                norm,
                iterations,
            )
        np.testing.assert_allclose(inputs, expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(origin, before)
    np.testing.assert_array_equal(inputs[0, 0], origin[0, 0])


def distances(difference, norm):
    """Return how far each row has been moved."""
    if norm == "sign":
        return abs(difference).max(axis=-1)
    return np.sqrt((difference**2).sum(axis=-1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("iterations", [1, 2, 5, 50])
@pytest.mark.parametrize("norm", ["sign", "l2"])
def test_no_move_reaches_farther_than_the_step(norm, iterations, dtype):
    random_state = np.random.RandomState(0)
    origin = random_state.normal(size=(40, 6)).astype(dtype)
    uphill = random_state.normal(size=origin.shape).astype(dtype)
    rtol = 1e-5 if dtype == np.float32 else 1e-12
    inputs = origin
    for _ in range(iterations):
        noise = random_state.normal(size=origin.shape).astype(dtype)
        inputs = moved(inputs, origin, uphill + noise, 0.3, norm, iterations)
        assert inputs.dtype == dtype
        assert (distances(inputs - origin, norm) <= 0.3 * (1 + rtol)).all()
    # Steps in one direction arrive at the bound.
    inputs = origin
    for _ in range(iterations):
        inputs = moved(inputs, origin, uphill, 0.3, norm, iterations)
    np.testing.assert_allclose(distances(inputs - origin, norm), 0.3, rtol=rtol)
    if norm == "sign":
        np.testing.assert_allclose(abs(inputs - origin), 0.3, rtol=rtol)


@pytest.mark.parametrize("size", [1e-30, 1e-20, 1.0, 1e20, 1e30])
def test_the_size_of_a_gradient_does_not_matter(size):
    # Squares of float32 vanish below 1e-23 and overflow above 1e19.
    gradient = np.array([[3.0, 4.0]], np.float32) * np.float32(size)
    origin = np.zeros((1, 2), np.float32)
    by_sign = moved(origin, origin, gradient, 0.5, "sign", 1)
    by_length = moved(origin, origin, gradient, 0.5, "l2", 1)
    np.testing.assert_allclose(by_sign, [[0.5, 0.5]], rtol=1e-6)
    np.testing.assert_allclose(by_length, [[0.3, 0.4]], rtol=1e-6)


@pytest.mark.parametrize("norm", NORMS)
def test_no_gradient_no_move(norm):
    origin = np.random.RandomState(0).normal(size=(2, 3, 4)).astype(np.float32)
    result = moved(origin, origin, np.zeros_like(origin), 0.3, norm, 1)
    np.testing.assert_array_equal(result, origin)


# Members that differ in steps, in shares of the moved inputs and in penalties.
MEMBERS = [(0.3, 0.5, 0.2), (0.05, 0.9, 0.0), (1.1, 0.0, 0.7)]


def make_recipe(n_members, norm, iterations, loss, activation="tanh"):
    """Return the recipe of a stack of members trained on moved inputs."""
    network = multilayer_perceptron((3, 4, 2), activation, loss)
    return stack_members(
        [
            Recipe(
                network,
                penalties=(L2Penalty(strength),),
                adversary=Adversary(step, norm, weight, iterations),
            )
            for step, weight, strength in MEMBERS[:n_members]
        ]
    )


def make_problem(recipe, n_members, weighted, make):
    """Return vectors and a batch."""
    random_state = np.random.RandomState(0)
    vectors = random_state.normal(size=(n_members, recipe.network.layout.n_parameters))
    targets = [make(random_state, N_ROWS, 2).T for _ in range(n_members)]
    weights = random_state.uniform(0.1, 3, size=(n_members, 1, N_ROWS))
    inputs = random_state.normal(size=(n_members, N_ROWS, 3))
    return vectors, Batch(inputs, np.array(targets), weights if weighted else None)


def evaluate(recipe, vectors, batch, rngs=None):
    """Return loss and gradient of each member."""
    objective = Objective(recipe, vectors, FLOAT64)
    n_rows = batch.inputs.shape[1]
    losses = objective.value_and_gradient(
        batch, objective.workspace(n_rows), 1 / n_rows, rngs
    )
    return np.broadcast_to(losses, len(vectors)).copy(), objective.gradient.copy()


def attack(recipe, vectors, batch, name):
    """Return the inputs moved, each row by finite differences of its own loss."""
    adversary = recipe.adversary
    steps = np.broadcast_to(adversary.step, (len(vectors), 1))[:, 0]
    result = batch.inputs.copy()
    for k, i in np.ndindex(batch.inputs.shape[:2]):
        coefs, intercepts = recipe.network.layout.unpack(vectors[k])

        def loss(row, k=k, i=i, coefs=coefs, intercepts=intercepts):
            outputs = references.forward(row, coefs, intercepts, "tanh")
            return references.LOSSES[name](outputs, batch.targets[k, :, i])

        for _ in range(adversary.iterations):
            result[k, i] = slow_move(
                result[k, i],
                batch.inputs[k, i],
                references.central_differences(loss, result[k, i]),
                steps[k],
                adversary.norm,
                adversary.iterations,
            )
    return result


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("iterations", [1, 3])
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(
    ("name", "loss", "make"),
    [("squared", SQUARED_ERROR, reals), ("logistic", BINARY_LOG_LOSS, indicators)],
)
def test_objective(name, loss, make, norm, n_members, iterations, weighted):
    recipe = make_recipe(n_members, norm, iterations, loss)
    vectors, batch = make_problem(recipe, n_members, weighted, make)
    losses, gradient = evaluate(recipe, vectors, batch)
    plain = dataclasses.replace(recipe, adversary=None)
    attacked = Batch(attack(recipe, vectors, batch, name), batch.targets, batch.weights)
    share = np.broadcast_to(recipe.adversary.weight, (n_members, 1))[:, 0]

    def mixed(at):
        """Return the losses with the inputs moved as they are."""
        clean, there = evaluate(plain, at, batch)[0], evaluate(plain, at, attacked)[0]
        return (1 - share) * clean + share * there

    np.testing.assert_allclose(losses, mixed(vectors), rtol=1e-7)
    expected = references.central_differences(mixed, vectors)
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("norm", NORMS)
def test_a_member_in_a_stack_is_attacked_as_alone(norm):
    recipe = make_recipe(3, norm, 3, SQUARED_ERROR)
    vectors, batch = make_problem(recipe, 3, True, reals)
    losses, gradient = evaluate(recipe, vectors, batch)
    for k, (step, weight, strength) in enumerate(MEMBERS):
        own = Recipe(
            recipe.network,
            penalties=(L2Penalty(strength),),
            adversary=Adversary(step, norm, weight, 3),
        )
        member = slice(k, k + 1)
        alone = evaluate(
            own,
            vectors[member],
            Batch(batch.inputs[member], batch.targets[member], batch.weights[member]),
        )
        np.testing.assert_allclose(losses[k], alone[0][0], rtol=1e-14)
        np.testing.assert_array_equal(gradient[k], alone[1][0])


@pytest.mark.parametrize("norm", NORMS)
def test_an_attack_of_one_row_is_that_in_a_batch(norm):
    # A mean of losses in which each row is attacked on its own, whatever the others.
    recipe = make_recipe(1, norm, 2, SQUARED_ERROR)
    recipe = dataclasses.replace(recipe, penalties=())
    vectors, batch = make_problem(recipe, 1, True, reals)
    losses, gradient = evaluate(recipe, vectors, batch)
    total, summed = 0.0, np.zeros_like(gradient)
    for i in range(N_ROWS):
        row = Batch(batch.inputs[:, i : i + 1], batch.targets[:, :, i : i + 1])
        loss, of_row = evaluate(recipe, vectors, row)
        total += batch.weights[0, 0, i] * loss / N_ROWS
        summed += batch.weights[0, 0, i] * of_row / N_ROWS
    np.testing.assert_allclose(losses, total, rtol=1e-12)
    np.testing.assert_allclose(gradient, summed, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("place", ["before", "after"])
def test_moved_inputs_leave_running_statistics_alone(place):
    network = multilayer_perceptron((3, 4, 2), "tanh", SQUARED_ERROR, batch_norm=place)
    recipe = Recipe(network, adversary=Adversary(0.5, "sign", 0.5, 3))
    vectors, batch = make_problem(recipe, 2, False, reals)
    after = []
    for each in (recipe, dataclasses.replace(recipe, adversary=None)):
        objective = Objective(each, vectors, FLOAT64)
        objective.value_and_gradient(batch, objective.workspace(N_ROWS), 1 / N_ROWS)
        after.append(objective.parameters)
    np.testing.assert_array_equal(*after)
    assert (after[0] != vectors).any()


def test_each_pass_drops_units_of_its_own():
    # Inputs that are moved by nothing: the mean of losses under two masks.
    recipe = Recipe(
        multilayer_perceptron((3, 6, 2), "tanh", SQUARED_ERROR, dropout=(0.5,)),
        adversary=Adversary(0.0, "sign", 0.3, 1),
    )
    vectors, batch = make_problem(recipe, 2, True, reals)
    plain = dataclasses.replace(recipe, adversary=None)

    def sources():
        return [np.random.default_rng(seed) for seed in (0, 1)]

    losses, gradient = evaluate(recipe, vectors, batch, sources())
    rngs = sources()
    first, second = (evaluate(plain, vectors, batch, rngs)[0] for _ in range(2))
    assert (first != second).all()
    np.testing.assert_allclose(losses, 0.7 * first + 0.3 * second, rtol=1e-13)
    expected = references.central_differences(
        lambda at: evaluate(recipe, at, batch, sources())[0], vectors
    )
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-8)


def test_the_attack_raises_the_loss():
    recipe = make_recipe(1, "sign", 1, SQUARED_ERROR)
    vectors, batch = make_problem(recipe, 1, False, reals)
    small = dataclasses.replace(recipe, adversary=Adversary(1e-3, "sign", 1.0, 1))
    plain = dataclasses.replace(recipe, adversary=None)
    assert evaluate(small, vectors, batch)[0] > evaluate(plain, vectors, batch)[0]


def test_a_linear_regression_is_attacked_along_its_weights():
    # Of |w x - t| the worst move of length s adds s |w|: the lecture's closed form.
    network = multilayer_perceptron((3, 1), "identity", SQUARED_ERROR)
    recipe = Recipe(network, adversary=Adversary(0.2, "l2", 1.0, 1))
    random_state = np.random.RandomState(0)
    vector = random_state.normal(size=4)
    inputs = random_state.normal(size=(1, N_ROWS, 3))
    targets = random_state.normal(size=(1, 1, N_ROWS))
    losses, _ = evaluate(recipe, vector[np.newaxis], Batch(inputs, targets))
    residuals = inputs[0] @ vector[:3] + vector[3] - targets[0, 0]
    worst = abs(residuals) + 0.2 * np.linalg.norm(vector[:3])
    np.testing.assert_allclose(losses, np.mean(worst**2) / 2, rtol=1e-12)
