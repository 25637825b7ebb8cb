"""Journals in memory for both ends, with real transactions: undone when a block raises, so a test can crash anywhere.

They fill the ports exactly as a store does and stay small enough to be read; the simulator, the engine's and the intake's
tests share them. Every change goes through a :class:`Disk`, which can take it back and can fail. The state of a side is plain
data that :meth:`KioskState.copy` images, as a backup would.
"""

from sync.simulator.disk import Crash, Disk, DiskFull
from sync.simulator.meaning import CountingMerge
from sync.simulator.memory_kiosk import MemoryKiosk
from sync.simulator.memory_province import MemoryProvince
from sync.simulator.memory_state import Facts, File, KioskState, ProvinceState
from sync.simulator.reading import decode, entry_of, identity, readable

__all__ = [
    "CountingMerge",
    "Crash",
    "Disk",
    "DiskFull",
    "Facts",
    "File",
    "KioskState",
    "MemoryKiosk",
    "MemoryProvince",
    "ProvinceState",
    "decode",
    "entry_of",
    "identity",
    "readable",
]
