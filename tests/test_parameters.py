"""The flat vector and its views."""

from itertools import pairwise

import numpy as np
import pytest

from skregnet._networks.build import multilayer_perceptron
from skregnet._networks.losses import SQUARED_ERROR
from skregnet._networks.parameters import ParameterLayout

UNITS = [(3, 2), (3, 4, 2), (5, 4, 3, 1)]


def layout_of(units):
    return multilayer_perceptron(units, "tanh", SQUARED_ERROR).layout


@pytest.mark.parametrize("units", UNITS)
def test_round_trip(units):
    layout = layout_of(units)
    vector = np.random.RandomState(0).normal(size=layout.n_parameters)
    weights, biases = layout.unpack(vector)
    shapes = list(pairwise(units))
    assert [part.shape for part in weights] == shapes
    assert [part.shape for part in biases] == [(n,) for n in units[1:]]
    np.testing.assert_array_equal(layout.pack(weights, biases), vector)


@pytest.mark.parametrize("units", UNITS)
def test_weights_come_first(units):
    layout = layout_of(units)
    weights, biases = layout.unpack(np.arange(layout.n_parameters))
    head = np.concatenate([part.ravel() for part in weights])
    np.testing.assert_array_equal(head, np.arange(layout.n_weights))
    tail = np.concatenate(biases)
    np.testing.assert_array_equal(
        tail, np.arange(layout.n_weights, len(head) + len(tail))
    )


def test_views_are_live():
    layout = layout_of((3, 4, 2))
    vectors = np.zeros((2, layout.n_parameters))
    views = [view for view in layout.views(vectors) if view]
    views[0]["weights"][1, 2, 3] = 7.0
    views[1]["biases"][0, 0, 1] = 8.0
    assert vectors[1, 2 * 4 + 3] == 7.0
    assert vectors[0, -1] == 8.0
    assert np.count_nonzero(vectors) == 2
    vectors[...] = 5.0
    assert all((part == 5.0).all() for view in views for part in view.values())


def test_unpacked_arrays_own_their_numbers():
    layout = layout_of((3, 4, 2))
    vector = np.zeros(layout.n_parameters)
    for parts in layout.unpack(vector):
        for part in parts:
            assert part.base is None
            part[...] = 1
    assert not vector.any()


def test_other_parameters_follow_the_biases():
    affine = (("weights", (3, 2)), ("biases", (1, 2)))
    gains = (("gains", (1, 2)),)
    first = ParameterLayout((gains, affine)).views(np.arange(10.0)[np.newaxis])
    np.testing.assert_array_equal(first[0]["gains"], [[[8, 9]]])
    layout = ParameterLayout((affine, gains, affine))
    assert (layout.n_weights, layout.n_parameters) == (12, 18)
    views = layout.views(np.arange(36.0).reshape(2, 18))
    np.testing.assert_array_equal(views[1]["gains"], [[[16, 17]], [[34, 35]]])
    np.testing.assert_array_equal(views[2]["weights"][0].ravel(), np.arange(6, 12))
