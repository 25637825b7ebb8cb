"""``device box``: a trainer lays one of the box's cards on a virtual reader, for the kiosk or for ``device card``.

Without ``--port`` it starts a pcscd of its own and says which variable leads other programs to it; with it the card is laid on the
virtual reader that listens there. ``csca`` writes the certificates with which a training machine trusts the box's sound cards.
The people are invented, so everything about a card may be shown.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from devices.errors import DeviceError
from devices.idcard.twin.box import CARDS, trust_pem
from devices.idcard.twin.chip import ChipTwin
from devices.idcard.twin.pcscd import PcscdTwin
from devices.idcard.twin.vpcd import VpcdCard

_LAST_PORT: Final = 65_535
_DAY_S: Final = 86_400


def box_command(argv: Sequence[str]) -> int:
    """Run the command. Exit code 0, 1 for a named failure, 2 for wrong arguments."""
    parser = argparse.ArgumentParser(prog="main.py device box", description="Hộp thẻ mẫu để tập huấn: toàn người không có thật.")
    acts = parser.add_subparsers(dest="act", required=True, metavar="list|lay|csca")
    listing = acts.add_parser("list", help="liệt kê các thẻ trong hộp")
    listing.add_argument("--json", action="store_true")
    laying = acts.add_parser("lay", help="đặt một thẻ lên đầu đọc ảo cho đến khi bấm Ctrl-C")
    laying.add_argument("name", choices=tuple(CARDS), metavar="TÊN", help="tên thẻ, xem «list»")
    laying.add_argument("--port", type=_port, metavar="CỔNG", help="đặt lên đầu đọc ảo (vpcd) đang mở ở cổng này")
    laying.add_argument("--seconds", type=_seconds, metavar="GIÂY", help="tự nhấc thẻ sau chừng ấy giây, lâu nhất một ngày")
    writing = acts.add_parser("csca", help="ghi chứng thư gốc mẫu ra tệp, để máy tập huấn tin các thẻ thật trong hộp")
    writing.add_argument("file", type=Path, metavar="TỆP")
    try:
        options = parser.parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    if options.act == "list":
        return _list(options.json)
    try:
        if options.act == "csca":
            return _write_csca(options.file)
        return _lay(CARDS[options.name].make(), options.port, options.seconds)
    except DeviceError as error:
        sys.stderr.write(f"{error.message_vi} [{error.code}]\n{error.cure_vi}\n")
    except KeyboardInterrupt:
        return 0
    return 1


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"cổng là một số từ 1 đến {_LAST_PORT}")
    return port


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= _DAY_S:
        raise argparse.ArgumentTypeError(f"số giây lớn hơn 0 và không quá {_DAY_S}")
    return seconds


def _list(as_json: bool) -> int:
    if as_json:
        cards = [{"name": name, "what": card.what_vi, "ends": card.ends} for name, card in CARDS.items()]
        sys.stdout.write(json.dumps({"cards": cards}, ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(f"{name:<20} {card.what_vi}\n" for name, card in CARDS.items())
    return 0


def _write_csca(file: Path) -> int:
    try:
        file.write_bytes(trust_pem())
    except OSError as error:
        raise DeviceError("file_unwritable", f"Không ghi được tệp {file}.", "Chọn thư mục khác có quyền ghi.") from error
    sys.stdout.write(f"Đã ghi {file}. Chỉ cài trên máy tập huấn (device trust add): ai cũng làm được thẻ mang chữ ký này.\n")
    return 0


def _lay(chip: ChipTwin, port: int | None, seconds: float | None) -> int:
    if port is not None:
        return lay_at(port, chip, seconds)
    with PcscdTwin() as reader:
        try:
            reader.lay(chip)
        except OSError as error:
            raise DeviceError("not_laid", "Đầu đọc ảo không nhận thẻ.", "Chạy lại lệnh này.") from error
        (variable,) = reader.environment.items()
        where = f"Chương trình khác tìm thấy đầu đọc này bằng biến môi trường: {'='.join(variable)}\n"
        _tell(chip, f"{where}Cổng: {reader.port}\n")
        if reader.ended(seconds):
            raise DeviceError("reader_ended", "Đầu đọc ảo đã tắt, thẻ không còn nằm đó.", "Chạy lại lệnh này.")
    return 0


def lay_at(port: int, chip: ChipTwin, seconds: float | None, wait_s: float = 5.0) -> int:
    """Lay ``chip`` on the virtual reader at ``port``, which has ``wait_s`` to look at it."""
    with VpcdCard(port) as slot:
        try:
            slot.lay(chip, wait_s)
        except ConnectionRefusedError as error:
            cure = "Xem lại số cổng, hoặc bỏ --port để máy tự mở một đầu đọc ảo."
            raise DeviceError("no_reader", f"Không có đầu đọc ảo nào ở cổng {port}.", cure) from error
        except OSError as error:
            cure = "Nhấc thẻ kia ra trước: bấm Ctrl-C ở cửa sổ đã đặt nó."
            raise DeviceError(
                "reader_taken", f"Đầu đọc ảo ở cổng {port} không nhận thẻ: một thẻ khác đang nằm đó.", cure
            ) from error
        _tell(chip, f"Cổng: {port}\n")
        if slot.lifted(seconds):
            raise DeviceError("card_lifted", "Thẻ không còn nằm trên đầu đọc ảo.", "Thẻ đã tự nhấc lên, hoặc đầu đọc ảo đã tắt.")
    return 0


def _tell(chip: ChipTwin, where: str) -> None:
    sys.stdout.write(f"Đã đặt thẻ.\n{where}QR trên thẻ: {chip.qr_text}\nCAN: {chip.can.digits}\nMRZ: {chip.citizen.mrz}\n")
    sys.stdout.flush()
