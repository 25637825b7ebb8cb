"""An ear for tests: what readers have said, in order."""

from __future__ import annotations

import queue

from devices.barcode import Ears, Preview, Scan
from devices.errors import DeviceError


class Heard:
    """``ears`` goes to a reader's ``start``."""

    def __init__(self) -> None:
        self.scans: queue.Queue[Scan] = queue.Queue()
        self.errors: queue.Queue[DeviceError] = queue.Queue()
        self.previews: queue.Queue[Preview] = queue.Queue()
        self.ears = Ears(self.scans.put, self.errors.put)
        self.looking = Ears(self.scans.put, self.errors.put, self.previews.put)

    def scan(self) -> Scan:
        return self.scans.get(timeout=3)

    def text(self) -> str:
        return self.scan().text

    def error(self) -> str:
        return self.errors.get(timeout=3).code

    @property
    def silent(self) -> bool:
        return self.scans.empty() and self.errors.empty()
