"""Labels keep their type and their length; classes are found again."""

import datetime
import decimal
import enum

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skregnet._sklearn.labels import (
    class_weights,
    codes_of,
    is_missing,
    learn_classes,
    objects,
    plain,
    without_loss,
)


class Color(enum.Enum):
    """Labels that cannot be compared."""

    RED = 2
    BLUE = 1


PAIRS = {
    "integers": (3, 1),
    "truths": (True, False),
    "floats": (2.5, -1.0),
    "text": ("b", "a"),
    "NUL": ("a\0", "a"),
    "dates": (datetime.date(2021, 1, 1), datetime.date(2020, 1, 1)),
    "decimals": (decimal.Decimal(2), decimal.Decimal(1)),
    "enumeration": (Color.RED, Color.BLUE),
    "number and text": (1, "x"),
    "huge integers": (10**30, 2),
    "integers beyond int64": (2**63 + 1, -1),
    "tuples": ((1, 2), (0, 3)),
    "spans": (np.timedelta64(2, "s"), np.timedelta64(1, "s")),
    "times": (np.datetime64("2021", "ns"), np.datetime64("2020", "ns")),
    "number and span": (1.5, np.timedelta64(1, "s")),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_classes_are_the_labels_and_are_found_again(pair):
    given = [pair[k % 3 % 2] for k in range(12)]
    labels = plain(objects(given))
    classes, codes = learn_classes(labels)
    assert len(classes) == 2
    for found in (codes, codes_of(labels, classes), codes_of(objects(given), classes)):
        assert [classes[k] for k in found] == given
        assert [type(label) for label in classes[found].tolist()] == [
            type(label) for label in labels.tolist()
        ]


@pytest.mark.parametrize("labels", [[3, 1, 2], ["b", "c", "a"], [2.0, 1.5, 3.0]])
def test_classes_are_as_those_of_numpy(labels):
    values = np.array(labels * 4)
    expected, numbers = np.unique(values, return_inverse=True)
    for given in (values, plain(values.astype(object))):
        classes, codes = learn_classes(given)
        np.testing.assert_array_equal(classes, expected, strict=True)
        np.testing.assert_array_equal(codes, numbers)


def test_the_order_of_classes_does_not_follow_that_of_the_samples():
    mixed = [10, "x", 9, True, "a", Color.RED, Color.BLUE, 1.5]
    first, _ = learn_classes(objects(mixed))
    second, _ = learn_classes(objects(mixed[::-1]))
    expected = [True, Color.BLUE, Color.RED, 1.5, 9, 10, "a", "x"]
    assert first.tolist() == second.tolist()
    assert sorted(map(repr, first)) == sorted(map(repr, expected))
    assert first.tolist().index(9) < first.tolist().index(10)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (np.array([1, 5, 0]), np.array([0, 1])),
        (np.array([1.0, 0.5, 0.0]), np.array([0, 1])),
        (np.array([True, False]), np.array([0, 1])),
        (np.array(["a", "1"]), np.array([0, 1])),
        (np.array([1, 0]), np.array(["0", "1"])),
        (objects([1, "1", None]), np.array([0, 1])),
        (objects(["a", "a\0"]), np.array(["a", "b"])),
        (objects([datetime.date(2020, 1, 1)]), np.array(["2020"], "M8[D]")),
        (np.array(["2020", "2021"], "M8[s]"), np.array(["2020"], "M8[D]")),
    ],
)
def test_unknown_labels_have_no_class(labels, classes):
    expected = [
        next((k for k, one in enumerate(classes) if one == label), -1)
        for label in labels
    ]
    assert codes_of(labels, classes).tolist() == expected


def test_text_is_narrow_where_that_is_no_loss():
    assert learn_classes(objects(["b", "a"]))[0].dtype == "<U1"
    for name in ("a\0", "a" * 1000):
        classes, _ = learn_classes(objects(["b", name]))
        assert classes.dtype == object
        assert set(classes) == {"b", name}


NOTHING = [None, np.nan, pd.NA, pd.NaT, np.datetime64("NaT"), decimal.Decimal("NaN")]


@pytest.mark.parametrize("nothing", NOTHING, ids=repr)
def test_what_is_missing(nothing):
    values = objects([nothing, 1, "", "nan", 0, False, (), datetime.date.min])
    assert is_missing(values).tolist() == [True] + [False] * 7


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (["a\0", "b"], objects(["a\0", "b"])),
        ([1, "x"], objects([1, "x"])),
        ([[1, "x"], [2, "y"]], np.array([[1, "x"], [2, "y"]], object)),
        ([1, 2], np.array([1, 2])),
        ([[1.0, 2.0]], np.array([[1.0, 2.0]])),
        (np.array(["a"], np.dtypes.StringDType()), objects(["a"])),
        (pd.Series([1, 2], dtype="Int64"), np.array([1, 2])),
        (pd.Series([1, None], dtype="Int64"), objects([1, pd.NA])),
        (pd.array([True, False], dtype="boolean"), np.array([True, False])),
        (pd.Series([2**62 + 1, None], dtype="Int64"), objects([2**62 + 1, pd.NA])),
        (pl.Series([2**62 + 1, None]), objects([2**62 + 1, None])),
        (pl.Series([True, None]), objects([True, None])),
        (pl.Series([10**30], dtype=pl.Int128), objects([10**30])),
        (pd.DataFrame({"a": pd.array([1, 2], "Int64")}), np.array([[1], [2]])),
    ],
    ids=lambda value: type(value).__name__,
)
def test_without_loss(y, expected):
    found = without_loss(y)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert list(map(repr, found.ravel())) == list(map(repr, expected.ravel()))


def test_times_with_a_zone_keep_it():
    time = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    for series in (pd.Series([time]), pl.Series([time])):
        assert without_loss(series)[0].utcoffset() == datetime.timedelta(0)


def test_weights_of_classes():
    classes, codes = learn_classes(objects([1, "x", "x", "x"]))
    by_label = dict(
        zip(classes, class_weights({1: 5}, classes, codes, None), strict=True)
    )
    assert by_label == {1: 5, "x": 1}
    weights = np.array([1.0, 1.0, 0.0, 0.0])
    found = class_weights("balanced", classes, codes, weights)
    np.testing.assert_allclose(found, [1, 1])
    np.testing.assert_allclose(
        class_weights("balanced", classes, codes, None),
        [2 / 3 if label == "x" else 2 for label in classes],
    )
