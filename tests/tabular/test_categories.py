"""From a value to a category: one way, of which nothing but the value decides."""

import datetime
import tracemalloc
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skregnet import TableEncoder
from skregnet._tables.categories import names_of

BERLIN = ZoneInfo("Europe/Berlin")
CATEGORY_OF = {
    "1": [1, 1.0, np.float32(1), np.uint8(1), Decimal("1.00"), Fraction(2, 2), "1"],
    "0": [0, 0.0, -0.0, np.float16(-0.0), Decimal("-0"), "0"],
    "1000001": [1000001, 1000001.0, np.float32(1000001), Decimal(1000001)],
    "9007199254740993": [2**53 + 1, np.int64(2**53 + 1), Decimal(2**53 + 1)],
    "0.1": [0.1, np.float32(0.1), np.float16(0.1), Decimal("0.10"), np.float64(0.1)],
    "123456.5": [123456.5, np.float32(123456.5), Decimal("123456.50"), "123456.5"],
    "0.1234567": [0.1234567, np.float32(0.1234567), Decimal("0.1234567")],
    "1e-07": [1e-7, np.float32(1e-7), Decimal("1E-7")],
    "0.1000000000000000000000000001": [Decimal("0.10000000000000000000000000010")],
    "1" + "0" * 22: [1e22, 10**22, Decimal("1E22")],
    "True": [True, np.bool_(True), "True"],
    "02139": ["02139", b"02139", np.str_("02139")],
    "a\0": ["a\0"],
    "2020-01-01 00:00:00": [
        datetime.date(2020, 1, 1),
        datetime.datetime(2020, 1, 1),
        pd.Timestamp("2020-01-01"),
        np.datetime64("2020"),
    ],
    "2020-01-01 12:00:00.000000001": [pd.Timestamp("2020-01-01 12:00:00.000000001")],
    "1 days 00:00:00": [
        datetime.timedelta(1),
        pd.Timedelta(1, "D"),
        *(np.timedelta64(count, unit) for count, unit in [(1, "D"), (24, "h")]),
        np.timedelta64(24 * 3600 * 10**9, "ns"),
    ],
    "0 days 00:00:00.000001500": [pd.Timedelta(1500, "ns"), np.timedelta64(1500, "ns")],
    "-1 days +23:59:59.500000": [
        datetime.timedelta(seconds=-0.5),
        pd.Timedelta(-0.5, "s"),
        np.timedelta64(-500, "ms"),
    ],
    "14 days 00:00:00": [np.timedelta64(2, "W"), pd.Timedelta("14D")],
    "24 months": [np.timedelta64(2, "Y"), np.timedelta64(24, "M")],
    "frozenset({'a', 'b'})": [frozenset("ab"), frozenset("ba")],
    "2020-01-01 00:00:00+00:00": [
        pd.Timestamp("2020-01-01", tz="UTC"),
        pd.Timestamp("2020-01-01 05:30", tz="Asia/Kolkata"),
    ],
}


@pytest.mark.parametrize("category", CATEGORY_OF)
def test_category_of(category):
    for value in CATEGORY_OF[category]:
        assert names_of(value)[0] == category, repr(value)


def test_other_names_are_of_equal_values_alone():
    assert names_of(1.0) == names_of(np.int8(1)) == ("1", "True", "1.0")
    assert names_of(-0.0) == ("0", "False", "0.0")
    assert names_of(False) == ("False", "0")
    assert names_of(7) == ("7", "7.0")
    assert names_of("1") == ("1",)
    assert names_of(float(np.float32(0.1)))[:2] == ("0.10000000149011612", "0.1")
    assert names_of(0.12345678901) == ("0.12345678901",)
    assert names_of(1e-300) == ("1e-300",)


def encoded(learned, given):
    """Return given values as encoded by what was learned from categories."""
    encoder = TableEncoder().fit(pd.DataFrame({"k": learned}))
    return encoder.transform(pd.DataFrame({"k": given}))


@pytest.mark.parametrize("decimal", [0.1, 0.3, 2.7, 1e-3, 123.4])
def test_floats_of_each_precision_are_one_category(decimal):
    """Of one decimal, held in its own precision or in a longer one."""
    shortest = [kind(decimal) for kind in (np.float16, np.float32, np.float64)]
    held = [float(short) for short in shortest]
    values = [*shortest, *held, np.float32(shortest[0]), np.longdouble(held[1])]

    def of(value):
        return pd.DataFrame({"k": pd.Series([value, 7.5, 8.5], dtype=object)})

    for learned in values:
        encoder = TableEncoder(categorical_features=["k"]).fit(of(learned))
        expected = encoder.transform(of(learned))
        for given in values:
            np.testing.assert_array_equal(encoder.transform(of(given)), expected)
            column = pd.DataFrame({"k": np.array([given])})
            np.testing.assert_array_equal(encoder.transform(column), expected[:1])


@pytest.mark.filterwarnings("ignore:column 'k' of X holds")
@pytest.mark.parametrize(
    "values",
    [
        [1000001, 1000002, 1000003],
        [1234567, 7654321, 2000000, 10**9],
        [123456.5, 123457.5, 1.5],
        [0.1234567, 0.1234568, 1.5],
        [2**53, 2**53 + 1, 2**63 - 1],
        [1.0, 2.0, 10.0],
        np.array([0.1, 0.7, 1e-7], np.float32),
    ],
    ids=str,
)
@pytest.mark.parametrize("learned_as", [pd.Categorical, lambda v: list(map(str, v))])
def test_numbers_and_text_of_numbers(values, learned_as):
    learned = learned_as(values)
    expected = np.eye(len(values))[np.argsort(np.argsort(list(map(str, learned))))]
    values = pd.Series(values)
    for given in (learned, values, values.astype(object), pd.Categorical(values)):
        np.testing.assert_array_equal(encoded(learned, given), expected)


def test_integers_with_gaps_are_exact():
    learned = pd.Series([2**60, 2**60 + 1, None], dtype="Int64").astype("category")
    expected = np.eye(3)
    np.testing.assert_array_equal(encoded(learned, learned), expected)
    gaps = pd.Series([2**60, 2**60 + 1, None], dtype="Int64")
    np.testing.assert_array_equal(encoded(learned, gaps), expected)
    categorical = pd.Categorical([2**60, 2**60 + 1, None])
    np.testing.assert_array_equal(encoded(categorical, gaps), expected)


@pytest.mark.parametrize(
    "given",
    [
        [1, 0, 1],
        [1.0, 0.0, 1.0],
        np.array([1, 0, 1], np.uint8),
        pd.Series([1, 0, 1], dtype="Int64"),
        pd.Categorical([1, 0, 1]),
        pd.Categorical([True, False, True]),
        pd.Series([True, False, True], dtype="boolean"),
        pd.Series([True, 0, 1.0], dtype=object),
    ],
    ids=lambda given: str(getattr(given, "dtype", "list")),
)
def test_booleans_are_0_and_1(given):
    expected = encoded([True, False, True], [True, False, True])
    assert expected.ravel().tolist() == [1, -1, 1]
    np.testing.assert_array_equal(encoded([True, False, True], given), expected)


def test_booleans_of_which_one_is_missing():
    """pandas makes floats of Booleans with a gap."""
    found = encoded([True, False, True], [1.0, np.nan, 0.0, 2.0])
    np.testing.assert_array_equal(found.ravel(), [1, 0, -1, 0])


@pytest.mark.parametrize("learned", [[1, 0, 1], pd.Categorical([1, 0, 2])], ids=str)
def test_numbers_may_come_as_booleans(learned):
    given = encoded(learned, [True, False])
    np.testing.assert_array_equal(given, encoded(learned, [1, 0]))


@pytest.mark.filterwarnings("ignore:column 'k' of X holds")
def test_text_is_no_boolean_and_no_other_number():
    assert (encoded([True, False], ["1", "0"]) == 0).all()
    assert (encoded(["02139", "10001", "x"], [2139, 1]) == 0).all()


def test_a_mixed_column():
    learned = pd.Series(["a", 1, 1.0, np.nan, -0.0, 0, None, True], dtype=object)
    encoder = TableEncoder().fit(pd.DataFrame({"k": learned}))
    names = encoder.get_feature_names_out().tolist()
    assert names == ["k_0", "k_1", "k_True", "k_a", "k_missing"]
    expected = [3, 1, 1, 4, 0, 0, 4, 2]
    for X in (pd.DataFrame({"k": learned}), pd.DataFrame({"k": learned[::-1]})[::-1]):
        assert encoder.transform(X).argmax(axis=1).tolist() == expected
    lists = [[value, 0.5] for value in learned]
    of_lists = TableEncoder().fit_transform(lists)[:, :5]
    np.testing.assert_array_equal(
        of_lists, encoder.transform(pd.DataFrame({"k": learned}))
    )


def test_categories_that_are_ranges():
    X = pd.DataFrame({"k": pd.cut(np.arange(10.0), 3)})
    encoder = TableEncoder().fit(X)
    expected = encoder.transform(X)
    assert (expected.sum(axis=1) == 1).all()
    np.testing.assert_array_equal(encoder.transform(X.astype(object)), expected)
    as_text = X.astype(str)
    with pytest.warns(UserWarning, match="'k' of X holds text"):
        np.testing.assert_array_equal(encoder.transform(as_text), expected)


def test_dates_that_are_categories():
    days = pd.date_range("2020", periods=3, tz="Asia/Tokyo")
    X = pd.DataFrame({"k": days})
    encoder = TableEncoder(categorical_features=["k"]).fit(X)
    for other in (X, X.astype(object), pd.DataFrame({"k": days.tz_convert("UTC")})):
        np.testing.assert_array_equal(encoder.transform(other), np.eye(3))


EQUAL_BUT_NOT_ALIKE = {
    "an hour that comes twice": [
        datetime.datetime(2020, 10, 25, 2, 30, tzinfo=BERLIN, fold=k) for k in (0, 1)
    ],
    "durations": [np.timedelta64(1, "D"), np.timedelta64(24, "h")],
    "times": [
        datetime.time(1, tzinfo=datetime.UTC),
        datetime.time(2, tzinfo=datetime.timezone(datetime.timedelta(hours=1))),
    ],
    "ranges": [pd.Interval(0, 1), pd.Interval(0.0, 1.0)],
    "tuples": [(1, True), (1, 1)],
    "complex numbers": [complex(1, 0.0), complex(1, -0.0)],
    "sets": [frozenset("ab"), frozenset("ba")],
}


@pytest.mark.parametrize("name", EQUAL_BUT_NOT_ALIKE)
def test_equal_values_are_taken_as_each_alone(name):
    first, second = EQUAL_BUT_NOT_ALIKE[name]
    values = [first, second, "x"] * 2
    X = pd.DataFrame({"k": pd.Series(values, dtype=object)})
    for own in (X, X[::-1]):
        encoder = TableEncoder(categorical_features=["k"]).fit(own)
        together = encoder.transform(X)
        alone = np.vstack([encoder.transform(X.iloc[[k]]) for k in range(len(X))])
        np.testing.assert_array_equal(together, alone)
        assert (together != 0).any(axis=1).all()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.filterwarnings("ignore:column 'k' of X holds")
def test_durations_that_are_categories(unit):
    hours = pd.to_timedelta([1, 2, 30], unit="h")
    learned = pd.Series(hours.as_unit(unit))
    X = pd.DataFrame({"k": learned})
    encoder = TableEncoder(categorical_features=["k"]).fit(X)
    others = [hours, list(hours), pd.Categorical(hours), learned.astype(str)]
    others.append([hour.to_pytimedelta() for hour in hours])
    for other in others:
        series = pd.Series(other, dtype=object if isinstance(other, list) else None)
        found = encoder.transform(pd.DataFrame({"k": series}))
        np.testing.assert_array_equal(found, np.eye(3))
    found = encoder.transform(pl.DataFrame({"k": pl.Series(list(hours))}))
    np.testing.assert_array_equal(found, np.eye(3))


@pytest.mark.parametrize(
    "values", [[[1], [2]], [([1],), ([2],)], [b"\xff", b"a"], [10**5000, 1]]
)
def test_values_that_are_no_categories(values):
    X = pd.DataFrame({"k": pd.Series(values, dtype=object)})
    with pytest.raises(ValueError, match="column 'k' of X expects categories"):
        TableEncoder(categorical_features=["k"]).fit(X)


@pytest.mark.parametrize("kind", ["str", object, "category", "U", pl.String])
def test_memory_goes_by_the_characters_that_there_are(kind):
    texts = ["short"] * 1999 + ["x" * 50_000]
    array = np.array(["short", "x" * 5000] * 5)[:, np.newaxis]
    if kind == pl.String:
        X = pl.DataFrame({"t": texts})
    else:
        X = array if kind == "U" else pd.DataFrame({"t": pd.Series(texts, dtype=kind)})
    encoder = TableEncoder().fit(X)
    for call in (encoder.fit, encoder.transform):
        tracemalloc.start()
        call(X)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2e6


def test_memory_of_blocks():
    rng = np.random.RandomState(0)
    X = pd.DataFrame(
        {"n": rng.normal(size=60_000), "c": rng.choice(list("abcdefgh"), 60_000)}
    )
    encoder = TableEncoder().fit(X)
    tracemalloc.start()
    encoded = encoder.transform(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.25 * encoded.nbytes
