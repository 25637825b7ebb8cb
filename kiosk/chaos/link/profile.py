"""What a line is like: rate, queue, delay, loss, bad spells, outages, as facts with a name.

Times are seconds, sizes bytes of IP packets, shares between 0 and 1. A *spell* begins on average every ``every_s`` seconds after
the last one ended and lasts ``mean_s`` on average, both drawn exponentially. The profiles of the benchmarks are 64 kbit/s with
300 to 400 ms round trip; the others are what 2G, a satellite hop or a village ADSL do on a poor day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

NETWORK, KIOSK, PROVINCE = "198.18.0.0/30", "198.18.0.1", "198.18.0.2"
"""The network and the addresses of the two ends, of the range kept for benchmarks (RFC 2544): they belong to nobody."""


@dataclass(frozen=True, slots=True)
class Spell:
    """Something that comes and goes."""

    every_s: float
    mean_s: float


@dataclass(frozen=True, slots=True)
class Profile:
    """One line, the same in both directions but for its rates."""

    up_bps: int = 64_000
    down_bps: int = 64_000
    queue: int = 64_000
    """Bytes that wait before the line; what does not fit is dropped (tail drop)."""
    delay_s: float = 0.150
    """One way, without serialisation."""
    jitter_s: float = 0.050
    """Added to each packet, uniformly from 0; order is kept."""
    loss: float = 0.0
    """Packets lost in the air, independently; lost ones have used their air time."""
    bad: Spell | None = None
    """Bad air (Gilbert–Elliott): while it lasts ``bad_loss`` holds instead of ``loss``; drawn for each direction apart."""
    bad_loss: float = 0.8
    outage: Spell | None = None
    """Nothing passes, and afterwards the address translation has forgotten every flow."""
    spike: Spell | None = None
    """Packets are held back until its end, as the radio layer of 2G does instead of losing them."""
    congestion: str = "cubic"
    """The kernel's congestion control at both ends."""

    def to_json(self) -> Mapping[str, Any]:
        return asdict(self)


def from_json(facts: Mapping[str, Any]) -> Profile:
    """The inverse of :meth:`Profile.to_json`."""
    spells = {name: Spell(**facts[name]) for name in ("bad", "outage", "spike") if facts.get(name)}
    return Profile(**{**facts, **spells})


_CLEAN: Final = Profile()
_OUTAGES: Final = Spell(every_s=180, mean_s=30)

PROFILES: Final[Mapping[str, Profile]] = {
    "clean": _CLEAN,
    "loss10": replace(_CLEAN, loss=0.10),
    "loss20": replace(_CLEAN, loss=0.20),
    "loss30": replace(_CLEAN, loss=0.30),
    "loss40": replace(_CLEAN, loss=0.40),
    "outages10": replace(_CLEAN, loss=0.10, outage=_OUTAGES),
    "outages30": replace(_CLEAN, loss=0.30, outage=_OUTAGES),
    "bursts": replace(_CLEAN, loss=0.02, bad=Spell(every_s=12, mean_s=3)),
    "2g": replace(_CLEAN, up_bps=32_000, delay_s=0.350, jitter_s=0.250, loss=0.01, spike=Spell(every_s=20, mean_s=4)),
    "satellite": Profile(up_bps=128_000, down_bps=512_000, delay_s=0.300, jitter_s=0.020, loss=0.02),
    "adsl": Profile(up_bps=512_000, down_bps=2_000_000, delay_s=0.020, jitter_s=0.010, loss=0.001),
}
