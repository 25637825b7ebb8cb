"""Several readers as one: a scanner on the counter and a camera in the panel are the same to whoever asks for a code.

The same code is one scan, whoever saw it first. A reader that is not there is no failure while another one may work: only the
loss of the last is told.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from devices.barcode.errors import LOST
from devices.barcode.facts import Ears, Scan, Source
from devices.barcode.listener import Clock
from devices.barcode.scans import SameCode
from devices.errors import DeviceError


class Barcodes:
    """All code readers of this machine; none at all is silence."""

    def __init__(self, sources: Sequence[Source], clock: Clock = time.monotonic) -> None:
        self._sources = tuple(sources)
        self._clock = clock
        self._guard = threading.Lock()
        self._codes = SameCode()
        self._lost: set[Source] = set()

    @property
    def connected(self) -> bool:
        """At least one reader is open right now."""
        return any(source.connected for source in self._sources)

    def hold(self) -> None:
        """From now on what a wedge types goes nowhere else; call it once, at the start of the program."""
        for source in self._sources:
            source.hold()

    def start(self, ears: Ears) -> None:
        """Begin to listen.

        ``on_error`` gets one of ``errors.LOST`` when there is no reader left, ``barcode_garbled`` for a scan that is no text.
        """
        self._lost = set()
        for source in self._sources:
            source.start(self._between(source, ears))

    def stop(self) -> None:
        """Stop listening; returns when nothing is on its way. No callback comes afterwards. May wait for a camera to let go."""
        for source in self._sources:
            source.stop()
        self._forget()

    def close(self) -> None:
        """Stop, and let the devices go."""
        for source in self._sources:
            source.close()
        self._forget()

    def _forget(self) -> None:
        """Nothing of what somebody showed outlives the listening."""
        with self._guard:
            self._codes = SameCode()

    def _between(self, source: Source, ears: Ears) -> Ears:
        def scanned(scan: Scan) -> None:
            with self._guard:
                new = self._codes.is_new(scan, self._clock())
            if new:
                ears.on_scan(scan)

        def failed(error: DeviceError) -> None:
            if error.code not in LOST or self._all_lost_with(source):
                ears.on_error(error)

        return Ears(scanned, failed, ears.on_preview)

    def _all_lost_with(self, source: Source) -> bool:
        with self._guard:
            self._lost = {one for one in self._lost if not one.connected} | {source}
            return len(self._lost) == len(self._sources)
