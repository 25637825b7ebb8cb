"""``device card``: a technician reads the card on the reader from the command line, or another program does.

With ``--json`` it writes one object with stable keys: ``ok``, ``access``, ``verdict``, ``reason``, ``clone_check``, ``apdus``,
``seconds``, ``timings`` (seconds by step), ``reader``, ``person``, ``error``. With ``--watch`` it waits for the card and writes
each state of the stream on a line before that: ``phase``, ``code``, ``progress``, ``message``, ``cure``. Personal data is masked
unless ``--show`` is given. Exit code 0 only for a card that was read (``ok``; what it is worth says ``verdict``), 1 for a named
failure, 2 for wrong arguments, 130 when a watch was ended with Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import queue
import re
import sys
import time
from collections.abc import Sequence
from datetime import date
from typing import Any

from devices.errors import DeviceError
from devices.idcard import (
    CardPerson,
    CardReader,
    CardReading,
    CardState,
    Key,
    MrzKey,
    key_candidates,
    key_from_mrz,
    open_card_reader,
    parse_card_qr,
)
from devices.idcard.dates import iso_from_text
from devices.idcard.errors import card_error
from devices.idcard.facts import Proof
from devices.idcard.keys import can_key
from devices.idcard.reading import Judge
from devices.idcard.sentences import proof_vi

SHOWN = ("number", "name", "birth", "sex", "residence", "origin", "ethnicity", "issued", "expires")
_LABELS = {
    "number": "Số căn cước",
    "name": "Họ và tên",
    "birth": "Ngày sinh",
    "sex": "Giới tính",
    "residence": "Nơi thường trú",
    "origin": "Quê quán",
    "ethnicity": "Dân tộc",
    "issued": "Ngày cấp",
    "expires": "Có giá trị đến",
}
_DATES = ("birth", "issued", "expires")
_HIDDEN = "●●●"
_INTERRUPTED = 130
_FALSE_VI = "CẢNH BÁO: {} Không dùng dữ liệu đọc từ chíp. Gọi cán bộ xem thẻ và đối chiếu với người mang thẻ."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py device card", description="Đọc thẻ căn cước đang đặt trên đầu đọc.", add_help=True
    )
    parser.add_argument("--json", action="store_true", help="in một đối tượng JSON")
    parser.add_argument("--show", action="store_true", help="hiện dữ liệu cá nhân, không che")
    parser.add_argument(
        "--watch", action="store_true", help="chờ thẻ và in từng bước cho đến khi đọc xong một thẻ; bấm Ctrl-C để dừng"
    )
    parser.add_argument("--reader", metavar="URL", help="địa chỉ đầu đọc: pcsc: hoặc pcsc:TÊN (mặc định theo cấu hình)")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--qr", metavar="TEXT", help="nội dung mã QR trên thẻ")
    way.add_argument("--mrz", metavar="TEXT", help="ba dòng ký tự ở mặt sau thẻ, viết liền hoặc cách nhau bằng dấu /")
    way.add_argument("--number", metavar="12 SỐ", help="số căn cước; cần thêm --birth")
    parser.add_argument("--can", metavar="6 SỐ", help="số truy cập (CAN) in trên thẻ; có thể đi cùng các cách khác")
    parser.add_argument("--birth", metavar="NGÀY", default="", help="ngày sinh, dd/mm/yyyy hoặc yyyy-mm-dd")
    parser.add_argument("--issued", metavar="NGÀY", default="", help="ngày cấp, nếu biết")
    parser.add_argument("--expires", metavar="NGÀY", default="", help="ngày hết hạn in trên thẻ, nếu biết")
    return parser


def card_command(argv: Sequence[str], today: date | None, reader_url: str = "pcsc:", judge: Judge | None = None) -> int:
    """Run the command with its arguments; ``reader_url`` is the configured reader, ``judge`` knows the certificates installed.

    ``today`` is ``None`` where the machine does not know it. Returns the exit code.
    """
    try:
        options = _parser().parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    started = time.monotonic()
    apdus = 0
    try:
        reader = _reader(options.reader or reader_url, judge)
        try:
            keys = _keys(options, today)
            reading = _watched(reader, keys, options) if options.watch else reader.read(keys)
        finally:
            apdus = reader.apdus
            reader.close()
    except DeviceError as error:
        return _finish(_failed(error, apdus, time.monotonic() - started), options)
    except KeyboardInterrupt:
        return _INTERRUPTED
    return _finish(_succeeded(reading, options.show), options, ended=_ended(reading.person, today))


def _reader(url: str, judge: Judge | None) -> CardReader:
    if url == "none:":
        raise card_error("reader_none")
    return open_card_reader(url, judge=judge)


def _ended(person: CardPerson, today: date | None) -> bool:
    return today is not None and bool(person.expires) and person.expires < today.isoformat()


def _keys(options: argparse.Namespace, today: date | None) -> Sequence[Key]:
    """The keys worth trying: the access number, and those from the other thing that was given."""
    keys: list[Key] = [can_key(options.can)] if options.can else []
    keys += _mrz_keys(options, today)
    if not keys:
        raise card_error("key_missing")
    return keys


def _mrz_keys(options: argparse.Namespace, today: date | None) -> Sequence[MrzKey]:
    if options.mrz:
        return (key_from_mrz(options.mrz),)
    if options.qr:
        person = parse_card_qr(options.qr)
        return _dated_keys(person.number, person.birth, options.issued or person.issued, options.expires, today)
    if options.number and options.birth:
        return _dated_keys(re.sub(r"[\s.]", "", options.number), options.birth, options.issued, options.expires, today)
    return ()


def _dated_keys(number: str, birth: str, issued: str, expires: str, today: date | None) -> Sequence[MrzKey]:
    keys = key_candidates(number, birth, issued, expires)
    for what, day in (("Ngày sinh", birth), ("Ngày cấp", issued)):
        if today is not None and day.strip() and iso_from_text(day) > today.isoformat():
            raise card_error("date_invalid", f"{what} ở sau ngày hôm nay.")
    return keys


def _watched(reader: CardReader, keys: Sequence[Key], options: argparse.Namespace) -> CardReading:
    """Tell every state until a card was read; a failure is not the end, the card may be laid again."""
    states: queue.SimpleQueue[CardState] = queue.SimpleQueue()
    reader.watch(keys, states.put)
    while True:
        state = states.get()
        sys.stdout.write(_told(state, options) + "\n")
        sys.stdout.flush()
        if state.reading is not None:
            return state.reading


def _told(state: CardState, options: argparse.Namespace) -> str:
    if not options.json:
        return f"{state.progress:4.0%} {state.message_vi} {state.cure_vi} [{state.code}]"
    facts = {"phase": state.phase, "code": state.code, "progress": round(state.progress, 3)}
    return json.dumps({**facts, "message": state.message_vi, "cure": state.cure_vi}, ensure_ascii=False)


def mask(field: str, value: str) -> str:
    """``value`` fit for a technician's screen: the end of a number, initials of a name, the year of a date, nothing of the rest."""
    if not value:
        return ""
    if field == "number":
        return "●" * (len(value) - 4) + value[-4:]
    if field == "name":
        return " ".join(word[0] + "●" * (len(word) - 1) for word in value.split())
    if field in _DATES:
        return value[:4] + re.sub(r"\d", "●", value[4:])
    return _HIDDEN


def _person(person: CardPerson, show: bool) -> dict[str, str]:
    values = {field: str(getattr(person, field)) for field in SHOWN}
    return values if show else {field: mask(field, value) for field, value in values.items()}


def _succeeded(reading: CardReading, show: bool) -> dict[str, Any]:
    return {
        "ok": True,
        "access": reading.access,
        "verdict": reading.proof.verdict,
        "reason": reading.proof.reason,
        "clone_check": reading.proof.clone_check,
        "apdus": reading.apdus,
        "seconds": round(reading.seconds, 3),
        "timings": {step: round(seconds, 4) for step, seconds in reading.timings.items()},
        "reader": reading.reader,
        "person": _person(reading.person, show),
        "error": None,
    }


def _failed(error: DeviceError, apdus: int, seconds: float) -> dict[str, Any]:
    return {
        "ok": False,
        "access": None,
        "verdict": "not_checked",
        "reason": "",
        "clone_check": "none",
        "apdus": apdus,
        "seconds": round(seconds, 3),
        "timings": {},
        "reader": "",
        "person": None,
        "error": {"code": error.code, "message": error.message_vi, "cure": error.cure_vi},
    }


def _finish(result: dict[str, Any], options: argparse.Namespace, *, ended: bool = False) -> int:
    if options.json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(line + "\n" for line in _lines(result, ended))
    return 0 if result["ok"] else 1


def _lines(result: dict[str, Any], ended: bool) -> list[str]:
    if not result["ok"]:
        error = result["error"]
        return [f"{error['message']} [{error['code']}]", error["cure"]]
    person = [f"{_LABELS[field]}: {_plain(field, value) or '(không có)'}" for field, value in result["person"].items()]
    if ended:
        person.append("Thẻ đã hết hạn.")
    proved = proof_vi(Proof(result["verdict"], result["clone_check"], result["reason"]))
    told = [_FALSE_VI.format(proved), *person] if result["verdict"] == "not_genuine" else [*person, proved]
    seconds = f"{result['seconds']:.1f}".replace(".", ",")
    return [*told, f"Đọc xong sau {seconds} giây, {result['apdus']} lệnh, đầu đọc {result['reader']}."]


def _plain(field: str, value: str) -> str:
    """A date as papers write it, day first."""
    return "/".join(reversed(value.split("-"))) if field in _DATES else value
