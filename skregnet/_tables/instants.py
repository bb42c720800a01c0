"""Dates as instants: whole seconds since 1970 and nanoseconds, as integers.

Days as floats would round: days at one hour would have hours that differ in the last
place, and dates a microsecond apart could be one.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from re import fullmatch
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from skregnet._kernels import Array
from skregnet._tables.columns import Column
from skregnet._tables.values import refused

DAY = 86_400
NANOSECONDS = 10**9
_ATTOSECONDS = 10**18
NO_INSTANT = -1
"""In place of the nanoseconds of a date that is missing."""

Zone = str | int | None
"""A time zone: its name, seconds east of Greenwich, or None for none."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
# Days since 1970 that Python's dates can be moved from by any zone.
_FIRST_DAY, _LAST_DAY = -719_160, 2_932_890
# Differences of dates within this many seconds, 1e11 years, are integers of 64 bits.
_FARTHEST = 2**62
# Units of NumPy's dates that are parts of a second, and how many make one.
_PARTS = {"ms": 3, "us": 6, "ns": 9, "ps": 12, "fs": 15, "as": 18}
_LONGEST_SECONDS = {"Y": 31_622_400, "M": 2_678_400, "W": 7 * DAY, "D": DAY, "h": 3600}
_LONGEST_SECONDS["m"] = 60


def instants_of(column: Column) -> tuple[Array, set[Zone]]:
    """Return the instants of a column of dates, and its time zones.

    Parameters
    ----------
    column : Column
        Dates.

    Returns
    -------
    instants : ndarray of shape (n_samples, 2), int64
        Seconds since 1970, of UTC where dates have a zone, and nanoseconds; these are
        -1 where a date is missing.
    zones : set of str, int or None
        The zones of all dates; None is that of dates without one.
    """
    present = column.present
    instants = np.zeros((len(column.values), 2), np.int64)
    instants[:, 1] = NO_INSTANT
    if present.dtype.kind == "M":
        instants[~column.is_missing] = _instants_of_array(column.name, present)
        found = [column.zone][: len(present)]
    elif len(present):
        instants[~column.is_missing] = [instant_of(value) for value in present]
        # Some zones cannot be hashed.
        own = [getattr(value, "tzinfo", None) for value in present]
        found = list({id(zone): zone for zone in own}.values())
    else:
        found = []
    return column.by_sample(instants), {_zone_of(column.name, z) for z in found}


def _instants_of_array(name: str, values: Array) -> Array:
    """Return the instants of dates of NumPy, of shape (n_values, 2)."""
    unit, n_units = np.datetime_data(values.dtype)
    if unit not in _PARTS or n_units != 1:
        # NumPy changes units without a word of what is too far for the new one.
        farthest = _FARTHEST // (n_units * _LONGEST_SECONDS.get(unit, 1))
        is_far = abs(values.astype(np.int64) // 2) > farthest // 2
        if is_far.any():
            raise refused(name, "dates within 1e11 years", values[is_far][0])
    if unit not in _PARTS:
        seconds = values.astype("M8[s]").astype(np.int64)
        return np.column_stack([seconds, np.zeros_like(seconds)])
    counts, n_parts = values.astype(f"M8[{unit}]").astype(np.int64), 10 ** _PARTS[unit]
    seconds, parts = np.divmod(counts, n_parts)
    if n_parts > NANOSECONDS:
        return np.column_stack([seconds, parts // (n_parts // NANOSECONDS)])
    return np.column_stack([seconds, parts * (NANOSECONDS // n_parts)])


def instant_of(value: Any) -> tuple[int, int]:
    """Return seconds and nanoseconds of a date of Python, pandas or NumPy."""
    if isinstance(value, np.datetime64):
        seconds, parts = _instants_of_array("", np.array([value]))[0].tolist()
        return seconds, parts
    seconds = (value.toordinal() - _EPOCH_ORDINAL) * DAY
    if not isinstance(value, datetime):
        return seconds, 0
    seconds += value.hour * 3600 + value.minute * 60 + value.second
    parts = value.microsecond * 1000 + getattr(value, "nanosecond", 0)
    ahead = value.utcoffset() or timedelta(0)
    seconds -= ahead.days * DAY + ahead.seconds
    parts -= ahead.microseconds * 1000
    return seconds + parts // NANOSECONDS, parts % NANOSECONDS


def text_of_instant(instant: tuple[int, int], is_aware: bool) -> str:
    """Return an instant as text, ``2024-01-31 12:00:00.5+00:00``."""
    seconds, parts = instant
    text = str(np.datetime64(seconds, "s")).replace("T", " ")
    if parts:
        text += f".{parts:09d}".removesuffix("000")
    return f"{text}+00:00" if is_aware else text


def text_of_duration(value: timedelta | np.timedelta64) -> str:
    """Return a duration as text, ``1 days 02:00:00.500000``, as pandas does.

    Months and years, which have no fixed length, are a number of months.
    """
    if isinstance(value, timedelta):
        seconds = value.days * DAY + value.seconds
        parts = value.microseconds * 1000 + getattr(value, "nanoseconds", 0)
        return _text_of_seconds(seconds, parts * _ATTOSECONDS // NANOSECONDS)
    unit, n_units = np.datetime_data(value.dtype)
    count = int(value.astype(np.int64)) * n_units
    if unit in ("Y", "M"):
        return f"{count * (12 if unit == 'Y' else 1)} months"
    if unit in _PARTS:
        parts = count * 10 ** (18 - _PARTS[unit])
        return _text_of_seconds(*divmod(parts, _ATTOSECONDS))
    if unit == "generic":
        return str(value)
    return _text_of_seconds(count * _LONGEST_SECONDS.get(unit, 1), 0)


def _text_of_seconds(seconds: int, attoseconds: int) -> str:
    """Return seconds and attoseconds as days, hours, minutes and seconds."""
    days, seconds = divmod(seconds, DAY)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{days} days {'+' * (days < 0)}{hours:02d}:{minutes:02d}:{seconds:02d}"
    if attoseconds:
        digits = f"{attoseconds:018d}".removesuffix("0" * 9).removesuffix("0" * 3)
        text += f".{digits}"
    return text


def _zone_of(name: str, zone: tzinfo | str | None) -> Zone:
    """Return a time zone by name or as seconds, whatever library it is of."""
    if zone is None:
        return None
    if isinstance(zone, str):
        ahead = fullmatch(r"(?:UTC)?([+-])(\d\d):?(\d\d)", zone)
        if ahead:
            sign, hours, minutes = ahead.groups()
            return int(f"{sign}1") * (int(hours) * 3600 + int(minutes) * 60)
        key: Any = zone
    else:
        fixed = zone.utcoffset(None)
        if fixed is not None:
            return fixed.days * DAY + fixed.seconds
        key = getattr(zone, "key", None) or getattr(zone, "zone", None)
        path = getattr(zone, "_filename", None)
        if key is None and isinstance(path, str) and "zoneinfo/" in path:
            key = path.split("zoneinfo/")[-1]
    try:
        ZoneInfo(key)
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise ValueError(
            f"column {name!r} of X expects dates in a time zone that has a name, or "
            f"in a fixed one, got {zone!r}; convert them to one of these."
        ) from error
    return str(key)


def wall_clock(seconds: Array, zone: Zone) -> Array:
    """Return the seconds that clocks in a zone show.

    Parameters
    ----------
    seconds : ndarray of shape (n_samples,), int64
        Seconds since 1970, of UTC.
    zone : str, int or None
        The zone; None leaves them as they are.
    """
    if not isinstance(zone, str):
        return seconds + (zone or 0)
    place = ZoneInfo(zone)
    days, places = np.unique(seconds // DAY, return_inverse=True)
    days = days.clip(_FIRST_DAY, _LAST_DAY)
    first = np.array([_ahead(place, day * DAY) for day in days.tolist()], np.int64)
    last = np.array([_ahead(place, (day + 1) * DAY) for day in days.tolist()], np.int64)
    ahead = first[places]
    # Clocks change within few days.
    for k in np.flatnonzero((first != last)[places]).tolist():
        ahead[k] = _ahead(place, int(seconds[k]))
    return seconds + ahead


def _ahead(place: ZoneInfo, seconds: int) -> int:
    """Return how many seconds a zone is ahead of UTC at an instant of it."""
    moment = (_EPOCH + timedelta(seconds=seconds)).astimezone(place)
    ahead = moment.utcoffset() or timedelta(0)
    return ahead.days * DAY + ahead.seconds
