"""Limits against guessing: how often an address may look up, how many wrong keys it may try, how long a sign-in has to wait.

Counts live in memory and know only addresses, so nothing about citizens is written anywhere; a restart forgets them, which a
guesser of 64-bit keys gains nothing by. Time is monotonic and comes in from outside. A wrong pair of code and key counts once
however often it is asked again: a citizen who reloads the page of a slip that has not reached the province yet is not a
guesser. All methods may be called from any thread.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

_MOST: Final = 10_000
"""Addresses remembered at once; beyond it the one that was quiet longest is forgotten."""

Clock = Callable[[], float]
"""Monotonic seconds."""


def address_key(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 of an IPv6 one (a household holds a whole /64)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


class Window:
    """At most ``allowed`` different things per address in any ``seconds``."""

    def __init__(self, allowed: int, seconds: float, now: Clock) -> None:
        self._allowed = allowed
        self._seconds = seconds
        self._now = now
        self._seen: OrderedDict[str, OrderedDict[Hashable, float]] = OrderedDict()
        self._lock = threading.Lock()
        self._count = 0

    def wait(self, address: str) -> float:
        """Seconds until this address may go on; 0.0 = now."""
        with self._lock:
            return self._wait(self._fresh(address_key(address)))

    def add(self, address: str, thing: Hashable = None) -> float:
        """Count one thing (the same thing twice counts once; ``None`` is always another) unless the address has to wait.

        Returns the seconds to wait; 0.0 = it was counted and may go on.
        """
        with self._lock:
            key = address_key(address)
            seen = self._fresh(key)
            if thing is None:
                self._count += 1
                thing = self._count
            elif thing in seen:
                return 0.0
            wait = self._wait(seen)
            if wait == 0.0:
                seen[thing] = self._now()
                self._seen[key] = seen
                self._seen.move_to_end(key)
                while len(self._seen) > _MOST:
                    self._seen.popitem(last=False)
            return wait

    def _fresh(self, key: str) -> OrderedDict[Hashable, float]:
        seen = self._seen.get(key, OrderedDict())
        horizon = self._now() - self._seconds
        while seen and next(iter(seen.values())) <= horizon:
            seen.popitem(last=False)
        return seen

    def _wait(self, seen: OrderedDict[Hashable, float]) -> float:
        if len(seen) < self._allowed:
            return 0.0
        return max(0.001, next(iter(seen.values())) + self._seconds - self._now())


class ByteBudget:
    """Bytes of attachments per hour, for each device and for all together: buckets that fill evenly. What has come is counted
    after it came, so a bucket may go below zero and then asks to wait until it is level again."""

    LONGEST: Final = 600.0

    def __init__(self, device: int, everybody: int, now: Clock) -> None:
        self._everybody = everybody / 3600
        self._device = device / 3600
        self._now = now
        self._free: OrderedDict[int | None, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, device: int) -> float:
        """Seconds until this device may send more; 0.0 = now."""
        with self._lock:
            return max(self._wait(device), self._wait(None))

    def spend(self, device: int, size: int) -> None:
        with self._lock:
            for name in (device, None):
                self._free[name] = (self._level(name) - size, self._now())
                self._free.move_to_end(name)
            while len(self._free) > _MOST:
                self._free.popitem(last=False)

    def _rate(self, name: int | None) -> float:
        return self._everybody if name is None else self._device

    def _level(self, name: int | None) -> float:
        """Bytes this bucket holds now: at most what comes in a minute."""
        most = self._rate(name) * 60
        level, at = self._free.get(name, (most, self._now()))
        return min(most, level + (self._now() - at) * self._rate(name))

    def _wait(self, name: int | None) -> float:
        return min(self.LONGEST, max(0.0, -self._level(name) / self._rate(name)))


class GrowingDelay:
    """Failed sign-ins: five are free, then each failure doubles the wait of its account and its address, from 30 s to an hour."""

    FREE: Final = 5
    FIRST: Final = 30.0
    LONGEST: Final = 3600.0

    def __init__(self, now: Clock) -> None:
        self._now = now
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, *names: str) -> float:
        """Seconds until a sign-in by any of these names may be tried; 0.0 = now."""
        with self._lock:
            return max((self._failed.get(name, (0, 0.0))[1] - self._now() for name in names), default=0.0)

    def failed(self, *names: str) -> None:
        with self._lock:
            for name in names:
                times = self._failed.get(name, (0, 0.0))[0] + 1
                delay = min(self.LONGEST, self.FIRST * 2.0 ** min(times - self.FREE, 10)) if times >= self.FREE else 0.0
                self._failed[name] = (times, self._now() + delay)
                self._failed.move_to_end(name)
            while len(self._failed) > _MOST:
                self._failed.popitem(last=False)

    def succeeded(self, *names: str) -> None:
        with self._lock:
            for name in names:
                self._failed.pop(name, None)
