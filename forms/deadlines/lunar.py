"""The Vietnamese lunar calendar (âm lịch) at UTC+7, from the sun and the moon alone.

A month begins on the local day of the new moon; the month with the winter solstice is the eleventh; of thirteen months between
two elevenths the first without a principal solar term is the leap month. The zone decides the day: in 2030 Tết is 2 February in
Vietnam, 3 February in China. New moons follow Meeus, *Astronomical Algorithms* ch. 49 (a few seconds), the sun's longitude
ch. 25 (0.01°, a quarter of an hour). Announced holidays are data; this checks that data and proposes what is not announced yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from math import floor, radians, sin
from typing import Final

VIETNAM_HOURS: Final = 7

_JULIAN_DAY_OF_ORDINAL_0: Final = 1721425
"""Julian day number at noon, less :meth:`date.toordinal`."""

_MONTH: Final = 29.530588861
_FIRST_NEW_MOON: Final = 2451550.09766
"""Mean new moon of 6 January 2000, Julian ephemeris day."""

# Periodic terms of the new moon: days, power of the eccentricity factor, multiples of (sun's anomaly, moon's anomaly, latitude).
_MOON_TERMS: Final = (
    (-0.40720, 0, 0, 1, 0),
    (0.17241, 1, 1, 0, 0),
    (0.01608, 0, 0, 2, 0),
    (0.01039, 0, 0, 0, 2),
    (0.00739, 1, -1, 1, 0),
    (-0.00514, 1, 1, 1, 0),
    (0.00208, 2, 2, 0, 0),
    (-0.00111, 0, 0, 1, -2),
    (-0.00057, 0, 0, 1, 2),
    (0.00056, 1, 1, 2, 0),
    (-0.00042, 0, 0, 3, 0),
    (0.00042, 1, 1, 0, 2),
    (0.00038, 1, 1, 0, -2),
    (-0.00024, 1, -1, 2, 0),
    (-0.00007, 0, 2, 1, 0),
    (0.00004, 0, 0, 2, -2),
    (0.00004, 0, 3, 0, 0),
    (0.00003, 0, 1, 1, -2),
    (0.00003, 0, 0, 2, 2),
    (-0.00003, 0, 1, 1, 2),
    (0.00003, 0, -1, 1, 2),
)

# Planetary terms: days, phase in degrees, degrees per month.
_PLANET_TERMS: Final = (
    (0.000325, 299.77, 0.107408),
    (0.000165, 251.88, 0.016321),
    (0.000164, 251.83, 26.651886),
    (0.000126, 349.42, 36.412478),
    (0.000110, 84.66, 18.206239),
    (0.000062, 141.74, 53.303771),
    (0.000060, 207.14, 2.453732),
    (0.000056, 154.84, 7.306860),
    (0.000047, 34.52, 27.261239),
    (0.000042, 207.19, 0.121824),
    (0.000040, 291.34, 1.844379),
    (0.000037, 161.72, 24.198154),
    (0.000035, 239.56, 25.513099),
    (0.000023, 331.55, 3.592518),
)


@dataclass(frozen=True, slots=True)
class LunarDate:
    """Day, month and year as people say them: mùng 10 tháng 3; ``leap`` marks a leap month (tháng nhuận)."""

    year: int
    month: int
    day: int
    leap: bool = False


@dataclass(frozen=True, slots=True)
class _Month:
    first: date
    number: int
    leap: bool


def lunar_date(day: date, zone_hours: int = VIETNAM_HOURS) -> LunarDate:
    """The lunar date of a day."""
    months = _months(day.year, zone_hours) + _months(day.year + 1, zone_hours)
    month = [month for month in months if month.first <= day][-1]
    year = day.year if month in _months(day.year, zone_hours) else day.year + 1
    return LunarDate(year - (month.number >= 11), month.number, (day - month.first).days + 1, month.leap)


def solar_date(lunar: LunarDate, zone_hours: int = VIETNAM_HOURS) -> date:
    """The day of a lunar date.

    Raises:
        ValueError: the year has no such month, or the month no such day.
    """
    for month in _months(lunar.year + (lunar.month >= 11), zone_hours):
        if (month.number, month.leap) == (lunar.month, lunar.leap):
            day = date.fromordinal(month.first.toordinal() + lunar.day - 1)
            if lunar_date(day, zone_hours) == lunar:
                return day
    raise ValueError(f"there is no lunar date {lunar}")


def tet(year: int, zone_hours: int = VIETNAM_HOURS) -> date:
    """Mùng 1 Tết: the first day of the lunar year."""
    return solar_date(LunarDate(year, 1, 1), zone_hours)


def hung_kings(year: int) -> date:
    """Giỗ Tổ Hùng Vương: the tenth day of the third lunar month."""
    return solar_date(LunarDate(year, 3, 10))


@cache
def _months(year: int, zone_hours: int) -> tuple[_Month, ...]:
    """The months from the eleventh of lunar ``year`` - 1 to the tenth of ``year``."""
    first, after = _eleventh(year - 1, zone_hours), _eleventh(year, zone_hours)
    starts = [_new_moon_day(first + step, zone_hours) for step in range(after - first + 1)]
    leap = -1
    if after - first == 13:
        terms = [_term_at_midnight(start, zone_hours) for start in starts]
        leap = next(step for step in range(1, 13) if terms[step] == terms[step + 1])
    months = []
    for step, start in enumerate(starts[:-1]):
        regular = step - (0 <= leap <= step)
        months.append(_Month(start, (regular + 10) % 12 + 1, step == leap))
    return tuple(months)


def _eleventh(year: int, zone_hours: int) -> int:
    """Number of the new moon that begins the month with the winter solstice of ``year``."""
    solstice = next(day for day in range(18, 26) if _term_at_midnight(date(year, 12, day + 1), zone_hours) == 9)
    day = date(year, 12, solstice)
    number = floor((_midnight(day, zone_hours) - _FIRST_NEW_MOON) / _MONTH) + 1
    while _new_moon_day(number, zone_hours) > day:
        number -= 1
    return number


def _term_at_midnight(day: date, zone_hours: int) -> int:
    """Which twelfth of the zodiac the sun is in when ``day`` begins: 9 from the winter solstice on."""
    return floor(sun_longitude(_midnight(day, zone_hours) + _clock_difference(day.year)) / 30)


def _midnight(day: date, zone_hours: int) -> float:
    return day.toordinal() + _JULIAN_DAY_OF_ORDINAL_0 - 0.5 - zone_hours / 24


def _new_moon_day(number: int, zone_hours: int) -> date:
    moment = new_moon(number)
    moment -= _clock_difference(2000 + number / 12.3685)
    return date.fromordinal(floor(moment + 0.5 + zone_hours / 24) - _JULIAN_DAY_OF_ORDINAL_0)


def _clock_difference(year: float) -> float:
    """Days by which dynamical time is ahead of the clock: about a minute, enough precision for 1986 to 2100."""
    years = year - 2000
    return (62.92 + 0.32217 * years + 0.005589 * years**2) / 86400


def new_moon(number: int) -> float:
    """Julian ephemeris day of a new moon; 0 is that of 6 January 2000."""
    t = number / 1236.85
    sun = 2.5534 + 29.10535670 * number - 0.0000014 * t**2
    moon = 201.5643 + 385.81693528 * number + 0.0107582 * t**2 + 0.00001238 * t**3
    latitude = 160.7108 + 390.67050284 * number - 0.0016118 * t**2 - 0.00000227 * t**3
    node = 124.7746 - 1.56375588 * number + 0.0020672 * t**2
    eccentricity = 1 - 0.002516 * t - 0.0000074 * t**2
    day = _FIRST_NEW_MOON + _MONTH * number + 0.00015437 * t**2 - 0.00000015 * t**3
    day -= 0.00017 * _sin(node)
    for size, power, by_sun, by_moon, by_latitude in _MOON_TERMS:
        day += size * eccentricity**power * _sin(by_sun * sun + by_moon * moon + by_latitude * latitude)
    for size, phase, speed in _PLANET_TERMS:
        day += size * _sin(phase + speed * number)
    return day


def sun_longitude(moment: float) -> float:
    """Apparent longitude of the sun in degrees, 0 to 360, at a Julian ephemeris day."""
    t = (moment - 2451545.0) / 36525
    anomaly = 357.52911 + 35999.05029 * t - 0.0001537 * t**2
    centre = (
        (1.914602 - 0.004817 * t) * _sin(anomaly) + (0.019993 - 0.000101 * t) * _sin(2 * anomaly) + 0.000289 * _sin(3 * anomaly)
    )
    mean = 280.46646 + 36000.76983 * t + 0.0003032 * t**2
    return (mean + centre - 0.00569 - 0.00478 * _sin(125.04 - 1934.136 * t)) % 360


def _sin(degrees: float) -> float:
    return sin(radians(degrees))
