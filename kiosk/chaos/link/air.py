"""The line itself, as arithmetic on moments: when a packet offered now arrives, or why it never does. No I/O, no clock, seeded.

A packet waits its turn (tail drop when the queue is full), takes its air time, and is then lost, held by a delay spike, swallowed
by an outage, or delivered in order. Whoever crosses an outage finds that the address translation in the middle has forgotten
every flow: packets of old ones vanish until the kiosk opens a new one, as happens in every mobile network.
"""

from __future__ import annotations

import random
from bisect import bisect_right, insort
from collections import deque
from dataclasses import dataclass
from typing import Final

from kiosk.chaos.link.profile import Profile, Spell

Flow = tuple[int, int, int]
"""Protocol number, port at the kiosk, port at the province."""


@dataclass(slots=True)
class Counts:
    """What one direction has seen: IP bytes offered by the sender, and what became of the packets."""

    packets: int = 0
    offered: int = 0
    carried: int = 0
    full: int = 0
    lost: int = 0
    out: int = 0
    forgotten: int = 0


class Spells:
    """The times at which something comes and goes, the same for the same seed, however often it is asked."""

    def __init__(self, spell: Spell | None, dice: random.Random) -> None:
        self._spell = spell
        self._dice = dice
        self._drawn_to = 0.0
        self._spans: list[tuple[float, float]] = []

    def add(self, start: float, end: float) -> None:
        """One more, by hand."""
        insort(self._spans, (start, end))

    def begun(self, at: float) -> int:
        """How many have begun by then."""
        while self._spell is not None and self._drawn_to <= at:
            start = self._drawn_to + self._dice.expovariate(1 / self._spell.every_s)
            self._drawn_to = start + self._dice.expovariate(1 / self._spell.mean_s)
            insort(self._spans, (start, self._drawn_to))
        return bisect_right(self._spans, (at, float("inf")))

    def until(self, at: float) -> float:
        """End of the one that covers this moment; the moment itself when none does."""
        return max([at, *(end for _, end in self._spans[: self.begun(at)])])


class Lane:
    """One direction."""

    def __init__(self, rate_bps: int, profile: Profile, outages: Spells, spikes: Spells, seed: str) -> None:
        self._seconds_per_byte = 8 / rate_bps
        self._profile = profile
        self._outages = outages
        self._spikes = spikes
        self._dice = random.Random(seed)
        self._bad = Spells(profile.bad, random.Random(seed + " bad"))
        self._waiting: deque[tuple[float, int]] = deque()
        self._backlog = 0
        self._free_at = 0.0
        self._last_arrival = 0.0
        self.counts = Counts()

    def offer(self, size: int, now: float) -> float | None:
        """The moment a packet of ``size`` bytes arrives; ``None``: it never will."""
        counts = self.counts
        while self._waiting and self._waiting[0][0] <= now:
            self._backlog -= self._waiting.popleft()[1]
        if self._backlog + size > self._profile.queue:
            counts.full += 1
            return None
        sent = self._spikes.until(max(now, self._free_at)) + size * self._seconds_per_byte
        self._free_at = sent
        self._waiting.append((sent, size))
        self._backlog += size
        if self._dice.random() < (self._profile.bad_loss if self._bad.until(sent) > sent else self._profile.loss):
            counts.lost += 1
            return None
        arrival = max(self._last_arrival, sent + self._profile.delay_s + self._dice.uniform(0, self._profile.jitter_s))
        if self._outages.until(now) > now or self._outages.begun(arrival) > self._outages.begun(now):
            counts.out += 1
            return None
        self._last_arrival = arrival
        counts.carried += size
        return arrival


TCP: Final = 6
_SYN, _ACK = 0x02, 0x10


class Air:
    """Both directions and the address translation between them. Moments are seconds since the link began."""

    def __init__(self, profile: Profile, seed: int) -> None:
        self._seed = seed
        self._outages = Spells(profile.outage, random.Random(f"{seed} outages"))
        self._flows: set[Flow] = set()
        self._outages_seen = 0
        self.change(profile)

    def change(self, profile: Profile) -> None:
        """Another line from now on; counts start anew."""
        spikes = Spells(profile.spike, random.Random(f"{self._seed} spikes"))
        self.up = Lane(profile.up_bps, profile, self._outages, spikes, f"{self._seed} up")
        self.down = Lane(profile.down_bps, profile, self._outages, spikes, f"{self._seed} down")

    def cut(self, now: float, seconds: float) -> None:
        """An outage by hand."""
        self._outages.add(now, now + seconds)

    def from_kiosk(self, packet: bytes, now: float) -> float | None:
        """When a packet of the kiosk arrives at the province."""
        self._age(now)
        flow = _flow(packet, 20, 22)
        if flow[0] != TCP or _opens(packet):
            self._flows.add(flow)
        return self._through(self.up, flow, len(packet), now)

    def from_province(self, packet: bytes, now: float) -> float | None:
        """When a packet of the province arrives at the kiosk."""
        self._age(now)
        return self._through(self.down, _flow(packet, 22, 20), len(packet), now)

    def _through(self, lane: Lane, flow: Flow, size: int, now: float) -> float | None:
        lane.counts.packets += 1
        lane.counts.offered += size
        if flow not in self._flows:
            lane.counts.forgotten += 1
            return None
        return lane.offer(size, now)

    def _age(self, now: float) -> None:
        begun = self._outages.begun(now)
        if begun != self._outages_seen:
            self._outages_seen = begun
            self._flows.clear()


def _flow(packet: bytes, kiosk_port: int, province_port: int) -> Flow:
    """Ports stand at 20 and 22 behind a header without options, which is what the kernel sends."""
    protocol = packet[9]
    if protocol not in (TCP, 17) or len(packet) < 24:
        return (protocol, 0, 0)
    port = int.from_bytes
    return (
        protocol,
        port(packet[kiosk_port : kiosk_port + 2], "big"),
        port(packet[province_port : province_port + 2], "big"),
    )


def _opens(packet: bytes) -> bool:
    return len(packet) > 33 and packet[33] & (_SYN | _ACK) == _SYN
