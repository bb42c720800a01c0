"""Each kernel that Numba compiles, against its version in NumPy."""

import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

from skregnet._kernels import selection
from skregnet._kernels.numba import activations as numba_activations
from skregnet._kernels.numba import losses as numba_losses
from skregnet._kernels.numba import normalization as numba_normalization
from skregnet._kernels.numba import products as numba_products
from skregnet._kernels.numba import updates as numba_updates
from skregnet._kernels.numpy import activations as numpy_activations
from skregnet._kernels.numpy import losses as numpy_losses
from skregnet._kernels.numpy import normalization as numpy_normalization
from skregnet._kernels.numpy import products as numpy_products
from skregnet._kernels.numpy import updates as numpy_updates

pytest.importorskip("numba")

# Numbers of vectors, and the rates that follow them.
UPDATES = {
    "adam_update": (4, (0.9, 1.3, 0.01, 1e-3)),
    "amsgrad_update": (5, (0.9, 0.99, 0.01, 1e-3)),
    "nadam_update": (4, (0.9, 0.99, 3.0, 0.01, 1e-3)),
    "adagrad_update": (3, (0.01, 1e-3)),
    "rmsprop_update": (5, (0.9, 0.5, 0.01, 1e-3)),
    "momentum_update": (3, (0.9, 0.01)),
    "average_update": (2, (0.3,)),
    "add_scaled": (2, (0.3,)),
}
RTOL = {np.float32: 1e-4, np.float64: 1e-6}


def vectors(n_vectors, n_members, length, dtype):
    """Return vectors of both signs, but for what are sums and means of squares."""
    random_state = np.random.RandomState(0)
    found = random_state.normal(size=(n_vectors, n_members, length))
    found[2:] = np.abs(found[2:]) + 0.1
    # A variance is a difference, which has few digits where it is small.
    found[2:3] += 10
    return list(found.astype(dtype))


def both_updates(name, arguments):
    """Return what the vectors become in NumPy and in Numba."""
    results = []
    for module in (numpy_updates, numba_updates):
        own = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
        getattr(module, name)(*own)
        results.append([a for a in own if isinstance(a, np.ndarray) and a.size > 3])
    return results


def assert_near(results, dtype):
    """Compare two lists of arrays."""
    for expected, found in zip(*results, strict=True):
        assert found.dtype == expected.dtype == dtype
        np.testing.assert_allclose(found, expected, rtol=RTOL[dtype], atol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [5, 700, 5000, 70_000])
@pytest.mark.parametrize("by_member", [False, True])
@pytest.mark.parametrize("name", UPDATES)
def test_update(name, by_member, length, dtype):
    n_vectors, rates = UPDATES[name]
    arguments = vectors(n_vectors, 3 if by_member else 1, length, dtype)
    if by_member:
        rates = [rate * np.array([[1.0], [0.9], [0.5]]) for rate in rates]
    arguments += rates
    if name == "momentum_update":
        for nesterov in (False, True):
            assert_near(both_updates(name, [*arguments, nesterov]), dtype)
    else:
        assert_near(both_updates(name, arguments), dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("centered", "moving"), [(0, 0), (0, 1), (1, 0)])
def test_forms_of_rmsprop(centered, moving, dtype):
    theta, g, v, m, u = vectors(5, 2, 1000, dtype)
    optional = [m if centered else None, u if moving else None]
    arguments = [theta, g, v, *optional, 0.9, 0.5, 0.01, 1e-3]
    assert_near(both_updates("rmsprop_update", arguments), dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [7, 5000])
def test_delta_bar_delta(length, dtype):
    theta, g, gains, averages = vectors(4, 2, length, dtype)
    averages *= np.random.RandomState(1).choice([-1, 0, 1], size=averages.shape)
    rates = (0.3, 0.2, 0.7, (0.2, 2.0), 0.01)
    arguments = [theta, g, gains, averages, *rates]
    assert_near(both_updates("delta_bar_delta_update", arguments), dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 4, 3), (3, 17, 70)])
def test_relu_backward(shape, dtype):
    random_state = np.random.RandomState(0)
    outputs = np.maximum(random_state.normal(size=shape), 0).astype(dtype)
    delta = random_state.normal(size=shape).astype(dtype)
    expected = np.where(outputs > 0, delta, 0)
    for module in (numpy_activations, numba_activations):
        found = delta.copy()
        scratch = np.zeros((), dtype), np.empty(shape, bool)
        module.relu_backward(found, outputs, *scratch)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 4, 3), (3, 17, 70)])
def test_add_and_rectify(shape, dtype):
    n_members, _, n_units = shape
    random_state = np.random.RandomState(0)
    values = random_state.normal(size=shape).astype(dtype)
    values[0, 0, 0] = np.nan
    biases = random_state.normal(size=(n_members, 1, 2 * n_units)).astype(dtype)
    biases = biases[:, :, :n_units]
    expected = np.maximum(values + biases, 0)
    for module in (numpy_activations, numba_activations):
        found = values.copy()
        module.add_and_rectify(found, biases, np.zeros((1, 1, n_units), dtype))
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["rows", "read-only", "columns", "strided", "vector"])
def test_gather(kind, dtype):
    random_state = np.random.RandomState(0)
    source = random_state.normal(size=(30, 7)).astype(dtype)
    if kind == "read-only":
        source.flags.writeable = False
    elif kind == "columns":
        source = np.asfortranarray(source)
    elif kind == "strided":
        source = source[::2, ::3]
    elif kind == "vector":
        source = source[:, 0].copy()
    for shape in [(3, 9), (9,)]:
        rows = random_state.randint(len(source), size=shape)
        for module in (numpy_products, numba_products):
            out = np.empty((*rows.shape, *source.shape[1:]), dtype)
            module.gather(source, rows, out)
            np.testing.assert_array_equal(out, source[rows])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 4, 3), (3, 17, 70)])
def test_rectified_dropout(shape, dtype):
    n_members, _, n_units = shape
    random_state = np.random.RandomState(0)
    values, delta = random_state.normal(size=(2, *shape)).astype(dtype)
    values[0, 0, 0] = np.nan
    biases = random_state.normal(size=(n_members, 1, 2 * n_units)).astype(dtype)
    biases = biases[:, :, :n_units]
    masks = random_state.choice([0, 1.25], size=shape).astype(dtype)
    outputs = np.maximum(values + biases, 0) * masks
    gradient = np.where(outputs > 0, delta * masks, 0)
    for module in (numpy_activations, numba_activations):
        found, slopes = values.copy(), delta.copy()
        zeros = np.zeros((1, 1, n_units), dtype)
        module.add_rectify_and_drop(found, biases, masks, zeros)
        np.testing.assert_array_equal(found, outputs)
        scratch = np.zeros((), dtype), np.empty(shape, bool)
        module.dropped_relu_backward(slopes, outputs, masks, *scratch)
        np.testing.assert_array_equal(slopes, gradient)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("offset", [0.0, 300.0])
@pytest.mark.parametrize("n_members", [1, 3])
def test_normalization(n_members, offset, weighted, dtype):
    n_rows, n_units = 40, 9
    random_state = np.random.RandomState(0)
    shape, by_unit = (n_members, n_rows, n_units), (n_members, 1, n_units)
    inputs = (random_state.normal(size=shape) + offset).astype(dtype)
    delta = random_state.normal(size=shape).astype(dtype)
    scale, shift = random_state.normal(size=(2, *by_unit)).astype(dtype)
    share = np.full((1, 1, n_rows), 1 / n_rows, dtype)
    if weighted:
        share = random_state.uniform(0.1, 1, size=(n_members, 1, n_rows)).astype(dtype)
        share /= share.sum(axis=2, keepdims=True)
    results = []
    for module in (numpy_normalization, numba_normalization):
        outputs, centered, moved = inputs.copy(), np.empty_like(inputs), delta.copy()
        moments = np.empty((n_members, 2, n_units), dtype)
        both = np.empty((2, *by_unit), dtype)
        inverse, factor = module.normalize(
            outputs, outputs, centered, share, moments, scale, shift, 1e-5, both
        )
        kept = outputs.copy(), centered.copy(), moments
        gradients = np.empty((2, *by_unit), dtype)
        module.normalize_backward(
            moved,
            centered,
            share,
            weighted,
            inverse,
            factor,
            *gradients,
            np.ones((1, 1, n_rows), dtype),
            outputs,
        )
        results.append([*kept, inverse, factor, moved, gradients])
    # A large mean leaves few digits to the distances from it in float32.
    rtol = 2e-3 if dtype == np.float32 and offset else RTOL[dtype]
    atol = 2e-3 if dtype == np.float32 and offset else 1e-6
    for expected, found in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_members", [1, 3])
def test_follow(n_members, dtype):
    random_state = np.random.RandomState(0)
    # Views of longer vectors, as those of parameters are.
    vectors = random_state.normal(size=(n_members, 21)).astype(dtype)
    vectors[:, 20] = 0
    moments = random_state.normal(size=(12, n_members, 2, 9)).astype(dtype)
    results = []
    for module in (numpy_normalization, numba_normalization):
        own = vectors.copy()
        statistics, n_batches = own[:, 2:20].reshape(-1, 2, 9), own[:, 20:]
        n_batches = n_batches.reshape(-1, 1, 1)
        for batch in moments:
            module.follow(statistics, n_batches, batch, 5)
        results.append(own)
    np.testing.assert_array_equal(*results)
    np.testing.assert_array_equal(results[0][:, 20], 5)
    # The mean of the first five, then steps of a fifth.
    expected = moments[:5].mean(axis=0)
    for batch in moments[5:]:
        expected += (batch - expected) / 5
    np.testing.assert_allclose(
        results[0][:, 2:20].reshape(expected.shape), expected, rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [5, 700, 5000])
@pytest.mark.parametrize("n_members", [1, 3])
def test_add_scaled_squares(n_members, length, dtype):
    target, source = vectors(2, n_members, length, dtype)
    results = []
    for module in (numpy_updates, numba_updates):
        own = target.copy()
        squares = module.add_scaled_squares(own, source, 0.3)
        results.append([np.broadcast_to(squares, n_members), own])
    assert_near(results, dtype)
    np.testing.assert_allclose(results[0][0], (source**2).sum(axis=1), rtol=1e-4)


def loss_arguments(name, n_members, n_outputs, n_rows, weighted, dtype):
    """Return outputs, some of them extreme, targets and weights."""
    random_state = np.random.RandomState(0)
    shape = (n_members, n_outputs, n_rows)
    outputs = 3 * random_state.normal(size=shape)
    outputs[0, 0, :3] = 800, -800, 0
    targets = random_state.uniform(size=shape)
    if name == "softmax_loss":
        targets /= targets.sum(axis=1, keepdims=True)
    weights = random_state.uniform(0, 2, size=(n_members, 1, n_rows))
    weights[0, 0, 4] = 0
    weights = weights.astype(dtype) if weighted else None
    return outputs.astype(dtype), targets.astype(dtype), weights


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(1, 1, 7), (1, 3, 32), (4, 3, 32), (2, 9, 400)])
@pytest.mark.parametrize("name", ["softmax_loss", "logistic_loss", "squared_loss"])
def test_losses(name, shape, weighted, dtype):
    outputs, *rest = loss_arguments(name, *shape, weighted, dtype)
    results = []
    for module in (numpy_losses, numba_losses):
        space = numpy_losses.LossWorkspace.allocate(*shape, dtype)
        gradient = outputs.copy()
        values = getattr(module, name)(gradient, *rest, 0.03, space)
        results.append([np.broadcast_to(values, shape[0]).astype(dtype), gradient])
    assert_near(results, dtype)


@pytest.mark.parametrize("name", ["softmax_loss", "logistic_loss", "squared_loss"])
def test_losses_of_a_member_do_not_depend_on_the_others(name):
    outputs, targets, _ = loss_arguments(name, 3, 3, 32, False, np.float32)
    together = outputs.copy()
    loss = getattr(numba_losses, name)
    space = numpy_losses.LossWorkspace.allocate(3, 3, 32, np.float32)
    values = loss(together, targets, None, 0.03, space)
    for k in range(3):
        space = numpy_losses.LossWorkspace.allocate(1, 3, 32, np.float32)
        alone = outputs[[k]]
        assert loss(alone, targets[[k]], None, 0.03, space) == values[k]
        np.testing.assert_array_equal(alone[0], together[k])


@pytest.mark.parametrize("choice", ["numpy", "numba"])
def test_the_environment_chooses(choice, monkeypatch):
    monkeypatch.setenv(selection.VARIABLE, choice)
    assert selection.uses_numba() == (choice == "numba")


@pytest.mark.parametrize("nothing", ["", " "])
def test_an_empty_variable_is_no_choice(nothing, monkeypatch):
    monkeypatch.setenv(selection.VARIABLE, nothing)
    assert selection.uses_numba()


def test_a_stand_in_for_numba_is_no_numba(monkeypatch):
    monkeypatch.delenv(selection.VARIABLE, raising=False)
    monkeypatch.setitem(sys.modules, "numba", ModuleType("numba"))
    assert not selection.uses_numba()


def test_choices_are_known(monkeypatch):
    monkeypatch.setenv(selection.VARIABLE, "cuda")
    with pytest.raises(ValueError, match="SKREGNET_KERNELS expects one of"):
        selection.uses_numba()


def test_numba_must_be_there_to_be_chosen(monkeypatch):
    monkeypatch.setattr(selection, "find_spec", lambda name: None)
    monkeypatch.delenv(selection.VARIABLE, raising=False)
    assert not selection.uses_numba()
    monkeypatch.setenv(selection.VARIABLE, "numba")
    with pytest.raises(ImportError, match="pip install"):
        selection.uses_numba()


def test_numba_is_imported_when_needed():
    code = "import sys, skregnet; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
