"""Normalization folded into weights and biases: the same network at test time."""

import numpy as np
import pytest

from skregnet._networks.build import multilayer_perceptron
from skregnet._networks.folding import fold, unfold
from skregnet._networks.losses import SQUARED_ERROR
from skregnet._networks.penalties import L1Activity

HIDDEN = [(4,), (4, 5), (5, 3, 4)]
PLACES = ["before", "after"]


def make_network(hidden, place, *, decorated=False):
    """Return a network, with layers that do nothing at test time if decorated."""
    extras = {}
    if decorated:
        extras = {
            "input_dropout": 0.2,
            "dropout": (0.5,) * len(hidden),
            "activity_penalty": L1Activity(0.1),
        }
    return multilayer_perceptron(
        (3, *hidden, 2), "tanh", SQUARED_ERROR, batch_norm=place, **extras
    )


def random_vector(network, dtype=np.float64):
    """Return parameters drawn at random, scales of both signs and no variance < 0."""
    random_state = np.random.RandomState(0)
    vector = random_state.normal(size=network.layout.n_parameters).astype(dtype)
    for layer in network.layout.views(vector[np.newaxis]):
        if "statistics" in layer:
            layer["statistics"][:, 1] = random_state.uniform(
                0.01, 3, size=layer["statistics"][:, 1].shape
            )
    return vector


def outputs(network, vector):
    """Return the outputs of a network at test time."""
    inputs = np.random.RandomState(1).normal(size=(1, 9, 3)).astype(vector.dtype)
    workspace = network.workspace(1, 9, vector.dtype)
    return network.outputs(inputs, network.layout.views(vector[np.newaxis]), workspace)


@pytest.mark.parametrize("decorated", [False, True])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_the_plain_network_predicts_alike(hidden, place, decorated):
    network = make_network(hidden, place, decorated=decorated)
    vector = random_vector(network)
    before = vector.copy()
    coefs, intercepts = fold(network, vector)
    np.testing.assert_array_equal(vector, before)
    plain = make_network(hidden, None)
    folded = plain.layout.pack(coefs, intercepts)
    assert len(folded) < len(vector)
    np.testing.assert_allclose(
        outputs(plain, folded), outputs(network, vector), rtol=0, atol=1e-10
    )


@pytest.mark.parametrize("decorated", [False, True])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_unfolding_undoes_it(hidden, place, decorated):
    network = make_network(hidden, place, decorated=decorated)
    vector = random_vector(network)
    rest = network.layout.rest(vector)
    coefs, intercepts = fold(network, vector)
    given = [part.copy() for part in (*coefs, *intercepts)]
    unfolded = unfold(network, coefs, intercepts, rest)
    np.testing.assert_allclose(unfolded, vector, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(network.layout.rest(unfolded), rest)
    for part, before in zip((*coefs, *intercepts), given, strict=True):
        np.testing.assert_array_equal(part, before)


@pytest.mark.parametrize("place", PLACES)
def test_unfolding_into_normalizations_at_rest(place):
    plain = make_network((4, 5), None)
    vector = random_vector(plain)
    coefs, intercepts = plain.layout.unpack(vector)
    network = make_network((4, 5), place)
    unfolded = unfold(network, coefs, intercepts, None)
    for layer in network.layout.views(unfolded[np.newaxis]):
        if "scale" in layer:
            assert (layer["scale"] == 1).all()
            assert not layer["shift"].any()
            assert not layer["n_batches"].any()
            mean, variance = layer["statistics"][0]
            assert (variance == 1).all()
            # Below a normalization there are no biases: its mean stands for them.
            assert mean.all() if place == "before" else not mean.any()
    np.testing.assert_allclose(
        outputs(network, unfolded), outputs(plain, vector), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("place", PLACES)
def test_a_unit_whose_scale_is_zero_folds_and_unfolds(place):
    network = make_network((4,), place)
    vector = random_vector(network)
    for layer in network.layout.views(vector[np.newaxis]):
        if "scale" in layer:
            layer["scale"][0, 0, 1] = 0
    coefs, intercepts = fold(network, vector)
    unfolded = unfold(network, coefs, intercepts, network.layout.rest(vector))
    assert np.isfinite(unfolded).all()
    np.testing.assert_allclose(
        outputs(network, unfolded), outputs(network, vector), rtol=0, atol=1e-10
    )


@pytest.mark.parametrize("place", PLACES)
def test_float32_stays_float32(place):
    network = make_network((4, 5), place)
    vector = random_vector(network, np.float32)
    coefs, intercepts = fold(network, vector)
    assert {part.dtype for part in (*coefs, *intercepts)} == {np.dtype(np.float32)}
    rest = network.layout.rest(vector)
    unfolded = unfold(network, coefs, intercepts, rest)
    assert unfolded.dtype == np.float32
    np.testing.assert_allclose(unfolded, vector, rtol=1e-3, atol=1e-4)
    assert unfold(network, coefs, intercepts, None).dtype == np.float32
    # The arithmetic is in float64: rounding to float32 comes last.
    exact = fold(network, vector.astype(np.float64))
    for part, expected in zip(
        (*coefs, *intercepts), (*exact[0], *exact[1]), strict=True
    ):
        np.testing.assert_allclose(part, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("decorated", [False, True])
@pytest.mark.parametrize("hidden", [(), *HIDDEN])
def test_a_plain_network_is_itself(hidden, decorated):
    network = make_network(hidden, None, decorated=decorated)
    vector = random_vector(network)
    coefs, intercepts = fold(network, vector)
    expected = network.layout.unpack(vector)
    for part, other in zip(
        (*coefs, *intercepts), (*expected[0], *expected[1]), strict=True
    ):
        np.testing.assert_array_equal(part, other)
        assert not np.shares_memory(part, vector)
    for rest in (None, network.layout.rest(vector)):
        unfolded = unfold(network, coefs, intercepts, rest)
        np.testing.assert_array_equal(unfolded, vector)
