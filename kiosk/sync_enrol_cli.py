"""``python3 main.py sync enrol`` and ``sync keys``: who this machine is, and with which keys.

Enrolment by network (a one-time code, then a person at the province types eight words) and by stick (a request file goes, a bundle
file comes back) end in the same signed bundle. A machine that was enrolled before asks with ``--again`` and keeps its number and
its journal; a copy that shall live beside the machine it was copied from asks with ``--new`` and begins without either. ``keys
rotate`` needs nobody's permission: the present keys sign for the next.
"""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from forms.people.places import commune
from kiosk.anew import open_as_another
from kiosk.answers import answer, say
from kiosk.config import ConfigError
from kiosk.line import bearer_of
from kiosk.machine import Machine, add_machine_arguments, key_file, open_machine
from kiosk.rotation import rotate, take_bundle
from kiosk.store.connection import StoreError
from kiosk.store.keyring import Keyring
from kiosk.sync_status import wake
from sync.durable import write_whole
from sync.enrol import Enrolment, make_request, request_words, root_words
from sync.envelope import base32
from sync.errors import EnrolRefused
from sync.file_trouble import why_vi
from sync.http import HttpBearer
from sync.keys import DeviceKeys
from sync.letter import MAX_LETTER

TICKET_SHOWN = 8
"""Signs of a request's number that are read out; the province takes it shortened."""


def enrol_command(argv: Sequence[str]) -> int:
    """Run ``sync enrol``; the exit code."""
    parser = argparse.ArgumentParser(
        prog="main.py sync enrol", description="Ghi danh máy này với tỉnh bằng mã dùng một lần, hoặc bằng tệp trên USB."
    )
    add_machine_arguments(parser)
    parser.add_argument("--json", action="store_true", help="trả lời bằng JSON")
    parser.add_argument("--code", help="mã ghi danh dùng một lần do tỉnh cấp")
    parser.add_argument("--operator", default="", help="tên người đang làm tại máy")
    parser.add_argument("--wait", type=float, default=600.0, help="chờ tỉnh xác nhận bao nhiêu giây")
    before = parser.add_mutually_exclusive_group()
    before.add_argument("--again", action="store_true", help="ghi danh lại: giữ số máy và hồ sơ chưa gửi, đổi khóa mới")
    before.add_argument("--new", action="store_true", help="máy chép từ máy khác: bỏ số cũ, xin số máy mới; kho cũ giữ riêng")
    by_stick = parser.add_mutually_exclusive_group()
    by_stick.add_argument("--write-request", type=Path, metavar="TỆP", help="ghi tệp yêu cầu để mang lên tỉnh bằng USB")
    by_stick.add_argument("--bundle", type=Path, metavar="TỆP", help="nhận tệp ghi danh tỉnh cấp")
    given = parser.parse_args(argv)
    return answer(given, _enrol, open_as_another if given.new else open_machine)


def keys_command(argv: Sequence[str]) -> int:
    """Run ``sync keys``; the exit code."""
    parser = argparse.ArgumentParser(prog="main.py sync keys", description="Khóa của máy này.")
    acts = parser.add_subparsers(dest="act", required=True)
    for name, text in (("show", "khóa đang dùng, và đã báo tỉnh hay chưa"), ("rotate", "thay khóa mới, ký bằng khóa đang dùng")):
        one = acts.add_parser(name, help=text, description=text)
        add_machine_arguments(one)
        one.add_argument("--json", action="store_true", help="trả lời bằng JSON")
    given = parser.parse_args(argv)
    return answer(given, {"show": _show, "rotate": _rotate}[given.act])


# --- enrolment ------------------------------------------------------------------------------------------------------


def _enrol(machine: Machine, given: argparse.Namespace) -> int:
    if machine.enrolment is not None and not given.again and not given.bundle:
        number = machine.enrolment.device
        say(given.json, {"ok": True, "device": number}, f"Máy đã ghi danh, số máy {base32(number).upper()}.")
        return 0
    try:
        if given.write_request:
            return _write_request(machine, given)
        if given.bundle:
            with given.bundle.open("rb") as source:
                return _take(machine, given, source.read(MAX_LETTER + 1))
    except OSError as error:
        raise StoreError("file", why_vi(error), "Xem lại USB và tên tệp.") from None
    return _by_network(machine, given)


def _write_request(machine: Machine, given: argparse.Namespace) -> int:
    request = _kept_request(machine, given.operator)
    write_whole(given.write_request, request)
    words = request_words(request)
    text = f"Mang tệp lên tỉnh. Đọc cho cán bộ tỉnh tám từ sau:\n    {' · '.join(words)}"
    say(given.json, {"ok": True, "words": " ".join(words)}, text)
    return 0


def _by_network(machine: Machine, given: argparse.Namespace) -> int:
    """Hand in a request (once), show its eight words, wait for the province, keep the bundle."""
    store, bearer = machine.store, bearer_of(machine.config)
    if store.meta("enrol_id") is None:
        if not given.code:
            raise ConfigError("Cần mã ghi danh: --code MÃ (tỉnh cấp).")
        ticket = bearer.post_enrolment(given.code, _kept_request(machine, given.operator))
        with store.transaction():
            store.set_meta("enrol_id", ticket)
    ticket = str(store.meta("enrol_id"))
    words = request_words(bytes(store.meta("enrol_asking")))
    text = f"Đọc cho cán bộ tỉnh tám từ sau (mã yêu cầu {ticket[:TICKET_SHOWN]}):\n    {' · '.join(words)}"
    say(given.json, {"id": ticket, "words": " ".join(words)}, text)
    sys.stdout.flush()
    try:
        bundle = _await_bundle(bearer, ticket, given.wait)
    except EnrolRefused:
        # This request is dead for good; the next try makes a new one with a new code.
        with store.transaction():
            store.set_meta("enrol_id", None)
            store.set_meta("enrol_asking", None)
        raise
    if bundle is None:
        say(given.json, {"ok": False, "id": ticket}, "Tỉnh chưa xác nhận. Chạy lại lệnh này sau.")
        return 1
    return _take(machine, given, bundle)


def _take(machine: Machine, given: argparse.Namespace, bundle: bytes) -> int:
    request = machine.store.meta("enrol_asking")
    if request is None and machine.enrolment is not None and machine.store.meta("enrol_bundle") == bundle:
        say(given.json, *_told(machine.enrolment))
        return 0
    if request is None:
        raise ConfigError("Máy này chưa xin ghi danh: ghi tệp yêu cầu bằng --write-request trước.")
    enrolment = take_bundle(machine, bundle, bytes(request))
    wake(machine.config.state, signal.SIGTERM)
    say(given.json, *_told(enrolment))
    return 0


def _told(enrolment: Enrolment) -> tuple[dict[str, object], str]:
    root, place = root_words(enrolment.root), commune(enrolment.commune)
    fact = {"ok": True, "device": enrolment.device, "commune": enrolment.commune, "root_words": " ".join(root)}
    where = place.title_vi if place is not None else enrolment.commune
    text = f"Đã ghi danh: số máy {base32(enrolment.device).upper()}, {where}.\nSo tám từ của khóa gốc tỉnh:\n    {' · '.join(root)}"
    return fact, text


def _kept_request(machine: Machine, operator: str) -> bytes:
    """The machine's request, made once and kept before it is sent: a lost answer is repaired by sending the same again."""
    store = machine.store
    kept = store.meta("enrol_asking")
    if kept is not None:
        return bytes(kept)
    request = make_request(_asking(machine), machine.office.commune, operator, secrets.token_bytes(16), machine.former)
    with store.transaction():
        store.set_meta("enrol_asking", request)
    return request


def _asking(machine: Machine) -> DeviceKeys:
    """The keys a request is made with: those of the first start, or new ones when the machine was enrolled before."""
    if not machine.former:
        return machine.keyring.device
    following = key_file(machine.config).make_following().following
    if following is None:
        raise AssertionError("keys to come were just made")
    return following


def _await_bundle(bearer: HttpBearer, ticket: str, seconds: float) -> bytes | None:
    end = time.monotonic() + seconds
    while True:
        bundle = bearer.poll_enrolment(ticket)
        if bundle is not None or time.monotonic() >= end:
            return bundle
        time.sleep(min(1.0, max(0.0, end - time.monotonic())))


# --- keys -----------------------------------------------------------------------------------------------------------


def _show(machine: Machine, given: argparse.Namespace) -> int:
    machine.store.identity_or_raise()
    return _said(machine.keyring, given)


def _rotate(machine: Machine, given: argparse.Namespace) -> int:
    keyring = rotate(machine)
    wake(machine.config.state, signal.SIGTERM)
    return _said(keyring, given)


def _said(keyring: Keyring, given: argparse.Namespace) -> int:
    waits = bool(keyring.rotation)
    fact = {"ok": True, "generation": keyring.generation, "waits_for_province": waits}
    told = "chưa báo được cho tỉnh; sẽ báo ở lượt đồng bộ tới" if waits else "tỉnh đã biết"
    say(given.json, fact, f"Khóa của máy: đời {keyring.generation}, {told}.")
    return 0
