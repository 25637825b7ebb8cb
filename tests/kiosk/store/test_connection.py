"""Opening the store: encrypted, durable, and refused when it cannot be trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.store import connection
from kiosk.store.connection import StoreError, connect, immediate
from kiosk.store.keyring import KeyFile, open_keyring
from kiosk.store.migrations import STEPS, migrate
from sync.key_file import PassphraseWrap, PlainWrap
from sync.steps import watch

KEY = bytes(range(32))


def test_a_store_is_wal_and_full(tmp_path: Path) -> None:
    db = connect(tmp_path / "a.db", KEY)
    assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert db.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_nothing_readable_lies_on_the_disk(tmp_path: Path) -> None:
    db = connect(tmp_path / "a.db", KEY)
    db.execute("CREATE TABLE t (x)")
    db.execute("INSERT INTO t VALUES ('NONG THI MAU')")
    on_disk = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"NONG THI MAU" not in on_disk
    assert not on_disk.startswith(b"SQLite format 3")


def test_a_wrong_key_is_named(tmp_path: Path) -> None:
    connect(tmp_path / "a.db", KEY).execute("CREATE TABLE t (x)")
    with pytest.raises(StoreError) as caught:
        connect(tmp_path / "a.db", bytes(32))
    assert caught.value.code == "store_key"


def test_an_old_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LEAST_SQLITE", (99, 0, 0))
    with pytest.raises(StoreError) as caught:
        connect(tmp_path / "a.db", KEY)
    assert caught.value.code == "store_engine"


def test_a_transaction_that_raises_leaves_nothing(tmp_path: Path) -> None:
    db = connect(tmp_path / "a.db", KEY)
    db.execute("CREATE TABLE t (x)")
    with pytest.raises(ZeroDivisionError), immediate(db):
        db.execute("INSERT INTO t VALUES (1)")
        raise ZeroDivisionError
    assert db.execute("SELECT count(*) FROM t").fetchone()[0] == 0


class Steps:
    def __init__(self) -> None:
        self.names: list[str] = []

    def entered(self, name: str) -> None:
        self.names.append(name)

    def left(self, name: str) -> None:
        pass


def test_only_a_transaction_that_changes_something_is_a_durable_step(tmp_path: Path) -> None:
    db = connect(tmp_path / "a.db", KEY)
    db.execute("CREATE TABLE t (x)")
    steps = Steps()
    watch(steps)
    try:
        with immediate(db):
            db.execute("SELECT * FROM t").fetchall()
        assert steps.names == []
        with immediate(db):
            db.execute("INSERT INTO t VALUES (1)")
        assert steps.names == ["store.commit"]
    finally:
        watch(None)


def test_a_store_kept_by_another_is_busy_and_other_errors_keep_their_name(tmp_path: Path) -> None:
    db, other = connect(tmp_path / "a.db", KEY), connect(tmp_path / "a.db", KEY)
    db.execute("PRAGMA busy_timeout = 20")
    with immediate(other), pytest.raises(StoreError) as caught, immediate(db):
        raise AssertionError("entered a busy store")
    assert caught.value.code == "store_busy"
    with pytest.raises(connection.OperationalError), immediate(db):
        db.execute("SELECT * FROM locked_room")


def test_migrations_are_recorded_and_run_once(tmp_path: Path) -> None:
    db = connect(tmp_path / "a.db", KEY)
    migrate(db)
    first = db.execute("SELECT name, applied_at FROM _sqlite_migrations").fetchall()
    migrate(db)
    assert [row[0] for row in first] == [name for name, _ in STEPS]
    assert db.execute("SELECT name, applied_at FROM _sqlite_migrations").fetchall() == first


def test_a_store_newer_than_the_program_is_refused_untouched(tmp_path: Path) -> None:
    db = connect(tmp_path / "a.db", KEY)
    migrate(db)
    db.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('kiosk', 'm999_future', 'x')")
    before = db.execute("SELECT count(*) FROM _sqlite_migrations").fetchone()
    with pytest.raises(StoreError) as caught:
        migrate(db)
    assert caught.value.code == "store_newer"
    assert "m999_future" in caught.value.message_vi
    assert db.execute("SELECT count(*) FROM _sqlite_migrations").fetchone() == before


def test_the_key_file_is_made_once_and_guarded(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "kiosk.key"
    first = open_keyring(KeyFile(file, PlainWrap()), store_exists=False)
    again = open_keyring(KeyFile(file, PlainWrap()), store_exists=True)
    assert first.store == again.store
    assert first.device.sign.public == again.device.sign.public
    assert file.stat().st_mode & 0o077 == 0


def test_a_lost_key_file_is_never_replaced_by_a_new_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        open_keyring(KeyFile(tmp_path / "kiosk.key", PlainWrap()), store_exists=True)
    assert caught.value.code == "key_missing"
    assert not (tmp_path / "kiosk.key").exists()


def test_a_passphrase_locks_the_key_file(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.key"
    held = open_keyring(KeyFile(file, PassphraseWrap("mật khẩu mẫu", operations=1, memory=8 * 1024 * 1024)), store_exists=False)
    assert held.store not in file.read_bytes()
    with pytest.raises(StoreError) as caught:
        open_keyring(KeyFile(file, PassphraseWrap("khác")), store_exists=True)
    assert caught.value.code == "key_locked"
