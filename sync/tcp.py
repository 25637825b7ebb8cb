"""What Linux is told about a connection that carries events: on a line that loses packets its own patience is the longest wait.

By default TCP doubles its time-out with every packet lost again: 1 s, 2 s, 4 s … two minutes, for fear of a crowded network. A few
kilobytes of events crowd none, and every wait above it is bounded (:class:`sync.connection.Waits`). So the time-out stays below
:data:`LONGEST_MS` where the kernel can (Linux 6.15), and does not grow while few packets are on the way where it cannot. Both ends
should be told: a lost answer is sent again by the province. It also says how much of what it was given has not arrived.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
from contextlib import suppress
from typing import Final

LONGEST_MS: Final = 1000
"""The least the kernel takes, and more than two round trips of a poor line."""
_THIN_LINEAR_TIMEOUTS, _RTO_MAX_MS = 16, 44
"""``TCP_THIN_LINEAR_TIMEOUTS`` and ``TCP_RTO_MAX_MS`` of ``linux/tcp.h``; Python has no names for them."""


def hasten(held: socket.socket) -> None:
    """Send what was lost again soon, and again as soon."""
    keep_pace(held)
    _tell(held, _RTO_MAX_MS, LONGEST_MS)


def keep_pace(held: socket.socket) -> None:
    """Send what was lost again no later the second time than the first, as long as few packets are on the way."""
    _tell(held, _THIN_LINEAR_TIMEOUTS, 1)


def unacknowledged(held: socket.socket) -> int:
    """Bytes given to the kernel of which the other end has not said that they arrived. Raises OSError."""
    return int(struct.unpack("i", fcntl.ioctl(held.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0])


def _tell(held: socket.socket, option: int, value: int) -> None:
    with suppress(OSError):  # a kernel that cannot goes on as it is
        held.setsockopt(socket.IPPROTO_TCP, option, value)
