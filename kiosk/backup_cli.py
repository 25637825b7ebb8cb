"""``store backup``, ``store restore``, ``store wrap-key``: what saves a machine's journal, and its key, from loss."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kiosk.answers import ask_secret, say
from kiosk.config import Config
from kiosk.machine import Machine, config_from, key_file
from kiosk.store.backup import Receivers, back_up
from kiosk.store.blobs import folder_of
from kiosk.store.connection import StoreError
from kiosk.store.keyring import KeyFile, present_wrap
from kiosk.store.restore import Place, Secret, restore_file
from sync.letter import MAX_LETTER

LEAST_PASSPHRASE = 12
"""Signs of a passphrase that alone guards a backup on a stick."""


def add_backup_arguments(one: argparse.ArgumentParser) -> None:
    """Options of ``backup``."""
    one.add_argument("--passphrase-stdin", action="store_true", help="thêm mật khẩu sao lưu, đọc từ đầu vào chuẩn")


def add_restore_arguments(one: argparse.ArgumentParser) -> None:
    """Options of ``restore``."""
    one.add_argument("--passphrase-stdin", action="store_true", help="mật khẩu sao lưu, hoặc mã tỉnh đọc cho tệp --key")
    one.add_argument("--key", type=Path, metavar="TỆP", help="tệp khóa do tỉnh cấp bằng «province backup-open»")


def backup(machine: Machine, given: argparse.Namespace) -> int:
    """Write a sealed backup."""
    trust = machine.trust
    province = trust.province if trust is not None else None
    passphrase = _passphrase(given, "Mật khẩu sao lưu: ") if given.passphrase_stdin else ""
    if given.passphrase_stdin and len(passphrase) < LEAST_PASSPHRASE:
        raise StoreError(
            "passphrase_short", "Mật khẩu sao lưu quá ngắn.", f"Đặt mật khẩu từ {LEAST_PASSPHRASE} ký tự, ví dụ bốn từ bất kỳ."
        )
    made = back_up(machine.store, machine.keyring, given.file, Receivers(province, passphrase))
    opens = [name for name, held in (("máy này", True), ("tỉnh", province is not None), ("mật khẩu", bool(passphrase))) if held]
    text = f"Đã sao lưu {made.size} byte, niêm phong. Mở được bằng: {', '.join(opens)}."
    if made.unread:
        text += f" Thiếu {len(made.unread)} tệp giấy tờ không còn đọc được trên máy này: chạy «store check»."
    say(given.json, {"ok": True, "bytes": made.size, "unread": len(made.unread)}, text)
    return 0


def restore(given: argparse.Namespace) -> int:
    """Put a backup in the place of the store."""
    config = config_from(given)
    grant = b""
    if given.key:
        with given.key.open("rb") as source:
            grant = source.read(MAX_LETTER)
    passphrase = _passphrase(given, "Mật khẩu: ") if given.passphrase_stdin or grant else ""
    done = restore_file(given.file, place_of(config), Secret(passphrase, grant))
    text = ["Đã khôi phục. Nhật ký đi tiếp trong một đợt ghi mới (incarnation)."]
    if done.kept:
        text.append(f"Kho cũ còn nguyên: {done.kept.name}.")
    if done.new_machine:
        text.append("Máy này chưa có khóa của máy cũ: chạy «sync enrol --again» để tỉnh cấp lại đúng số máy.")
    say(
        given.json,
        {"ok": True, "kept": done.kept.name if done.kept else None, "enrol_again": done.new_machine},
        " ".join(text),
    )
    return 0


def wrap_key(given: argparse.Namespace) -> int:
    """Wrap the key file as ``store.key_wrap`` says now."""
    config = config_from(given)
    wanted = key_file(config)
    KeyFile(wanted.path, present_wrap(wanted.path)).rewrap(wanted.wrap)
    say(given.json, {"ok": True, "wrap": wanted.wrap.name}, f"Tệp khóa được gói bằng: {wanted.wrap.name}.")
    return 0


def place_of(config: Config) -> Place:
    """Where this machine keeps what a restore brings."""
    store = config.path("store.file")
    return Place(store, config.path("store.ledger"), folder_of(store), key_file(config))


def _passphrase(given: argparse.Namespace, prompt: str) -> str:
    return sys.stdin.readline().strip() if given.passphrase_stdin else ask_secret(prompt, "--passphrase-stdin")
