"""Printer profiles: what a model can do, read from ``profiles.yaml`` beside this file and checked on the way in.

A profile is a frozen fact. Adding a printer means adding an entry to the file, never an ``if``. A wrong entry is a defect of the
package and raises ``ValueError`` naming the profile and the key; an unknown name is an expected failure (``profile_unknown``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args, get_type_hints

import yaml

from devices.errors import DeviceError

Cut = Literal["feed_partial", "partial", "none"]
StatusAbility = Literal["yes", "no", "learn"]
Clear = Literal["dle_dc4_8", "none"]


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of printer. Lengths in dots unless the name says ``mm``, times in seconds; the keys are explained in the data
    file.
    """

    name: str
    title_vi: str
    width_dots: int
    paper_dots: int
    dpi: int
    band_rows: int
    feed_units_per_dot: int
    cut: Cut
    feed_before_cut_mm: int
    status: StatusAbility
    clear: Clear
    busy_s: float
    connect_s: float
    write_s: float
    status_s: float
    fence_s: float
    fault_s: float

    def dots(self, mm: float) -> int:
        """Millimetres in whole dots of this printer."""
        return round(mm * self.dpi / 25.4)


@cache
def profiles() -> Mapping[str, Profile]:
    """All profiles of the package by name."""
    text = files("devices.printer").joinpath("profiles.yaml").read_text(encoding="utf-8")
    raw = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {name: _read(name, entry) for name, entry in raw.items()}


def profile(name: str) -> Profile:
    """The profile of that name. Raises :class:`DeviceError` ``profile_unknown``."""
    found = profiles().get(name)
    if found is None:
        raise DeviceError(
            "profile_unknown",
            f"Không có kiểu máy in «{name}».",
            f"Chọn một trong các kiểu: {', '.join(sorted(profiles()))}.",
        )
    return found


TIME_OUTS = ("busy_s", "connect_s", "write_s", "status_s", "fence_s", "fault_s")


def with_time_outs(profile_: Profile, options: Mapping[str, str]) -> Profile:
    """The profile with the time-outs an address overrides. Raises ``ValueError`` for one that is not a number above 0."""
    given = {key: float(options[key]) for key in TIME_OUTS if key in options}
    if not all(0 < seconds < 3600 for seconds in given.values()):
        raise ValueError("a time-out is a number of seconds above 0")
    more: dict[str, Any] = {**given}
    return replace(profile_, **more)


def _read(name: str, entry: Mapping[str, Any]) -> Profile:
    hints = get_type_hints(Profile)
    wanted = {field.name for field in fields(Profile)} - {"name"}
    if entry.keys() != wanted:
        raise ValueError(f"profile {name}: missing {sorted(wanted - entry.keys())}, unknown {sorted(entry.keys() - wanted)}")
    for key, value in entry.items():
        allowed = get_args(hints[key])
        if allowed and value not in allowed:
            raise ValueError(f"profile {name}: {key} must be one of {allowed}, not {value!r}")
        if hints[key] in (int, float) and not (isinstance(value, int | float) and not isinstance(value, bool) and value > 0):
            raise ValueError(f"profile {name}: {key} must be a number above 0, not {value!r}")
    if entry["width_dots"] % 8 or entry["width_dots"] > entry["paper_dots"]:
        raise ValueError(f"profile {name}: width_dots must be a multiple of 8 and no wider than the paper")
    return Profile(name=name, **entry)
