"""The key file wrapped by a TPM; a stand-in for ``systemd-creds`` on the path, for machines without the chip."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.machine import key_file
from kiosk.store.connection import StoreError
from kiosk.store.keyring import KeyFile, machine_wrap, open_keyring, present_wrap
from kiosk.store.tpm import TpmWrap
from kiosk.store_cli import store_command
from sync.key_file import PassphraseWrap, PlainWrap
from tests.kiosk.machines import make_machine

BOARD = """#!/bin/sh
# A board whose chip closes by turning letters round. $BOARD is its serial number: another board does not open it.
name=
for word; do
    case "$word" in --name=*) name=${word#--name=};; --with-key=tpm2) ;; --with-key=*) exit 2;; esac
done
case "$1" in
has-tpm2) [ "$BOARD" != none ];;
encrypt) printf '%s %s ' "$BOARD" "$name"; tr A-Za-z N-ZA-Mn-za-m;;
decrypt) IFS=' ' read -r board for rest; [ "$board $for" = "$BOARD $name" ] || { echo 'wrong board' >&2; exit 1; }
    printf '%s' "$rest" | tr A-Za-z N-ZA-Mn-za-m;;
*) exit 2;;
esac
"""


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine with a chip."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "systemd-creds").write_text(BOARD)
    (folder / "systemd-creds").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("BOARD", "serial-1")
    return monkeypatch


def refused(file: KeyFile) -> str:
    with pytest.raises(StoreError) as caught:
        open_keyring(file, store_exists=True)
    return caught.value.code


def test_a_key_file_opens_on_its_own_board_only(tmp_path: Path, board: pytest.MonkeyPatch) -> None:
    file = KeyFile(tmp_path / "kiosk.key", machine_wrap("tpm"))
    held = open_keyring(file, store_exists=False)
    assert open_keyring(file, store_exists=True).store == held.store
    assert held.store not in file.path.read_bytes()
    board.setenv("BOARD", "serial-2")
    assert refused(file) == "tpm_refused"


@pytest.mark.parametrize("chip", ["none", "no program"])
def test_a_machine_without_the_chip_says_so_and_writes_no_key(tmp_path: Path, board: pytest.MonkeyPatch, chip: str) -> None:
    if chip == "none":
        board.setenv("BOARD", "none")
    else:
        board.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(StoreError) as caught:
        open_keyring(KeyFile(tmp_path / "kiosk.key", TpmWrap()), store_exists=False)
    assert caught.value.code == "tpm_missing"
    assert not (tmp_path / "kiosk.key").exists()


def test_a_damaged_key_file_is_refused_by_name(tmp_path: Path, board: pytest.MonkeyPatch) -> None:
    file = KeyFile(tmp_path / "kiosk.key", TpmWrap())
    open_keyring(file, store_exists=False)
    file.path.write_text('{"v":1,"wrap":"tpm2","data":"?"}')
    assert refused(file) == "tpm_refused"


def test_a_machine_put_to_work_gets_its_key_file_wrapped_anew(tmp_path: Path, board: pytest.MonkeyPatch) -> None:
    machine = make_machine(tmp_path / "state")
    machine.close()
    file = key_file(machine.config)
    assert isinstance(present_wrap(file.path), PlainWrap)
    assert store_command(["wrap-key", "--state", str(tmp_path / "state"), "--set", "store.key_wrap=tpm", "--json"]) == 0
    assert isinstance(present_wrap(file.path), TpmWrap)
    assert refused(file) == "key_unreadable"
    assert make_machine(tmp_path / "state", sets=("store.key_wrap=tpm",)).keyring.store == machine.keyring.store


def test_a_machine_that_asks_for_a_passphrase_never_goes_without(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="key_locked"):
        machine_wrap("passphrase", {})
    (tmp_path / "kiosk-passphrase").write_text("mật khẩu\n", encoding="utf-8")
    given = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert machine_wrap("passphrase", given) == machine_wrap("auto", given) == PassphraseWrap("mật khẩu")
    assert isinstance(machine_wrap("none", given), PlainWrap)
