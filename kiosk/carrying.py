"""Between a courier's folder and a stick: a neighbour's bundles held here go to the province with this kiosk's own, and come back.

What is held for others goes onto every stick this kiosk writes, behind its own volumes and into a folder of its own, as it is: it
can be neither read nor opened here. It stays held until the province's receipt comes by. An answer for another commune that lies on
a stick is held for that commune, which fetches it over the local network or by a phone; the receipts in it let go what has arrived.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from sync import usb
from sync.bundle import Header, Way, intact, preface, province_tag
from sync.bundle_errors import BundleDamaged, BundleError, StickFull
from sync.depot import Depot, Held
from sync.rollover import Trust

FOLDER: Final = "courier"
"""Beside the folders of the communes on a stick."""
PIECE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Carried:
    """What a stick holds for others. ``written``: put there now; ``left``: no room for so many volumes."""

    written: int = 0
    left: int = 0


def load_held(root: Path, depot: Depot, trust: Trust, most: int) -> Carried:
    """Put what is held for others of this machine's province on a stick, at most ``most`` bytes.

    Raises:
        StickReadOnly, StickGone, StickUnreliable: see ``sync.usb``; what was written before counts.
    """
    waiting = [held for held in depot.held() if _is_for_others(held.header, trust)]
    if not waiting and not (root / usb.FOLDER / FOLDER).exists():
        return Carried()
    folder = usb.folder_for(root, FOLDER)
    _take_off(folder, depot)
    written = left = 0
    for held in waiting:
        if usb.is_taken(folder, held.name):
            continue
        if held.size > min(most, usb.free(folder)):
            left += 1
            continue
        if not _is_whole(held):  # the disk here spoilt it; its owner has it still
            depot.remove(held)
            continue
        try:
            _copy(held, folder)
        except StickFull:
            left += 1
            continue
        depot.fetched(held)
        most -= held.size
        written += 1
    return Carried(written, left)


def _is_for_others(header: Header, trust: Trust) -> bool:
    return header.way is Way.UP and header.owner != trust.device and header.province == province_tag(trust.root)


def _is_whole(held: Held) -> bool:
    try:
        with usb.named(), held.path.open("rb") as source:
            intact(source)
    except BundleDamaged:
        return False
    return True


def _copy(held: Held, folder: Path) -> None:
    def fill(out: BinaryIO) -> None:
        with held.path.open("rb") as source:
            shutil.copyfileobj(source, out, PIECE)

    usb.put(folder, held.name, fill, intact)


def _take_off(folder: Path, depot: Depot) -> None:
    """What was carried before and has arrived, and what an export broke off."""
    usb.sweep(folder)
    for path, header in _headers(usb.volumes(folder)):
        if depot.has_arrived(header):
            usb.remove(path)


def _headers(paths: Iterable[Path]) -> Iterator[tuple[Path, Header]]:
    for path in paths:
        with suppress(BundleDamaged), usb.named(), path.open("rb") as source:
            yield path, preface(source)[0]


def hold_foreign(paths: Iterable[Path], depot: Depot) -> list[Path]:
    """Hold answers for other communes that lay on a stick; those that are whole and found room."""
    held = []
    for path in paths:
        with suppress(BundleError):
            with usb.named(), path.open("rb") as source:
                depot.receive(source, path.stat().st_size, path.name)
            held.append(path)
    return held
