"""Dates as numbers: exact, in the zone of fit, by the clocks of that zone."""

import datetime
import pickle
from zoneinfo import ZoneInfo

import dateutil.tz
import numpy as np
import pandas as pd
import polars as pl
import pytest

from skregnet import TableEncoder
from skregnet._tables.instants import wall_clock

PARTS = [
    f"{wave}_{part}" for part in ("year", "week", "day") for wave in ("sin", "cos")
]


class FixedZone(datetime.tzinfo):
    """A zone as older libraries make them."""

    zone = "Europe/Berlin"

    def utcoffset(self, dt):
        return None if dt is None else ZoneInfo(self.zone).utcoffset(dt)

    def dst(self, dt):
        return None if dt is None else ZoneInfo(self.zone).dst(dt)

    def __repr__(self):
        return "FixedZone()"


class NamelessZone(FixedZone):
    zone = None

    def utcoffset(self, dt):
        return None if dt is None else datetime.timedelta(hours=1)


def parts(learned, given=None):
    """Return the encoded columns of dates by name."""
    encoder = TableEncoder(n_bins=0).fit(pd.DataFrame({"t": learned}))
    X = pd.DataFrame({"t": learned if given is None else given})
    names = [name.removeprefix("t_") for name in encoder.get_feature_names_out()]
    return dict(zip(names, encoder.transform(X).T, strict=True))


def spread(values):
    return np.ptp(values)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize(
    "start", ["2024-01-01", "1960-03-01 12:00", "2024-01-01 07:13"]
)
def test_days_at_one_hour_have_no_hour(start, unit):
    found = parts(pd.date_range(start, periods=365, unit=unit))
    assert spread(found["sin_day"]) == spread(found["cos_day"]) == 0
    assert spread(found["sin_week"]) > 1
    weeks = parts(pd.date_range(start, periods=52, freq="7D", unit=unit))
    assert spread(weeks["sin_week"]) == spread(weeks["cos_week"]) == 0
    assert spread(weeks["sin_year"]) > 1


def test_midnight_and_noon_have_one_sine():
    found = parts(pd.date_range("2024-01-01", periods=60, freq="12h"))
    assert spread(found["sin_day"]) == 0
    assert spread(found["cos_day"]) > 0.9


def test_other_hours_than_in_fit_are_not_far_out():
    days = pd.date_range("2024-01-01", periods=60)
    evening = parts(days, [pd.Timestamp("2024-01-10 18:00")])
    assert evening["sin_day"] == evening["cos_day"] == 0


@pytest.mark.parametrize("step", [1, 1000, 10**6])
@pytest.mark.parametrize("start", ["1700-01-01", "2024-05-05 05:05"])
def test_instants_close_together_are_told_apart(step, start):
    dates = pd.Timestamp(start).as_unit("ns") + pd.to_timedelta(
        np.arange(20) * step, "ns"
    )
    days = parts(dates)["days"]
    steps = np.diff(days)
    assert (steps > 0).all()
    linear = parts(dates, dates[[9, 10, 11]])["days"]
    np.testing.assert_allclose(linear[2] - linear[1], linear[1] - linear[0], rtol=0.02)


def test_parts_are_those_of_the_calendar():
    dates = pd.DatetimeIndex(
        ["2021-01-01 00:00", "2021-04-02 06:00", "2021-07-03 18:30"]
    )
    seconds = (dates - pd.Timestamp(0)) / pd.Timedelta("1s")
    # Medians and quartiles of three are these.
    found = parts(dates)
    for name, period in {"year": 365.2425, "week": 7, "day": 1}.items():
        turn = 2 * np.pi * seconds / (period * 86_400)
        for wave, expected in (("sin", np.sin(turn)), ("cos", np.cos(turn))):
            low, center, high = np.sort(expected)
            z = (expected - center) / (high - low)
            np.testing.assert_allclose(
                found[f"{wave}_{name}"], z / np.hypot(1, z / 3), atol=1e-8
            )


ZONES = ["Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Etc/GMT+5", "UTC"]


@pytest.mark.parametrize("zone", ZONES)
def test_clocks_are_those_of_the_zone(zone):
    """The hour of a zone is that of the same clock without one."""
    clocks = pd.date_range("2023-01-01 08:00", periods=400, freq="25h")
    local = clocks.tz_localize(zone)
    expected = parts(clocks)
    for dates in (local, local.astype(object), local.as_unit("ns")):
        found = parts(dates)
        for part in PARTS:
            np.testing.assert_array_equal(found[part], expected[part], err_msg=part)


@pytest.mark.parametrize("zone", [*ZONES, "+05:30", "-03:15"])
def test_wall_clock(zone):
    rng = np.random.RandomState(0)
    seconds = np.concatenate(
        [rng.randint(-(2**32), 2**32, size=2000), [0, -(2**40), 2**40]]
    )
    # Around a change of clocks, each second counts.
    change = int(pd.Timestamp("2024-03-31 01:00", tz="UTC").timestamp())
    seconds = np.append(seconds, np.arange(change - 50, change + 50))
    tz = pd.Timestamp("2020", tz=zone).tz
    key = int(tz.utcoffset(None).total_seconds()) if zone[0] in "+-" else zone
    expected = [
        s + tz.utcoffset(datetime.datetime.fromtimestamp(s, tz)).total_seconds()
        if abs(s) < 2**35
        else None
        for s in seconds.tolist()
    ]
    found = wall_clock(seconds, key).tolist()
    assert [a for a, b in zip(found, expected, strict=True) if b is not None] == [
        b for b in expected if b is not None
    ]


@pytest.mark.parametrize(
    "zone",
    [
        ZoneInfo("Europe/Berlin"),
        dateutil.tz.gettz("Europe/Berlin"),
        FixedZone(),
    ],
    ids=["zoneinfo", "dateutil", "by name"],
)
def test_zones_of_any_library(zone):
    days = [datetime.datetime(2024, 1 + k, 3, 5 + k) for k in range(12)]
    X = pd.DataFrame(
        {"t": pd.Series([day.replace(tzinfo=zone) for day in days], dtype=object)}
    )
    encoder = TableEncoder().fit(X)
    assert encoder._encodings[0].zone == "Europe/Berlin"
    known = pd.DataFrame({"t": pd.DatetimeIndex(days).tz_localize("Europe/Berlin")})
    np.testing.assert_array_equal(
        encoder.transform(X), TableEncoder().fit_transform(known)
    )
    again = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(again.transform(X), encoder.transform(X))


def test_a_zone_without_a_name_is_refused():
    day = datetime.datetime(2024, 1, 3, tzinfo=NamelessZone())
    X = pd.DataFrame({"t": pd.Series([day], dtype=object)})
    with pytest.raises(
        ValueError, match="'t' of X expects dates in a time zone that has"
    ):
        TableEncoder().fit(X)


@pytest.mark.parametrize("other", ["UTC", "Asia/Kolkata", "America/New_York", "-03:00"])
def test_other_zones_are_converted_to_that_of_fit(other):
    dates = pd.date_range("2024-03-01", periods=90, freq="7h", tz="Europe/Berlin")
    expected = parts(dates)
    for given in (dates.tz_convert(other), dates.tz_convert(other).astype(object)):
        found = parts(dates, given)
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name])


def test_zones_of_polars():
    dates = pd.date_range("2024-03-01", periods=90, freq="7h")
    frame = pl.DataFrame({"t": dates.to_numpy()}).with_columns(
        pl.col("t").dt.replace_time_zone("Europe/Berlin")
    )
    expected = TableEncoder().fit_transform(
        pd.DataFrame({"t": dates.tz_localize("Europe/Berlin")})
    )
    np.testing.assert_array_equal(TableEncoder().fit_transform(frame), expected)


def test_dates_of_several_zones_are_those_of_utc():
    days = [pd.Timestamp(f"2024-0{k + 1}-03 05:00", tz=z) for k, z in enumerate(ZONES)]
    mixed = parts(pd.Series(days, dtype=object))
    utc = parts(pd.Series([day.tz_convert("UTC") for day in days]))
    for name in utc:
        np.testing.assert_array_equal(mixed[name], utc[name])


@pytest.mark.parametrize("zones", [(None, "UTC"), ("Asia/Tokyo", None)], ids=str)
def test_dates_with_and_without_a_zone(zones):
    learned, given = (pd.date_range("2024", periods=9, tz=zone) for zone in zones)
    for own in (given, given.astype(object)):
        with pytest.raises(ValueError, match="'t' of X expects dates as in fit"):
            parts(learned, own)
    gone = parts(learned, pd.DatetimeIndex([pd.NaT], tz=zones[1]))
    assert all(np.isfinite(values).all() for values in gone.values())


@pytest.mark.parametrize("unit", ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "25s"])
def test_units_of_numpy(unit):
    array = np.array(
        ["2000-01-01", "2012-07-05T03:07", "NaT", "2031-03"], f"M8[{unit}]"
    )
    fine = array.astype("M8[us]")
    encoder = TableEncoder().fit(fine[:, np.newaxis])
    expected = encoder.transform(fine[:, np.newaxis])
    np.testing.assert_array_equal(encoder.transform(array[:, np.newaxis]), expected)


@pytest.mark.parametrize("unit", ["ps", "fs", "as"])
def test_units_of_numpy_below_nanoseconds(unit):
    array = np.array([-1, 0, 5 * 10**17, 2**62], f"M8[{unit}]")
    encoder = TableEncoder().fit(array[:, np.newaxis])
    expected = encoder.transform(array[:, np.newaxis])
    floor = np.floor_divide(
        array.astype(np.int64), {"ps": 10**3, "fs": 10**6, "as": 10**9}[unit]
    )
    found = encoder.transform(floor.astype("M8[ns]")[:, np.newaxis])
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("unit", ["Y", "D", "s"])
def test_dates_too_far_away(unit):
    array = np.array([0, 2**63 - 1], f"M8[{unit}]")[:, np.newaxis]
    with pytest.raises(ValueError, match="'x0' of X expects dates within 1e11 years"):
        TableEncoder().fit(array)


def test_a_date_of_fit_that_is_far_away_does_not_blur_the_others():
    near = pd.Timestamp("2024-01-01").as_unit("ns") + pd.to_timedelta(
        np.arange(30), "us"
    )
    days = parts(near.append(pd.DatetimeIndex(["1900-01-01"])))["days"]
    assert (np.diff(days[:30]) > 0).all()
