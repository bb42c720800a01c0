"""Descriptions stacked and taken apart again."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from skregnet._networks.penalties import L1Penalty, L2Penalty
from skregnet._networks.stacking import (
    architecture,
    join_members,
    select_members,
    stack_members,
)


@dataclasses.dataclass(frozen=True)
class Inner:
    """A description with hyperparameters and a size."""

    rate: Any
    size: int = 3
    other: Any = 0.5


@dataclasses.dataclass(frozen=True)
class Outer:
    """A description that holds others."""

    name: str
    parts: tuple
    inner: Any = None
    flag: bool = True


def describe(rate, **changes):
    """Return a nested description in which one number occurs twice."""
    inner = Inner(rate)
    fields = {"name": "relu", "parts": (inner, (Inner(1.0), rate), 4), "inner": inner}
    return Outer(**{**fields, **changes})


def test_floats_are_no_part_of_the_architecture():
    assert architecture(describe(0.1)) == architecture(describe(0.7))
    hash(architecture(describe(0.1)))


@pytest.mark.parametrize(
    "other",
    [
        describe(0.1, name="tanh"),
        describe(0.1, flag=False),
        describe(0.1, inner=None),
        describe(0.1, inner=Inner(0.1, size=4)),
        describe(0.1, inner=0.1),
        describe(0.1, inner=Outer("relu", ())),
        describe(0.1, parts=()),
        describe(0.1, parts=(Inner(0.1), (Inner(1.0), 0.1), 5)),
        describe(0.1, parts=(Inner(0.1), (Inner(1.0), 0.1, 0.1), 4)),
        describe(0.1, parts=(Inner(0.1), (Inner(1.0), "0.1"), 4)),
    ],
    ids=repr,
)
def test_all_else_is(other):
    assert architecture(describe(0.1)) != architecture(other)


def test_kinds_of_one_form_are_different():
    assert architecture(L1Penalty(0.1)) != architecture(L2Penalty(0.1))


def test_floats_that_differ_become_arrays():
    stacked = stack_members([describe(0.1), describe(0.7), describe(0.1)])
    rates = (
        stacked.inner.rate,
        stacked.parts[0].rate,
        stacked.parts[1][1],
    )
    for rate in rates:
        assert rate.dtype == np.float64
        np.testing.assert_array_equal(rate, [[0.1], [0.7], [0.1]])
    # What members share stays as it is.
    assert isinstance(stacked, Outer)
    assert isinstance(stacked.parts[1][0], Inner)
    assert stacked.parts[1][0] == Inner(1.0)
    assert (stacked.inner.size, stacked.inner.other) == (3, 0.5)
    assert (stacked.name, stacked.flag, stacked.parts[2]) == ("relu", True, 4)


def test_equal_descriptions_stack_to_themselves():
    description = describe(0.1)
    assert stack_members([description, describe(0.1)]) == description
    assert stack_members([description]) == description
    assert isinstance(stack_members([0.1, 0.1]), float)


@pytest.mark.parametrize("value", ["relu", 3, True, None, (), ("a", 1), np.tanh, Inner])
def test_what_is_not_a_float_is_that_of_the_first(value):
    assert stack_members([value, value]) == value
    assert architecture(value) == value


def test_tuples_of_unequal_lengths_do_not_stack():
    with pytest.raises(ValueError, match="zip"):
        stack_members([(0.1, 0.2), (0.1,)])


def test_members_of_a_stack_can_be_selected():
    descriptions = [describe(rate) for rate in (0.1, 0.7, 0.4, 0.2)]
    stacked = stack_members(descriptions)
    keep = np.array([1, 3])
    selected = select_members(stacked, keep, 4)
    expected = stack_members([descriptions[k] for k in keep])
    for found, other in (
        (selected.inner.rate, expected.inner.rate),
        (selected.parts[0].rate, expected.parts[0].rate),
        (selected.parts[1][1], expected.parts[1][1]),
    ):
        np.testing.assert_array_equal(found, other)
    assert selected.parts[1][0] == Inner(1.0)
    assert (selected.name, selected.flag, selected.parts[2]) == ("relu", True, 4)
    # The stack itself is as before.
    np.testing.assert_array_equal(stacked.inner.rate[:, 0], [0.1, 0.7, 0.4, 0.2])


def test_states_are_cut_to_the_members_that_stay():
    state = {
        "velocity": np.arange(12.0).reshape(3, 4),
        "inner": {"decay": np.array([[0.1], [0.2], [0.3]]), "n_steps": 7},
        "shared": np.arange(4.0),
        "number": np.array(2.0),
        "pair": (np.arange(3), "name"),
    }
    found = select_members(state, np.array([2, 0]), 3)
    np.testing.assert_array_equal(found["velocity"], [[8, 9, 10, 11], [0, 1, 2, 3]])
    np.testing.assert_array_equal(found["inner"]["decay"], [[0.3], [0.1]])
    assert found["inner"]["n_steps"] == 7
    assert found["shared"] is state["shared"]
    assert found["number"] is state["number"]
    np.testing.assert_array_equal(found["pair"][0], [2, 0])
    assert found["pair"][1] == "name"
    found["velocity"][0, 0] = -1
    assert state["velocity"][2, 0] == 8


def test_states_are_joined_as_they_were_cut():
    state = {
        "velocity": np.arange(12.0).reshape(3, 4),
        "inner": {"decay": np.array([[0.1], [0.2], [0.3]]), "n_steps": 7},
        "number": 2.0,
        "pair": (np.arange(3), "name"),
    }
    found = join_members([select_members(state, np.array([k]), 3) for k in range(3)])
    np.testing.assert_array_equal(found["velocity"], state["velocity"])
    np.testing.assert_array_equal(found["inner"]["decay"], state["inner"]["decay"])
    np.testing.assert_array_equal(found["pair"][0], [0, 1, 2])
    assert (found["inner"]["n_steps"], found["number"]) == (7, 2.0)
    assert found["pair"][1] == "name"
    found["velocity"][0, 0] = -1
    assert state["velocity"][0, 0] == 0


def test_numbers_that_differ_are_joined_to_arrays():
    states = [{"decay": 0.1}, {"decay": np.array([[0.2]])}, {"decay": 0.1}]
    np.testing.assert_array_equal(join_members(states)["decay"], [[0.1], [0.2], [0.1]])
    assert join_members([states[0], states[2]]) == {"decay": 0.1}
