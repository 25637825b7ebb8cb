"""Giving the journal to a USB stick and taking the province's answer off it: the use cases behind ``sync export`` and ``import``.

Exporting moves no cursor; the store only remembers what it wrote on which volume, and later what the province's receipt said of it.
Importing is an exchange whose answer came in a file. Both may run while the sync process runs: every step is a transaction of
the store, and the engine of that process sees what moved.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from kiosk import rotation
from kiosk.config import Config
from kiosk.line import engine_of
from kiosk.machine import Machine
from kiosk.mending import why_vi
from kiosk.store.blobs import KioskFiles
from kiosk.store.sealing import kept_segments
from kiosk.store.store import Store
from sync import usb
from sync.blob.ranges import Ranges
from sync.bundle import province_tag
from sync.bundle_errors import BundleWrongWay, StickMissing
from sync.bundle_letters import Manifest, Place, Receipt
from sync.errors import Refused, SyncError
from sync.keys import SODIUM
from sync.loading import Attachments, Cargo, Limits, Loaded, Record, load
from sync.unloading import Unloaded, unload

KEPT: Final = 256
"""Volumes remembered; older ones are forgotten first, and then stay on their sticks."""
_VOLUMES: Final = "stick_volumes"
_COUNTER: Final = "stick_counter"
_RECEIPT: Final = "stick_receipt"
MB: Final = 1024 * 1024
SEGMENT: Final = 64 * 1024
"""Bytes of a segment on a stick: small enough to fit the rest of one that is nearly full."""


class Waybook:
    """What this kiosk wrote on sticks, in the store (``sync.loading.Log``); ``rotation`` is the letter that goes with them."""

    def __init__(self, store: Store, rotation: bytes = b"") -> None:
        self._store = store
        self._rotation = rotation

    def next_counter(self) -> int:
        with self._store.transaction():
            number = int(self._store.meta(_COUNTER, 0)) + 1
            self._store.set_meta(_COUNTER, number)
        return number

    def written(self) -> Mapping[bytes, Record]:
        return {bytes.fromhex(ident): _record(facts) for ident, facts in self._facts().items()}

    def note(self, ident: bytes, name: str, record: Record) -> None:
        fresh = {
            "name": name,
            "at": self._store.clock.now().isoformat(timespec="seconds"),
            "logs": {f"{inc:x}": n for inc, n in record.logs.items()},
            "ranges": {blob: ranges.encode().hex() for blob, ranges in record.ranges.items()},
            "rotation": _mark(self._rotation),
        }
        with self._store.transaction():
            self._keep({**self._facts(), ident.hex(): fresh})

    def forget(self, ident: bytes) -> None:
        with self._store.transaction():
            self._keep({known: facts for known, facts in self._facts().items() if known != ident.hex()})

    def told_of(self, rotation: bytes, ident: bytes) -> bool:
        """Whether that volume carried this letter."""
        return bool(rotation) and self._facts().get(ident.hex(), {}).get("rotation") == _mark(rotation)

    def _facts(self) -> dict[str, dict[str, Any]]:
        return dict(json.loads(self._store.meta(_VOLUMES, "{}")))

    def _keep(self, facts: Mapping[str, Mapping[str, Any]]) -> None:
        newest = dict(list(facts.items())[-KEPT:])
        self._store.set_meta(_VOLUMES, json.dumps(newest))


def _mark(letter: bytes) -> str:
    return hashlib.sha256(letter).hexdigest() if letter else ""


def _record(facts: Mapping[str, Any]) -> Record:
    return Record(
        {int(inc, 16): n for inc, n in facts["logs"].items()},
        {blob: Ranges.decode(bytes.fromhex(coded)) for blob, coded in facts["ranges"].items()},
    )


# --- where --------------------------------------------------------------------------------------------------------------


def stick_folders(config: Config) -> list[Path]:
    """Folders below which this machine mounts sticks."""
    return [Path(word.strip()) for word in str(config["sync.stick_folders"]).split(",") if word.strip()]


def find_stick(config: Config, given: Path | None) -> Path:
    """The stick to write on: the folder given, or the only one that is plugged in.

    Raises:
        StickOutside: the folder given is no stick.
        StickMissing: none is given, and not exactly one is plugged in.
    """
    roots = stick_folders(config)
    if given is not None:
        return usb.inside(given, roots)
    found = usb.mounted(roots)
    if len(found) != 1:
        raise StickMissing(f"{len(found)} sticks")
    return found[0]


# --- out ----------------------------------------------------------------------------------------------------------------


def export_to(
    machine: Machine,
    root: Path,
    *,
    most: int = 1 << 50,
    volume_mb: int = 0,
    note: str = "",
    progress: Callable[[int], None] = lambda written: None,
) -> Loaded:
    """Write everything the province has not acknowledged onto a stick, verified: ``most`` bytes, in files of ``volume_mb``.

    Raises:
        StoreError: ``not_enrolled``.
        BundleError: see ``sync.loading.load``.
    """
    limits = Limits(volume=(volume_mb or int(machine.config["sync.stick_volume_mb"])) * MB, stick=most)
    return load(
        root,
        cargo_of(machine, note),
        Waybook(machine.store, machine.keyring.rotation),
        os.urandom,
        limits=limits,
        progress=progress,
    )


def cargo_of(machine: Machine, note: str = "") -> Cargo:
    """What this kiosk has to give now. Raises StoreError: ``not_enrolled``."""
    engine, store = engine_of(machine), machine.store
    trust = engine.trust
    sealer = SODIUM.sealer(trust.province.seal_key)
    with store.atomic():
        seq, head = store.feed_position()
        logs = {inc: store.last(inc) for inc in store.incarnations()}
        acked = {inc: store.acked(inc) for inc in logs}
        place = Place(store.epoch(), seq, head[:8])
    manifest = Manifest(
        commune=trust.commune,
        feed=place,
        logs=tuple(Place(inc, n, head[:8]) for inc, (n, head) in logs.items()),
        generation=trust.province.generation,
        commune_generation=trust.commune_generation,
        wall_ms=store.clock.wall_ms(),
        note=note,
    )
    return Cargo(
        device=trust.device,
        commune=trust.commune,
        province=province_tag(trust.root),
        manifest=manifest,
        segments=[*kept_segments(store, sealer), *engine.segments_for_bundle(SEGMENT)],
        acked=acked,
        attachments=attachments_of(machine),
        signer=machine.keyring.device.sign,
        sealer=sealer,
        letters=machine.keyring.rotations,
    )


def attachments_of(machine: Machine) -> Attachments:
    """The files of this machine that are on their way."""
    return KioskFiles(machine.store)


# --- in -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Imported:
    """One volume: what it brought, or why it brought nothing."""

    path: Path
    brought: Unloaded | None
    error: SyncError | None = None


def import_from(machine: Machine, place: Path) -> list[Imported]:
    """Take in every volume at a place that is for this kiosk, oldest first; one that is refused does not stop the next.

    Raises:
        StoreError: ``not_enrolled``.
        BundleError: the place cannot be read.
    """
    engine = engine_of(machine)
    found = []
    for path in usb.volumes(place):
        try:
            with usb.named(), path.open("rb") as source:
                brought = unload(source, engine)
        except BundleWrongWay as error:
            if place.is_file():  # among others it is only what this kiosk wrote itself
                found.append(Imported(path, None, error))
            continue
        except SyncError as error:
            found.append(Imported(path, None, error))
            continue
        keep_receipts(machine, brought)
        _keep_states(machine, brought)
        found.append(Imported(path, brought, _refused_by_the_province(brought, engine.trust.device)))
    return found


def _refused_by_the_province(brought: Unloaded, device: int) -> Refused | None:
    revoked = any(receipt.device == device and receipt.refused == "revoked" for receipt in brought.receipts)
    return Refused("revoked") if revoked else None


def _keep_states(machine: Machine, brought: Unloaded) -> None:
    """What the province holds of this machine's files, joined to what it said before by air."""
    files = KioskFiles(machine.store)
    for task in files.stick_tasks():
        if task.id in brought.states:
            files.join_have(task.id, brought.states[task.id])


def keep_receipts(machine: Machine, brought: Unloaded) -> None:
    """Remember the newest word of the province on what it took off sticks of this kiosk, and that it knows the keys in force."""
    device = machine.store.identity_or_raise().device
    own = [receipt for receipt in brought.receipts if receipt.device == device]
    waybook, letter = Waybook(machine.store), machine.keyring.rotation
    # The province opens a volume under new keys only when it has taken the letter that lies in it.
    if any(receipt.refused != "revoked" and waybook.told_of(letter, receipt.volume) for receipt in own):
        rotation.answered(machine)
    newest = max(own, key=lambda receipt: receipt.at_ms, default=None)
    if newest is None:
        return
    with machine.store.transaction():
        held = last_receipt(machine.store)
        if held is not None and held["at_ms"] >= newest.at_ms:
            return
        machine.store.set_meta(_RECEIPT, json.dumps(_receipt_facts(newest)))


def _receipt_facts(receipt: Receipt) -> dict[str, Any]:
    return {
        "volume": receipt.volume.hex(),
        "at_ms": receipt.at_ms,
        "held": {f"{inc:x}": n for inc, n in receipt.held.items()},
        "complete": receipt.complete,
        "refused": receipt.refused,
    }


def last_receipt(store: Store) -> dict[str, Any] | None:
    """The newest receipt, as kept: ``at_ms``, ``held``, ``complete``, ``refused``; ``None`` before the first."""
    row = store.meta(_RECEIPT)
    return None if row is None else dict(json.loads(row))


def receipt_vi(store: Store) -> str:
    """«Tỉnh đã nhận qua USB ngày …», or nothing before the first receipt."""
    receipt = last_receipt(store)
    if receipt is None:
        return ""
    day = datetime.fromtimestamp(receipt["at_ms"] / 1000, store.clock.now().tzinfo)
    if receipt["refused"]:
        return f"Tỉnh không nhận gói USB ngày {day:%d/%m/%Y}: {why_vi(receipt['refused'])}."
    return f"Tỉnh đã nhận qua USB ngày {day:%d/%m/%Y %H:%M}."
