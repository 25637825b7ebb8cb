"""What the code readers tell: a scan, a small picture of what a camera sees, a failure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from devices.errors import DeviceError


@dataclass(frozen=True, slots=True)
class Scan:
    """One code. ``typed``: it came as key strokes, which lose every letter a US keyboard lacks."""

    text: str = field(repr=False)
    typed: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What the camera sees, to aim by: ``grey`` has ``width * height`` bytes, rows from the top, as in a mirror."""

    width: int
    height: int
    grey: bytes = field(repr=False)


OnScan = Callable[[Scan], None]
OnError = Callable[[DeviceError], None]
OnPreview = Callable[[Preview], None]


@dataclass(frozen=True, slots=True)
class Ears:
    """Who listens. Callbacks come on the thread of the source; ``on_preview`` is ``None`` where nobody looks."""

    on_scan: OnScan
    on_error: OnError
    on_preview: OnPreview | None = None


class Source(Protocol):
    """One device that reads codes."""

    @property
    def connected(self) -> bool:
        """The device is open right now."""
        ...

    def hold(self) -> None:
        """From now to :meth:`close` let nobody else have what the device sends, whether or not somebody listens."""
        ...

    def start(self, ears: Ears) -> None:
        """Begin to listen; a device that goes or is not there is told once, until it has come back."""
        ...

    def stop(self) -> None:
        """Stop listening; no callback comes afterwards."""
        ...

    def close(self) -> None:
        """Stop, and let the device go."""
        ...
