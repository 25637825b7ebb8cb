"""A machine that begins as another one: a copy of a kiosk that shall live on beside it, under a number of its own.

Its journal belongs to the number it was copied from, so it stays behind: it is left only when the province holds all of it, and
kept whole beside the new, empty store. Who may sign in comes along; dossiers come back with the commune's feed. The copied keys of
the device go, so nothing here can speak for the other machine any more, and that one notices nothing. Each step may be made again
after a crash.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from kiosk.config import Config
from kiosk.copied import is_copy
from kiosk.machine import Machine, key_file, open_existing, open_machine
from kiosk.store.blobs import KioskFiles
from kiosk.store.connection import StoreError, connect, immediate
from kiosk.store.hold import Hold
from kiosk.store.keyring import Keyring
from kiosk.store.ledger import Ledger
from kiosk.store.migrations import migrate
from sync.durable import to_disk
from sync.keys import DeviceKeys

_SIDE_FILES = ("-wal", "-shm")


def open_as_another(config: Config) -> Machine:
    """The machine of a state folder, begun anew unless it was already: not enrolled yet, and with an empty journal.

    Raises:
        StoreError: ``not_all_sent`` while something here is not at the province; ``store_in_use``; as :func:`open_machine`.
    """
    with closing(open_existing(config)) as machine:
        store = machine.store
        begun = store.meta("begun_anew") is not None and not is_copy(store)
        if machine.former and not begun:
            _refuse_unsent(machine)
        officials = [tuple(row.values()) for row in store.rows("SELECT id, name, role, pin, active FROM official")]
        known = machine.former
        store.scrub()
    if known and not begun:
        _leave(config, officials)
    return open_machine(config)


def _refuse_unsent(machine: Machine) -> None:
    store = machine.store
    events, files = store.waiting(), len(KioskFiles(store).waiting())
    papers = store.rows("SELECT count(*) AS n FROM print_job WHERE state IN ('queued', 'sending', 'uncertain')")[0]["n"]
    if events or files or papers:
        raise StoreError(
            "not_all_sent",
            f"Máy còn {events} việc và {files} bản quét tỉnh chưa nhận, {papers} phiếu chưa in xong.",
            "Đồng bộ («sync --once», hoặc USB đi và về) và in cho hết, rồi chạy lại lệnh; chưa có gì thay đổi.",
        )


def _leave(config: Config, officials: list[tuple[object, ...]]) -> None:
    """Put an empty store in the place of the present one, which is kept."""
    path = config.path("store.file")
    hold = Hold(path, alone=True)
    try:
        keys = key_file(config)
        ring = keys.change(lambda held: Keyring(held.store, DeviceKeys.generate()))
        fresh = _empty(path.with_name(path.name + ".new"), ring.store, officials)
        Ledger(config.path("store.ledger")).start_anew()
        suffix = _free(path)
        for side in ("", *_SIDE_FILES):
            if (found := path.with_name(path.name + side)).exists():
                found.replace(path.with_name(path.name + suffix + side))
        fresh.replace(path)
        blobs = path.parent / "blobs"
        if blobs.exists():
            blobs.replace(blobs.with_name(blobs.name + suffix))
        to_disk(path.parent)
    finally:
        hold.free()


def _empty(path: Path, key: bytes, officials: list[tuple[object, ...]]) -> Path:
    for side in ("", *_SIDE_FILES):
        path.with_name(path.name + side).unlink(missing_ok=True)
    db = connect(path, key)
    try:
        migrate(db)
        with immediate(db):
            db.conn.executemany("INSERT INTO official (id, name, role, pin, active) VALUES (?, ?, ?, ?, ?)", officials)
            db.execute("INSERT INTO meta (k, v) VALUES ('begun_anew', 1)")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        db.close()
    to_disk(path)
    return path


def _free(path: Path) -> str:
    number = 1
    while any(path.with_name(f"{name}.before-new-{number}").exists() for name in (path.name, "blobs")):
        number += 1
    return f".before-new-{number}"
