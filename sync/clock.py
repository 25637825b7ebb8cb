"""How far a kiosk's wall clock can be believed (SYNC design 1.12). Pure: every reading comes in as an argument.

No decision of the protocol reads a wall clock; its time is evidence, stored with the quality found here. A reading is
*checked* (2) when it is within ten minutes of a signed server time carried forward by the monotonic clock of the same boot;
*drifted* (1) when a server time is known but the machine was restarted since or the clocks went apart; *unknown* (0) when
there never was one, or when the clock stands before something that certainly happened, or more than a day after the newest
such thing at start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CHECKED: Final = 2
DRIFTED: Final = 1
UNKNOWN: Final = 0

TOLERANCE_MS: Final = 10 * 60 * 1000
BEHIND_MS: Final = 2 * 60 * 1000
AHEAD_MS: Final = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the machine's clocks: wall ms since the epoch, monotonic seconds, and the id of this boot."""

    wall_ms: int
    mono: float
    boot: str


@dataclass(frozen=True, slots=True)
class ServerMark:
    """A signed server time and the monotonic moment it belongs to. Kept in the store, so a restart of the program keeps it."""

    server_ms: int
    mono: float
    boot: str


def mark(server_ms: int, sent: Reading, received: Reading) -> ServerMark:
    """The mark of an answer: the server read its clock somewhere between sending and receiving, half-way is the best guess."""
    return ServerMark(server_ms, (sent.mono + received.mono) / 2, received.boot)


def server_now_ms(known: ServerMark, now: Reading) -> int | None:
    """The server's clock now, carried forward by the monotonic clock; ``None`` after a reboot."""
    if known.boot != now.boot or now.mono < known.mono:
        return None
    return known.server_ms + round((now.mono - known.mono) * 1000)


def server_then_ms(known: ServerMark, then: Reading) -> int:
    """The server's clock at another moment of the mark's boot, before or after it. Whatever the wall clock did meanwhile is no
    matter.
    """
    if known.boot != then.boot:
        raise ValueError("a mark tells times of its own boot only")
    return known.server_ms + round((then.mono - known.mono) * 1000)


def quality(known: ServerMark | None, now: Reading, newest_ms: int = 0) -> int:
    """Quality of a wall reading: 2 checked, 1 drifted or rebooted since, 0 unknown.

    ``newest_ms`` is the newest wall time that certainly happened: build time, last event, last server time.
    """
    if known is None or now.wall_ms < max(newest_ms, known.server_ms) - BEHIND_MS:
        return UNKNOWN
    server = server_now_ms(known, now)
    if server is None:
        return DRIFTED if plausible_at_start(now.wall_ms, max(newest_ms, known.server_ms)) else UNKNOWN
    return CHECKED if abs(now.wall_ms - server) <= TOLERANCE_MS else DRIFTED


def plausible_at_start(wall_ms: int, newest_ms: int) -> bool:
    """Whether a clock found at start can be right; if not, a banner is shown, quality is 0, and work goes on."""
    return newest_ms - BEHIND_MS <= wall_ms <= newest_ms + AHEAD_MS
